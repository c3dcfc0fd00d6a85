"""What the named homes count and what that costs, asked over the air by a display."""

import asyncio
import datetime
from fractions import Fraction

import pytest
from home_asked import (
    METERING,
    NOT_FOUND,
    PREPAYMENT,
    PRICE,
    SINCE,
    UNSUPPORTED,
    in_home,
    only,
)
from zigpy.zcl.foundation import Status

from host_tools.sim import smart_energy as se
from host_tools.sim.changes import change
from host_tools.sim.clock import ZIGBEE_EPOCH_S
from host_tools.sim.truth import truths

# Sums


@pytest.mark.parametrize(
    ("name", "tiers"), [("demo", 4), ("economy-7", 2), ("credit-flat", 1), ("export-mpan", 1), ("half-hour-tiers", 48)]
)
def test_the_tiers_add_up_to_the_total_and_count_in_their_hours(name, tiers):
    async def story(world, display):
        for _ in range(8):
            await asyncio.sleep(3 * 3600 + 7)
            total, now = world.meter.supply.register(world.clock.now_us), world.clock.now_us
            sums = world.meter.supply.tiers(now)
            assert sum(sums.values()) == total and len(sums) == tiers
        world.household.set_load("test", 9000)
        await asyncio.sleep(60)
        before = await display.read(METERING, [0x0020, *range(0x0100, 0x0100 + 2 * tiers, 2)])
        await asyncio.sleep(300)
        after = await display.read(METERING, before)
        tier = before[0x0020]
        grown = [identifier for identifier in before if after[identifier] != before[identifier]]
        assert grown == [0x0100 + 2 * (tier - 1)]
        if tiers < 48:
            assert await display.get(METERING, 0x0100 + 2 * tiers) is UNSUPPORTED

    in_home(name, story)


def test_days_add_up_to_weeks_and_halves_to_days():
    async def story(world, display):
        # A Tuesday: two days since Monday, and of those before there are enough for the week.
        found = await display.read(METERING, (0x0401, 0x0403, 0x0430, 0x0432, *range(0x0420, 0x042E, 2)))
        assert found[0x0430] - (found[0x0401] + found[0x0403]) in (0, 1, 2)
        assert found[0x0432] == sum(found[identifier] for identifier in range(0x0420, 0x042E, 2))
        midnight = world.clock.utc // 86_400 * 86_400
        halves = []
        while len(halves) < 48:
            request = se.GetProfile(channel=0, end=midnight - len(halves) * 1800, periods=16)
            answer = only(await display.ask(METERING, 0x00, request.serialize()), 0x00, se.GetProfileResponse)
            assert (answer.status, answer.interval, answer.end) == (0, 2, request.end)
            halves += answer.intervals
        assert sum(halves) == found[0x0403]
        sampled = []
        while len(sampled) < 48:
            earliest = midnight - 86_400 + len(sampled) * 1800
            request = se.GetSampledData(sample_id=0, earliest=earliest, sample_type=0, count=48 - len(sampled))
            answer = only(await display.ask(METERING, 0x08, request.serialize()), 0x07, se.GetSampledDataResponse)
            assert (answer.start, answer.interval) == (earliest, 1800)
            sampled += answer.samples
        assert sampled == halves[::-1]

    in_home("solar", story)


def test_months_back_a_year_and_no_further_than_the_meter():
    async def story(world, display):
        found = await display.read(METERING, range(0x0440, 0x045C, 2))
        assert all(20_000 < found[identifier] < 2_000_000 for identifier in list(found)[1:])
        change(world, "meter-exchange")
        display.meet_meter()
        await asyncio.sleep(7200)
        found = await display.read(METERING, (0x0000, 0x0401, 0x0403, 0x0440, 0x0442))
        total = found[0x0000]
        assert 0 <= total - found[0x0401] < 5 and 0 <= total - found[0x0440] < 5 and total > 100
        assert found[0x0403] == 0xFFFFFF and found[0x0442] == 0xFFFFFFFF
        answer = only(
            await display.ask(METERING, 0x00, se.GetProfile(channel=0, end=0, periods=20).serialize()), 0x00,
            se.GetProfileResponse,
        )  # fmt: skip
        assert len(answer.intervals) == 3

    in_home("credit-flat", story)


def test_the_profile_log_s_statuses():
    async def story(world, display):
        async def status(**fields):
            answers = await display.ask(METERING, 0x00, se.GetProfile(**fields).serialize())
            answer = only(answers, 0x00, se.GetProfileResponse)
            return answer.status, len(answer.intervals)

        assert await status(channel=0, end=0, periods=3) == (0, 3)
        assert await status(channel=1, end=0, periods=3) == (0, 3)
        assert await status(channel=2, end=0, periods=3) == (2, 0)
        assert await status(channel=0, end=world.clock.utc + 3600, periods=3) == (3, 0)
        most = await display.get(METERING, 0x0500)
        assert await status(channel=0, end=0, periods=200) == (4, most) and most == 21
        assert await status(channel=0, end=1, periods=3) == (5, 0)
        request = se.GetSampledData(sample_id=2, earliest=0, sample_type=0, count=9)
        assert await display.ask(METERING, 0x08, request.serialize()) == NOT_FOUND
        assert await display.ask(METERING, 0x08, b"\x00") == [(-1, bytes([Status.MALFORMED_COMMAND]))]

    in_home("solar", story)


# Money, judged apart


@pytest.mark.parametrize("name", ["demo", "economy-7", "agile", "blocks", "credit-flat"])
def test_the_meter_s_cost_is_that_of_the_truth(name):
    async def story(world, display):
        await asyncio.sleep(86_400)
        truth = truths(world)["import"]
        midnight = world.clock.utc // 86_400 * 86_400
        yesterday = await display.get(PREPAYMENT, 0x051E)
        # The meter's standing charge is that of the UTC day, once; the truth's are those of British days.
        standing = world.home.tariff.standing_charge
        exact = truth.pence(midnight - 86_400, midnight, standing=False) * 1000 + standing
        assert yesterday == max(0, exact // 1), (yesterday, float(exact))
        assert exact > 10_000
        assert await display.get(METERING, 0x0403) == truth.wh(midnight - 86_400, midnight)

    in_home(name, story)


def test_the_cost_of_a_gas_month_is_that_of_the_truth_to_a_hair():
    async def story(world, display):
        await asyncio.sleep(1800)
        change(world, "calorific-value:392")
        await asyncio.sleep(2 * 86_400)
        truth = truths(world)["gas"]
        midnight = world.clock.utc // 86_400 * 86_400
        served = await display.get(PREPAYMENT, 0x0520, mirror=True)
        exact = truth.pence(midnight - 2 * 86_400, midnight - 86_400, standing=False) * 1000
        exact += world.home.gas_tariff.standing_charge
        # The meter counts whole Wh, at 6.24 of these units each.
        assert abs(served - exact) < 7
        wh = truth.wh(midnight - 2 * 86_400, midnight - 86_400)
        assert abs(await display.get(METERING, 0x0C20, mirror=True) - wh) <= 1
        litres = truth.total(midnight - 86_400) - truth.total(midnight - 2 * 86_400)
        factor = Fraction(102_264, 100_000) * Fraction(10, 36)
        assert factor * Fraction(392, 10) * litres < wh < factor * 40 * litres
        values = await display.ask(PRICE, 0x05, SINCE, mirror=True)
        assert only(values, 0x03, se.PublishCalorificValue).value == 392
        assert (
            only(await display.ask(PRICE, 0x04, SINCE, mirror=True), 0x02, se.PublishConversionFactor).factor == 102264
        )

    in_home("credit-flat", story)


def test_the_truth_prices_each_increment_at_its_time_and_counts_british_days():
    async def story(world, display):
        truth = truths(world)["import"]
        start = world.clock.utc
        await asyncio.sleep(1000)
        change(world, "new-price:100")
        middle = world.clock.utc
        await asyncio.sleep(1000)
        change(world, "meter-exchange")
        await asyncio.sleep(1000)
        end = world.clock.utc
        wh = [truth.total(b) - truth.total(a) for a, b in ((start, middle), (middle, end))]
        assert truth.pence(start, end) == Fraction(wh[0] * 24_500 + wh[1] * 49_000, 1_000_000)
        assert sum(pence for _, _, pence in truth.half_hours(start, end)) == truth.pence(start, end)
        assert truth.register(end) == world.meter.supply.register((end + ZIGBEE_EPOCH_S) * 1_000_000) < sum(wh)
        # A British day in summer begins at 23:00 UTC.
        await asyncio.sleep(86_400)
        eleven = (world.clock.utc - 82_800) // 86_400 * 86_400 + 82_800
        with_it, without = (truth.pence(eleven - 60, eleven + 60, standing=one) for one in (True, False))
        assert with_it - without == Fraction(107_600, 1000)
        assert truth.pence(eleven + 60, eleven + 3660) == truth.pence(eleven + 60, eleven + 3660, standing=False)

    in_home("credit-flat", story)


@pytest.mark.parametrize(("day", "slots"), [((2026, 3, 29), 46), ((2026, 10, 25), 50), ((2026, 6, 1), 48)])
def test_a_british_day_has_as_many_half_hours_as_it_has(day, slots):
    from host_tools.sim.truth import LONDON, local_midnights

    noon = int(datetime.datetime(*day, 12, tzinfo=LONDON).timestamp()) - ZIGBEE_EPOCH_S
    first, second = local_midnights(noon - 14 * 3600, noon + 15 * 3600)
    assert second - first == slots * 1800
