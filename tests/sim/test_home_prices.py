"""What the named homes charge, asked over the air by a display."""

import asyncio
import datetime
import itertools

import zigpy.types as t
from home_asked import (
    CALENDAR,
    METERING,
    NOT_FOUND,
    PREPAYMENT,
    PRICE,
    SINCE,
    UNSUPPORTED,
    in_home,
    only,
    whole,
)

from host_tools.sim import smart_energy as se
from host_tools.sim.changes import change
from host_tools.sim.clock import ZIGBEE_EPOCH_S


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
