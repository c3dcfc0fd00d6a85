"""The day of sample load, by the home's clock and without a display."""

import asyncio

from host_tools.sim.clock import Clock
from host_tools.sim.household import BOILER_W
from host_tools.sim.world import Settings, World
from host_tools.web.sample_day import SampleDay


def played(story):
    """Runs an async function of (the home, the day, what was told)."""

    async def main():
        world = World(asyncio.get_running_loop(), Settings(home="credit-flat"))
        told = []
        await story(world, SampleDay(world, lambda what, about: told.append(what)), told)
        world.check()

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(main())


def test_a_day_ends_by_itself_and_leaves_nothing_on():
    async def story(world, day, told):
        before = world.household.demand_w, world.household.import_wh, world.household.gas_litres
        day.begin()
        await asyncio.sleep(43_200)
        assert day.is_on and day.says.startswith("12 h 00 min of 24 h.")
        await asyncio.sleep(43_260)
        assert not day.is_on and day.says.startswith("The day is over.")
        assert world.household.demand_w == before[0]
        # Each thing once on and off, but for what is used several times; the car's 25 kWh among it.
        assert sorted(told) == sorted(
            [f"{what} {how}" for what in ("Shower", "Toaster", "Washing machine", "Oven", "Television", "Dishwasher",
                                          "Car charger") for how in ("on", "off")]
            + [f"{what} {how}" for what, times in (("Lights", 2), ("Heating", 2), ("Kettle", 5))
               for how in ("on", "off") for _ in range(times)]
        )  # fmt: skip
        used = world.household.import_wh - before[1] - 24 * before[0]
        # Of the list, by hand: 25.2 kWh for the car, 9.8 for the rest; and a minute of what is always on.
        assert abs(used - 35_022) <= 3 and f"{(world.household.import_wh - before[1]) / 1000:.2f} kWh used" in day.says
        assert 6.5 * BOILER_W * 90 / 1e6 - 0.1 < (world.household.gas_litres - before[2]) / 1000 < 7.2

    played(story)


def test_the_days_heating_is_not_the_hands():
    async def story(world, day, told):
        house = world.household
        house.set_boiler("heating by hand", BOILER_W)
        day.begin()
        await asyncio.sleep(7 * 3600)  # from ten to twelve on: the day's heating is on at five
        assert house.boiler("Heating of the day") == BOILER_W
        day.end()
        assert house.boiler("heating by hand") == BOILER_W and house.boiler("Heating of the day") == 0
        house.set_boiler("heating by hand", 0)
        assert house.demand_w == 180

    played(story)


def test_a_day_ends_for_who_moves():
    async def story(world, day, told):
        day.begin()
        await asyncio.sleep(3600)
        world.move_house("electricity-only")
        await asyncio.sleep(120)
        assert not day.is_on and day.says == "The day ended when you moved."

    played(story)
