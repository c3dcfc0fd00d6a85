"""What a simulated day costs: processor time of both processes, and the counts that make it, which repeat exactly."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path

from host_tools.sim.device import Device
from host_tools.sim.run import Run, run
from host_tools.sim.world import Settings

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True)
class Cost:
    """Of a stretch of simulated time: seconds of the processor's and of the wall's, and counts that the seed decides.
    `wakes` is how often the device went on, `frames` what was on the air, acknowledgements included.
    """

    host_s: float
    device_s: float
    wall_s: float
    wakes: int
    frames: int

    def __str__(self) -> str:
        return (
            f"{self.host_s:.0f} s of the processor for the home, {self.device_s:.0f} s for the device, "
            f"{self.wall_s:.0f} s by the wall; {self.wakes:,} wakes, {self.frames:,} frames"
        )


def _device_s(device: Device) -> float:
    fields = Path(f"/proc/{device.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


async def cost(home: Run, hours: float) -> Cost:
    """Lets so many simulated hours pass, and says what they cost."""
    device, air = home.world.device, home.world.air
    assert device
    host, wall, used = time.process_time(), time.monotonic(), _device_s(device)
    wakes, frames = device.wakes, air.frames
    await home.sleep(hours * 3600)
    return Cost(
        time.process_time() - host, _device_s(device) - used, time.monotonic() - wall,
        device.wakes - wakes, air.frames - frames,
    )  # fmt: skip


def measure(folder: Path, hours: float = 24) -> Cost:
    """The first hours of reading, after the pairing, in the home that `make run` shows."""

    async def story(home: Run) -> Cost:
        await home.pair()
        return await cost(home, hours)

    return run(Settings(), folder, story)
