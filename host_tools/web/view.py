"""What the pages are told of a run, as values for JSON."""

from __future__ import annotations

import datetime
from typing import Any

from host_tools import toolchain
from host_tools.sim import portal, starts
from host_tools.sim.homes import HOMES
from host_tools.sim.prepayment import Account, State, SupplyState
from host_tools.sim.run import Held
from host_tools.sim.scenarios import SCENARIOS
from host_tools.web import controls
from host_tools.web.bench import SPEEDS, Bench
from host_tools.web.orders import settings_as_dict

STAGES = (
    "Starting", "Waiting for your supplier", "Joining the meter network", "Checking the hub's keys",
    "Finding your meters", "Is this your meter? Press OK", "Reading your meters",
)  # fmt: skip
# What is the matter, whatever stage it had come to.
_MATTERS = {
    "H01": "Meter network lost", "H04": "Meter network lost", "H02": "Off the meter network",
    "P13": "Off the meter network", "N01": "Radio module not answering", "N02": "Radio module not usable",
}  # fmt: skip
_NIGHT = slice(4, 7)  # of the settings: whether the night is quiet, from and until which hour
_ABOUT = "The real firmware runs in a real MicroPython; the radio, the hub, the meters and the supplier are simulated."


def hello(bench: Bench, run: int, exposed: str) -> dict[str, Any]:
    """What does not change while the run lasts."""
    caveat = toolchain.interpreter().caveat
    panel = bench.world.panel
    return {
        "run": run,
        "about": f"{_ABOUT} {caveat}." if caveat else _ABOUT,
        "exposed": exposed,
        "stages": STAGES,
        "settings": settings_as_dict(bench.order.settings),
        "began": datetime.datetime.fromtimestamp(bench.clock.start_us / 1e6, datetime.UTC).isoformat(),
        "start": starts.wall_clock(bench.order.settings.start_us),
        "starts": starts.NAMED,
        "options": {name: values for name, values in controls.setting_options().items() if values is not None},
        "homes": {name: [controls.home_name(name), home.about] for name, home in HOMES.items()},
        "controls": [one.as_dict() for one in bench.controls],
        "scenarios": [{"name": one.name, "about": one.about} for one in SCENARIOS.values()],
        "scenario": bench.order.scenario,
        "buttons": controls.buttons(bench),
        "speeds": SPEEDS,
        "panel": dict(zip(("width", "height"), panel.landscape, strict=True)),
        "supplier_stages": portal.STAGES,
    }  # fmt: skip


def state(bench: Bench) -> dict[str, Any]:
    """How things stand now."""
    held, clock, world = bench.held, bench.clock, bench.world
    return {
        "utc": datetime.datetime.fromtimestamp(clock.now_us // 1_000_000, datetime.UTC).isoformat(),
        "elapsed_s": round(clock.elapsed_s, 1),
        "speed": clock.real_time,
        "held": clock.hold_us is not None,
        "pace": bench.pace.rate,
        "device": _device(bench),
        "words": words(bench),
        "stage": held.get("stage", 0),
        "in_trouble": held.get("outcome") in _MATTERS,
        "meters": meters(bench),
        "values": {control.name: control.read() for control in bench.controls if control.kind != "button"},
        "portal": _portal(bench),
        "scenario_says": bench.scenario_says,
        "health": _health(bench),
        "steps": len(bench.steps),
        "hub_open": world.hub.is_open,
        "moved": _has_moved(bench),
        "night": night(held, datetime.datetime.fromtimestamp(clock.now_us / 1e6, starts.LONDON).hour),
        "silent": is_silent(held),
        "cut_off": _cut_off(bench),
        "frames": world.air.frames,
    }


def night(held: Held, hour: int) -> list[int] | None:
    """From which hour to which the panel is quiet, if it is so at this one: by the settings of the display, which must
    know the time."""
    # Their order: boards/simulator/inkmeter/snapshot.py.
    chosen = held.get("settings", ())[_NIGHT]
    if held.get("utc") is None or not chosen:
        return None
    is_on, start, end = chosen
    quiet = start <= hour < end if start < end else start != end and (hour >= start or hour < end)
    return [start, end] if is_on and quiet else None


def is_silent(held: Held) -> bool:
    """Whether what was last heard of the electricity meter is so old that the panel says so."""
    return held.get("meters", {}).get("0", {}).get("instantaneous_demand", {}).get("state") == "stale"


def _has_moved(bench: Bench) -> bool:
    # The display has been carried into another home, and holds the old one's network still.
    flash = bench.world.ncp.stack.flash
    return bool(bench.world.moves and flash.network and flash.trust_centre != bench.world.hub.eui64)


def _cut_off(bench: Bench) -> str | None:
    # What the household must do, and for which fuel, where a meter has cut it off.
    for fuel, account in _accounts(bench):
        supply = account.state(bench.clock.now_us).supply
        if supply is not SupplyState.ON:
            return fuel + {SupplyState.OFF: "top up", SupplyState.ARMED: "switch on"}[supply]
    return None


def _accounts(bench: Bench) -> list[tuple[str, Account]]:
    world = bench.world
    both = [("", world.meter.account), ("gas ", world.gas.account if world.gas_meter and world.gas else None)]
    return [(fuel, account) for fuel, account in both if account]


def words(bench: Bench) -> str:
    """How far the device has come, in words."""
    if not bench.world.device:
        return "Switched off"
    if bench.failure:
        return "The firmware has stopped"
    if not bench.held:
        return STAGES[0]
    stage, outcome = bench.held["stage"], bench.held["outcome"]
    return _MATTERS.get(outcome, STAGES[stage]) + (f", {outcome}" if outcome else "")


def _device(bench: Bench) -> dict[str, Any]:
    device = bench.world.device
    return {
        "powered": device is not None,
        "failure": bench.failure,
        "outcome": bench.held.get("outcome"),
        "light": {"level": device.light.level, "state": device.light.state, "says": controls.LIGHT[device.light.state]}
        if device else None,
    }  # fmt: skip


def meters(bench: Bench) -> list[list[str]]:
    """What the meters themselves show."""
    world = bench.world
    counted = world.meter.registers
    demand = counted["instantaneous_demand"]
    rows = [
        ["Meter number", world.meter.serial.decode()],
        ["Electricity", f"{counted['current_summation_delivered'] / 1000:.3f} kWh"],
        ["Exported", f"{counted['current_summation_received'] / 1000:.3f} kWh"],
        ["Power now", f"{demand} W" if demand >= 0 else f"exporting {-demand} W"],
    ]
    if world.gas_meter:
        rows.append(["Gas", f"{world.gas_meter.register / 1000:.3f} m³"])
    for fuel, account in _accounts(bench):
        rows += _account(fuel, account.state(bench.clock.now_us))
    return rows


_SUPPLY = {
    SupplyState.OFF: "off: no credit left", SupplyState.ARMED: "off; can be switched on", SupplyState.ON: "on",
}  # fmt: skip


def _account(fuel: str, state: State) -> list[list[str]]:
    pence = (abs(state.credit) + 500_000) // 1_000_000
    words = f"{'-' if state.credit < 0 and pence else ''}£{pence / 100:.2f}"
    return [[f"{fuel}credit".capitalize(), words], [f"{fuel}supply".capitalize(), _SUPPLY[state.supply]]]


def _portal(bench: Bench) -> dict[str, Any]:
    supplier = bench.world.portal
    return {
        "account": {name: getattr(supplier.account, name) for name in ("name", "mpan", "mprn", "postcode")},
        "requests": [
            {
                "reference": one.reference, "eui64": one.eui64.hex().upper(), "stage": one.stage, "failed": one.failed,
                "step": one.step,
            }
            for one in supplier.requests
        ],
        "devices": [[eui64.hex().upper(), status] for eui64, status in supplier.devices()],
    }  # fmt: skip


def _health(bench: Bench) -> dict[str, Any]:
    held, world = bench.held, bench.world
    return {
        "heap": held.get("heap"),
        "restarts": held.get("restarts"),
        "serial": {
            "bytes to the radio module": world.uart_to_ncp.bytes, "bytes to the firmware": world.uart_to_host.bytes,
            "bytes damaged": world.uart_to_ncp.hurt + world.uart_to_host.hurt,
            "frames resent": world.ncp.ash.retransmissions,
        },
        "panel": {
            "full refreshes": world.panel.full_refreshes, "partial refreshes": world.panel.partial_refreshes,
            "complaints": len(world.panel.complaints), "last complaint": (world.panel.complaints or ["none"])[-1],
        },
        "frames": {"too fast to be shown": bench.trace.dropped},
        "not believed": dict(world.ncp.stack.discarded),
    }  # fmt: skip
