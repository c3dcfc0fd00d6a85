"""`inkmeter demo`: the whole road with nobody watching, and a report that says whether the readings are right.

It pairs, reads, rides through one lost link, and holds what the firmware shows and holds against the meters'
registers. Everything is on virtual time: idle hours take seconds.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from host_tools import BUILD, toolchain
from host_tools.sim.radio.capture import capturing
from host_tools.sim.run import NotInTime, Run, Screen, run
from host_tools.sim.world import Settings

FOLDER = BUILD / "demo"
_HEAP_BUDGET = 64 * 1024
_HEAP_PEAK = 80 * 1024
_METERS_PAGE = 4
_ELECTRICITY, _GAS = "0", "1"


class Demo:
    """The story, and what it measured on the way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stages: list[dict[str, Any]] = []
        self.checks: list[dict[str, Any]] = []
        self.texts: list[str] = []

    async def story(self, home: Run) -> dict[str, Any]:
        self.home = home
        home.on_screen = self._save
        self.label = home.world.label
        await home.until(lambda: bool(home.screens), 60, "a first picture")
        await home.until_shows("Enter the code", 60)
        self._stage("code on the screen")
        home.world.portal.add_device(*home.world.label)
        self._stage("form sent to the supplier")
        await home.until(lambda: home.world.ncp.stack.flash.network is not None, 300, "joined")
        self._stage("joined the meter network")
        await home.until(lambda: home.world.hub.responder.completed > 0, 300, "key agreed")
        self._stage("key agreed")
        await home.until_shows("Is this your meter?", 300)
        self._stage("meters found")
        home.press()
        await home.until_held(lambda held: held["stage"] == 6, 60, "confirmed")
        self._stage("household has confirmed")
        await self._first_readings(home)
        await self._lose_and_find(home)
        await self._next_gas_report(home)
        return await self._stand_still_and_compare(home)

    def _stage(self, name: str) -> None:
        self.stages.append({"stage": name, "at_s": round(self.home.clock.elapsed_s, 3)})
        print(f"{self.home.clock.elapsed_s:9.1f} s  {name}", flush=True)

    def _check(self, what: str, right: bool, **values: Any) -> None:
        self.checks.append({"check": what, "right": right, **values})
        if not right:
            print(f"             WRONG: {what} {values}", flush=True)

    def _save(self, screen: Screen) -> None:
        number = len(self.home.screens)
        screen.picture.resize((screen.picture.width * 2, screen.picture.height * 2)).save(
            self.folder / f"screen-{number:03d}-{screen.at_s:08.1f}s.png"
        )

    async def _first_readings(self, home: Run) -> None:
        await home.until_held(
            lambda held: held["meters"][_ELECTRICITY]["instantaneous_demand"]["state"] == "live",
            60,
            "a first reading",
        )
        self._stage("first reading")
        await home.until(lambda: home.shows("USING") or home.shows("SENDING OUT"), 60, "readings on the screen")
        self._stage("readings on the screen")
        # One of the two moves at any time of day: the sun may cover all that is used.
        names = ("current_summation_delivered", "current_summation_received")
        before = [home.world.meter.registers[name] for name in names]
        await home.until(
            lambda: sum(home.world.meter.registers[name] for name in names) > sum(before) + 20, 3600, "a register moves"
        )
        await home.sleep(15)
        held = await home.held()
        moved = [held["meters"][_ELECTRICITY][name]["value"] for name in names]
        self._check("the readings move with the meter", sum(moved) > sum(before), before=before, held=moved)

    async def _lose_and_find(self, home: Run) -> None:
        home.world.ncp.stack.in_range = False
        self._stage("link cut")
        await home.until_shows("Lost the meter network", 600)
        self._stage("link lost, said on the screen")
        await home.sleep(90)
        home.world.ncp.stack.in_range = True
        self._stage("link back")
        await home.until_held(
            lambda held: held["outcome"] is None
            and held["meters"][_ELECTRICITY]["instantaneous_demand"]["state"] == "live",
            1200, "readings again",
        )  # fmt: skip
        self._stage("readings again")

    async def _next_gas_report(self, home: Run) -> None:
        held = await home.held()
        before = held["meters"][_GAS]["current_summation_delivered"]["utc"]
        await home.until_held(
            lambda held: held["meters"][_GAS]["current_summation_delivered"]["utc"] > before,
            2400,
            "a later gas reading",
        )
        self._stage("gas meter has reported again")

    async def _stand_still_and_compare(self, home: Run) -> dict[str, Any]:
        # With the main switch off the registers stand still, and all three accounts must agree to the last digit.
        world = home.world
        world.household.set_main_switch(False)
        assert world.gas_meter
        await world.gas_meter.report()
        self._stage("main switch off")
        await home.sleep(960)
        held = await home.held()
        registers = {
            _ELECTRICITY: world.meter.registers,
            _GAS: {"current_summation_delivered": world.gas_meter.register},
        }
        for meter, wanted in registers.items():
            for name, register in wanted.items():
                value = held["meters"][meter][name]
                right = value["value"] == register and value["state"] == "live"
                self._check(f"meter {meter}: {name}", right, held=value["value"], register=register)
        await self._compare_screen(home)
        heap = held["heap"]
        self._check("the heap is within its budget", 0 < heap["live_bytes"] <= _HEAP_BUDGET, **heap)
        self._check("and so it is at its peak", heap["peak_bytes"] <= _HEAP_PEAK, **heap)
        self._check("no task had to be restarted", not any(held["restarts"].values()), **held["restarts"])
        self._check("the panel had nothing to complain of", not world.panel.complaints, said=world.panel.complaints)
        self._stage("compared")
        return held

    async def _compare_screen(self, home: Run) -> None:
        household = home.world.household
        assert home.world.gas_meter
        gas = home.world.gas_meter.register
        self._check("the screen shows '0.0p an'", home.shows("0.0p an"))  # the hour may be under it
        for _ in range(_METERS_PAGE):
            home.press("next")
            await home.sleep(10)
        wanted = [
            f"{household.import_wh // 1000:05d}.{household.import_wh % 1000:03d} kWh",
            f"{household.export_wh // 1000:05d}.{household.export_wh % 1000:03d} kWh",
            f"{gas // 1000:05d}.{gas % 1000:03d} m³ at ",
        ]
        for text in wanted:
            self._check(f"the screen shows {text!r}", home.shows(text))

    def report(self, home_seconds: float, wall_seconds: float, settings: Settings, held: dict[str, Any]) -> dict:
        world = self.home.world
        ash = world.ncp.ash
        return {
            "right": bool(self.checks) and all(check["right"] for check in self.checks),
            "seed": settings.seed,
            "micropython": {
                "version": toolchain.interpreter().version,
                "caveat": toolchain.interpreter().caveat,
            },
            "simulated_s": home_seconds,
            "wall": {"seconds": round(wall_seconds, 1)},
            "stages": self.stages,
            "checks": self.checks,
            "readings": held.get("meters", {}),
            "air": {"frames": world.air.frames},
            "uart": {
                "bytes_to_ncp": world.uart_to_ncp.bytes,
                "bytes_to_device": world.uart_to_host.bytes,
                "frames_to_ncp": ash.frames_in,
                "frames_to_device": ash.frames_out,
                "retransmissions": ash.retransmissions,
            },
            "panel": {
                "full_refreshes": world.panel.full_refreshes,
                "partial_refreshes": world.panel.partial_refreshes,
                "complaints": world.panel.complaints,
            },
            "heap": held.get("heap", {}),
        }


def demo(settings: Settings, folder: Path = FOLDER) -> bool:
    """Runs the demonstration; True if everything it checked was right."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in [*folder.glob("screen-*.png"), folder / "report.json"]:
        old.unlink(missing_ok=True)
    story = Demo(folder)

    async def captured(home: Run) -> dict[str, Any]:
        pcap, keys = folder / "air.pcap", folder / "zigbee_pc_keys"
        with capturing(home.world.air, lambda: home.clock.now_us, pcap, keys):
            return await story.story(home)

    started = time.monotonic()
    held: dict[str, Any] = {}
    try:
        held = run(settings, folder, captured)
    except NotInTime as late:
        print(f"inkmeter demo: {late}")
        story.checks.append({"check": "everything in time", "right": False, "said": str(late)})
    report = story.report(story.home.clock.elapsed_s, time.monotonic() - started, settings, held)
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    print(f"{'all right' if report['right'] else 'NOT RIGHT'}: see {folder}/report.json and the pictures beside it")
    return report["right"]
