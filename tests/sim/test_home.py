"""The clock, the household and its registers, the meters and the hub."""

import asyncio

import pytest

from host_tools.sim.clock import START_US, Clock
from host_tools.sim.household import Household
from host_tools.sim.tariff import Tariff
from host_tools.sim.world import Settings, World


def on_a_clock(story, **options):
    async def main():
        return await story(asyncio.get_running_loop())

    with asyncio.Runner(loop_factory=lambda: Clock(**options)) as runner:
        return runner.run(main())


def test_days_pass_at_once_and_to_the_microsecond():
    async def story(clock):
        for _ in range(10):
            await asyncio.sleep(86_400)
        assert clock.now_us - START_US == pytest.approx(10 * 86_400_000_000, abs=20)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(1e6), 3600)

    on_a_clock(story)


def test_a_home_in_which_nothing_can_happen_any_more_says_so():
    async def story(clock):
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="nothing is left to happen"):
        on_a_clock(story)


def test_real_time_is_the_wall_s():
    import time

    async def story(clock):
        began = time.monotonic()
        await asyncio.sleep(0.3)
        return time.monotonic() - began

    assert 0.28 < on_a_clock(story, real_time=1.0) < 1.0
    assert 0.02 < on_a_clock(story, real_time=10.0) < 0.25


def household(clock) -> Household:
    import random

    return Household(random.Random(1), import_wh=1000, export_wh=500, gas_litres=100)


def test_registers_do_not_depend_on_who_looks_when():
    async def story(clock, looks):
        house = household(clock)
        house.set_load("test", 1234)
        for _ in range(looks):
            await asyncio.sleep(7200 / looks)
            assert house.import_wh >= 1000
        return house.import_wh, house.export_wh, house.gas_litres

    wanted = 1000 + (180 + 1234) * 2
    for looks in (1, 7, 500):
        assert on_a_clock(lambda clock, looks=looks: story(clock, looks))[0] in (wanted, wanted - 1)


def test_export_and_import_are_counted_apart_and_the_main_switch_stops_both():
    async def story(clock):
        house = household(clock)
        house.set_load("sun", -1180)
        await asyncio.sleep(3600)
        assert (house.import_wh, house.demand_w) == (1000, -1000) and house.export_wh in (1499, 1500)
        house.set_main_switch(False)
        before = house.import_wh, house.export_wh, house.gas_litres
        await asyncio.sleep(3600)
        assert (house.import_wh, house.export_wh, house.gas_litres) == before and house.demand_w == 0

    on_a_clock(story)


def test_a_day_in_the_house_moves_every_register():
    async def story(clock):
        house = household(clock)
        task = asyncio.get_running_loop().create_task(house.run())
        await asyncio.sleep(86_400)
        task.cancel()
        used, sent, gas = house.import_wh - 1000, house.export_wh - 500, house.gas_litres - 100
        assert 3_000 < used < 40_000 and 2_000 < sent < 40_000 and 2_000 < gas < 20_000

    on_a_clock(story)


def test_the_price_in_force():
    tariff = Tariff(0, ((0, 10), (270, 20), (960, 30)), 1, b"")
    midnight = 831_859_200
    assert tariff.current(midnight) == (1, 10, 270)
    assert tariff.current(midnight + 270 * 60) == (2, 20, 690)
    assert tariff.current(midnight + 959 * 60 + 59) == (2, 20, 1)
    assert tariff.current(midnight + 1439 * 60) == (3, 30, 1)


def test_the_gas_meter_reports_each_half_hour_and_only_then():
    async def story(clock):
        world = World(clock, Settings())
        world.start_home()
        mirror = world.hub.mirror
        changes = []
        for _ in range(3 * 60):
            await asyncio.sleep(60)
            if not changes or changes[-1] != mirror.reported_utc:
                changes.append(mirror.reported_utc)
        world.check()
        assert [utc % 1800 for utc in changes[1:]] == [2] * 6
        assert mirror.litres <= world.gas_meter.register

    on_a_clock(story)
