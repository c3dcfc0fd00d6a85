"""`inkmeter sim`: one scenario of the simulated home with the real firmware, on virtual time, with a capture of the air
for those who want to look.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from host_tools import BUILD
from host_tools.sim.changes import ChangeError
from host_tools.sim.faults import Faults
from host_tools.sim.radio.capture import capturing
from host_tools.sim.run import NotInTime, Run, run
from host_tools.sim.scenarios import SCENARIOS
from host_tools.sim.world import Settings

FOLDER = BUILD / "sim"


def simulate(
    name: str, settings: Settings, pcap: Path | None = None, keys: Path | None = None, faults: Faults | None = None,
    at: tuple[tuple[float, str], ...] = (),
) -> bool:  # fmt: skip
    """Runs a scenario, with changes of the home `at` (seconds, change); True if the firmware did as it must. Raises
    OSError for a file that cannot be written.
    """
    one = SCENARIOS[name]
    print(f"{name}: {one.about}", flush=True)

    async def story(home: Run) -> float:
        for coroutine in faults.put_on(home.world) if faults else ():
            home.world.beside(coroutine)
        for seconds, change in at:
            home.world.beside(home.world.after(seconds, change))
        with capturing(home.world.air, lambda: home.clock.now_us, pcap, keys):
            await one.story(home)
        return home.clock.elapsed_s

    try:
        seconds = run(dataclasses.replace(settings, **one.settings), FOLDER, story)
    except ChangeError as error:
        print(f"NOT POSSIBLE: {error}")
        return False
    except (NotInTime, AssertionError) as error:
        print(f"NOT RIGHT: {error}\nThe firmware's log is {FOLDER / 'firmware.log'}")
        return False
    print(f"all right after {seconds:.0f} simulated seconds; the firmware's log is {FOLDER / 'firmware.log'}")
    for path in filter(None, (pcap, keys)):
        print(f"written: {path}")
    return True
