"""What a frame turned out to be, and its values in words."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from typing import Any

import zigpy.types as zt

from host_tools.sim.trace.words import ABOUT, Stage

HIDDEN = "not shown"
_LONGEST_VALUE = 120
_EPOCH = datetime.datetime(2000, 1, 1)

Fields = list[tuple[str, str]]
Layer = tuple[str, Fields]


@dataclasses.dataclass
class Said:
    """What a frame turned out to be, filled in from the outside inwards."""

    source: str
    to: str
    name: str = ""
    stage: str = ""
    about: str = ""
    story: bool = False
    layers: list[Layer] = dataclasses.field(default_factory=list)
    secret: bool = False

    def means(self, name: str, also: str = "") -> None:
        """Names it, and looks its meaning up."""
        self.name = name + (f": {also}" if also else "")
        if self.name in ABOUT:
            self.stage, self.about = ABOUT[self.name]
            self.story = self.stage != Stage.QUIET


def short(value: Any) -> str:
    """A value of zigpy's or bellows' types as text, cut where it is long."""
    if isinstance(value, enum.Enum):
        # zigpy names what it does not know "undefined_0x0c".
        text = value.name.removeprefix("undefined_")
    else:
        text = value.hex(" ") if isinstance(value, bytes) else str(value)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"


def in_words(value: Any) -> str:
    """The same, with Smart Energy's times and texts as such."""
    if isinstance(value, zt.UTCTime) and value:
        return f"{_EPOCH + datetime.timedelta(seconds=value):%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, zt.LVBytes) and value.isascii() and (text := value.decode("ascii")).isprintable():
        return short(text)
    return short(value)
