"""A run of the simulated home: the world, the device in it, its log and every screen it showed."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from host_tools import BUILD, ROOT, build, screen_reader
from host_tools.sim.clock import Clock
from host_tools.sim.device import Device
from host_tools.sim.world import Settings, World

Held = dict[str, Any]


def firmware() -> Path:
    """The built firmware of the simulator's board."""
    files = [*(ROOT / "firmware").rglob("*.*"), *(ROOT / "boards").rglob("*.*"), *(ROOT / "host_tools").glob("*.py")]
    now = f"{len(files)} {max(file.stat().st_mtime_ns for file in files)}"
    # Making sure that nothing has to be built takes seconds: a note of what was built last is enough.
    note, output = BUILD / "device/simulator.built", BUILD / "device/simulator"
    if not (output / "main.py").exists() or not note.exists() or note.read_text() != now:
        build.build("simulator")
        note.write_text(now)
    return output


class NotInTime(Exception):
    """What was waited for did not come; the message says what, and how things stood."""


@dataclasses.dataclass(frozen=True)
class Screen:
    """A picture that the panel showed, and from which simulated second on."""

    at_s: float
    picture: Image.Image
    full: bool


class Run:
    """`folder` gets the device's flash and its log; to be used as `async with` inside a Clock."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Clock)
        self.clock = loop
        loop.set_exception_handler(self._fault)
        self.folder = folder
        self.screens: list[Screen] = []
        self._seen: dict[str, bool] = {}
        self.world = World(loop, settings)
        self.world.panel.on_refresh = self._refreshed
        self._log_path = folder / "firmware.log"
        self._answers: asyncio.Queue[Held] = asyncio.Queue()
        self.on_screen: Callable[[Screen], None] | None = None

    @property
    def flash(self) -> Path:
        """The device's file system."""
        return self.folder / "flash"

    async def __aenter__(self) -> Run:
        shutil.rmtree(self.flash, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(firmware(), self.flash)
        self._log = self._log_path.open("wb")
        self.world.start_home()
        self.power_on()
        return self

    async def __aexit__(self, *exc) -> None:
        self.power_off()
        self.world.stop_home()
        self._log.close()

    def power_on(self) -> None:
        """Powers the device, as it is after a power cut."""
        self._answers = asyncio.Queue()
        device = self.world.start_device(self.flash, self._log, module="probe")
        self._listen_to(device)

    def reset(self) -> None:
        """Presses the device's reset button: it starts anew, its radio module goes on."""
        self._answers = asyncio.Queue()
        self._listen_to(self.world.restart_device(self.flash, self._log, module="probe"))

    def _listen_to(self, device: Device) -> None:
        answers = self._answers
        device.on_probe = lambda line: answers.put_nowait(json.loads(line))

    def power_off(self) -> None:
        """Cuts the device's power, the radio module's included."""
        self.world.stop_device()

    def log(self) -> str:
        """What the firmware has logged so far."""
        return self._log_path.read_text(errors="replace")

    def _fault(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # A fault of the simulator's must not pass for a silent radio; world.check() raises it.
        self.world.air.fault = context.get("exception") or RuntimeError(context["message"])

    # Looking

    def _refreshed(self, done_us: int, full: bool) -> None:
        self.clock.call_later((done_us - self.clock.now_us) / 1e6, self._take, full)

    def _take(self, full: bool) -> None:
        self._seen.clear()
        screen = Screen(self.clock.elapsed_s, self.picture(), full)
        self.screens.append(screen)
        if self.on_screen:
            self.on_screen(screen)

    def picture(self) -> Image.Image:
        """What the panel shows now."""
        return self.world.panel.picture(self.clock.now_us)

    def shows(self, text: str) -> bool:
        """Whether the panel shows this text now."""
        if text not in self._seen:
            self._seen[text] = bool(self.screens) and screen_reader.shows(self.screens[-1].picture, text)
        return self._seen[text]

    async def held(self) -> Held:
        """What the firmware holds now: see boards/simulator/inkmeter/snapshot.py."""
        self.world.check()
        assert self.world.device
        self.world.device.ask()
        try:
            return await asyncio.wait_for(self._answers.get(), 5)
        except TimeoutError:
            self.world.check()
            raise

    # Waiting, in simulated time

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.world.check()

    async def until(self, condition: Callable[[], bool], seconds: float, what: str, *, every: float = 0.5) -> None:
        """Waits until a condition of the home's or the picture holds, looking `every` so often. Raises NotInTime."""
        deadline = self.clock.elapsed_s + seconds
        while not condition():
            if self.clock.elapsed_s >= deadline:
                raise NotInTime(f"{what}: not within {seconds:.0f} s. The log's end:\n{self.log()[-1500:]}")
            await self.sleep(every)

    async def until_shows(self, text: str, seconds: float) -> None:
        """Waits until the panel shows this text. Raises NotInTime."""
        await self.until(lambda: self.shows(text), seconds, f"the screen shows {text!r}")

    async def until_held(self, condition: Callable[[Held], bool], seconds: float, what: str) -> Held:
        """Waits until a condition of what the firmware holds is true. Raises NotInTime."""
        deadline = self.clock.elapsed_s + seconds
        while not condition(held := await self.held()):
            if self.clock.elapsed_s >= deadline:
                raise NotInTime(f"{what}: not within {seconds:.0f} s; the device holds {held}")
            await self.sleep(1)
        return held

    # Doing

    def press(self, name: str = "ok", seconds: float = 0.1) -> None:
        """Presses a button, or several at once ("back+next"), and lets go after so long."""
        for one in name.split("+"):
            self.set_button(one, True)
            self.let_go_after(one, seconds)

    def let_go_after(self, name: str, seconds: float) -> None:
        """Lets go of a button in so long, if the device is still the same."""
        self.clock.call_later(seconds, self._let_go, name, self.world.device)

    def set_button(self, name: str, down: bool) -> None:
        """Moves one button."""
        assert self.world.device
        self.world.device.set_button(name, down)

    def _let_go(self, name: str, device: object) -> None:
        if self.world.device is device:
            self.set_button(name, False)

    async def hold(self, name: str, seconds: float) -> None:
        """Presses and waits until the device has answered the letting go."""
        self.press(name, seconds)
        await self.sleep(seconds + 0.5)

    async def pair(self) -> None:
        """What a household does, from a device that shows its code to one that shows readings."""
        await self.until_shows("Install code" if self.world.panel.width == 128 else "Enter the code", 60)
        self.world.portal.add_device(*self.world.label)
        await self.until_shows("Is this your meter?", 300)
        self.press()
        await self.until_shows("USING", 30) if self.world.household.demand_w >= 0 else await self.until_shows(
            "SENDING OUT", 30
        )


def run(
    settings: Settings, folder: Path, story: Callable[[Run], Any], *, real_time: float | None = None,
    served: bool = False,
) -> Any:  # fmt: skip
    """Runs an async function of a Run, from start to end, on a clock of its own; returns what it returns."""

    async def main() -> Any:
        async with Run(settings, folder) as the_run:
            result = await story(the_run)
            # A firmware that has ended ends a test, and not the page on which somebody looks for why.
            the_run.world.check(device=not served)
            return result

    with asyncio.Runner(
        loop_factory=lambda: Clock(start_us=settings.start_us, real_time=real_time, served=served)
    ) as runner:
        return runner.run(main())
