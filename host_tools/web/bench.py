"""One run of the simulated home as somebody at a browser has it: what is done to it is done at a time that can be
repeated, noted, and can be played again.
"""

from __future__ import annotations

import asyncio
import collections
import itertools
import math
import operator
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from host_tools.sim.device import BUTTONS, DeviceError
from host_tools.sim.portal import FormError
from host_tools.sim.run import Held, NotInTime, Run, Screen
from host_tools.sim.scenarios import SCENARIOS
from host_tools.sim.trace import Trace
from host_tools.sim.trace.words import Stage
from host_tools.web import controls
from host_tools.web.controls import Refused
from host_tools.web.glass import Glass
from host_tools.web.orders import ACT_US, Order, Step, settings_as_dict
from host_tools.web.pace import Pace
from host_tools.web.sample_day import SampleDay

_HOLD_US = 700
_READING = 6
_ASK_S, _ASK_WHEN_READING_S = 1.0, 10.0
_SAMPLES = 10_000
_PATIENCE, _SILENT = 10, "the firmware does not answer any more"  # times that it was asked in vain
LOG_LINES = 400
_AT = {"House": "meter", "Supplier": "supplier", "Air": "ncp", "Wire": "ncp"}  # where the switches of a group are
SPEEDS = (1, 10, 60, 300, 3600)


_at = operator.attrgetter("at_us")


class Sample(NamedTuple):
    """What the meters counted and what the display held at an instant, None for unknown; the display's registers as
    they are in the meter, its power as well.
    """

    unix_time_s: int
    power_w: int
    import_wh: int
    export_wh: int
    display_power_w: int | None
    display_import: int | None
    display_export: int | None
    display_gas: int | None


class Bench:
    """A Run with hands on it."""

    def __init__(self, home: Run, order: Order) -> None:
        self.home = home
        self.order = order
        self.world = home.world
        self.clock = home.clock
        self.trace = Trace(self.world, self._elapsed_us)
        self.glass = Glass()
        self.steps: list[Step] = []
        self.held: Held = {}
        self.failure = ""
        self.scenario_says = ""
        self.refreshing: dict[str, Any] | None = None
        self.refreshes = self.screens = 0
        self.samples: collections.deque[Sample] = collections.deque(maxlen=_SAMPLES)
        self.day = SampleDay(self.world, self._person)
        self.pace = Pace()
        self.faults = ""
        self.fault_tasks: list[asyncio.Task] = []
        self.wanted: Order | None = None
        self._ended: asyncio.Future[None] = self.clock.create_future()
        self.controls = controls.for_bench(self)
        self._acts: dict[str, Callable[[Any], Any]] = {
            **controls.hands(self), **controls.all_changes(self), **{one.name: one.do for one in self.controls},
        }  # fmt: skip
        self._has_told = False
        self._is_replaying = self._is_leaving = False
        self._last_at_us = 0
        self._pressed_us: dict[str, int] = {}
        self._let_go_us: dict[str, int] = {}
        self._unanswered = 0
        self._play(order)
        self._watch_panel()

    @property
    def is_reading(self) -> bool:
        """Whether the device has found its meters and reads them."""
        return self.held.get("stage") == _READING

    def _person(self, what: str, about: str = "") -> None:
        self.tell("person", "meter", what, about)

    def tell(self, source: str, to: str, what: str, about: str = "", stage: str = "") -> None:
        """Notes in the story what no wire carries: a deed."""
        self._has_told = True
        if not stage and self.is_reading:
            stage = Stage.READ
        self.trace.tell(source, to, what, about, stage)

    def _tell_of(self, step: Step) -> None:
        # A switch that has no words of its own for it.
        one = next((one for one in self.controls if one.name == step.name), None)
        if one:
            self.tell("person", _AT.get(one.group.split(":")[0], "hub"), controls.in_words(one, step.value))

    def _elapsed_us(self) -> int:
        return self.clock.now_us - self.clock.start_us

    # The panel

    def _watch_panel(self) -> None:
        before = self.world.panel.on_refresh

        def begun(done_us: int, full: bool) -> None:
            self.refreshes += 1
            self.refreshing = {"n": self.refreshes, "full": full, "ms": (done_us - self.clock.now_us) // 1000}
            if before:
                before(done_us, full)

        self.world.panel.on_refresh = begun
        self.home.on_screen = self._on_screen

    def _on_screen(self, screen: Screen) -> None:
        self.glass.refresh(screen.picture, screen.full)
        self.screens += 1
        what = "A full refresh" if screen.full else "A partial refresh"
        self.trace.tell("device", "wall", what, story=False)

    # Doing

    def act(self, name: str, value: Any = None) -> asyncio.Future[Any]:
        """Does something to the home in the next millisecond; the future has what came of it, or a Refused."""
        if name not in self._acts:
            raise Refused(f"There is nothing here called {str(name)[:40]!r}.")
        at_us = (self._elapsed_us() // 1000 + 1) * 1000 + ACT_US
        # Two that come at once keep their order; nobody waits for a finger that is said to have stayed for longer.
        self._last_at_us = max(at_us, self._last_at_us + 1000)
        at_us = self._finger_us(name, value, self._last_at_us)
        if self.clock.hold_us is not None:
            self.clock.hold_us = max(self.clock.hold_us, self.clock.start_us + at_us - ACT_US + _HOLD_US)
        return self._plan(Step(at_us, name, value))

    def _finger_us(self, name: str, value: Any, at_us: int) -> int:
        # A busy machine may hear of a press and of its end at once: the page says how long the finger was there.
        if name != "button" or not isinstance(value, dict) or value.get("name") not in BUTTONS:
            return at_us
        name = value["name"]
        if value.get("down") is True:
            self._pressed_us[name] = at_us = max(at_us, self._let_go_us.pop(name, 0) + 1000)
        elif value.get("down") is False and name in self._pressed_us:
            held_ms = controls.held_ms(value)
            let_go_us = self._pressed_us.pop(name) + held_ms * 1000
            self._let_go_us[name] = at_us = max(at_us, let_go_us)
        return at_us

    def _plan(self, step: Step) -> asyncio.Future[Any]:
        done: asyncio.Future[Any] = self.clock.create_future()
        self.clock.call_at(step.at_us / 1e6, self._perform, step, done)
        return done

    def _perform(self, step: Step, done: asyncio.Future[Any]) -> None:
        try:
            if step.name not in self._acts:
                raise Refused(f"There is nothing here called {step.name[:40]!r}.")
            self._has_told = False
            result = self._acts[step.name](step.value)
        except FormError as error:
            self._answer(done, Refused(str(error), error.fields))
        except Refused as error:
            self._answer(done, error)
        except DeviceError as error:
            self._answer(done, Refused(str(error)))
        else:
            if not self._has_told:
                self._tell_of(step)
            self.steps.append(Step(step.at_us, step.name, controls.for_the_record(self, step.name, step.value)))
            self._answer(done, result)

    @staticmethod
    def _answer(done: asyncio.Future[Any], result: Any) -> None:
        if done.done():
            return
        if isinstance(result, Exception):
            done.set_exception(result)
            done.exception()  # somebody has seen it: nobody need wait for it
        else:
            done.set_result(result)

    def _play(self, order: Order) -> None:
        # Those of one instant by one timer: a loop's timers of the same time come in any order.
        for at_us, together in itertools.groupby(sorted(order.steps, key=_at), key=_at):
            self.clock.call_at(at_us / 1e6, self._play_all, [*together])
        if order.until_us is not None:
            self._is_replaying = True
            self.clock.call_at(order.until_us / 1e6, self._played)

    def _play_all(self, steps: list[Step]) -> None:
        for step in steps:
            done: asyncio.Future[Any] = self.clock.create_future()
            self._perform(step, done)
            if not (error := done.exception()):
                continue
            one = next((one for one in self.controls if one.name == step.name), None)
            label = one.label if one else step.name[:40]
            self.tell("person", "meter", f"{label}: not possible", str(error))
            print(f"inkmeter run: {label}, at {step.at_us / 1e6:g} s: {error}", file=sys.stderr, flush=True)

    def _played(self) -> None:
        if self._is_replaying:
            self.set_speed(self.order.speed_after)
        self.hold()

    def replay(self) -> dict[str, Any]:
        """What a page needs to make this run again, for JSON."""
        return {
            "inkmeter": 1,
            "settings": settings_as_dict(self.order.settings),
            "scenario": self.order.scenario,
            "steps": [[step.at_us, step.name, step.value] for step in self.steps],
            "until_us": self._elapsed_us(),
        }

    def make(self, order: Order) -> None:
        """Ends this run for another; of several that are asked for, the last one is `wanted`."""
        self.wanted = order
        if not self._ended.done():
            self._ended.set_result(None)

    # Time

    @property
    def chosen_speed(self) -> float | None:
        """The speed that somebody has chosen; that of a replay nobody has."""
        return self.order.speed_after if self._is_replaying else self.clock.real_time

    def set_speed(self, speed: float | None) -> None:
        """Goes on at so many simulated seconds a second, None for as fast as it goes."""
        self._is_replaying = False
        self.clock.hold_us = None
        self.clock.set_speed(speed)

    def leave(self) -> None:
        """The run ends: time goes as the wall's does, and nothing stops it any more."""
        self.set_speed(1)
        self._is_leaving = True

    def hold(self) -> None:
        """Stops the clock."""
        if self._is_leaving:
            return
        self.clock.hold_us = self.clock.now_us // 1000 * 1000 + _HOLD_US

    # Watching

    async def live(self) -> None:
        """Until somebody has ordered another run. Raises what went wrong in the simulator itself."""
        loop = asyncio.get_running_loop()
        tasks: set[asyncio.Future[Any]] = {loop.create_task(self._watch()), self._ended}
        if self.order.scenario:
            self.world.beside(self._tell(self.order.scenario))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()

    async def _watch(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(_ASK_WHEN_READING_S if self.is_reading else _ASK_S)

    async def _look(self) -> None:
        world = self.world
        if world.air.fault:
            raise world.air.fault
        if not world.device:
            return
        try:
            self.held = await self.home.held()
        except DeviceError as error:
            self.failure = str(error)
        except (TimeoutError, AssertionError, OSError):
            # Switched off or restarted while it was asked; or its firmware is of no use any more.
            self._unanswered += 1
            if self._unanswered >= _PATIENCE:
                self.failure = _SILENT
        else:
            self._sample()
            self._unanswered = 0
            if self.failure == _SILENT:
                self.failure = ""

    def _sample(self) -> None:
        world, meters = self.world, self.held.get("meters", {})
        electricity, gas, counted = meters.get("0", {}), meters.get("1", {}), world.meter.registers

        def held(meter: dict[str, Any], name: str) -> int | None:
            return meter.get(name, {}).get("value")

        self.samples.append(Sample(
            math.floor(self.clock.now_us / 1e6), counted["instantaneous_demand"],
            counted["current_summation_delivered"], counted["current_summation_received"],
            held(electricity, "instantaneous_demand"), held(electricity, "current_summation_delivered"),
            held(electricity, "current_summation_received"), held(gas, "current_summation_delivered"),
        ))  # fmt: skip

    async def _tell(self, name: str) -> None:
        one = SCENARIOS[name]
        self.scenario_says = "running"
        try:
            await one.story(self.home)
        except (NotInTime, AssertionError, DeviceError) as error:
            self.scenario_says = f"not right: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        except Exception as error:
            # A story that cannot be told is no end of the home.
            self.scenario_says = f"the story itself has a mistake: {type(error).__name__}: {error}"
        else:
            self.scenario_says = f"all right after {self.clock.elapsed_s:.0f} simulated seconds"
