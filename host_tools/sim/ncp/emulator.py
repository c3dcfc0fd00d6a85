"""The radio module whole: bytes in, bytes out, a Zigbee stack in between."""

from __future__ import annotations

import random
from collections.abc import Callable

from bellows.types import NcpResetCode

from host_tools.sim.air import Air
from host_tools.sim.ncp.ash import NcpAsh
from host_tools.sim.ncp.ezsp import NcpEzsp
from host_tools.sim.ncp.stack import Stack
from host_tools.sim.ncp.tokens import Tokens


class NcpEmulator:
    """`write(bytes)` is its UART's transmit line; receive() its other one."""

    def __init__(
        self, air: Air, tokens: Tokens, rng: random.Random, write: Callable[[bytes], None], *, version: int = 13,
        reboot_s: float = 1.0,
    ) -> None:  # fmt: skip
        self.stack = Stack(air, tokens, rng)
        self.ash = NcpAsh(write, lambda frame: self.ezsp.receive(frame), self._reset, reboot_s=reboot_s)
        self.ezsp = NcpEzsp(version, self.stack.run, lambda frame, callback: self.ash.send(frame, is_callback=callback))
        self.stack.callback = self.ezsp.callback

    def receive(self, data: bytes) -> None:
        """Bytes from the host."""
        self.ash.receive(data)

    def reboot(self, code: NcpResetCode = NcpResetCode.RESET_WATCHDOG) -> None:
        """A restart nobody asked for."""
        self.ash.reboot(code)

    def _reset(self) -> None:
        self.stack.reset()
        self.ezsp.reset()
