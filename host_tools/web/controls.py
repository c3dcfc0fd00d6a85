"""All that a page can do to the home: the hands on the device, and switches in groups, which the page draws from this
list. Each takes a value as JSON has it and raises Refused or FormError for one that cannot be.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from bellows.types import NcpResetCode

from host_tools.sim import faults
from host_tools.sim.changes import CHANGES, ChangeError, change
from host_tools.sim.crypto import mmo
from host_tools.sim.device import BUTTONS
from host_tools.sim.homes import HOMES
from host_tools.sim.household import BOILER_W
from host_tools.sim.hub import Hub
from host_tools.sim.key_responder import KeyResponder
from host_tools.sim.portal import STAGES, TROUBLES, FormError, parse_eui64, parse_install_code
from host_tools.sim.world import HUB_AT, PANELS

if TYPE_CHECKING:
    from host_tools.web.bench import Bench

# What the light says, by the firmware's numbers.
LIGHT = (
    "is off", "is steady: low use", "fades in and out: moderate use", "blinks twice: high use",
    "pulses slowly: sending power out", "blinks three times: please look",
)  # fmt: skip
_LABELS = {"next": "Next", "ok": "OK", "back": "Back"}
_APPLIANCES = {
    "kettle": ("Kettle", 3000), "oven": ("Oven", 2100), "car": ("Car charger", 7200), "heater": ("Fan heater", 2000),
    "washing": ("Washing machine", 1900), "light": ("All lights", 240),
}  # fmt: skip
_BY_HAND = "heating by hand"
_LONGEST_PRESS_MS = 60_000


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


def setting_options() -> dict[str, tuple[Any, ...] | None]:
    """What may be chosen for a new run; None for any whole number."""
    return {
        "home": tuple(HOMES), "start_us": None, "seed": None, "panel": tuple(PANELS), "buttons": (3, 1),
        "gas": (True, False), "neighbour": (False, True), "far": (False, True), "ezsp_version": tuple(range(8, 15)),
        "baud": (115200, 57600, 38400, 230400, 460800),
    }  # fmt: skip


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Refused("This must be on or off.")
    return value


def _within(value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise Refused(f"Choose from {low:g} to {high:g}.")
    return value


def _one_of(value: Any, options: tuple[Any, ...]) -> Any:
    if value not in options:
        raise Refused(f"Choose one of {', '.join(map(str, options))}.")
    return value


# The hands on the device, and the supplier's website


def hands(bench: Bench) -> dict[str, Callable[[Any], Any]]:
    """What the page does by its own pictures, by name."""
    return {
        "button": lambda value: _button(bench, value), "plug": lambda value: _plug(bench, _switch(value)),
        "make-new": lambda value: _make_new(bench),
        "reset": lambda value: _reset(bench), "add-device": lambda value: _add_device(bench, value),
        "remove-device": lambda value: bench.world.portal.remove_device(str(value)),
        "pair-for-me": lambda value: _pair(bench),
    }  # fmt: skip


def buttons(bench: Bench) -> tuple[str, ...]:
    """The buttons that this run's device has."""
    return BUTTONS if bench.world.settings.buttons == len(BUTTONS) else ("ok",)


def held_ms(value: dict[str, Any]) -> int:
    """How long a page says that there was a finger on a button which it lets go of, in ms. Raises Refused."""
    return int(_within(value.get("held_ms", 0), 0, _LONGEST_PRESS_MS))


def _button(bench: Bench, value: Any) -> None:
    if not isinstance(value, dict) or value.get("name") not in buttons(bench):
        raise Refused("This display has no such button.")
    down = _switch(value.get("down"))
    device = bench.world.device
    if not device:
        raise Refused("The display has no power.")
    device.set_button(value["name"], down)
    if down:
        bench.tell("person", "device", f"{_LABELS[value['name']]} button", "Somebody presses a button.")


def _make_new(bench: Bench) -> None:
    if not bench.world.device:
        raise Refused("The display has no power.")
    held, seconds = ("back+next", 10) if len(buttons(bench)) > 1 else ("ok", 20)
    bench.home.press(held, seconds + 0.5)
    words = f"{' and '.join(_LABELS[one] for one in held.split('+'))}, for {seconds} seconds"
    bench.tell("person", "device", words, "Somebody resets the display to factory settings.")


def _plug(bench: Bench, on: bool) -> None:
    if on and not bench.world.device:
        bench.failure = ""
        bench.home.power_on()
    elif not on:
        bench.home.power_off()
        bench.held = {}
    bench.tell("person", "device", "Plugged in" if on else "Unplugged")


def _reset(bench: Bench) -> None:
    if not bench.world.device:
        raise Refused("The display has no power.")
    bench.failure = ""
    bench.home.reset()
    bench.tell("person", "device", "Reset button")


def _add_device(bench: Bench, value: Any) -> str:
    if not isinstance(value, dict):
        raise FormError("eui64", "That form could not be understood.")
    request = bench.world.portal.submit(_filled(bench, value))
    bench.tell("person", "supplier", "Add a device", "The household fills in the supplier's form.", "Joining")
    return request.reference


def _pair(bench: Bench) -> str:
    ours = bench.world.label[0]
    for request in bench.world.portal.requests:
        if request.eui64.hex().upper() == ours and not request.failed and request.stage != STAGES[-1]:
            raise Refused(f"Your supplier is already working on it: {request.reference}.")
    request = bench.world.portal.add_device(*bench.world.label)
    bench.tell("person", "supplier", "Add a device", "The household fills in the supplier's form.", "Joining")
    return request.reference


_OURS = "as on the screen"


def _filled(bench: Bench, form: dict[str, Any]) -> dict[str, Any]:
    eui64, code = bench.world.label
    filled = dict(form)
    for field, value in (("eui64", eui64), ("install_code", code)):
        if filled.get(field) == _OURS:
            filled[field] = value
    return filled


def for_the_record(bench: Bench, name: str, value: Any) -> Any:
    """What a replay says of a step: no install code; and how long a button was held its times say."""
    if name == "button":
        return {"name": value["name"], "down": value["down"]}
    if name != "add-device":
        return value
    value = _filled(bench, value)
    noted = dict(value)
    eui64, code = bench.world.label
    if parse_eui64(str(value["eui64"])).hex().upper() == eui64:
        noted["eui64"] = _OURS
    # Another device's joins as little here whatever its code is, and is nobody's business.
    ours = parse_install_code(str(value["install_code"])).hex().upper() == code[:-4]
    noted["install_code"] = _OURS if ours else mmo.with_crc(bytes(16)).hex()
    return noted


# The switches


def for_bench(bench: Bench) -> list[Control]:
    """All switches of a run, in the order in which the page shows them."""
    return [
        *_household(bench), *_changes(bench), *_supplier(bench), *_hub(bench), *_air(bench), *_wire(bench),
    ]  # fmt: skip


def _household(bench: Bench) -> list[Control]:
    world = bench.world

    def appliance(name: str, label: str, watts: int) -> Control:
        def do(value: Any) -> None:
            on = _switch(value)
            world.household.set_load(f"{name} by hand", watts if on else 0)
            bench.tell("person", "meter", f"{label} {'on' if on else 'off'}")

        return Control(
            f"load-{name}", "House", "toggle", label, f"{watts / 1000:g} kW", do,
            lambda: bool(world.household.load(f"{name} by hand")),
        )  # fmt: skip

    def heating(value: Any) -> None:
        on = _switch(value)
        world.household.set_boiler(_BY_HAND, BOILER_W if on else 0)
        bench.tell("person", "gas", f"Heating {'on' if on else 'off'}")

    def sun(value: Any) -> None:
        world.household.solar_peak_w = round(_within(value, 0, 12) * 1000)

    def day(value: Any) -> None:
        (bench.day.begin if _switch(value) else bench.day.end)()

    own = world.home.name
    contracts = (*(() if own in CONTRACTS else ((own, f"As at the start: {_plain(own)}"),)), *CONTRACTS.items())

    def tariff(value: Any) -> None:
        _change(bench, f"tariff:{_one_of(value, tuple(name for name, _ in contracts))}")

    def report(value: Any) -> None:
        if not world.gas_meter:
            raise Refused("This home has no gas meter yet.")
        world.gas_meter.start(world.gas_meter.report())

    return [
        *[appliance(name, label, watts) for name, (label, watts) in _APPLIANCES.items()],
        Control("heating", "House", "toggle", "Heating", f"a gas boiler, {BOILER_W // 1000} kW; the gas meter reports "
                "every half-hour", heating, lambda: bool(world.household.boiler(_BY_HAND))),
        Control("sun", "House", "range", "Solar panels", "their output at noon in full sun; changes with the next "
                "cloud", sun, lambda: world.household.solar_peak_w / 1000, (0, 12, 0.1, "kW")),
        Control("main-switch", "House", "toggle", "Main switch", "off: nothing is used, and the registers stop. "
                "A prepayment meter has a switch of its own as well",
                lambda value: world.household.set_main_switch(_switch(value)), lambda: world.household.main_switch),
        Control("gas-report", "House", "button", "Gas meter: report now", "it wakes every half-hour by itself", report),
        Control("tariff", "House", "choice", "Tariff", "for electricity, from now on. The display has the price "
                "within seconds and the rest over the next hours; after a reset it asks for everything at once", tariff,
                lambda: world.home.name, contracts),
        Control("sample-day", _SAMPLE_DAY, "toggle", "Play a typical day", "24 hours of kettle, shower, oven, washing, "
                "car and heating, as a family might use them. Speed up time to see it pass; the actual speed is "
                "shown above", day, lambda: bench.day.is_on),
        Control("sample-day-says", _SAMPLE_DAY, "words", "Progress of the day", "", _only_read, lambda: bench.day.says),
    ]  # fmt: skip


_SAMPLE_DAY = "House: a typical day"


def _only_read(value: Any) -> None:
    raise Refused("This can only be read.")


def _change(bench: Bench, words: str) -> None:
    name = words.partition(":")[0]
    try:
        change(bench.world, words)
    except ChangeError as error:
        raise Refused(str(error)) from None
    bench.tell("person", "meter", *_as_told(name, words.partition(":")[2]))


def _as_told(name: str, argument: str) -> tuple[str, str]:
    # Its name, and what it is about, with what it was done with in place of what it is done with otherwise.
    one = CHANGES[name]
    label = "Tariff" if name == "tariff" else _CHANGES.get(name, ("", _plain(name).capitalize()))[1]
    if not argument:
        return label, one.about
    if one.argument in ("text", "gas"):
        return f"{label}: {argument}", one.about
    given = CONTRACTS.get(argument, argument)
    if one.argument == "tenths of MJ/m3":
        given = f"{int(argument) / 10:g} MJ/m3"
    return label, re.sub(r" \([^)]*\)", lambda _: f" ({given})", one.about, count=1)


# The changes of the page's, with the group and the name that they have there; others come under their own.
_CHANGES = {
    "top-up": ("prepayment", "Top up"), "gas-top-up": ("prepayment", "Top up gas"),
    "emergency-credit": ("prepayment", "Activate emergency credit"),
    "arm": ("prepayment", "Switch the supply back on"),
    "new-price": ("prices", "Electricity price rise"), "price-at-midnight": ("prices", "Price rise at midnight"),
    "new-gas-price": ("prices", "Gas price rise"), "calorific-value": ("prices", "Calorific value of gas"),
    "message": ("messages", "Message"), "protected-message": ("messages", "Private message"),
    "cancel-message": ("messages", "Withdraw the message"),
    "gas-fitted": ("meters", "Gas meter fitted"), "meter-exchange": ("meters", "Meter exchanged"),
    "tamper": ("meters", "Meter cover opened"),
    "house-moved": ("people", "House moved"), "change-of-tenancy": ("people", "New occupants"),
    "change-of-supplier": ("people", "Change of supplier"),
    "power-cut": ("power and time", "Power cut"), "hub-off": ("power and time", "Hub off for a while"),
    "clock-set": ("power and time", "Hub clock set"), "clock-lost": ("power and time", "Hub clock lost"),
}  # fmt: skip
_ELSEWHERE = ("tariff", "neighbour")  # among the switches of the house, and of the air
CONTRACTS = {
    "credit-flat": "Flat: one price", "demo": "Three prices a day", "economy-7": "Economy 7: cheap at night",
    "agile": "Agile-like: a price for every half-hour", "blocks": "Blocks: price depends on use",
    "prepaid": "Prepaid", "export-mpan": "Flat, with paid export",
}  # fmt: skip
_FUELS = (("", "electricity"), ("gas", "gas"))


def _changes(bench: Bench) -> list[Control]:
    def make(name: str) -> Control:
        one = CHANGES[name]

        def do(value: Any) -> None:
            argument = "" if value is None else str(value)[:200]
            _change(bench, f"{name}:{argument}" if argument else name)

        group, label = _CHANGES.get(name, ("other", name.replace("-", " ").capitalize()))
        kind, options = "text" if one.argument else "button", (one.argument,)
        if one.argument == "gas":
            kind, options = "pick", _FUELS
        elif one.argument == "home":
            kind, options = "pick", tuple((home, _plain(home)) for home in HOMES)
        return Control(f"change-{name}", f"Changes: {group}", kind, label, one.about, do, options=options)

    names = [*_CHANGES, *(name for name in CHANGES if name not in _CHANGES)]
    return [make(name) for name in names if name not in _ELSEWHERE]


def _plain(name: str) -> str:
    return name.replace("-", " ")


# What the switches of the supplier's troubles are called.
_TROUBLES = {
    "address": "Wrong address", "old-supplier": "Old supplier still has the meters", "unknown-model": "Unknown model",
    "hub-offline": "Supplier cannot reach the hub", "listed-elsewhere": "On another home's list",
    "no-access": "No access to the meters",
}  # fmt: skip


def _supplier(bench: Bench) -> list[Control]:
    def trouble(name: str, about: str) -> Control:
        def do(value: Any) -> None:
            troubles = bench.world.portal.troubles
            (troubles.add if _switch(value) else troubles.discard)(name)

        return Control(f"trouble-{name}", "Supplier", "toggle", _TROUBLES[name], about, do,
                       lambda: name in bench.world.portal.troubles)  # fmt: skip

    def grace(value: Any) -> None:
        portal = bench.world.portal
        portal.timeline = dataclasses.replace(portal.timeline, window=_within(value, 1, 60) * 60)

    return [
        *[trouble(name, about) for name, about in TROUBLES.items()],
        Control("window", "Supplier", "range", "Hub stays open for", "from the next request on", grace,
                lambda: bench.world.portal.timeline.window / 60, (1, 60, 1, "min")),
    ]  # fmt: skip


def _hub(bench: Bench) -> list[Control]:
    world = bench.world

    def hub() -> Hub:
        return world.hub

    def button(name: str, label: str, about: str, act: Callable[[], Any]) -> Control:
        def do(value: Any) -> None:
            act()
            bench.tell("person", "hub", label, about, "Life on the network")

        return Control(name, "Hub", "button", label, about, do)

    def power(value: Any) -> None:
        hub().powered = _switch(value)
        bench.tell("person", "hub", "Hub switched on" if value else "Hub switched off")

    def full(value: Any) -> None:
        hub().log_size = 0 if _switch(value) else 3

    def move(value: Any) -> None:
        hub().move(channel=int(_one_of(value, (11, 15, 20, 25))))

    def forget() -> None:
        for key in world.ncp.stack.keys.values():
            key.authorised = False

    def fault(name: str) -> Control:
        def do(value: Any) -> None:
            (hub().responder.faults.add if _switch(value) else hub().responder.faults.discard)(name)

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


def _air(bench: Bench) -> list[Control]:
    world = bench.world
    stack = world.ncp.stack

    def distance() -> float:
        return round(math.dist(stack.position, world.hub.position), 1)

    def place(value: Any) -> None:
        metres = _within(value, 1, 250)
        x, y = HUB_AT
        length = math.hypot(x, y)
        stack.position = (x - x / length * metres, y - y / length * metres)

    def loss(value: Any) -> None:
        world.air.loss = _within(value, 0, 90) / 100

    def shield(value: Any) -> None:
        stack.in_range = not _switch(value)

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
        if _switch(value):
            _change(bench, "neighbour")
        elif world.neighbour:
            world.neighbour.powered = False

    def open_to_all(value: Any) -> None:
        if not world.neighbour or not there():
            raise Refused("There is no neighbour's hub at the moment.")
        world.neighbour.open_to_all = _switch(value)

    return [
        Control("neighbour", "Air: next door", "toggle", "Neighbour's hub", "another home's network in range", come,
                there),
        Control("neighbour-open", "Air: next door", "toggle", "Accepts any device", "the neighbour's hub is open",
                open_to_all, lambda: there() and bool(world.neighbour and world.neighbour.open_to_all)),
    ]  # fmt: skip


def _wire(bench: Bench) -> list[Control]:
    world = bench.world
    lines = (world.uart_to_ncp, world.uart_to_host)

    def noise(value: Any) -> None:
        for line in lines:
            line.noise = _within(value, 0, 10) / 100

    def cut(value: Any) -> None:
        for line in lines:
            line.cut = _switch(value)

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
