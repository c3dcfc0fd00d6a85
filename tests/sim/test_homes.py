"""What the named homes serve, asked over the air by a display."""

import asyncio

import pytest
from home_asked import (
    METERING,
    MONDAY_1_UTC,
    PRICE,
    TIME,
    UNSUPPORTED,
    in_home,
    whole,
)
from zigpy.zcl.clusters.smartenergy import Metering
from zigpy.zcl.foundation import ReadAttributeRecord

from host_tools import cli
from host_tools.sim import smart_energy as se
from host_tools.sim.changes import CHANGES, ChangeError, change
from host_tools.sim.clock import Clock
from host_tools.sim.homes import HOMES
from host_tools.sim.truth import truths
from host_tools.sim.world import Settings, World

# Every home


@pytest.mark.parametrize("name", HOMES)
def test_every_attribute_of_every_home_is_of_its_type_and_in_one_frame(name):
    async def story(world, display):
        for mirror, server in ((False, world.meter), (True, world.hub)):
            for cluster, attributes in server.attributes.get(2 if mirror else 1, {}).items():
                found = await display.read(cluster, attributes, mirror=mirror)
                assert found.keys() == attributes.keys()
                for identifier, value in found.items():
                    if value is not UNSUPPORTED:
                        assert isinstance(value, attributes[identifier].type.python_type)
                    definition = Metering.attributes.get(identifier)
                    if cluster == METERING and definition:
                        assert definition.zcl_type == attributes[identifier].type.type_id, hex(identifier)

    in_home(name, story)


def test_the_same_seed_gives_the_same_home_and_another_another():
    async def story(world, display):
        await asyncio.sleep(4000)
        ids = (0x0000, 0x0403, 0x0432, 0x0442, 0x0400)
        return await display.read(METERING, ids), await display.ask(PRICE, 0x00, b"\x01")

    first, again = in_home("agile", story), in_home("agile", story)
    assert first == again

    async def other():
        world = World(asyncio.get_running_loop(), Settings(home="agile", seed=2))
        return world.meter.supply.price(world.clock.now_us), world.household.import_at(MONDAY_1_UTC)

    with asyncio.Runner(loop_factory=Clock) as runner:
        price, past = runner.run(other())
    assert price != whole(se.PublishPrice, first[1][0][1]).price
    assert past != 4_631_207


def test_a_change_has_a_name_and_what_cannot_be_is_said():
    async def story(world, display):
        for words, message in (
            ("nonsense", "there is no change"), ("top-up", "no prepayment meter for that"),
            ("new-price:x", "not a whole"),
            ("gas-fitted", "already has a gas meter"), ("message:" + "x" * 117, "116 octets"),
            ("new-price:-200", "from -90 to 1000"), ("power-cut:5 minutes", "not a whole"),
            ("hub-off:two", "not a whole"), ("power-cut:0", "from 1 to"), ("calorific-value:0", "from 250 to 550"),
            ("calorific-value:99999999999", "from 250 to 550"), ("change-of-supplier:99999999999", "from 1 to"),
            ("price-at-midnight:99999999999", "from -90 to 1000"), ("power-cut:1" + 5000 * "0", "not a whole"),
        ):  # fmt: skip
            with pytest.raises(ChangeError, match=message):
                change(world, words)
        # What is refused has done nothing.
        assert world.hub.powered and world.meter.powered
        change(world, "hub-off:60")
        for words in ("hub-off", "power-cut"):
            with pytest.raises(ChangeError, match="already off"):
                change(world, words)
        for _ in range(10):
            try:
                change(world, "new-price:1000")
            except ChangeError as error:
                assert "as high as that" in str(error)
                break
        else:
            raise AssertionError("prices rise for ever")
        await asyncio.sleep(120)

    in_home("credit-flat", story)


# Strange and unfinished homes


def test_other_divisors_and_bcd():
    async def story(world, display):
        found = await display.read(METERING, (0x0000, 0x0300, 0x0302, 0x0400, 0x0403))
        wh = world.meter.registers
        assert found[0x0302] == 100_000 and found[0x0400] == wh["instantaneous_demand"] * 100
        assert found[0x0000] == wh["current_summation_delivered"] * 100
        assert found[0x0403] % 100 == 0
        found = await display.read(METERING, (0x0000, 0x0300), mirror=True)
        assert found[0x0300] == 0x81 and f"{found[0x0000]:x}" == str(world.hub.mirror.litres)

    in_home("strange-divisors", story)


def test_a_hub_without_the_time_until_it_has_it():
    async def story(world, display):
        async def time():
            answer = await display.read(METERING, (0x0000,))
            assert answer
            clock = world.hub.attributes[1][TIME]
            records = [clock[identifier].record(identifier) for identifier in (0x0000, 0x0001, 0x0007)]
            return [ReadAttributeRecord.deserialize(record)[0].value.value for record in records]

        assert await time() == [0xFFFFFFFF, 0, 0xFFFFFFFF]
        await asyncio.sleep(1800)
        assert await time() == [world.clock.utc, 9, world.clock.utc]
        change(world, "clock-lost")
        assert (await time())[1] == 0

    in_home("clock-not-set", story)


def test_gas_comes_later():
    async def story(world, display):
        assert world.hub.endpoints.keys() == {1}
        with pytest.raises(LookupError):
            await display.read(METERING, (0x0000,), mirror=True)
        await asyncio.sleep(3600)
        assert world.hub.endpoints.keys() == {1, 2}
        found = await display.read(METERING, (0x0000, 0x0C01, 0x0C03), mirror=True)
        assert found[0x0000] < 50 and found[0x0C03] == 0xFFFFFF
        await asyncio.sleep(7200)
        assert await display.get(METERING, 0x0000, mirror=True) > found[0x0000]

    in_home("gas-later", story)


def test_a_meter_exchange():
    async def story(world, display):
        change(world, "new-price:10")
        old, node_id, serial = world.meter, world.meter.node_id, world.meter.serial
        change(world, "meter-exchange")
        assert world.meter is not old and world.meter.eui64 != old.eui64
        assert world.meter.node_id != node_id and world.meter.serial != serial
        with pytest.raises(TimeoutError):
            display.addresses[node_id] = old.eui64
            world.meter.node_id, new = node_id, world.meter.node_id
            try:
                old.node_id = 0
                await display.read(METERING, (0x0000,))
            finally:
                world.meter.node_id = new
        display.meet_meter()
        found = await display.read(METERING, (0x0000, 0x0308))
        assert found[0x0000] < 100 and found[0x0308] == world.meter.serial
        assert await display.get(PRICE, 0x0410) == 26_950

    in_home("credit-flat", story)


def test_the_mirror_knows_what_the_gas_meter_told_it():
    async def story(world, display):
        await asyncio.sleep(1500)
        found = await display.read(METERING, (0x0000, 0x0007, 0x0C01), mirror=True)
        await asyncio.sleep(100)
        assert await display.read(METERING, found, mirror=True) == found
        since = found[0x0007] // 86_400 * 86_400
        truth = truths(world)["gas"]
        assert found[0x0000] == truth.total(found[0x0007])
        assert abs(found[0x0C01] - truth.wh(since, found[0x0007])) <= 1
        await asyncio.sleep(1800)
        assert (await display.get(METERING, 0x0007, mirror=True)) - found[0x0007] == 1800

    in_home("credit-flat", story)


# The command line


def test_homes_and_changes_are_listed(capsys):
    assert cli.main(["homes"]) == 0
    listed = capsys.readouterr().out
    for name in (*HOMES, *CHANGES):
        assert f"\n{name}" in "\n" + listed
    assert all(one.about.endswith(".") for one in (*HOMES.values(), *CHANGES.values()))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--home", "castle"], "there is no home 'castle'"),
        (["--at", "soon", "tamper"], "'soon' is not a number of seconds"),
        (["--at", "nan", "tamper"], "'nan' is not a number of seconds"),
        (["--at", "5", "earthquake"], "there is no change 'earthquake'"),
    ],
)
def test_what_the_command_line_does_not_know_it_says(arguments, message, capsys):
    with pytest.raises(SystemExit):
        cli.main(["sim", *arguments])
    assert message in capsys.readouterr().err
