"""What passes in a world, noted, and decoded when somebody looks."""

from __future__ import annotations

import collections
import dataclasses
import math
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from host_tools.sim.trace.air import AirDecoder
from host_tools.sim.trace.ezsp import decode_ezsp
from host_tools.sim.trace.said import Layer, Said

if TYPE_CHECKING:
    from host_tools.sim.radio.mac import Mac
    from host_tools.sim.world import World

_WAITING, _WAITING_IN_HASTE = 5000, 300  # undecoded frames; older ones are dropped when nobody keeps up
_HASTE_S = 0.006
_KEPT, _STORY_KEPT = 1500, 800

_Waiting = collections.deque[tuple[int, int, Callable[[int, float], "Row"]]]


@dataclasses.dataclass(frozen=True)
class Row:
    """One thing said. `t` is simulated seconds since the start; `wire` is "air", "uart" or "life"; `story` is whether
    it belongs to the tale of joining and key establishment; `layers` go from the outermost inwards.
    """

    n: int
    t: float
    wire: str
    source: str
    to: str
    name: str
    stage: str
    about: str
    story: bool
    layers: list[Layer]
    octets: str


class Trace:
    """Notes what passes in a world from now on; `rows` and `story` are what has been decoded of it. `in_haste` is
    whether more passes than anybody could read: what it costs is to leave the home its time then.
    """

    def __init__(self, world: World, elapsed_us: Callable[[], int]) -> None:
        self._world = world
        self._air = AirDecoder(world)
        self._elapsed_us = elapsed_us
        self._frames: _Waiting = collections.deque()
        self._told: _Waiting = collections.deque()  # what no wire carries: never dropped
        self._noted = 0
        self.rows: collections.deque[Row] = collections.deque(maxlen=_KEPT)
        self.story: collections.deque[Row] = collections.deque(maxlen=_STORY_KEPT)
        self.count = self.dropped = 0
        self.in_haste = False
        world.air.taps.append(self._on_air)
        world.ncp.ezsp.taps.append(self._on_ezsp)

    def _note(self, waiting: _Waiting, decoder: Callable[[int, float], Row]) -> None:
        self._noted += 1
        waiting.append((self._noted, self._elapsed_us(), decoder))
        while waiting is self._frames and len(waiting) > (_WAITING_IN_HASTE if self.in_haste else _WAITING):
            waiting.popleft()
            self.dropped += 1

    def _on_air(self, sender: Mac, frame: bytes) -> None:
        node, channel = sender.node, sender.channel
        self._note(self._frames, lambda n, t: self._row(n, t, "air", frame, self._air.decode(node, channel, frame)))

    def _on_ezsp(self, to_ncp: bool, frame: bytes) -> None:
        ezsp = self._world.ncp.ezsp
        self._note(self._frames, lambda n, t: self._row(n, t, "uart", frame, decode_ezsp(ezsp, to_ncp, frame)))

    def tell(self, source: str, to: str, name: str, about: str = "", stage: str = "", *, story: bool = True) -> None:
        """Notes something that no wire carries: a press, a form, a picture."""
        said = Said(source, to, name, stage, about, story=story)
        self._note(self._told, lambda n, t: self._row(n, t, "life", b"", said))

    @staticmethod
    def _row(n: int, t: float, wire: str, frame: bytes, said: Said) -> Row:
        octets = "" if said.secret else frame.hex(" ")
        return Row(
            n, t, wire, said.source, said.to, said.name, said.stage, said.about, said.story, said.layers, octets
        )  # fmt: skip

    def decode(self, limit: int) -> list[Row]:
        """Decodes up to so many events that wait, in haste as many as there is time for; returns them."""
        new: list[Row] = []
        until = time.monotonic() + (_HASTE_S if self.in_haste else math.inf)
        while len(new) < limit and (waiting := [one for one in (self._frames, self._told) if one]):
            if time.monotonic() >= until:
                break
            _, at_us, decoder = min(waiting, key=lambda one: one[0][0]).popleft()
            self.count += 1
            row = decoder(self.count, at_us / 1e6)
            new.append(row)
            self.rows.append(row)
            if row.story:
                self.story.append(row)
        return new


def as_dicts(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """For JSON."""
    return [vars(row) for row in rows]
