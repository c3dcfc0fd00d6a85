"""The radio medium: who hears whose frames, how well, and what gets lost."""

from __future__ import annotations

import asyncio
import functools
import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from host_tools.sim.radio import ieee802154

if TYPE_CHECKING:
    from host_tools.sim.node import Node
    from host_tools.sim.radio.mac import Mac

OCTET_S = 32e-6  # 250 kbit/s
_SYNCHRONISATION = 6  # octets of preamble, delimiter and length
_FCS = 2
_ACK_REQUEST = 0x20
_ACK_S = 192e-6 + 11 * OCTET_S  # the turnaround and the acknowledgement, which nobody may talk into
_SENT_DBM = 8
_LOSS_AT_1_M = 40
_LOSS_EXPONENT = 3.0  # through the walls of a house
_SENSITIVITY_DBM = -98
_NOISE_DBM = -92


class Air:
    """All radios of the street. `loss` is the probability that a receiver misses a frame; `taps` are called with the
    sender and each frame as it goes out; `keys` are all keys that were ever in use, {key: what for}.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.nodes: list[Node] = []
        self.macs: list[Mac] = []
        self.loss = 0.0
        self.frames = 0
        self.fault: BaseException | None = None
        self.taps: list[Callable[[Mac, bytes], None]] = []
        self.keys: dict[bytes, str] = {}
        self._busy_until: dict[int, float] = {}

    def processing_s(self) -> float:
        """What a node takes to think about a message."""
        return self._rng.uniform(0.002, 0.008)

    def backoff_s(self, exponent: int) -> float:
        """A random number of back-off periods (IEEE 802.15.4, section 7.5.1)."""
        return self._rng.randrange(1 << exponent) * 320e-6

    def random_address(self) -> int:
        """A node id that no node of the street has."""
        taken = {mac.short for mac in self.macs}
        while (node_id := self._rng.randrange(0x0001, 0xFFF0)) in taken:
            pass
        return node_id

    @staticmethod
    @functools.lru_cache(1024)
    def rssi(a: tuple[float, float], b: tuple[float, float]) -> int:
        """How strongly nodes at two places (in metres) hear each other, in dBm, without fading."""
        distance = max(1.0, math.dist(a, b))
        return round(_SENT_DBM - _LOSS_AT_1_M - 10 * _LOSS_EXPONENT * math.log10(distance))

    @staticmethod
    def lqi(rssi: int) -> int:
        """The LQI that an EFR32 makes of an RSSI, near enough."""
        return max(0, min(255, (rssi + 100) * 4))

    def energy(self, node: Node, channel: int) -> int:
        """The most that a node hears on a channel, in dBm: somebody's network or the noise."""
        heard = [
            self.rssi(mac.node.position, node.position)
            for mac in self.macs
            if mac.node is not node and mac.channel == channel and mac.node.network and self.connects(mac.node, node)
        ]
        return max([_NOISE_DBM, *heard])

    def connects(self, a: Node, b: Node) -> bool:
        near = self.rssi(a.position, b.position) >= _SENSITIVITY_DBM
        return near and a.in_range and b.in_range and a.powered and b.powered

    def is_busy(self, channel: int) -> bool:
        return self._busy_until.get(channel, -1.0) > asyncio.get_running_loop().time()

    def transmit(self, sender: Mac, frame: bytes) -> float:
        """Puts a frame on the sender's channel; returns how long it takes, in seconds."""
        loop = asyncio.get_running_loop()
        airtime = (_SYNCHRONISATION + len(frame) + _FCS) * OCTET_S
        acknowledgement = _ACK_S if frame[0] & _ACK_REQUEST else 0.0
        self._busy_until[sender.channel] = loop.time() + airtime + acknowledgement
        self.frames += 1
        for tap in self.taps:
            tap(sender, frame)
        heard = []
        for mac in self.macs:
            if mac is sender or mac.channel != sender.channel or not self.connects(sender.node, mac.node):
                continue
            if self.loss and self._rng.random() < self.loss:
                continue
            rssi = self.rssi(sender.node.position, mac.node.position) + self._rng.randrange(-2, 3)
            heard.append((mac, max(-100, min(-10, rssi))))
        if heard:
            loop.call_later(airtime, self._arrive, frame, heard)
        return airtime

    @staticmethod
    def _arrive(data: bytes, heard: list[tuple[Mac, int]]) -> None:
        # The same octets at all of them: they are taken apart once.
        frame = ieee802154.decode(data)
        for mac, rssi in heard:
            mac.hear(frame, rssi)
