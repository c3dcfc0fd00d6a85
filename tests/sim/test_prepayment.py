"""A prepayment meter's accounts: by themselves, and as displays read them."""

import asyncio

import pytest
from zigpy.zcl.foundation import Status

from host_tools.sim import smart_energy as se
from host_tools.sim.changes import ChangeError, change
from host_tools.sim.clock import START_US, Clock
from host_tools.sim.display import Display
from host_tools.sim.prepayment import CreditStatus, SupplyState
from host_tools.sim.timetable import FriendlyHours
from host_tools.sim.truth import truths
from host_tools.sim.world import Settings, World

METERING, PREPAYMENT, CALENDAR = 0x0702, 0x0705, 0x0707
LIMIT = 1_000_000


def in_home(name, story):
    async def main():
        world = World(asyncio.get_running_loop(), Settings(home=name))
        world.start_home()
        display = Display(world)
        await asyncio.sleep(5)
        await story(world, display)
        world.check()
        world.stop_home()

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(main())


def only(answers, command, schema):
    ((number, payload),) = answers
    assert number == command
    value, rest = schema.deserialize(payload)
    assert not rest and value.serialize() == payload
    return value


async def spend(world, watts=6000, hours=24, until=lambda: False):
    """Uses a lot, until something or for so long."""
    world.household.set_load("test", watts)
    for _ in range(hours * 60):
        if until():
            break
        await asyncio.sleep(60)
    world.household.set_load("test", 0)


def test_the_balance_is_what_was_there_less_what_was_used():
    async def story(world, display):
        looks = []
        for _ in range(20):
            await asyncio.sleep(600)
            found = await display.read(PREPAYMENT, (0x0000, 0x0001, 0x0003, 0x0004))
            truth = truths(world)["import"].pence(831_898_200, found[0x0004], standing=False)
            looks.append(412_000 - found[0x0001] - truth * 1000)
            assert found[0x0000] == 0x0497 and found[0x0003] & CreditStatus.OK
        # To the Wh (24.5 units) that may have been counted since.
        assert all(-1 < look < 26 for look in looks)

    in_home("prepaid", story)


def test_standing_charge_and_debt_are_taken_at_midnight():
    async def story(world, display):
        midnight = (world.clock.utc // 86_400 + 1) * 86_400
        await asyncio.sleep(midnight - 60 - world.clock.utc)
        before = await display.read(PREPAYMENT, (0x0001, 0x0211, 0x0231))
        await asyncio.sleep(120)
        after = await display.read(PREPAYMENT, (0x0001, 0x0211, 0x0231))
        assert before[0x0211] - after[0x0211] == 50_000 and before[0x0231] == after[0x0231]
        used = before[0x0001] - after[0x0001] - 50_000 - 53_800
        assert 0 < used < 2_000
        request = se.GetDebtRepaymentLog(latest=0, count=0, debt_type=0xFF).serialize()
        (payment,) = only(await display.ask(PREPAYMENT, 0x0A, request), 0x06, se.PublishDebtLog).entries
        assert (payment.time, payment.amount, payment.outstanding) == (midnight, 50_000, after[0x0211])

    in_home("prepaid", story)


def test_a_life_on_prepayment():
    async def story(world, display):
        account = world.meter.account

        async def status():
            found = await display.read(PREPAYMENT, (0x0001, 0x0002, 0x0003))
            return found[0x0001], found[0x0002], CreditStatus(found[0x0003]), await display.get(METERING, 0x0014)

        with pytest.raises(ChangeError, match="not on offer"):
            change(world, "emergency-credit")
        # Tuesday morning, friendly until 10 and from 16 on: it is off by then at the latest.
        await spend(world, until=lambda: account.state(world.clock.now_us).credit < 150_000_000)
        credit, emergency, flags, supply = await status()
        assert 0 < credit < 200_000 and emergency == LIMIT and supply == SupplyState.ON
        assert CreditStatus.LOW in flags and CreditStatus.EMERGENCY_AVAILABLE in flags
        await spend(world, until=lambda: account.state(world.clock.now_us).credit < 0)
        assert (await status())[2] & CreditStatus.EXHAUSTED
        await asyncio.sleep((36 * 3600 + 60 - world.clock.utc % 86_400) % 86_400)  # noon: 12:01
        credit, _, flags, supply = await status()
        assert supply == SupplyState.OFF and world.household.demand_w == 0 and credit <= 0
        register = await display.get(METERING, 0x0000)
        await asyncio.sleep(600)
        assert await display.get(METERING, 0x0000) == register
        assert (await status())[0] == credit

        change(world, "emergency-credit")
        credit, emergency, flags, supply = await status()
        assert supply == SupplyState.ARMED and credit == 0 and emergency < LIMIT
        assert CreditStatus.EMERGENCY_SELECTED | CreditStatus.EMERGENCY_IN_USE in flags
        change(world, "arm")
        await asyncio.sleep(600)
        later = await status()
        assert later[3] == SupplyState.ON and later[1] < emergency and later[0] == 0

        owed = LIMIT - (await status())[1]
        debt, waiting = [await display.get(PREPAYMENT, one) for one in (0x0231, 0x0005)]
        change(world, "top-up:2000")
        credit, emergency, flags, _ = await status()
        assert waiting == 53_800 + 50_000 and await display.get(PREPAYMENT, 0x0005) == 0
        assert abs(credit - (2_000_000 - 500_000 - owed - waiting)) < 1000 and emergency == LIMIT
        assert debt - await display.get(PREPAYMENT, 0x0231) == 500_000
        assert CreditStatus.OK in flags and CreditStatus.EMERGENCY_SELECTED not in flags
        log = only(await display.ask(PREPAYMENT, 0x08, bytes(5)), 0x05, se.PublishTopUpLog)
        assert [(one.amount, len(one.code)) for one in log.entries] == [(2_000_000, 20)]
        found = await display.read(PREPAYMENT, (0x0101, 0x0103, 0x0111, 0x0020))
        assert found[0x0101] == found[0x0020] == 2_000_000 and found[0x0103] == log.entries[0].code
        snapshot = only(await display.ask(PREPAYMENT, 0x07, bytes(13)), 0x01, se.PublishPrepaySnapshot)
        assert abs(snapshot.credit_remaining - credit) < 1_000 and snapshot.debt_3 == 500_000

    in_home("prepaid", story)


def test_a_terse_meter_says_it_by_commands_alone():
    async def story(world, display):
        change(world, "top-up:2000")
        found = await display.read(PREPAYMENT, (0x0034, 0x0035, 0x0100, 0x0101))
        assert set(found.values()) == {Status.UNSUPPORTED_ATTRIBUTE}, found
        log = only(await display.ask(PREPAYMENT, 0x08, bytes(5)), 0x05, se.PublishTopUpLog)
        assert [one.amount for one in log.entries] == [2_000_000]

    in_home("prepaid-in-emergency", story)


def test_nobody_is_cut_off_in_friendly_hours():
    async def story(world, display):
        account = world.meter.account
        await asyncio.sleep(19 * 3600 - world.clock.utc % 86_400)
        await spend(world, until=lambda: account.state(world.clock.now_us).credit < -20_000_000)
        found = await display.read(PREPAYMENT, (0x0001, 0x0034, 0x0035, 0x0400))
        assert found[0x0001] < 0 and await display.get(METERING, 0x0014) == SupplyState.ON
        ten = (world.clock.utc // 86_400 + (world.clock.utc % 86_400 > 36_000)) * 86_400 + 36_000
        assert found[0x0034] == (ten - world.clock.utc + 59) // 60 and found[0x0035] == ten + 6 * 3600
        assert found[0x0400] & 0x10
        await asyncio.sleep(ten - world.clock.utc - 90)
        assert await display.get(METERING, 0x0014) == SupplyState.ON
        await asyncio.sleep(180)
        assert await display.get(METERING, 0x0014) == SupplyState.OFF
        calendar = se.GetDayProfiles(provider=0, calendar_id=0xFFFFFFFE, first=1, count=0).serialize()
        answers = await display.ask(CALENDAR, 0x01, calendar)
        days = [se.PublishDayProfile.deserialize(payload)[0] for _, payload in answers]
        assert [[(one.start, one.tier) for one in day.entries] for day in days] == [
            [(0, 1), (600, 0), (960, 1)], [(0, 1)]
        ]  # fmt: skip

    in_home("prepaid", story)


def test_a_code_works_once_and_a_meter_takes_no_fortune():
    async def story(world, display):
        account, now = world.meter.account, world.clock.now_us
        account.top_up(now, 500_000, b"1" * 20)
        for amount, code, why in (
            (500_000, b"1" * 20, "has been used"), (0, b"2" * 20, "of this size"),
            (11_000_000, b"3" * 20, "of this size"),
        ):  # fmt: skip
            with pytest.raises(Exception, match=why):
                account.top_up(now, amount, code)
        for number in range(2):
            account.top_up(now, 10_000_000, b"%020d" % number)
        with pytest.raises(Exception, match="no more credit"):
            account.top_up(now, 10_000_000, b"%020d" % 9)
        with pytest.raises(ChangeError, match="not armed"):
            change(world, "arm")

    in_home("prepaid", story)


def test_in_emergency_it_runs_out():
    async def story(world, display):
        found = await display.read(PREPAYMENT, (0x0001, 0x0002, 0x0003))
        assert found[0x0001] == 0 and 0 < found[0x0002] < 60_000
        assert found[0x0003] & (CreditStatus.EMERGENCY_IN_USE | CreditStatus.EXHAUSTED) == CreditStatus.EMERGENCY_IN_USE
        await spend(world, until=lambda: not world.household.supply, hours=4)
        world.household.set_main_switch(True)
        assert world.household.demand_w == 0
        found = await display.read(PREPAYMENT, (0x0002, 0x0003, 0x0400))
        assert found[0x0002] == 0 and found[0x0003] & CreditStatus.EXHAUSTED and found[0x0400] & 0x100
        assert await display.get(METERING, 0x0014) == SupplyState.OFF
        with pytest.raises(ChangeError, match="not on offer"):
            change(world, "emergency-credit")

    in_home("prepaid-in-emergency", story)


def test_gas_on_prepayment_is_known_when_the_meter_has_reported_it():
    async def story(world, display):
        before = await display.read(PREPAYMENT, (0x0001, 0x0004), mirror=True)
        await asyncio.sleep(30)
        assert await display.read(PREPAYMENT, before, mirror=True) == before
        change(world, "gas-top-up:500")
        await asyncio.sleep(10)
        after = await display.read(PREPAYMENT, before, mirror=True)
        assert 490_000 < after[0x0001] - before[0x0001] <= 500_000 and after[0x0004] - before[0x0004] >= 30
        account = world.gas.account
        account._state.credit = 0
        for _ in range(48):
            await asyncio.sleep(1800)
            if not world.household.gas_valve:
                break
        assert not world.household.gas_valve
        litres = world.household.gas_litres
        await asyncio.sleep(7200)
        assert world.household.gas_litres == litres
        assert await display.get(METERING, 0x0014, mirror=True) == SupplyState.OFF
        assert await display.get(METERING, 0x0014) == SupplyState.ON

    in_home("prepaid", story)


def test_the_accounts_do_not_depend_on_who_looks():
    ends = []
    for looks in (1, 500):

        async def story(world, display, looks=looks):
            for look in range(1, looks + 1):
                at_us = START_US + 60_000_000_000 * look // looks
                await asyncio.sleep((at_us - world.clock.now_us) / 1e6)
                end = world.meter.account.state(at_us)
            ends.append(end)

        in_home("prepaid", story)
    assert ends[0] == ends[1] and ends[0].credit < 400_000_000


@pytest.mark.parametrize(
    ("hour", "friendly", "until"),
    [(0, True, 10), (9, True, 10), (10, False, 16), (15, False, 16), (16, True, 34), (23, True, 34)],
)
def test_friendly_hours_of_a_weekday(hour, friendly, until):
    tuesday = 831_859_200
    hours = FriendlyHours()
    assert hours.holds(tuesday + hour * 3600) is friendly
    assert hours.next_switch(tuesday + hour * 3600, not friendly) == tuesday + until * 3600


def test_friendly_hours_go_through_a_weekend():
    friday = 831_859_200 + 3 * 86_400
    hours = FriendlyHours()
    assert hours.holds(friday + 20 * 3600) and hours.holds(friday + 86_400 + 12 * 3600)
    assert hours.next_switch(friday + 20 * 3600, False) == friday + 3 * 86_400 + 36_000
    assert not FriendlyHours(((0, 0),), ((0, 0),)).holds(friday)
    assert FriendlyHours(((0, 0),), ((0, 0),)).next_switch(friday, True) is None
