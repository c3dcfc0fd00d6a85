"""The UART between device and radio module: a baud rate, and whatever may happen to bytes on a wire."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

SLOWEST_BAUD, FASTEST_BAUD = 1200, 3_000_000
_FIFO = 120  # bytes that an ESP32 collects before it hands them on; fewer after a pause on the line
_BITS_A_BYTE = 10
_XOFF = 0x13
_LATE_S, _PAUSE_S = 0.1, 0.03


class Line:
    """One direction. Bytes arrive at `deliver` when the last bit of their chunk has.

    `flip`, `lose` and `double` are the probabilities that this happens to a byte, `noise` is their sum; `split`,
    `delay` and `xoff` those that a chunk comes in pieces, late, or with an XOFF behind it.
    """

    def __init__(self, deliver: Callable[[bytes], None], *, baud: int, rng: random.Random) -> None:
        self._deliver = deliver
        self._rng = rng
        self._byte_s = _BITS_A_BYTE / baud
        self._free_at = 0.0
        self.flip = self.lose = self.double = self.split = self.delay = self.xoff = 0.0
        self.bytes = 0
        self.hurt = 0
        self.cut = False

    @property
    def noise(self) -> float:
        return self.flip + self.lose + self.double

    @noise.setter
    def noise(self, noise: float) -> None:
        self.flip = self.lose = self.double = noise / 3

    def send(self, data: bytes) -> None:
        """Puts bytes on the line, behind those still on it."""
        loop = asyncio.get_running_loop()
        self.bytes += len(data)
        for at in range(0, len(data), _FIFO):
            chunk = data[at : at + _FIFO]
            for piece in self._pieces(chunk):
                self._free_at = max(self._free_at, loop.time()) + len(piece) * self._byte_s
                loop.call_at(self._free_at, self._arrive, piece)

    def _pieces(self, chunk: bytes) -> list[bytes]:
        if self.xoff and self._rng.random() < self.xoff:
            chunk += bytes([_XOFF])
        if self.delay and self._rng.random() < self.delay:
            self._free_at = max(self._free_at, asyncio.get_running_loop().time()) + self._rng.uniform(0.0, _LATE_S)
        if len(chunk) < 2 or not self.split or self._rng.random() >= self.split:
            return [chunk]
        cut = self._rng.randrange(1, len(chunk))
        self._free_at = max(self._free_at, asyncio.get_running_loop().time()) + self._rng.uniform(0.0, _PAUSE_S)
        return [chunk[:cut], chunk[cut:]]

    def _arrive(self, chunk: bytes) -> None:
        if self.cut:
            return
        if self.noise:
            chunk = self._hurt(chunk)
        if chunk:
            self._deliver(chunk)

    def _hurt(self, chunk: bytes) -> bytes:
        out = bytearray()
        for byte in chunk:
            draw = self._rng.random()
            if draw >= self.noise:
                out.append(byte)
                continue
            self.hurt += 1
            if draw < self.flip:
                out.append(byte ^ 1 << self._rng.randrange(8))
            elif draw < self.flip + self.double:
                out += bytes([byte, byte])
        return bytes(out)
