"""Prices: in force, to come, by publish commands, by calendar; and what the ledger is told of them."""

import os

from answering import EPOCH, ESME, GPF, Home, string, u
from inkmeter import facts, home, rates, rounds
from inkmeter.ledger import Ledger
from inkmeter.radio import NoReply

PRICE, CALENDAR = 0x0700, 0x0707
DAY = 86400


def wipe_books():
    try:
        for name in os.listdir("books"):
            os.remove("books/" + name)
        os.rmdir("books")
    except OSError:
        pass


def publish_price(now, rate, start=0, minutes=0xFFFF, unit=0, label=b"", digits=0x51, rest=b""):
    body = u(1, 4) + string(label) + u(start or now, 4) + u(now, 4) + bytes((unit,)) + u(826, 2)
    return body + bytes((digits, 0x11)) + u(start, 4) + u(minutes, 2) + u(rate, 4) + rest


def test_the_price_in_force():
    session = Home()
    now = EPOCH + session.now
    session.radio.commands[ESME, PRICE, 0] = lambda _: [(0, publish_price(now, 24_500, now - 600, 20, 0, b"Day"))]
    assert session.job("price") == 600
    price = session.home.price(home.ELECTRICITY)
    assert (price.rate.value, price.currency, price.tier, price.label) == (24_500, 826, 1, "Day")
    assert session.fact(facts.RATE_UNTIL) == now + 600 and session.fact(facts.PRICE_DIGITS) == 5
    assert session.ledger.rates == [(0, now - 600, 24_500, now + 600)]


def test_another_command_is_no_price():
    session = Home()
    payload = bytes.fromhex("0000000000804a371c804a371c013a03514100000000a00580250000")
    for number in (1, 6):
        session.radio.commands[ESME, PRICE, 0] = [(number, payload)]
        try:
            session.job("price")
        except ValueError:
            continue
        raise AssertionError(number)
    session.radio.commands[ESME, PRICE, 0] = [(0, payload)]
    session.job("price")
    session.radio.commands[ESME, PRICE, 0] = 0x8B
    assert session.job("price") is None and session.home.price(0).rate.value is None


def test_a_price_below_nothing_and_one_that_is_not_known():
    module = Home().module("price")
    assert module.PublishedPrice(publish_price(5, -2_300)).rate == -2_300
    assert module.PublishedPrice(publish_price(5, 0xFFFFFFFF)).rate is None
    assert module.PublishedPrice(publish_price(5, 0)).rate == 0


def test_more_than_fifteen_tiers():
    module = Home().module("price")
    one = module.PublishedPrice(publish_price(5, 100, digits=0x5F, rest=b"\xff" * 13 + b"\x02\xff\xff\x14\x05"))
    assert one.tier == 20
    assert module.PublishedPrice(publish_price(5, 100, digits=0x5F)).tier == 15


def acknowledgements(session):
    return [(node, frame[3:]) for node, _, cluster, frame in session.radio.sent if cluster == PRICE and frame[2] == 2]


def test_a_price_is_acknowledged_where_that_is_asked_for():
    session = Home()
    now = EPOCH + session.now
    asks = b"\xff" * 13 + b"\x03\xff\xff\x14\x05"
    for rest in (b"", b"\xff" * 13, b"\xff" * 13 + b"\x00", b"\xff" * 13 + b"\x02", b"\xff" * 14):
        session.radio.commands[ESME, PRICE, 0] = [(0, publish_price(now, 100, now - 600, 20, rest=rest))]
        session.job("price")
    assert acknowledgements(session) == []
    session.radio.commands[ESME, PRICE, 0] = [(0, publish_price(now, 100, now - 600, 20, 0, b"Day", rest=asks))]
    allowed = []
    was = session.radio.send

    async def send(*what):
        allowed.append(session.radio.may_confirm)
        await was(*what)

    session.radio.send = send
    session.job("price")
    named = u(1, 4) + u(now - 600, 4)
    assert acknowledgements(session) == [(ESME, named + u(now, 4) + b"\x03")]
    assert session.radio.sent[0][3][0] == 0x11 and allowed == [named] and session.radio.may_confirm is None
    # One that comes unasked too, now or to come, once the time is known.
    for start in (now, now + 900):
        session.radio.publish(PRICE, b"\x19\x05\x00" + publish_price(now, 100, start, 20, rest=asks))
        session.heard(session.told)
    assert [one[1][4:8] for one in acknowledgements(session)] == [u(one, 4) for one in (now - 600, now, now + 900)]
    session.clock.known = False
    session.job("price")
    assert len(acknowledgements(session)) == 3


def test_nobody_need_hear_an_acknowledgement():
    session = Home()
    now = EPOCH + session.now
    session.radio.commands[ESME, PRICE, 0] = [(0, publish_price(now, 100, now, 20, rest=b"\xff" * 13 + b"\x01"))]

    async def send(*_):
        raise NoReply(PRICE, "refused")

    session.radio.send = send
    assert session.job("price") == 1200 and session.home.price(0).rate.value == 100
    assert session.radio.may_confirm is None


def test_gas_is_priced_by_the_kwh_although_its_price_names_what_the_meter_counts_in():
    # Both as GBCS has them: the tariff's unit is kWh, the price's is m3, and both say 9600.
    information = bytes.fromhex("00000000804a371c010000000000000000000400003a0350c1570000ff010000e80300")
    gbcs = bytes.fromhex("00000000804a371c804a371c013a03514100000000a00580250000")
    assert information[20] == 0 and gbcs[12] == 1
    session = Home(gas=True)
    now = EPOCH + session.now
    session.home.put(facts.CALORIFIC_VALUE | facts.GAS_SIDE, 40_000, session.now)
    session.home.put(facts.CONVERSION_FACTOR | facts.GAS_SIDE, 102_264, session.now)
    session.radio.commands[GPF, PRICE, 0] = [(0, publish_price(now, 9600, now, 60, 1))]
    session.job("price", 1)
    assert session.home.price(home.GAS).rate.value == 9600
    assert session.ledger.rates == [(1, now, 9600, now + 3600)]
    # What is counted in neither is not known, on the wall and in the books.
    session.radio.commands[GPF, PRICE, 0] = [(0, publish_price(now, 9600, now, 60, 2))]
    session.job("price", 1)
    assert session.home.price(home.GAS).rate.value is None and len(session.ledger.rates) == 1


def with_prices_ahead():
    """A home with books of its own that know what is to come."""
    wipe_books()
    session = Home()
    session.ledger = Ledger(session.clock)
    now = EPOCH + session.now
    for since, until, rate in ((now - 600, now + 900, 13_120), (now + 900, now + 9000, 29_870)):
        session.ledger.rate(0, since, rate, until)
    return session, now


def test_a_price_that_says_no_more_than_that_it_holds_now_ends_where_the_calendar_has_another():
    session, now = with_prices_ahead()
    ahead = [(now, 13_120), (now + 900, 29_870), (now + 9000, None)]
    for start, minutes in ((0, 1440), (0, 0xFFFF), (now - 600, 0xFFFF)):
        session.radio.commands[ESME, PRICE, 0] = [(0, publish_price(now, 13_120, start, minutes))]
        assert session.job("price") == 900, "asked again when the rate changes"
        assert rates.over(0, now, now + 10_000) == ahead, (start, minutes)
        assert session.fact(facts.RATE_UNTIL) == now + 900
    # With nothing known from then on, it holds as long as it says.
    session.now += 9000
    session.radio.commands[ESME, PRICE, 0] = [(0, publish_price(now + 9000, 29_870, 0, 1440))]
    assert session.job("price") == 1800
    assert rates.over(0, now + 9000, now + 99_999) == [(now + 9000, 29_870), (now + 95_400, None)]
    wipe_books()


def test_a_price_that_is_not_the_expected_one_makes_void_what_was_to_come():
    session, now = with_prices_ahead()
    session.radio.commands[ESME, PRICE, 0] = [(0, publish_price(now, 13_120, 0, 0xFFFF))]
    session.job("price")
    session.radio.commands[ESME, PRICE, 0] = [(0, publish_price(now, 24_500, 0, 0xFFFF))]
    told = session.told
    told.known[0] = now + 9000
    for row in range(len(told._due)):
        told._due[row] = session.now + 5000
    session.job("price", 0, told)
    assert rates.over(0, now, now + 10_000) == [(now, 24_500)]
    assert max(due(told, rounds.SCHEDULED), due(told, rounds.CALENDARS)) <= session.now + 60
    assert told.known[0] == 0
    # The same again is what is expected.
    for row in range(len(told._due)):
        told._due[row] = session.now + 5000
    session.job("price", 0, told)
    assert due(told, rounds.SCHEDULED) == session.now + 5000
    # And one that is in another unit says nothing of it.
    session.radio.commands[ESME, PRICE, 0] = [(0, publish_price(now, 99, 0, 0xFFFF, 2))]
    session.job("price", 0, told)
    assert due(told, rounds.SCHEDULED) == session.now + 5000 and session.home.price(0).rate.value is None
    wipe_books()


def test_a_price_that_was_cancelled_is_not_in_force():
    session = Home()
    now = EPOCH + session.now
    session.radio.commands[ESME, PRICE, 0] = [(0, publish_price(now, 100, now - 60, 20))]
    session.job("price")
    assert session.home.price(0).rate.value == 100
    session.radio.commands[ESME, PRICE, 0] = [(0, publish_price(now, 200, 0xFFFFFFFF, 20))]
    assert session.job("price") is None
    assert session.home.price(0).rate.value is None and len(session.ledger.rates) == 1


def test_another_rate_in_force_is_a_reason_to_ask_for_the_price():
    session = Home()
    session.radio.attributes[ESME, 0x0702] = {0x0020: (0x30, b"\x02")}
    session.job("status")
    told = session.told
    for row in range(len(told._due)):
        told._due[row] = session.now + 1500
    session.job("status", 0, told)
    assert due(told, rounds.PRICE) == session.now + 1500
    session.radio.attributes[ESME, 0x0702] = {0x0020: (0x30, b"\x01")}
    session.job("status", 0, told)
    assert due(told, rounds.PRICE) == session.now


def half_hourly(session, count, first):
    def answer(payload):
        start, number = int.from_bytes(payload[:4], "little"), payload[4]
        assert number == 1
        for i in range(count):
            if first + (i + 1) * 1800 >= start:
                return [(0, publish_price(EPOCH, 1000 + i, first + i * 1800, 30))]
        return 0x8B

    session.radio.commands[ESME, PRICE, 1] = answer


def test_prices_to_come_one_by_one():
    session = Home()
    session.now = 7000  # not in the hour when all is asked for anew
    utc = EPOCH + session.now
    first = utc - utc % 1800
    half_hourly(session, 20, first)
    assert session.job("scheduled") == 1
    told = session.told
    assert [rate for _, _, rate, _ in session.ledger.rates] == list(range(1000, 1008))
    assert session.job("scheduled", 0, told) == 1
    assert session.job("scheduled", 0, told) == 1800
    assert [rate for _, _, rate, _ in session.ledger.rates] == list(range(1000, 1020))
    assert session.ledger.rates[19] == (0, first + 19 * 1800, 1019, first + 20 * 1800)
    # What is known is not asked for again.
    asked = len(session.radio.asked)
    assert session.job("scheduled", 0, told) == 1800
    assert len(session.radio.asked) == asked + 1 and len(session.ledger.rates) == 20


def test_a_server_without_prices_to_come():
    session = Home()
    session.radio.commands[ESME, PRICE, 1] = 0x8B
    assert session.job("scheduled") is None
    session.clock.known = False
    assert session.job("scheduled") == 60


def published(session, command, payload, told=None, cluster=PRICE, node=ESME, endpoint=1, control=0x09):
    session.radio.publish(cluster, bytes((control, 77, command)) + payload, node, endpoint)
    session.heard(told)
    return session.told


def due(told, job, commodity=0):
    for row in range(len(told._what)):
        if told._what[row] >> 7 == job << 1 | commodity:
            return told._due[row]


def test_prices_that_are_published_unasked():
    session = Home()
    now = EPOCH + session.now
    told = published(session, 0, publish_price(now, 31_000, now - 1, 30))
    assert session.home.price(0).rate.value == 31_000
    told = published(session, 0, publish_price(now, 9000, now + 3600, 30), told)
    assert session.home.price(0).rate.value == 31_000
    assert session.ledger.rates == [(0, now - 1, 31_000, now + 1799), (0, now + 3600, 9000, now + 5400)]
    for command, job in ((2, rounds.FACTORS), (4, rounds.TARIFF), (5, rounds.MATRIX), (8, rounds.CALENDARS)):
        for row in range(len(told._due)):
            told._due[row] = session.now + 5000
        published(session, command, bytes(10), told)
        assert due(told, job) == session.now + 60, command
    assert [frame[2][2:] for frame in [(0, 0, one[3]) for one in session.radio.sent]][0] == b"\x0b\x00\x00"


# Calendars


def calendar(session, node=ESME, reference=0):
    which = u(7, 4) + u(9, 4)
    head = u(7, 4) + u(1, 4) + u(9, 4)
    commands = session.radio.commands
    commands[node, CALENDAR, 0] = [
        (0, head + u(EPOCH - 10 * DAY, 4) + bytes((0, reference)) + string(b"E7") + b"\x02\x02\x03")
    ]
    # Winter from 1 October, summer from 1 April; the year is any.
    commands[node, CALENDAR, 3] = lambda asked: (
        [(3, head + b"\x00\x01" + b"\xff\x04\x01\xff\x02" + b"\xff\x0a\x01\xff\x01")] if asked == which else 0x8B
    )
    weeks = {1: b"\x01\x01\x01\x01\x01\x02\x02", 2: b"\x03\x03\x03\x03\x03\x03\x03"}
    commands[node, CALENDAR, 2] = lambda asked: [(2, head + asked[8:9] + weeks[asked[8]])]
    days = {
        1: b"\x00\x00\x01" + b"\x1e\x00\x02" + b"\xc2\x01\x01",  # 00:00 tier 1, 00:30 tier 2, 07:30 tier 1
        2: b"\x00\x00\x02",
        3: b"\x00\x00\x01",
    }

    def day_profiles(asked):
        entries = days[asked[8]]
        half = len(entries) // 6 * 3
        parts = [entries[:half], entries[half:]] if half else [entries]
        return [
            (1, head + asked[8:9] + bytes((len(entries) // 3, i, len(parts), 0)) + part) for i, part in enumerate(parts)
        ]

    commands[node, CALENDAR, 1] = day_profiles
    # Christmas is day profile 3
    commands[node, CALENDAR, 4] = [(4, head + u(0, 4) + b"\x00\x01\x00\x01" + b"\xff\x0c\x19\xff\x03")]


def utc_of(days):
    return days * DAY


def test_switches_by_the_calendar():
    session = Home()
    # 2026-12-24, a Thursday, 10:00 UTC: 9854 days after 2000-01-01
    session.now = utc_of(9854) + 36_000 - EPOCH
    calendar(session)
    assert session.job("calendars") == 86400
    session.module("timetable").enter_tiers(0, [29_870, 13_120])
    assert session.job("switches") > 0
    midnight = utc_of(9854)
    assert session.ledger.rates == [
        (0, midnight + 27_000, 29_870, midnight + 2 * DAY),  # 24th from 07:30, Christmas all day
        (0, midnight + 2 * DAY, 13_120, midnight + 3 * DAY),  # Boxing Day is a Saturday
    ]


class PowerCut:
    """A ledger that is told of a rate too late."""

    def rate(self, *_):
        raise KeyboardInterrupt


def on_christmas_eve(seconds):
    """(a home with books and the calendar, so late on 2026-12-24; that day's midnight)"""
    wipe_books()
    session = Home()
    session.ledger = Ledger(session.clock)
    midnight = utc_of(9854)
    session.now = midnight + seconds - EPOCH
    calendar(session)
    session.job("calendars")
    return session, midnight


def test_new_rates_by_tier_leave_the_price_of_what_was_used_before_them():
    session, midnight = on_christmas_eve(36_000)
    session.module("timetable").enter_tiers(0, [29_870, 13_120])
    session.job("switches")
    known = rates.over(0, midnight + 27_000, midnight + DAY)
    assert known == [(midnight + 27_000, 29_870)], "the whole of what nothing was known of"
    # Five hours later the rates by tier are others.
    session.now += 18_000
    session.module("timetable").enter_tiers(0, [35_000, 15_000])
    session.job("switches")
    known = rates.over(0, midnight + 27_000, midnight + DAY)
    assert known == [(midnight + 27_000, 29_870), (midnight + 54_000, 35_000)]
    wipe_books()


def test_new_rates_by_tier_leave_each_price_that_is_known_though_the_switch_s_own_is_not():
    session, midnight = on_christmas_eve(54_000)
    # Nothing is known of the morning; from 10:00 on there were prices by the half-hour, up to now.
    session.ledger.rate(0, midnight + 36_000, 5_000, midnight + 45_000)
    session.ledger.rate(0, midnight + 45_000, -3_000, midnight + 54_000)
    session.module("timetable").enter_tiers(0, [24_500, 24_500])
    session.job("switches")
    assert rates.over(0, midnight + 27_000, midnight + DAY) == [
        (midnight + 27_000, None), (midnight + 36_000, 5_000), (midnight + 45_000, -3_000), (midnight + 54_000, 24_500),
    ]  # fmt: skip
    wipe_books()


def test_what_the_tariff_cost_before_the_display_came_is_known_as_far_as_it_was_in_force():
    for since in (-100 * DAY, 9_000):
        session, midnight = on_christmas_eve(36_000)
        session.module("timetable").enter_tiers(0, [29_870, 13_120])
        session.home.put(facts.TARIFF_FROM, midnight + since, session.now)
        # What somebody has told of the morning stays.
        session.ledger.rate(0, midnight + 28_800, 5_000, midnight + 32_400)
        session.job("switches")
        known = rates.over(0, midnight - DAY, midnight + DAY)
        if since < 0:
            before = [
                (midnight - DAY, 29_870), (midnight - DAY + 1800, 13_120), (midnight - DAY + 27_000, 29_870),
                (midnight + 1800, 13_120),
            ]  # fmt: skip
        else:
            before = [(midnight - DAY, None), (midnight + since, 13_120)]
        assert known == before + [
            (midnight + 27_000, 29_870), (midnight + 28_800, 5_000), (midnight + 32_400, 29_870)
        ]  # fmt: skip
        wipe_books()


def test_a_tariff_without_a_calendar_ends_what_the_last_one_s_said():
    session, midnight = on_christmas_eve(36_000)
    session.module("timetable").enter_tiers(0, [29_870, 13_120])
    session.job("switches")
    session.now += 18_000
    session.radio.commands[ESME, CALENDAR, 0] = 0x8B
    # The power fails while that is written down: it is done again.
    ledger, session.ledger = session.ledger, PowerCut()
    try:
        session.job("calendars")
        raise AssertionError
    except KeyboardInterrupt:
        session.ledger = ledger
    assert session.job("calendars") is None
    # What was used has its price, and what is used until the price in force is heard; nobody knows what is to come.
    now = midnight + 54_000 + 300
    assert rates.over(0, midnight + 27_000, now + 2 * DAY) == [(midnight + 27_000, 29_870), (now, None)]
    assert session.job("switches") == 21600
    assert rates.over(0, now, now + 2 * DAY) == [(now, None)]
    # Once said, it is no news.
    session.ledger.rate(0, now, 24_500, None)
    session.now += DAY
    assert session.job("calendars") is None
    assert rates.over(0, now, now + 2 * DAY) == [(now, 24_500)]
    wipe_books()


def test_a_rate_that_no_tariff_has_is_unknown():
    timetable = Home().module("timetable")
    timetable.enter_tiers(0, [9600, 1 << 31, -(1 << 40), 10_200])
    assert timetable.tiers() == [9600, None, None, 10_200]


def test_a_calendar_in_summer_time_and_one_that_is_kept():
    session = Home()
    # 2026-06-30 is a Tuesday; 2027-01-05 as well
    days = session.module("days")
    calendar(session, reference=2)
    session.now = utc_of(9862) - EPOCH
    session.job("calendars")
    with open("calendar0", "rb") as file:
        held = file.read()
    kept = days.read(held)
    assert kept.day_profile(2027, 1, 5, 1) == 1 and kept.day_profile(2027, 1, 9, 5) == 2
    assert kept.day_profile(2027, 6, 30, 2) == 3 and kept.day_profile(2027, 12, 25, 5) == 3
    assert kept.day_profile(2027, 10, 1, 4) == 1 and kept.day_profile(2027, 3, 31, 2) == 1
    # 30 June: the local day begins at 23:00 UTC the day before.
    june = utc_of(9677)
    assert kept.switches(june, june + DAY) == [(june - 3600, 1)]
    january = utc_of(9866)
    assert kept.switches(january, january + DAY) == [
        (january, 1),
        (january + 1800, 2),
        (january + 27_000, 1),
    ]
    for length in range(1, len(held)):
        try:
            days.read(held[:length])
        except days.zcl.ZclError:
            pass


def test_a_switch_in_the_hour_that_spring_leaves_out_is_when_the_clocks_change():
    days = Home().module("days")
    kept = days.Calendar(bytes(17) + b"\x02\x00" + bytes(3))
    minutes = b"".join([bytes((n & 255, n >> 8, tier)) for n, tier in ((0, 1), (90, 2), (120, 1), (300, 2))])
    kept.add_day(bytes(12) + b"\x01\0\0\0\0" + minutes)
    sunday = utc_of(9584)  # 2026-03-29
    assert kept.switches(sunday, sunday + DAY) == [
        (sunday, 1), (sunday + 3600, 2), (sunday + 3600, 1), (sunday + 14_400, 2),
    ]  # fmt: skip
    # In autumn, a time that comes twice is meant as the first.
    sunday = utc_of(9794)  # 2026-10-25
    assert kept.switches(sunday, sunday + DAY) == [
        (sunday - 3600, 1), (sunday + 1800, 2), (sunday + 7200, 1), (sunday + 18_000, 2),
    ]  # fmt: skip


def test_a_part_of_a_calendar_that_is_none_is_passed_over():
    days = Home().module("days")
    payload = bytes(17) + b"\x00\x00" + bytes(3)
    held = b"\x00" + bytes((len(payload), 0)) + payload
    for number in (5, 255):
        assert days.read(held + bytes((number, 1, 0, 7))).reference == 0


def test_nothing_follows_from_a_calendar_without_rates():
    session = Home()
    calendar(session)
    session.job("calendars")
    assert session.job("switches") == 21600 and session.ledger.rates == []
    session.radio.commands[ESME, CALENDAR, 0] = 0x8B
    assert session.job("calendars") is None


def test_the_price_that_comes_next():
    session = Home()
    session.now = 500
    told = session.rounds()
    timetable = session.module("timetable")
    now = EPOCH + session.now
    strip = session.module("strip")
    kept = timetable.slots
    try:
        strip.timetable.slots = lambda utc, count, commodity: [(utc, 5), (now + 700, -3)][:count]
        answer = session.timed(lambda: drive_it(strip.run(told, 0)))
        assert answer == 701
        assert (session.fact(facts.NEXT_RATE), session.fact(facts.NEXT_RATE_AT)) == (-3, now + 700)
        strip.timetable.slots = lambda utc, count, commodity: [(utc, 5)]
        assert session.timed(lambda: drive_it(strip.run(told, 0))) == 1800
        assert session.fact(facts.NEXT_RATE) is None and session.fact(facts.NEXT_RATE_AT) is None
    finally:
        strip.timetable.slots = kept


def drive_it(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
