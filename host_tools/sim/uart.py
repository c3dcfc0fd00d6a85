"""The UART between device and radio module: a baud rate, and whatever may happen to bytes on a wire."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

_FIFO = 120  # bytes that an ESP32 collects before it hands them on; fewer after a pause on the line
_BITS_A_BYTE = 10


class Line:
    """One direction. Bytes arrive at `deliver` when the last bit of their chunk has.

    `noise` is the probability that a byte is hurt: flipped, dropped or doubled, in equal parts.
    """

    def __init__(self, deliver: Callable[[bytes], None], *, baud: int, rng: random.Random) -> None:
        self._deliver = deliver
        self._rng = rng
        self._byte_s = _BITS_A_BYTE / baud
        self._free_at = 0.0
        self.noise = 0.0
        self.bytes = 0
        self.hurt = 0
        self.cut = False

    def send(self, data: bytes) -> None:
        """Puts bytes on the line, behind those still on it."""
        loop = asyncio.get_running_loop()
        self.bytes += len(data)
        for at in range(0, len(data), _FIFO):
            chunk = data[at : at + _FIFO]
            self._free_at = max(self._free_at, loop.time()) + len(chunk) * self._byte_s
            loop.call_at(self._free_at, self._arrive, chunk)

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
            if self._rng.random() >= self.noise:
                out.append(byte)
                continue
            self.hurt += 1
            match self._rng.randrange(3):
                case 0:
                    out.append(byte ^ 1 << self._rng.randrange(8))
                case 1:
                    out += bytes([byte, byte])
        return bytes(out)
