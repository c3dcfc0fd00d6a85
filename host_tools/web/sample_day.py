"""A day of sample load: what a household with an electric car and a gas boiler may switch on in 24 hours."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from host_tools.sim.household import BOILER_W
from host_tools.sim.truth import LONDON, truths

if TYPE_CHECKING:
    from host_tools.sim.household import Household
    from host_tools.sim.world import World

HOURS = 24
_HEATING = "Heating"
# What, watts, and from when to when by the clock on the wall.
_TIMES = (
    ("Lights", 240, "06:30", "08:30"), ("Lights", 240, "18:00", "23:00"), ("Kettle", 3000, "06:45", "06:49"),
    ("Kettle", 3000, "10:30", "10:34"), ("Kettle", 3000, "13:00", "13:03"), ("Kettle", 3000, "16:00", "16:04"),
    ("Kettle", 3000, "20:15", "20:19"), ("Shower", 8500, "07:00", "07:08"), ("Toaster", 1200, "07:15", "07:19"),
    ("Washing machine", 1900, "09:30", "10:20"), ("Oven", 2100, "17:30", "18:20"),
    ("Television", 150, "19:00", "22:30"), ("Dishwasher", 1800, "20:30", "21:20"),
    ("Car charger", 7200, "00:30", "04:00"),
    (_HEATING, BOILER_W, "06:00", "08:00"), (_HEATING, BOILER_W, "17:00", "21:30"),
)  # fmt: skip


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


_DAY = tuple((what, watts, _minutes(start), _minutes(end)) for what, watts, start, end in _TIMES)
THINGS = tuple(sorted({what for what, *_ in _DAY}))


def on_at(minute: int) -> dict[str, int]:
    """What is on at a minute of the day, in watts; of the heating, watts of gas."""
    return {what: watts for what, watts, start, end in _DAY if start <= minute < end}


class SampleDay:
    """`tell(what, about)` hears of what is switched."""

    def __init__(self, world: World, tell: Callable[[str, str], None]) -> None:
        self._world = world
        self._tell = tell
        self._task: asyncio.Task | None = None
        self._began = 0
        self._end = ""

    @property
    def says(self) -> str:
        """How it goes, or how it went."""
        if not self.is_on:
            return self._end
        minutes = (self._world.clock.utc - self._began) // 60
        return f"{minutes // 60} h {minutes % 60:02d} min of {HOURS} h. {self._sums()}"

    @property
    def is_on(self) -> bool:
        """Whether the day goes on."""
        return self._task is not None and not self._task.done()

    def begin(self) -> None:
        """Begins now, and ends by itself."""
        if not self.is_on:
            self._task = asyncio.get_running_loop().create_task(self._run(self._world.household))

    def end(self) -> None:
        """Switches all of it off."""
        if self.is_on and self._task:
            self._task.cancel()
            self._clear(self._world.household)
            self._end = f"The day was stopped. {self._sums()}"

    def _clear(self, household: Household) -> None:
        for what in THINGS:
            self._set(household, what, 0)

    @staticmethod
    def _set(household: Household, what: str, watts: int) -> None:
        (household.set_boiler if what == _HEATING else household.set_load)(f"{what} of the day", watts)

    async def _run(self, household: Household) -> None:
        clock = self._world.clock
        self._began, on = clock.utc, {}
        for _ in range(HOURS * 60):
            if household is not self._world.household:
                self._end = "The day ended when you moved."
                return
            now = datetime.datetime.fromtimestamp(clock.now_us / 1e6, LONDON)
            before, on = on, on_at(now.hour * 60 + now.minute)
            for what in sorted({*before, *on}):
                if before.get(what) != on.get(what):
                    self._set(household, what, on.get(what, 0))
                    self._tell(f"{what} {'on' if what in on else 'off'}", "Part of the typical day.")
            await asyncio.sleep(60 - clock.utc % 60)
        self._clear(household)
        self._end = f"The day is over. {self._sums()}"

    def _sums(self) -> str:
        # What the meters counted since, and what that really cost.
        start, now = self._began, self._world.clock.utc
        words, cost = [], Fraction(0)
        for name, truth in truths(self._world).items():
            amount = truth.total(now) - truth.total(start)
            words.append({
                "import": f"{amount / 1000:.2f} kWh used", "export": f"{amount / 1000:.2f} kWh sent out",
                "gas": f"{amount / 1000:.2f} m\N{SUPERSCRIPT THREE} of gas",
            }[name])  # fmt: skip
            cost += 0 if name == "export" else truth.pence(start, now)
        return f"{', '.join(words)}: £{float(cost) / 100:.2f}."
