"""Changes of the home that meet: what was ordered for later, and what somebody does meanwhile."""

import asyncio

import pytest
from home_asked import in_home

from host_tools.sim.changes import change


@pytest.mark.parametrize("meanwhile", ["gas-fitted", "house-moved:demo", "house-moved:electricity-only"])
def test_gas_that_was_to_come_and_is_there_or_somewhere_else(meanwhile):
    async def story(world, display):
        change(world, meanwhile)
        gas = world.gas
        await asyncio.sleep(3700)
        world.check()
        assert world.gas is gas

    in_home("gas-later", story)


@pytest.mark.parametrize("meanwhile", ["meter-exchange", "gas-fitted", "house-moved"])
def test_a_supplier_who_takes_over_after_another_change(meanwhile):
    async def story(world, display):
        change(world, "change-of-supplier:60")
        change(world, meanwhile)
        await asyncio.sleep(100)
        world.check()
        name = world.meter.management.supplier.name
        assert (name == b"Kestrel Power") == (meanwhile != "house-moved")
        assert not world.gas or world.gas.management.supplier.name == name

    in_home("electricity-only", story)


def test_a_meter_that_was_exchanged_during_a_power_cut():
    async def story(world, display):
        old = world.meter
        change(world, "power-cut:300")
        change(world, "meter-exchange")
        assert not world.meter.powered
        await asyncio.sleep(400)
        assert world.meter.powered and world.hub.powered and not old.powered
        assert world.meter.registers["current_summation_delivered"] >= 0

    in_home("credit-flat", story)


def test_a_hub_that_was_swapped_while_it_was_off_stays_off():
    async def story(world, display):
        old = world.hub
        change(world, "hub-off:300")
        new = world.swap_hub(restored=True)
        await asyncio.sleep(400)
        assert new.powered and not old.powered

    in_home("credit-flat", story)


def test_each_exchange_and_each_move_brings_another_meter():
    async def story(world, display):
        numbers = [world.meter.serial]
        for words in ("meter-exchange", "meter-exchange", "house-moved", "house-moved"):
            before = world.portal.account
            change(world, words)
            numbers.append(world.meter.serial)
            await asyncio.sleep(10)
            if words == "house-moved":
                assert (before.mpan, before.mprn) != (world.portal.account.mpan, world.portal.account.mprn)
                assert before.postcode != world.portal.account.postcode
        assert len(set(numbers)) == 5

    in_home("credit-flat", story)
