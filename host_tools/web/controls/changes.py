"""The changes of a home, as controls: see host_tools/sim/changes.py."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from host_tools.sim.changes import CHANGES, ChangeError
from host_tools.sim.changes import change as make_change
from host_tools.sim.homes import HOMES
from host_tools.web.controls.control import Control, Refused, plain

if TYPE_CHECKING:
    from host_tools.web.bench import Bench

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
_HOUSES = {
    "demo": "Solar panels, three prices a day, gas", "credit-flat": "One price each, on credit",
    "economy-7": "Economy 7, storage heaters", "agile": "A price for every half-hour",
    "half-hour-tiers": "48 prices a day", "blocks": "Price depends on use", "solar": "Solar panels, unpaid export",
    "export-mpan": "Solar panels, paid export", "prepaid": "Prepaid", "electricity-only": "No gas",
    "prepaid-in-emergency": "Prepaid, on emergency credit", "gas-later": "Gas fitted an hour later",
    "no-prices": "No tariff", "strange-divisors": "Unusual meter formats", "clock-not-set": "Hub clock not set",
}  # fmt: skip
_LONGEST = 10_000
_PLACEHOLDERS = {"pence": "pence: 1000 is £10", "percent": "per cent", "kind or number": "event"}
_FUELS = (("", "electricity"), ("gas", "gas"))


def change(bench: Bench, words: str) -> None:
    """Makes a change, such as "top-up:2000", and tells of it. Raises Refused."""
    name = words.partition(":")[0]
    try:
        make_change(bench.world, words)
    except ChangeError as error:
        words = str(error)
        raise Refused(f"{words[0].upper()}{words[1:].rstrip('.')}.") from None
    bench.tell("person", "meter", *_as_told(name, words.partition(":")[2]))


def _as_told(name: str, argument: str) -> tuple[str, str]:
    # Its name, and what it is about, with what it was done with in place of what it is done with otherwise.
    one = CHANGES[name]
    label = "Tariff" if name == "tariff" else _CHANGES.get(name, ("", plain(name).capitalize()))[1]
    if not argument:
        return label, one.about
    if one.argument in ("text", "gas"):
        return f"{label}: {argument}", one.about
    given = CONTRACTS.get(argument, argument)
    if one.argument == "tenths of MJ/m3":
        given = f"{int(argument) / 10:g} MJ/m3"
    return label, re.sub(r" \([^)]*\)", lambda _: f" ({given})", one.about, count=1)


def home_name(name: str) -> str:
    """What a home of HOMES is called on the page."""
    return _HOUSES.get(name, plain(name).capitalize())


def all_changes(bench: Bench) -> dict[str, Callable[[Any], None]]:
    """Every change by the name of its control, for steps that no page has ordered."""
    return {f"change-{name}": _doing(bench, name) for name in CHANGES}


def _doing(bench: Bench, name: str) -> Callable[[Any], None]:
    def do(value: Any) -> None:
        argument = "" if value is None else str(value)[:_LONGEST]
        change(bench, f"{name}:{argument}" if argument else name)

    return do


def for_bench(bench: Bench) -> list[Control]:
    """A control for each change that has none elsewhere."""

    def make(name: str) -> Control:
        one = CHANGES[name]
        group, label = _CHANGES.get(name, ("other", name.replace("-", " ").capitalize()))
        kind, options = "text" if one.argument else "button", (_PLACEHOLDERS.get(one.argument, one.argument),)
        if one.argument == "gas":
            kind, options = "pick", _FUELS
        elif one.argument == "home":
            kind, options = "pick", tuple((home, home_name(home)) for home in HOMES)
        return Control(
            f"change-{name}", f"Changes: {group}", kind, label, one.about, _doing(bench, name), options=options
        )  # fmt: skip

    names = [*_CHANGES, *(name for name in CHANGES if name not in _CHANGES)]
    return [make(name) for name in names if name not in _ELSEWHERE]
