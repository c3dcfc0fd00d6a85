"""Each named home read completely: what the device holds against what the simulated meters and tariffs really are."""

import asyncio
import datetime as dt

import pytest
from inkmeter import facts, view

from host_tools.sim.changes import change
from host_tools.sim.clock import ZIGBEE_EPOCH_S
from host_tools.sim.homes import HOMES
from host_tools.sim.portal import Timeline
from host_tools.sim.run import run
from host_tools.sim.world import Settings

QUICK = Timeline(accepted=0.1, matched=0.1, hub_reached=0.1, listed=0.1, window=600, granted=1)
GAS = facts.GAS_SIDE
READ = 150  # s until each job had its first turn


class Told:
    """What the device holds, with facts by name."""

    def __init__(self, held):
        self.held = held

    def __call__(self, fact, side=0):
        return self.held["facts"].get(str(fact | side))

    def __contains__(self, fact):
        return str(fact) in self.held["facts"]

    def rate(self, commodity):
        return self.held["prices"][str(commodity)]["value"]


async def told(home):
    return Told(await home.held())


@pytest.fixture
def living(tmp_path):
    """`living(name, story)`: the story of a named home after everything was asked for once; its heap is not judged."""

    def telling(name, story):
        async def whole(home):
            await home.pair()
            await home.sleep(READ)
            await story(home, await told(home))
            assert not any((await home.held())["restarts"].values()), home.log()[-2000:]

        # The heap's budget is the other stories': here the question is what is read.
        run(Settings(home=name, timeline=QUICK, heap="160k"), tmp_path, whole)

    return telling


def utc(home):
    return home.clock.utc


def midnight(home):
    return utc(home) // 86400 * 86400


def test_credit_flat(living):
    async def story(home, facts_of):
        world, supplied = home.world, HOMES["credit-flat"]
        tariff, gas = supplied.tariff, supplied.gas_tariff
        assert facts_of.rate(0) == tariff.rates[0][1] and facts_of.rate(1) == gas.rates[0][1]
        assert facts_of(facts.STANDING_CHARGE) == tariff.standing_charge
        assert facts_of(facts.STANDING_CHARGE, GAS) == gas.standing_charge
        assert facts_of(facts.TARIFF_LABEL) == tariff.label.decode()
        assert facts_of(facts.CO2) == supplied.carbon and facts_of(facts.CO2, GAS) == supplied.gas_carbon
        assert facts_of(facts.SUPPLY_STATUS) == facts_of(facts.SUPPLY_STATUS, GAS) == 2
        assert facts_of(facts.SUPPLIER_NAME) == supplied.supplier.name.decode()
        assert facts_of(facts.SUPPLIER_CONTACT) == supplied.supplier.contact.decode()
        assert (facts_of(facts.LOW_MEDIUM_W), facts_of(facts.MEDIUM_HIGH_W)) == supplied.thresholds
        assert facts_of(facts.CALORIFIC_VALUE, GAS) == 40_000
        assert facts_of(facts.CONVERSION_FACTOR, GAS) == 102_264
        assert facts_of(facts.PREPAID) == 0 and facts.DEBT not in facts_of
        watts = facts_of.held["meters"]["0"]["instantaneous_demand"]["value"]
        low, high = supplied.thresholds
        assert facts_of(facts.AMBIENT) == (watts >= low) + (watts >= high)
        # The meter's day: what its register moved since midnight, up to two minutes ago.
        used = world.meter.supply.register
        since = (midnight(home) + ZIGBEE_EPOCH_S) * 1_000_000
        now = (utc(home) + ZIGBEE_EPOCH_S) * 1_000_000
        assert used(now - 130_000_000) - used(since) <= facts_of(facts.TODAY) <= used(now) - used(since)
        assert facts_of(facts.COST_TODAY) > 0 and facts_of(facts.COST_MONTH, GAS) > 0
        assert facts_of(facts.BILL_TO_DATE) >= facts_of(facts.COST_TODAY)

    living("credit-flat", story)


def test_periods_that_are_over_as_the_meter_has_them(living):
    async def story(home, facts_of):
        from struct import unpack_from

        used = home.world.meter.supply.register
        held = (home.flash / "figures0").read_bytes()
        day = midnight(home)
        for back in range(8):
            end = (day - back * 86400 + ZIGBEE_EPOCH_S) * 1_000_000
            delivered, _, cost = unpack_from("<III", held, back * 12)
            assert delivered == used(end) - used(end - 86_400_000_000), back
            assert cost != 0xFFFFFFFF
        assert (home.flash / "figures1").exists()

    living("credit-flat", story)


def test_months_before_the_display_came(living):
    async def story(home, facts_of):
        used = home.world.meter.supply.register
        for name in ("next", "next", "ok", "ok"):
            home.press(name)
            await home.sleep(6)
        await home.until_shows("The meter's own figure", 60)
        today = dt.datetime.fromtimestamp(home.clock.now_us // 1_000_000, dt.UTC)
        end = today.replace(day=1, hour=0, minute=0, second=0)
        for _ in range(3):
            start = (end - dt.timedelta(1)).replace(day=1)
            wh = used(round(end.timestamp()) * 1_000_000) - used(round(start.timestamp()) * 1_000_000)
            assert home.shows(f"{start:%b %Y}") and home.shows(f"{wh / 1000:.1f} kWh"), (start, wh)
            end = start
        home.press("ok")
        await home.until_shows("Gas", 60)

    living("credit-flat", story)


def test_economy_7(living):
    async def story(home, facts_of):
        tariff = HOMES["economy-7"].tariff
        registers = [facts_of(facts.TIER_REGISTER + 8 * i) for i in range(2)]
        total = facts_of.held["meters"]["0"]["current_summation_delivered"]["value"]
        assert None not in registers and 0 <= total - sum(registers) < 2000  # Wh since they were read
        assert facts_of(facts.TIERS) == 2 and facts_of(facts.ACTIVE_TIER) in (1, 2)
        rates = [rate for _, rate in tariff.rates]
        assert facts_of.rate(0) in rates and facts_of(facts.NEXT_RATE) in rates
        minute = facts_of(facts.NEXT_RATE_AT) % 86400 // 60
        assert (minute, facts_of(facts.NEXT_RATE)) in tariff.rates[1:]
        assert "1" not in facts_of.held["prices"]

    living("economy-7", story)


def test_agile(living):
    async def story(home, facts_of):
        tariff = home.world.meter.supply.tariff_changes[0][1]
        start = utc(home) // 1800 * 1800
        assert facts_of.rate(0) == tariff.window(start).price
        assert facts_of(facts.RATE_UNTIL) == start + 1800
        assert facts_of(facts.NEXT_RATE) == tariff.window(start + 1800).price
        assert facts_of(facts.NEXT_RATE_AT) == start + 1800
        # This supplier wants to know that its prices came: each that was sent is acknowledged, those to come too.
        acknowledged = home.world.meter.prices.acknowledged
        assert {start, start + 1800} <= set(acknowledged)
        before = len(acknowledged)
        home.world.meter.publish_price()
        await home.sleep(15)
        assert acknowledged[before:] == [start]

    living("agile", story)


def test_prices_that_nobody_asks_to_hear_of_again(living):
    async def story(home, facts_of):
        assert facts_of.rate(0) and home.world.meter.prices.acknowledged == []

    living("credit-flat", story)


def test_blocks(living):
    async def story(home, facts_of):
        tariff = HOMES["blocks"].tariff
        thresholds = [facts_of(facts.BLOCK_THRESHOLD + 8 * i) for i in range(len(tariff.blocks))]
        assert thresholds == list(tariff.blocks)
        assert [facts_of(facts.BLOCK_RATE + 8 * i) for i in range(3)] == list(tariff.block_prices)
        block, used = facts_of(facts.BLOCK), facts_of(facts.BLOCK_USED)
        assert block == 1 + sum(used >= end for end in tariff.blocks)
        assert facts_of(facts.BLOCK_LEFT) == tariff.blocks[block - 1] - used
        assert facts_of.rate(0) == tariff.block_prices[block - 1]

    living("blocks", story)


def test_export_that_is_paid_for(living):
    async def story(home, facts_of):
        assert facts_of(facts.EXPORT_RATE) == HOMES["export-mpan"].export_tariff.rates[0][1]
        assert facts_of.held["meters"]["0"]["current_summation_received"]["value"] is not None

    living("export-mpan", story)


def test_prepaid(living):
    async def story(home, facts_of):
        supplied = HOMES["prepaid"]
        assert facts_of(facts.PREPAID) == facts_of(facts.PREPAID, GAS) == 2
        assert 0 < facts_of(facts.CREDIT_REMAINING) <= supplied.credit
        assert 0 < facts_of(facts.CREDIT_REMAINING, GAS) <= supplied.gas_credit
        assert facts_of(facts.DEBT) == sum(debt.amount for debt in supplied.debts)
        assert facts_of(facts.DEBT_RATE) == 7 * supplied.debts[0].daily
        assert facts_of(facts.FRIENDLY_FROM) is not None
        before = facts_of(facts.CREDIT_REMAINING)
        change(home.world, "top-up:2000")
        await asyncio.sleep(120)
        after = await told(home)
        assert after(facts.LAST_TOP_UP) == after(facts.TOP_UP) == 2_000_000
        assert abs(after(facts.LAST_TOP_UP_AT) - utc(home)) < 130
        assert before + 1_000_000 < after(facts.CREDIT_REMAINING) <= before + 2_000_000

    living("prepaid", story)


@pytest.mark.slow
def test_a_prepaid_meter_that_says_it_by_calendar_and_log(living):
    async def story(home, _):
        friendly = HOMES["prepaid-in-emergency"].terms.friendly

        async def check():
            facts_of = await told(home)
            now = utc(home)
            until = friendly.next_switch(now, False) if friendly.holds(now) else 0
            after = friendly.next_switch(now, True)
            for side in (0, GAS):
                assert facts_of(facts.FRIENDLY_UNTIL, side) == until
                assert friendly.holds(now) or facts_of(facts.FRIENDLY_FROM, side) == after
            return until

        began_friendly = await check()
        change(home.world, "top-up:2000")
        await asyncio.sleep(10)
        change(home.world, "top-up:500")
        await asyncio.sleep(120)
        facts_of = await told(home)
        log = home.world.meter.account.top_ups
        for n in range(2):
            assert (facts_of(facts.TOP_UP + 8 * n), facts_of(facts.TOP_UP_AT + 8 * n)) == (log[n].amount, log[n].time)
        assert facts_of(facts.LAST_TOP_UP) == 500_000
        # At the next switch it says so at once.
        switch = friendly.next_switch(utc(home), not began_friendly)
        await home.sleep(switch - utc(home) + 10)
        assert bool(await check()) != bool(began_friendly)
        assert not began_friendly  # it is so by now: until the next day at ten, eleven by the kitchen clock
        while (await home.held())["page"] != view.PREPAY:
            await home.hold("next", 0.1)
        # Gas has little left, and says so first; electricity in its second part.
        await home.sleep(5)
        assert not home.shows("Stays on until")
        await home.hold("ok", 0.1)
        await home.sleep(5)
        assert home.shows("Gas credit") and home.shows("Stays on until") and home.shows("Wed 11:00")
        await home.hold("ok", 0.1)
        await home.sleep(5)
        assert home.shows("Stays on until") and home.shows("Wed 11:00") and home.shows("Last top-up")

    living("prepaid-in-emergency", story)


def test_no_prices_and_no_gas(living):
    async def story(home, facts_of):
        assert facts_of.held["prices"]["0"]["value"] is None
        for fact in (facts.STANDING_CHARGE, facts.NEXT_RATE, facts.TARIFF_LABEL, facts.COST_TODAY, facts.BLOCK):
            assert facts_of(fact) is None, hex(fact)
        assert facts_of(facts.TODAY) is not None

    living("no-prices", story)


def test_messages_their_confirmation_and_their_end(living):
    async def story(home, _):
        change(home.world, "message:?Please call us")
        await home.sleep(20)
        held = await told(home)
        assert held(facts.MESSAGE) == "Please call us" and held(facts.MESSAGE_FLAGS) & 0x80
        change(home.world, "cancel-message")
        await home.sleep(20)
        assert (await told(home))(facts.MESSAGE) is None

    living("credit-flat", story)


def test_the_household_s_ok_and_nothing_else_confirms_a_message(living):
    async def story(home, _):
        served = home.world.meter.messages.confirmations
        change(home.world, "message:?Please call us")
        await home.sleep(60)
        assert served == []
        while (await home.held())["page"] != view.MESSAGES:
            home.press("next")
            await home.sleep(3)
        home.press("ok")
        await home.sleep(30)
        assert len(served) == 1, home.log()[-1000:]
        assert served[0].identifier == (await told(home))(facts.MESSAGE_ID)
        assert (await told(home))(facts.MESSAGE_FLAGS) & 0x200

    living("credit-flat", story)


@pytest.mark.slow
def test_gas_that_comes_an_hour_later(living):
    async def story(home, facts_of):
        assert "1" not in facts_of.held["meters"]
        held = await home.until_held(lambda held: "1" in held["meters"], 3 * 3600, "gas")
        await home.sleep(READ)
        held = await told(home)
        assert held.rate(1) == HOMES["gas-later"].gas_tariff.rates[0][1]
        assert held(facts.CALORIFIC_VALUE, GAS) == 40_000

    living("gas-later", story)


@pytest.mark.slow
def test_a_hub_without_the_time(living):
    async def story(home, facts_of):
        assert facts_of.held["utc"] is None and facts_of(facts.TODAY) is not None
        await home.until_held(lambda held: held["utc"] is not None, 3600, "the time")
        held = await told(home)
        assert abs(held.held["utc"] - utc(home)) < 10

    living("clock-not-set", story)


def test_strange_divisors_and_binary_coded_decimals(living):
    async def story(home, facts_of):
        meters = facts_of.held["meters"]
        assert meters["0"]["divisor"] == 100_000 and meters["1"]["unit_of_measure"] == 0x81
        assert meters["1"]["current_summation_delivered"]["value"] == home.world.gas.supply.register(
            (meters["1"]["current_summation_delivered"]["utc"] + ZIGBEE_EPOCH_S) * 1_000_000
        )

    living("strange-divisors", story)


def test_a_change_of_tenancy_leaves_nothing_of_the_household_before(living):
    async def story(home, before):
        change(home.world, "message:Private")
        await home.sleep(15)
        assert (await told(home))(facts.MESSAGE) == "Private"
        change(home.world, "change-of-tenancy")
        await home.sleep(20)
        assert "the tenancy changed" in home.log()
        held = await told(home)
        assert held(facts.MESSAGE) is None and before(facts.TODAY) is not None
        await home.sleep(READ)
        assert (await told(home))(facts.SUPPLIER_NAME) is not None  # read anew

    living("credit-flat", story)
