"""The supplier's back office, the hub, the air and the serial link."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from bellows.types import NcpResetCode

from host_tools.sim import faults
from host_tools.sim.hub import Hub
from host_tools.sim.key_responder import KeyResponder
from host_tools.sim.portal import TROUBLES
from host_tools.sim.world import HUB_AT
from host_tools.web.controls.changes import change
from host_tools.web.controls.control import Control, Refused, one_of, switch, within

if TYPE_CHECKING:
    from host_tools.web.bench import Bench

# What the switches of the supplier's troubles are called.
_TROUBLES = {
    "address": "Wrong address", "old-supplier": "Old supplier still has the meters", "unknown-model": "Unknown model",
    "hub-offline": "Supplier cannot reach the hub", "listed-elsewhere": "On another home's list",
    "no-access": "No access to the meters",
}  # fmt: skip


def for_supplier(bench: Bench) -> list[Control]:
    """What can go wrong in the supplier's back office."""

    def trouble(name: str, about: str) -> Control:
        def do(value: Any) -> None:
            troubles = bench.world.portal.troubles
            (troubles.add if switch(value) else troubles.discard)(name)

        return Control(f"trouble-{name}", "Supplier", "toggle", _TROUBLES[name], about, do,
                       lambda: name in bench.world.portal.troubles)  # fmt: skip

    def grace(value: Any) -> None:
        portal = bench.world.portal
        portal.timeline = dataclasses.replace(portal.timeline, window=within(value, 1, 60) * 60)

    return [
        *[trouble(name, about) for name, about in TROUBLES.items()],
        Control("window", "Supplier", "range", "Hub stays open for", "from the next request on", grace,
                lambda: bench.world.portal.timeline.window / 60, (1, 60, 1, "min")),
    ]  # fmt: skip


def for_hub(bench: Bench) -> list[Control]:
    """What can be done to the hub."""
    world = bench.world

    def hub() -> Hub:
        return world.hub

    def button(name: str, label: str, about: str, act: Callable[[], Any]) -> Control:
        def do(value: Any) -> None:
            act()
            bench.tell("person", "hub", label, about, "Life on the network")

        return Control(name, "Hub", "button", label, about, do)

    def power(value: Any) -> None:
        hub().powered = switch(value)
        bench.tell("person", "hub", "Hub switched on" if value else "Hub switched off")

    def full(value: Any) -> None:
        hub().log_size = 0 if switch(value) else 3

    def move(value: Any) -> None:
        hub().move(channel=int(one_of(value, (11, 15, 20, 25))))

    def forget() -> None:
        for key in world.ncp.stack.keys.values():
            key.authorised = False

    def fault(name: str) -> Control:
        def do(value: Any) -> None:
            (hub().responder.faults.add if switch(value) else hub().responder.faults.discard)(name)

        return Control(
            f"key-{name.replace(' ', '-')}", "Hub: key establishment", "toggle", name.capitalize(), "", do,
            lambda: name in hub().responder.faults,
        )  # fmt: skip

    return [
        Control("hub-power", "Hub", "toggle", "Hub has power", "", power, lambda: hub().powered),
        Control("hub-full", "Hub", "toggle", "Device list is full", "it accepts no further device", full,
                lambda: hub().log_size == 0),
        Control("hub-channel", "Hub", "choice", "Channel", "it moves there without telling anyone", move,
                lambda: hub().channel, (11, 15, 20, 25)),
        button("rotate-key", "New network key", "to all devices at once", lambda: hub().rotate_key()),
        button("rotate-key-each", "New network key, one by one", "to each device under its own link key",
               lambda: hub().rotate_key(one_by_one=True)),
        button("swap-hub", "Swap the hub", "a new one with the old device list", lambda: world.swap_hub(restored=True)),
        button("swap-hub-empty", "Swap the hub for a blank one", "a new one that knows no devices",
               lambda: world.swap_hub(restored=False)),
        button("remove-us", "Remove the display", "as the supplier would", lambda: hub().remove(world.ncp.stack.eui64)),
        button("forget-counters", "Frame counters lost", "the hub counts its frames from zero",
               lambda: hub().forget_counters()),
        button("link-key-lost", "Link key lost", "the display's radio module has lost its key with the hub", forget),
        *[fault(name) for name in KeyResponder.FAULTS],
    ]  # fmt: skip


def for_air(bench: Bench) -> list[Control]:
    """What can be done to the air, the neighbour's hub included."""
    world = bench.world
    stack = world.ncp.stack

    def distance() -> float:
        return round(math.dist(stack.position, world.hub.position), 1)

    def place(value: Any) -> None:
        metres = within(value, 1, 250)
        x, y = HUB_AT
        length = math.hypot(x, y)
        stack.position = (x - x / length * metres, y - y / length * metres)

    def loss(value: Any) -> None:
        world.air.loss = within(value, 0, 90) / 100

    def shield(value: Any) -> None:
        stack.in_range = not switch(value)

    controls = [
        Control("distance", "Air", "range", "Distance from hub to display", "with a house's walls between them", place,
                distance, (1, 250, 1, "m")),
        Control("loss", "Air", "range", "Frames lost", "to radio noise", loss,
                lambda: round(world.air.loss * 100), (0, 90, 1, "%")),
        Control("shield", "Air", "toggle", "Display in a steel box", "it hears nothing", shield,
                lambda: not stack.in_range),
    ]  # fmt: skip
    return [*controls, *_neighbour(bench)]


def _neighbour(bench: Bench) -> list[Control]:
    world = bench.world

    def there() -> bool:
        return world.neighbour is not None and world.neighbour.powered

    def come(value: Any) -> None:
        if switch(value):
            change(bench, "neighbour")
        elif world.neighbour:
            world.neighbour.powered = False

    def open_to_all(value: Any) -> None:
        if not world.neighbour or not there():
            raise Refused("There is no neighbour's hub at the moment.")
        world.neighbour.open_to_all = switch(value)

    return [
        Control("neighbour", "Air: next door", "toggle", "Neighbour's hub", "another home's network in range", come,
                there),
        Control("neighbour-open", "Air: next door", "toggle", "Accepts any device", "the neighbour's hub is open",
                open_to_all, lambda: there() and bool(world.neighbour and world.neighbour.open_to_all)),
    ]  # fmt: skip


def for_wire(bench: Bench) -> list[Control]:
    """What can be done to the serial link and the radio module."""
    world = bench.world
    lines = (world.uart_to_ncp, world.uart_to_host)

    def noise(value: Any) -> None:
        for line in lines:
            line.noise = within(value, 0, 10) / 100

    def cut(value: Any) -> None:
        for line in lines:
            line.cut = switch(value)

    def restart(cause: str) -> Control:
        return Control(
            f"ncp-{cause}",
            "Wire",
            "button",
            f"Radio module restarts: {cause.replace('-', ' ')}",
            "",
            lambda value: world.ncp.reboot(faults.CAUSES[cause]),
        )

    def order(value: Any) -> None:
        words = "" if value is None else str(value)
        try:
            ordered = faults.Faults(words)
        except faults.FaultsError as error:
            raise Refused(str(error)) from None
        for task in bench.fault_tasks:
            task.cancel()
        for line in lines:
            for name in ("flip", "lose", "double", "split", "delay", "xoff"):
                setattr(line, name, 0.0)
        bench.faults = words
        begin: list[Coroutine[Any, Any, None]] = ordered.put_on(world)
        bench.fault_tasks = [bench.clock.create_task(one) for one in begin]

    def give_up(value: Any) -> None:
        world.ncp.ash.give_up(NcpResetCode.ERROR_EXCEEDED_MAXIMUM_ACK_TIMEOUT_COUNT)

    return [
        Control("noise", "Wire", "range", "Noise on the serial link", "bytes flipped, lost or doubled", noise,
                lambda: round(world.uart_to_ncp.noise * 100, 2), (0, 10, 0.01, "%")),
        Control("cut", "Wire", "toggle", "Serial link cut", "", cut, lambda: world.uart_to_ncp.cut),
        Control("ncp-error", "Wire", "button", "Radio module fails", "it reports ERROR until it is reset",
                give_up),
        *[restart(cause) for cause in faults.CAUSES],
        Control("faults", "Wire", "text", "Custom faults", "for example flip=0.001,split=0.2,reset=watchdog@60",
                order, lambda: bench.faults, ("words",)),
    ]  # fmt: skip
