"""What runs are ordered: settings, a scenario, steps; as pages, replays and the command line have them."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable
from typing import Any

from host_tools.sim import starts
from host_tools.sim.scenarios import SCENARIOS
from host_tools.sim.uart import FASTEST_BAUD, SLOWEST_BAUD
from host_tools.sim.world import Settings
from host_tools.web.controls import Refused, setting_options

ACT_US = 300  # of a millisecond: no event of the home's falls there, so that none competes with a hand's
LARGEST = (1 << 53) - 1  # the most that a page's numbers hold to the unit
_LONGEST_REPLAY = 10_000
_DEEPEST = 20
_NOT_WHOLE, _TOO_LARGE = "A whole number, 0 or more.", f"At most {LARGEST}."


@dataclasses.dataclass(frozen=True)
class Step:
    """Something done to the home: `at_us` after the start, its name, and with what."""

    at_us: int
    name: str
    value: Any = None


@dataclasses.dataclass(frozen=True)
class Order:
    """A run to be made. `settings` are as somebody chose them, to which its scenario may need others. `until_us` is how
    far a replay goes before it is held, `speed_after` how fast it goes on from there.
    """

    settings: Settings = dataclasses.field(default_factory=Settings)
    scenario: str | None = None
    steps: tuple[Step, ...] = ()
    speed: float | None = 1.0
    until_us: int | None = None
    speed_after: float | None = 1.0

    @property
    def needed(self) -> Settings:
        """The settings with which it is to be run."""
        return dataclasses.replace(self.settings, **(SCENARIOS[self.scenario].settings if self.scenario else {}))


def settings_as_dict(settings: Settings) -> dict[str, Any]:
    """What of the settings a page shows, and a replay link has."""
    return {name: getattr(settings, name) for name in setting_options()}


def settings_from(base: Settings, chosen: Any) -> Settings:
    """The settings with what a page has chosen. Raises Refused."""
    if not isinstance(chosen, dict):
        raise Refused("These are no settings.")
    options = setting_options()
    changes: dict[str, Any] = {}
    for name, value in chosen.items():
        if name == "start":
            try:
                changes["start_us"] = starts.parse(str(value)[:40])
            except starts.NoSuchTime as error:
                raise Refused(str(error), {"start": str(error)}) from None
            continue
        if name not in options:
            raise Refused(f"There is no setting {str(name)[:40]!r} here.")
        if not _may_be(name, value, options[name]):
            words = _TOO_LARGE if type(value) in (int, float) and value > LARGEST else _NOT_WHOLE
            raise Refused(f"{name} cannot be {str(value)[:40]!r}.", {name: words} if name == "seed" else None)
        changes[name] = value
    return dataclasses.replace(base, **changes)


def _may_be(name: str, value: Any, allowed: tuple[Any, ...] | None) -> bool:
    if name == "baud":
        # The command line takes others than the page offers.
        return type(value) is int and SLOWEST_BAUD <= value <= FASTEST_BAUD
    if allowed is None:
        return type(value) is int and 0 <= value <= LARGEST and (name != "start_us" or starts.is_allowed(value))
    return any(value == one and type(value) is type(one) for one in allowed)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number")
    return number


def parse(text: str) -> Any:
    """What a page or a replay's file says in JSON. Raises ValueError for what is none, for numbers that are none
    (Python takes NaN and 1e999 for JSON), and for nests without end.
    """
    try:
        value = json.loads(text, parse_constant=_finite, parse_float=_finite)
    except RecursionError:
        raise ValueError("this is nested too deeply") from None
    # Nor one that can only just be read: whoever writes it down again has less of the stack left.
    level = [value]
    for _ in range(_DEEPEST):
        nests = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [inner for nest in nests for inner in nest]
        if not level:
            return value
    raise ValueError("this is nested too deeply")


def changes_at(changes: Iterable[tuple[float, str]]) -> tuple[Step, ...]:
    """The steps that such changes are, (seconds, change), as the command line has them."""
    found = []
    for seconds, words in changes:
        name, _, argument = words.partition(":")
        found.append(Step(round(seconds * 1000) * 1000 + ACT_US, f"change-{name}", argument))
    return tuple(found)


def order_from(replay: Any, base: Settings, speed_after: float | None = 1.0) -> Order:
    """The order that a replay is (see Bench.replay); what it does not say is as in `base`. Raises Refused."""
    try:
        if replay["inkmeter"] != 1:
            raise ValueError
        settings, scenario, until_us = settings_from(base, replay["settings"]), replay["scenario"], replay["until_us"]
        if scenario is not None and scenario not in SCENARIOS:
            raise Refused(f"There is no scenario {str(scenario)[:40]!r}.")
        steps = tuple(Step(at_us, name, value) for at_us, name, value in replay["steps"])
        numbers = [until_us, *(step.at_us for step in steps)]
        if len(steps) > _LONGEST_REPLAY or not all(type(n) is int and 0 <= n < 1 << 53 for n in numbers):
            raise ValueError
        if not all(isinstance(step.name, str) for step in steps):
            raise ValueError
    except (KeyError, TypeError, ValueError, IndexError):
        raise Refused("This is not a replay of a run, or it is from another version.") from None
    return Order(settings, scenario, steps, None, until_us, speed_after)
