"""The house: what is switched on there, its gas, its sun and its tariff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from host_tools.sim.household import BOILER_W
from host_tools.web.controls.changes import CONTRACTS, change
from host_tools.web.controls.control import Control, Refused, one_of, only_read, plain, switch, within

if TYPE_CHECKING:
    from host_tools.web.bench import Bench

_APPLIANCES = {
    "kettle": ("Kettle", 3000), "oven": ("Oven", 2100), "car": ("Car charger", 7200), "heater": ("Fan heater", 2000),
    "washing": ("Washing machine", 1900), "light": ("All lights", 240),
}  # fmt: skip
_BY_HAND = "heating by hand"


def for_bench(bench: Bench) -> list[Control]:
    """What can be switched in the house."""
    world = bench.world

    def appliance(name: str, label: str, watts: int) -> Control:
        def do(value: Any) -> None:
            on = switch(value)
            world.household.set_load(f"{name} by hand", watts if on else 0)
            bench.tell("person", "meter", f"{label} {'on' if on else 'off'}")

        return Control(
            f"load-{name}", "House", "toggle", label, f"{watts / 1000:g} kW", do,
            lambda: bool(world.household.load(f"{name} by hand")),
        )  # fmt: skip

    def heating(value: Any) -> None:
        on = switch(value)
        world.household.set_boiler(_BY_HAND, BOILER_W if on else 0)
        bench.tell("person", "gas", f"Heating {'on' if on else 'off'}")

    def sun(value: Any) -> None:
        world.household.solar_peak_w = round(within(value, 0, 12) * 1000)

    def day(value: Any) -> None:
        (bench.day.begin if switch(value) else bench.day.end)()

    own = world.home.name
    contracts = (*(() if own in CONTRACTS else ((own, f"As at the start: {plain(own)}"),)), *CONTRACTS.items())

    def tariff(value: Any) -> None:
        change(bench, f"tariff:{one_of(value, tuple(name for name, _ in contracts))}")

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
                lambda value: world.household.set_main_switch(switch(value)), lambda: world.household.main_switch),
        Control("gas-report", "House", "button", "Gas meter: report now", "it wakes every half-hour by itself", report),
        Control("tariff", "House", "choice", "Tariff", "for electricity, from now on. A meter that announces "
                "its price tells the display within seconds; that of the demo home does not, and is asked every "
                "half-hour. After a reset the display asks for everything at once", tariff,
                lambda: world.home.name, contracts),
        Control("sample-day", _SAMPLE_DAY, "toggle", "Play a typical day", "24 hours of kettle, shower, oven, washing, "
                "car and heating, as a family might use them. Speed up time to see it pass; the actual speed is "
                "shown above", day, lambda: bench.day.is_on),
        Control("sample-day-says", _SAMPLE_DAY, "words", "Progress of the day", "", only_read, lambda: bench.day.says),
    ]  # fmt: skip


_SAMPLE_DAY = "House: a typical day"
