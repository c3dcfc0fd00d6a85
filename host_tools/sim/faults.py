"""Serial faults to order, in one line: `flip=0.001,split=0.2,boot-noise,reset=watchdog@60`.

| word | what it does |
|---|---|
| noise=P | each byte is flipped, lost or doubled with this probability, in equal parts |
| flip=P, lose=P, double=P | one of these alone |
| split=P | a chunk of bytes arrives in pieces, with pauses between them |
| delay=P | a chunk arrives late, by up to a tenth of a second |
| xoff=P | a chunk is followed by an XOFF that no XON takes back |
| boot-noise | a restarting radio module babbles before it speaks |
| reset=CAUSE@S | the radio module restarts every S seconds: power-on, external, software, watchdog, assert, unknown |
| error=CODE@S | the radio module gives the link up every S seconds, with an ERROR frame of this code (hexadecimal) |
| burst=N@S | N callbacks at once, every S seconds |
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import bellows.types as t
from bellows.types import NcpResetCode

if TYPE_CHECKING:
    from host_tools.sim.world import World

CAUSES = {
    "power-on": NcpResetCode.RESET_POWER_ON, "external": NcpResetCode.RESET_EXTERNAL,
    "software": NcpResetCode.RESET_SOFTWARE, "watchdog": NcpResetCode.RESET_WATCHDOG,
    "assert": NcpResetCode.RESET_ASSERT, "unknown": NcpResetCode.RESET_UNKNOWN_REASON,
}  # fmt: skip
_SHORTEST_S, _LONGEST_S = 0.1, 1_000_000_000
ON_THE_LINE = ("noise", "flip", "lose", "double", "split", "delay", "xoff")


class FaultsError(ValueError):
    """An order that is none; the message says which word and what it should be."""


class Faults:
    """An order, checked. Raises FaultsError."""

    def __init__(self, order: str) -> None:
        self.line: dict[str, float] = {}
        self.boot_noise = False
        self.repeated: list[tuple[float, Callable[[World], None]]] = []
        for word in filter(None, (word.strip() for word in order.split(","))):
            name, _, value = word.partition("=")
            if name == "boot-noise" and not value:
                self.boot_noise = True
            elif name in ON_THE_LINE:
                self.line[name] = _probability(name, value)
            elif name in ("reset", "error", "burst"):
                self.repeated.append(_repeated(name, value))
            else:
                raise FaultsError(f"{word!r} is not a fault; choose from {', '.join(ON_THE_LINE)}, boot-noise, reset, "
                                  "error and burst")  # fmt: skip

    def put_on(self, world: World) -> list[Coroutine[Any, Any, None]]:
        """Gives a world these faults; what is returned is to be run beside it."""
        for line in (world.uart_to_ncp, world.uart_to_host):
            for name, value in self.line.items():
                setattr(line, name, value)
        # Only the radio module tells the host to wait.
        world.uart_to_ncp.xoff = 0.0
        world.ncp.ash.boot_noise = self.boot_noise
        return [_again(world, seconds, act) for seconds, act in self.repeated]


async def _again(world: World, seconds: float, act: Callable[[World], None]) -> None:
    while True:
        await asyncio.sleep(seconds)
        act(world)


def _probability(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1:
        raise FaultsError(f"{name} needs a probability from 0 to below 1, such as {name}=0.001, not {value!r}")
    return number


def _repeated(name: str, value: str) -> tuple[float, Callable[[World], None]]:
    what, _, every = value.partition("@")
    try:
        seconds = float(every)
        # NaN is not within it either. What comes again in no time lets the clock get no further; it never gets to inf.
        if not _SHORTEST_S <= seconds <= _LONGEST_S:
            raise ValueError
        if name == "reset":
            cause = CAUSES[what]
            return seconds, lambda world: world.ncp.reboot(cause)
        number = int(what, 16 if name == "error" else 10)
        if not 0 <= number < 256:
            raise ValueError
    except (ValueError, KeyError):
        example = {"reset": "reset=watchdog@60", "error": "error=51@60", "burst": "burst=20@60"}[name]
        raise FaultsError(f"{name}={value} is not understood: write it as {example}, "
                          f"with {_SHORTEST_S:g} to {_LONGEST_S} seconds") from None  # fmt: skip
    if name == "error":
        return seconds, lambda world: world.ncp.ash.give_up(NcpResetCode(number))
    return seconds, lambda world: burst(world, number)


def burst(world: World, count: int) -> None:
    """So many messages of a cluster that nobody asked for, all at once."""
    for number in range(count):
        frame = t.EmberApsFrame(
            profileId=0x0109, clusterId=0x0703, sourceEndpoint=1, destinationEndpoint=1, options=0, groupId=0,
            sequence=number & 0xFF,
        )  # fmt: skip
        world.ncp.stack.callback(
            "incomingMessageHandler", message_type=0, aps_frame=frame, nwk=0, eui64=t.EUI64(bytes(8)),
            binding_index=0xFF, address_index=0xFF, lqi=200, rssi=-50, timestamp=0,
            message=bytes([0x09, number & 0xFF, 0x00]) + bytes(40),
        )  # fmt: skip
