"""What a control is, and how what somebody does with it is checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any


class Refused(Exception):
    """What was asked for is not done; the message is for the person. `fields` are those of a form, if it was one."""

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


@dataclasses.dataclass(frozen=True)
class Control:
    """One switch of the page's. `kind` is button, toggle, range (low, high, step, unit), choice (what may be
    chosen, as (value, label) where it has another), pick (a choice with a button), text, or words, which say how it is.
    """

    name: str
    group: str
    kind: str
    label: str
    about: str
    do: Callable[[Any], Any]
    read: Callable[[], Any] = lambda: None
    options: tuple[Any, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON, without what it does."""
        return {
            "name": self.name, "group": self.group, "kind": self.kind, "label": self.label, "about": self.about,
            "options": list(self.options),
        }  # fmt: skip


def in_words(one: Control, value: Any) -> str:
    """What somebody has done by a switch."""
    if one.kind == "button":
        return one.label
    if one.kind == "toggle":
        return f"{one.label}: {'on' if value else 'off'}"
    if one.kind == "range":
        return f"{one.label}: {value:g} {one.options[3]}"
    return f"{one.label}: {value}"


def switch(value: Any) -> bool:
    """A toggle's value. Raises Refused, as do those below."""
    if not isinstance(value, bool):
        raise Refused("This must be on or off.")
    return value


def within(value: Any, low: float, high: float) -> float:
    """A number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise Refused(f"Choose from {low:g} to {high:g}.")
    return value


def one_of(value: Any, options: tuple[Any, ...]) -> Any:
    """One of the options."""
    if value not in options:
        raise Refused(f"Choose one of {', '.join(map(str, options))}.")
    return value


def only_read(value: Any) -> None:
    """What words do: nothing."""
    raise Refused("This can only be read.")


def plain(name: str) -> str:
    """A name with spaces in place of its hyphens."""
    return name.replace("-", " ")
