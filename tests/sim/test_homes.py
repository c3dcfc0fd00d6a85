"""What the named homes serve, asked over the air by a display in zigpy's words."""

import asyncio
import datetime
import itertools
from fractions import Fraction

import pytest
import zigpy.types as t
from zigpy.zcl.clusters.smartenergy import Metering
from zigpy.zcl.foundation import ReadAttributeRecord, Status

from host_tools import cli
from host_tools.sim import smart_energy as se
from host_tools.sim.changes import CHANGES, ChangeError, change
from host_tools.sim.clock import ZIGBEE_EPOCH_S, Clock
from host_tools.sim.display import Display
from host_tools.sim.homes import HOMES
from host_tools.sim.truth import truths
from host_tools.sim.world import Settings, World

TIME, PRICE, METERING, MESSAGING, PREPAYMENT = 0x000A, 0x0700, 0x0702, 0x0703, 0x0705
CALENDAR, DEVICE_MANAGEMENT, EVENTS = 0x0707, 0x0708, 0x0709
NOT_FOUND = [(-1, bytes([Status.NOT_FOUND]))]
DONE = [(-1, bytes([Status.SUCCESS]))]
UNSUPPORTED = Status.UNSUPPORTED_ATTRIBUTE
SINCE = se.GetSince(earliest=0, minimum_event=0xFFFFFFFF, count=0, tariff_type=0).serialize()
MONDAY_1_UTC = 1_778_461_200_000_000  # 2026-05-11 01:00


def in_home(name, story, **options):
    async def main():
        world = World(asyncio.get_running_loop(), Settings(home=name))
        world.start_home()
        display = Display(world)
        await asyncio.sleep(5)
        result = await story(world, display)
        world.check()
        world.stop_home()
        return result

    with asyncio.Runner(loop_factory=lambda: Clock(**options)) as runner:
        return runner.run(main())


def only(answers, command, schema):
    ((number, payload),) = answers
    assert number == command
    return whole(schema, payload)


def whole(schema, payload):
    value, rest = schema.deserialize(payload)
    assert not rest and value.serialize() == payload
    return value


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
            ("nonsense", "there is no change"), ("top-up", "no such prepayment meter"), ("new-price:x", "not a whole"),
            ("gas-fitted", "has a gas meter"), ("message:" + "x" * 117, "116 octets"),
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
            with pytest.raises(ChangeError, match="off already"):
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


# Prices


def test_prices_of_tiers_now_and_to_come():
    async def story(world, display):
        price = only(await display.ask(PRICE, 0x00, b"\x01"), 0x00, se.PublishPrice)
        midnight = world.clock.utc // 86_400 * 86_400
        assert (price.price, price.label, price.digits_and_tier, price.tiers_and_register_tier) == (
            29_870, b"Day", 0x51, 0x21
        )  # fmt: skip
        assert (price.start, price.duration, price.event) == (midnight + 27_000, 990, midnight + 27_000)
        answers = await display.ask(PRICE, 0x01, se.GetScheduledPrices(start=0, count=4).serialize())
        prices = [whole(se.PublishPrice, payload) for _, payload in answers]
        assert [one.price for one in prices] == [29_870, 29_870, 13_120, 29_870]
        assert all(one.start + one.duration * 60 == other.start for one, other in itertools.pairwise(prices))
        found = await display.read(PRICE, (0x0000, 0x0001, 0x0002, 0x0301, 0x0410, 0x0420, 0x0430, 0x0610, 0x0617))
        assert list(found.values()) == [
            b"Day", b"Night", UNSUPPORTED, 53_800, 29_870, 13_120, UNSUPPORTED, b"Economy 7", 0x50
        ]  # fmt: skip
        info = only(await display.ask(PRICE, 0x06, SINCE), 0x04, se.PublishTariffInformation)
        assert (info.price_tiers, info.standing_charge, info.scheme_and_type) == (2, 53_800, 0)
        request = se.GetOfTariff(tariff_id=info.tariff_id).serialize()
        matrix = only(await display.ask(PRICE, 0x07, request), 0x05, se.PublishPriceMatrix)
        assert [(one.identifier, one.price) for one in matrix.prices] == [(1, 29_870), (2, 13_120)]
        labels = only(await display.ask(PRICE, 0x0A, request), 0x08, se.PublishTierLabels)
        assert [(one.tier, one.label) for one in labels.labels] == [(1, b"Day"), (2, b"Night")]
        assert await display.ask(PRICE, 0x07, se.GetOfTariff(tariff_id=77).serialize()) == NOT_FOUND
        assert await display.ask(PRICE, 0x08, request) == NOT_FOUND
        bill = only(await display.ask(PRICE, 0x0C, SINCE), 0x0A, se.PublishConsolidatedBill)
        assert bill.bill == await display.get(PREPAYMENT, 0x0542) == await display.get(PRICE, 0x0704) > 1_000_000

    in_home("economy-7", story)


def test_a_price_that_begins_within_a_minute_leaves_no_second_without_one():
    async def story(world, display):
        await asyncio.sleep(47.3)
        change(world, "new-price:10")
        answers = await display.ask(PRICE, 0x01, se.GetScheduledPrices(start=0, count=2).serialize())
        price, following = [whole(se.PublishPrice, payload) for _, payload in answers]
        assert price.start % 60 and 0 <= price.start + price.duration * 60 - following.start < 60

    in_home("economy-7", story)


def test_a_single_price_holds_as_long_as_its_tariff():
    async def story(world, display):
        (price,) = await published(display)
        assert price.duration == 0xFFFF and world.clock.utc - price.start > 60 * 86_400
        # When another is to come, it is told when this one ends.
        change(world, "price-at-midnight:10")
        midnight = world.clock.utc // 86_400 * 86_400 + 86_400
        price, following = await published(display)
        assert price.start + price.duration * 60 == midnight == following.start and following.duration == 0xFFFF
        await asyncio.sleep(86_400)
        (price,) = await published(display)
        assert (price.start, price.duration, price.price) == (midnight, 0xFFFF, following.price)

    async def published(display):
        answers = await display.ask(PRICE, 0x01, se.GetScheduledPrices(start=0, count=0).serialize())
        return [whole(se.PublishPrice, payload) for _, payload in answers]

    in_home("credit-flat", story)


def test_half_hourly_prices_are_published_until_ten_and_some_are_below_nothing():
    async def story(world, display):
        async def published():
            answers = await display.ask(PRICE, 0x01, se.GetScheduledPrices(start=0, count=0).serialize())
            return [whole(se.PublishPrice, payload) for _, payload in answers]

        prices = await published()
        midnight = world.clock.utc // 86_400 * 86_400
        assert [one.start for one in prices] == list(range(midnight + 10 * 3600 + 1800, midnight + 22 * 3600, 1800))
        assert {one.duration for one in prices} == {30}
        signed = [t.int32s.deserialize(one.price.serialize())[0] for one in prices]
        assert [price < 0 for price in signed] == [
            one.start % 86_400 // 1800 in (24, 25, 26) for one in prices
        ] and min(signed) < -300  # fmt: skip
        assert prices[0].price_ratio == 0xFF and prices[0].extended_tier is None
        await asyncio.sleep(6 * 3600)
        later = await published()
        assert later[-1].start == midnight + 86_400 + 22 * 3600 - 1800 and len(later) == 59
        before = {one.start: one.price for one in prices}
        assert all(before.get(one.start, one.price) == one.price for one in later)
        # And what was published held: the meter's price of each half-hour, in the cost of the day.
        assert world.meter.supply.price(world.clock.now_us) == later[0].price

    in_home("agile", story)


def test_a_price_for_each_half_hour_of_a_calendar():
    async def story(world, display):
        slot = world.clock.utc % 86_400 // 1800 + 1
        price = only(await display.ask(PRICE, 0x00, b"\x01"), 0x00, se.PublishPrice)
        assert (price.digits_and_tier, price.tiers_and_register_tier, price.price_control) == (0x5F, 0xFF, 0x02)
        assert (price.extended_tiers, price.extended_tier, price.extended_register_tier) == (33, slot - 15, slot - 15)
        request = se.GetOfTariff(tariff_id=1).serialize()
        parts = [whole(se.PublishPriceMatrix, one) for _, one in await display.ask(PRICE, 0x07, request)]
        assert [(one.index, one.total) for one in parts] == [(index, len(parts)) for index in range(len(parts))]
        prices = {one.identifier: one.price for part in parts for one in part.prices}
        assert len(parts) > 1 and list(prices) == list(range(1, 49)) and prices[slot] == price.price
        assert await display.get(METERING, 0x0020) == slot
        assert await display.get(PRICE, 0x0500 + slot - 1) == price.price and slot > 15
        labels = [whole(se.PublishTierLabels, one) for _, one in await display.ask(PRICE, 0x0A, request)]
        assert [one.tier for part in labels for one in part.labels] == list(prices)
        request = se.GetDayProfiles(provider=0, calendar_id=0xFFFFFFFF, first=1, count=0).serialize()
        days = [whole(se.PublishDayProfile, one) for _, one in await display.ask(CALENDAR, 0x01, request)]
        assert {one.entries_in_all for one in days} == {48} and len(days) > 1
        switches = [(one.start, one.tier) for part in days for one in part.entries]
        assert switches == [(30 * number, number + 1) for number in range(48)]

    in_home("half-hour-tiers", story)


def test_blocks_change_with_use():
    async def story(world, display):
        request = se.GetBlockPeriods(start=0, count=1, tariff_type=0).serialize()
        block_period = only(await display.ask(PRICE, 0x03, request), 0x01, se.PublishBlockPeriod)
        start = datetime.datetime.fromtimestamp(block_period.start + ZIGBEE_EPOCH_S, datetime.UTC)
        assert (start.day, start.hour, block_period.duration, block_period.tiers_and_thresholds) == (1, 0, 1, 2)
        request = se.GetOfTariff(tariff_id=1).serialize()
        thresholds = only(await display.ask(PRICE, 0x08, request), 0x06, se.PublishBlockThresholds)
        assert list(thresholds.thresholds) == [90_000, 120_000] and thresholds.tier_and_count == 2
        matrix = only(await display.ask(PRICE, 0x07, request), 0x05, se.PublishPriceMatrix)
        assert (matrix.control, [(one.identifier, one.price) for one in matrix.prices]) == (
            0, [(0, 31_200), (1, 22_400), (2, 27_900)]
        )  # fmt: skip
        seen = set()
        world.household.set_load("test", 4000)
        for _ in range(24):
            await asyncio.sleep(3600)
            now_us = world.clock.now_us
            found = await display.read(METERING, (0x000E, 0x000C, 0x0700, 0x0701, 0x0702))
            price = only(await display.ask(PRICE, 0x00, b"\x01"), 0x00, se.PublishPrice)
            block, used = found[0x000E], world.meter.supply.in_month(now_us)
            assert block == 1 + (used >= 90_000) + (used >= 120_000)
            assert price.price == (31_200, 22_400, 27_900)[block - 1] and price.digits_and_tier == 0x50
            blocks = sum(found[one] for one in (0x0700, 0x0701, 0x0702))
            # A counter may tick between two answers.
            assert abs(blocks - found[0x000C]) <= 1 and 0 <= found[0x000C] - used <= 1
            assert price.block_thresholds == 2 and price.duration == 0xFFFF
            seen.add(int(block))
        assert len(seen) >= 2

    in_home("blocks", story)


def test_a_new_price_is_told_before_it_holds_and_pushed_when_it_does():
    async def story(world, display):
        change(world, "price-at-midnight:20")
        await asyncio.sleep(5)
        ((cluster, command, payload),) = display.heard
        info = whole(se.PublishTariffInformation, payload)
        midnight = (world.clock.utc // 86_400 + 1) * 86_400
        assert (cluster, command, info.start, info.tariff_id) == (PRICE, 0x04, midnight, 2)
        both = [whole(se.PublishTariffInformation, one) for _, one in await display.ask(PRICE, 0x06, SINCE)]
        assert [(one.tariff_id, one.standing_charge) for one in both] == [(1, 53_800), (2, 64_560)]
        for tariff_id, price in ((1, 24_500), (2, 29_400)):
            request = se.GetOfTariff(tariff_id=tariff_id).serialize()
            matrix = only(await display.ask(PRICE, 0x07, request), 0x05, se.PublishPriceMatrix)
            assert matrix.prices[0].price == price
        prices = await display.ask(PRICE, 0x01, se.GetScheduledPrices(start=0, count=2).serialize())
        assert [whole(se.PublishPrice, one).price for _, one in prices] == [24_500, 29_400]
        assert await display.get(PRICE, 0x0410) == 24_500
        display.heard.clear()
        await asyncio.sleep(midnight - world.clock.utc + 5)
        ((cluster, command, payload),) = display.heard
        price = whole(se.PublishPrice, payload)
        assert (cluster, command, price.price, price.start) == (PRICE, 0x00, 29_400, midnight)
        assert await display.get(PRICE, 0x0410) == 29_400

    in_home("credit-flat", story)


def test_a_home_without_prices_has_none_until_it_gets_some():
    async def story(world, display):
        for mirror in (False, True):
            for command, payload in ((0x00, b"\x01"), (0x01, bytes(5)), (0x06, SINCE), (0x0C, SINCE)):
                assert await display.ask(PRICE, command, payload, mirror=mirror) == NOT_FOUND
            found = await display.read(PRICE, (0x0301, 0x0410, 0x0610, 0x0704), mirror=mirror)
            assert set(found.values()) == {UNSUPPORTED}
        found = await display.read(PREPAYMENT, (0x051C, 0x0540))
        assert set(found.values()) == {UNSUPPORTED}
        assert await display.get(METERING, 0x0403) > 1000
        change(world, "new-price:0")
        price = only(await display.ask(PRICE, 0x00, b"\x01"), 0x00, se.PublishPrice)
        assert price.price == 25_000

    in_home("no-prices", story)


def test_what_is_sent_out_is_counted_and_where_paid_for_paid():
    async def story(world, display):
        world.household.set_load("sun", -9_000)
        assert await display.get(METERING, 0x0400) < -1000
        before = await display.get(METERING, 0x0001)
        await asyncio.sleep(3600)
        after = await display.read(METERING, (0x0001, 0x0101, 0x0402))
        assert after[0x0001] - before > 5000
        info = await display.ask(PRICE, 0x06, SINCE[:-1] + b"\x01")
        found = await display.read(PRICE, (0x8410, 0x8610))
        worth = await display.get(PREPAYMENT, 0x051D)
        if world.home.export_tariff:
            assert only(info, 0x04, se.PublishTariffInformation).scheme_and_type == 1
            assert list(found.values()) == [15_000, b"Outgoing"] and after[0x0101] == after[0x0001]
            assert 0 <= worth - after[0x0402] * 15 < 1000
        else:
            assert info == NOT_FOUND and {*found.values(), worth, after[0x0101]} == {UNSUPPORTED}

    in_home("export-mpan", story)
    in_home("solar", story)


def test_carbon():
    async def story(world, display):
        carbon = only(await display.ask(PRICE, 0x09, SINCE), 0x07, se.PublishCO2Value)
        assert (carbon.value, await display.get(PRICE, 0x0620, mirror=True)) == (162, 183)

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


# Messages


def test_a_message_is_shown_confirmed_and_taken_back():
    async def story(world, display):
        assert await display.ask(MESSAGING, 0x00) == NOT_FOUND
        change(world, "message:!?Please call us")
        await asyncio.sleep(5)
        ((cluster, command, payload),) = display.heard
        text = whole(se.DisplayMessage, payload)
        assert (cluster, command, text.text, text.control) == (MESSAGING, 0x00, b"Please call us", 0xAC)
        assert (text.start, text.duration, text.extended_control) == (world.clock.utc - 5, 0xFFFF, 0)
        assert only(await display.ask(MESSAGING, 0x00), 0x00, se.DisplayMessage) == text
        confirmation = se.MessageConfirmation(identifier=text.identifier, confirmed=world.clock.utc)
        assert await display.ask(MESSAGING, 0x01, confirmation.serialize()) == DONE
        assert world.meter.messages.texts[0].confirmed_by == [display.eui64]
        assert only(await display.ask(MESSAGING, 0x00), 0x00, se.DisplayMessage).extended_control == 1
        unknown = se.MessageConfirmation(identifier=5, confirmed=0)
        assert await display.ask(MESSAGING, 0x01, unknown.serialize()) == NOT_FOUND
        display.heard.clear()
        change(world, "cancel-message")
        await asyncio.sleep(5)
        assert display.heard == [(MESSAGING, 0x01, text.identifier.serialize() + b"\0")]
        assert await display.ask(MESSAGING, 0x00) == NOT_FOUND
        assert only(await display.ask(MESSAGING, 0x02, bytes(4)), 0x01, se.CancelMessage).identifier == text.identifier

    in_home("credit-flat", story)


def test_a_message_for_an_hour_and_one_behind_a_pin():
    async def story(world, display):
        messages = world.meter.messages
        messages.display("Short", minutes=60)
        assert only(await display.ask(MESSAGING, 0x00), 0x00, se.DisplayMessage).duration == 60
        await asyncio.sleep(3600)
        assert await display.ask(MESSAGING, 0x00) == NOT_FOUND
        messages.display("Private", protected=True)
        assert only(await display.ask(MESSAGING, 0x00), 0x02, se.DisplayMessage).text == b"Private"
        identifiers = [one.identifier for one in messages.texts]
        assert identifiers == sorted(set(identifiers))

    in_home("credit-flat", story)


def test_a_home_that_says_nothing_unasked():
    async def story(world, display):
        for words in ("message:Hello", "new-price:10", "change-of-tenancy", "tamper"):
            change(world, words)
        await asyncio.sleep(100)
        assert display.heard == []
        assert only(await display.ask(MESSAGING, 0x00), 0x00, se.DisplayMessage).text == b"Hello"

    in_home("demo", story)


# Calendar, device management, events


def test_the_calendar_of_the_rates():
    async def story(world, display):
        request = se.GetCalendar(earliest=0, minimum_event=0xFFFFFFFF, count=0, calendar_type=0, provider=0)
        calendar = only(await display.ask(CALENDAR, 0x00, request.serialize()), 0x00, se.PublishCalendar)
        assert (calendar.seasons, calendar.week_profiles, calendar.day_profiles) == (1, 1, 1)
        for calendar_id in (calendar.calendar_id, 0xFFFFFFFF):
            request = se.GetDayProfiles(provider=0, calendar_id=calendar_id, first=1, count=0).serialize()
            day = only(await display.ask(CALENDAR, 0x01, request), 0x01, se.PublishDayProfile)
            assert [(one.start, one.tier) for one in day.entries] == [(0, 1), (30, 2), (450, 1)]
            week = only(await display.ask(CALENDAR, 0x02, request), 0x02, se.PublishWeekProfile)
            assert week.monday == week.sunday == day.day_id
        seasons = only(await display.ask(CALENDAR, 0x03, request[:8]), 0x03, se.PublishSeasons)
        assert seasons.entries[0].week_id == week.week_id
        assert await display.ask(CALENDAR, 0x01, bytes(10)) == NOT_FOUND

    in_home("economy-7", story)


def test_who_supplies_and_who_lives_here():
    async def story(world, display):
        found = await display.read(DEVICE_MANAGEMENT, (0x0101, 0x0102, 0x0110, 0x0400, 0x0401))
        assert list(found.values()) == [b"Wren Energy", b"0330 111 0111", 0xFFFFFFFF, 500, 2000]
        site = only(await display.ask(DEVICE_MANAGEMENT, 0x03), 0x03, se.UpdateSiteId)
        assert site.site_id == await display.get(METERING, 0x0307) and len(site.site_id) == 13
        assert len(await display.get(METERING, 0x0307, mirror=True)) == 10
        customer = only(await display.ask(DEVICE_MANAGEMENT, 0x05), 0x06, se.UpdateCustomerId)
        assert customer.customer_id == await display.get(METERING, 0x0311)
        assert await display.ask(DEVICE_MANAGEMENT, 0x00) == NOT_FOUND == await display.ask(DEVICE_MANAGEMENT, 0x01)

        change(world, "change-of-tenancy")
        await asyncio.sleep(5)
        assert [one[:2] for one in display.heard] == [(DEVICE_MANAGEMENT, 0x00)] * 2
        tenancy = only(await display.ask(DEVICE_MANAGEMENT, 0x00), 0x00, se.PublishChangeOfTenancy)
        assert tenancy.control & 0x0300 == 0x0300
        found = await display.read(METERING, (0x0000, 0x0401, 0x0403, 0x0442))
        assert found[0x0000] > 4_000_000 and found[0x0401] < 100
        assert (found[0x0403], found[0x0442]) == (0xFFFFFF, 0xFFFFFFFF)

        change(world, "change-of-supplier:60")
        change(world, "message:From the old one")
        supplier = only(await display.ask(DEVICE_MANAGEMENT, 0x01), 0x01, se.PublishChangeOfSupplier)
        assert (supplier.name, supplier.proposed_provider) == (b"Kestrel Power", 2)
        assert (await display.get(DEVICE_MANAGEMENT, 0x0111), await display.get(DEVICE_MANAGEMENT, 0x0101)) == (
            b"Kestrel Power", b"Wren Energy"
        )  # fmt: skip
        await asyncio.sleep(100)
        assert await display.get(DEVICE_MANAGEMENT, 0x0101) == b"Kestrel Power"
        assert await display.ask(MESSAGING, 0x00) == NOT_FOUND

    in_home("credit-flat", story)


def test_events_are_logged_and_told():
    async def story(world, display):
        request = se.GetEventLog(control_and_log=0, event_id=0, start=0, end=0xFFFFFFFF, count=0, offset=0)
        assert await display.ask(EVENTS, 0x00, request.serialize()) == NOT_FOUND
        assert await display.get(METERING, 0x0200) == 0
        change(world, "tamper")
        await asyncio.sleep(10)
        change(world, "power-cut:30")
        assert world.household.demand_w == 0
        await asyncio.sleep(60)
        events = [whole(se.PublishEvent, payload) for cluster, _, payload in display.heard if cluster == EVENTS]
        assert [(one.log_id, one.event_id) for one in events] == [(1, 0x8F3F), (2, 0x8F57), (2, 0x8F35)]
        assert events[2].time - events[1].time == 30
        log = only(await display.ask(EVENTS, 0x00, request.serialize()), 0x01, se.PublishEventLog)
        assert [one.event_id for one in log.entries] == [one.event_id for one in events[::-1]]
        assert (log.found, log.count_and_log) == (3, 0x30)
        request.control_and_log = 1
        log = only(await display.ask(EVENTS, 0x00, request.serialize()), 0x01, se.PublishEventLog)
        assert len(log.entries) == 1
        assert await display.get(METERING, 0x0200) == 4
        for _ in range(20):
            world.meter.events.note("tamper")
        request.control_and_log = 0
        parts = [whole(se.PublishEventLog, one) for _, one in await display.ask(EVENTS, 0x00, request.serialize())]
        assert [one.index for one in parts] == list(range(parts[0].total))
        assert sum(len(one.entries) for one in parts) == parts[0].found == 23

    in_home("credit-flat", story)


def test_any_event_can_be_ordered():
    async def story(world, display):
        for words in ("event:cover-opened", "event:0x816E", "gas-event:valve-closed"):
            change(world, words)
            await asyncio.sleep(5)
        heard = [whole(se.PublishEvent, payload).event_id for cluster, _, payload in display.heard if cluster == EVENTS]
        assert heard == [0x8F74, 0x816E, 0x81BF]
        for wrong in ("event:nonsense", "event:0", "event:0x12345"):
            with pytest.raises(ChangeError):
                change(world, wrong)

    in_home("credit-flat", story)


@pytest.mark.parametrize(("watts", "level"), [(100, 0), (700, 1), (2500, 2), (-900, 0)])
def test_ambient_use(watts, level):
    async def story(world, display):
        world.household.set_load("test", watts - world.household.demand_w)
        assert await display.get(METERING, 0x0207) == level

    in_home("solar", story)


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
