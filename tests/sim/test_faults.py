"""Serial faults to order: what the words mean, and what is no word."""

import asyncio
import random

import pytest
from bellows.ash import ErrorFrame, RStackFrame
from bellows.types import NcpResetCode

from host_tools.sim.clock import Clock
from host_tools.sim.faults import CAUSES, Faults, FaultsError
from host_tools.sim.ncp.ash import BOOT_NOISE, NcpAsh
from host_tools.sim.uart import Line
from host_tools.sim.world import Settings, World


@pytest.mark.parametrize(
    "order",
    ["noise", "noise=1", "noise=-0.1", "noise=x", "loose=0.1", "boot-noise=1", "reset=watchdog", "reset=hope@60",
     "reset=watchdog@0", "reset=watchdog@nan", "reset=watchdog@inf", "error=51@1e999", "burst=20@NaN",
     "burst=20@1e-300", "reset=watchdog@1e300", "noise=nan", "flip=inf", "error=zz@60", "error=100@60",
     "burst=x@60", "burst=20"],
)  # fmt: skip
def test_what_is_no_fault_is_said_to_be_none(order):
    with pytest.raises(FaultsError, match=order.partition("=")[0]):
        Faults(order)


def over_a_line(count=4000, **faults):
    """(what came, when each chunk came) of so many bytes, two hundred at a time."""

    async def story():
        came, loop = [], asyncio.get_running_loop()
        line = Line(lambda data: came.append((loop.time(), data)), baud=115200, rng=random.Random(1))
        for name, value in faults.items():
            setattr(line, name, value)
        for _ in range(count // 200):
            line.send(bytes(range(20, 220)))
            await asyncio.sleep(0.5)
        return came

    with asyncio.Runner(loop_factory=Clock) as runner:
        return runner.run(story())


def test_each_fault_does_what_it_says():
    clean = over_a_line()
    whole = b"".join(data for _, data in clean)
    assert whole == bytes(range(20, 220)) * 20
    for name, shorter, longer in (("flip", 0, 0), ("lose", 1, 0), ("double", 0, 1)):
        hurt = b"".join(data for _, data in over_a_line(**{name: 0.01}))
        assert hurt != whole and (len(hurt) < len(whole), len(hurt) > len(whole)) == (shorter, longer), name
    pieces = over_a_line(split=0.5)
    assert b"".join(data for _, data in pieces) == whole and len(pieces) > len(clean) + 10
    late = over_a_line(delay=0.5)
    assert b"".join(data for _, data in late) == whole
    assert sum(then > now + 0.005 for (now, _), (then, _) in zip(clean, late, strict=True)) > 10
    assert b"".join(data for _, data in over_a_line(xoff=0.5)).count(0x13) > 10


def test_a_restart_that_babbles_and_a_link_given_up():
    async def story():
        out = bytearray()
        ash = NcpAsh(out.extend, lambda frame: None, lambda: None, reboot_s=0.1)
        ash.boot_noise = True
        ash.reboot(NcpResetCode.RESET_POWER_ON)
        await asyncio.sleep(1)
        assert (
            out.startswith(BOOT_NOISE)
            and out[len(BOOT_NOISE) + 1 :][:3]
            == RStackFrame(version=2, reset_code=NcpResetCode.RESET_POWER_ON).to_bytes()[:3]
        )
        out.clear()
        ash.give_up(NcpResetCode(0x51))
        assert out[1:4] == ErrorFrame(version=2, reset_code=NcpResetCode(0x51)).to_bytes()[:3]

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(story())


def test_an_order_is_put_on_a_world_and_repeats():
    async def story():
        world = World(asyncio.get_running_loop(), Settings())
        restarts = []
        world.ncp.ash.reboot = lambda code: restarts.append(code)
        order = Faults("noise=0.003, split=0.2, xoff=0.01, boot-noise, reset=watchdog@60, reset=external@90")
        for coroutine in order.put_on(world):
            world.beside(coroutine)
        assert world.uart_to_host.noise == pytest.approx(0.003) and world.uart_to_ncp.split == 0.2
        assert (world.uart_to_host.xoff, world.uart_to_ncp.xoff) == (0.01, 0.0) and world.ncp.ash.boot_noise
        await asyncio.sleep(200)
        assert [restarts.count(CAUSES[cause]) for cause in ("watchdog", "external")] == [3, 2]
        world.stop_home()

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(story())
