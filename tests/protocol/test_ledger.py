"""The ledger: what each increment costs, what cannot be, and what a restart keeps. On real files."""

import os

from inkmeter import filling, history, rates, records
from inkmeter.ledger import (
    ESTIMATED,
    EXCHANGED,
    EXPORT,
    FILLED,
    GAS,
    IMPORT,
    MISSING,
    PARTIAL,
    STANDING_CHARGE,
    UNCONVERTED,
    UNPRICED,
    Ledger,
)

DAY = 9800  # 2026-10-31, a Saturday in winter: local midnight is UTC midnight
MIDNIGHT = DAY * 86400
HALF = 1800


class Clock:
    """Says what time it is told."""

    def __init__(self, utc=MIDNIGHT):
        self.utc = utc

    def now(self):
        return self.utc


def wipe():
    for folder in ("books", "forgot"):
        try:
            for name in os.listdir(folder):
                os.remove(folder + "/" + name)
            os.rmdir(folder)
        except OSError:
            pass


def fresh():
    wipe()
    return Ledger(Clock())


def read(ledger, commodity, utc, delivered, received=None):
    """One reading, booked at once where it has to be."""
    ledger.clock.utc = utc
    ledger.register(commodity, utc, delivered, received)
    if ledger.due:
        ledger.settle()


def steady(ledger, start, end, register, watts, step=10):
    """Readings from start to end; returns the last register."""
    for utc in range(start, end + 1, step):
        read(ledger, IMPORT, utc, register + watts * (utc - start) // 3600)
    return register + watts * (end - start) // 3600


def test_today_is_what_was_used_at_what_it_cost():
    ledger = fresh()
    assert ledger.today(IMPORT) is None
    ledger.rate(IMPORT, MIDNIGHT - 86400, 24500, None)
    ledger.standing_charge(IMPORT, 60000)
    last = steady(ledger, MIDNIGHT + 600, MIDNIGHT + 5400, 1000, 720)
    used = last - 1000
    assert used == 960
    assert ledger.today(IMPORT) == (used, 0, used * 24500 // 1000 + 60000, PARTIAL | STANDING_CHARGE)
    assert ledger.total(IMPORT) == (used, 0, used * 24500 // 1000)
    assert history.halves(IMPORT, DAY)[:4] == [
        (240, 0, 5880, PARTIAL),
        (360, 0, 8820, 0),
        (360, 0, 8820, 0),
        None,
    ]
    ledger.clock.utc = MIDNIGHT + 86400
    assert ledger.today(IMPORT) is None, "yesterday's use is not today's"


def test_a_day_that_lacks_half_hours_says_so_until_the_meter_s_log_has_told_them():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT - 86400, 24500, None)
    steady(ledger, MIDNIGHT + 8 * HALF + 600, MIDNIGHT + 10 * HALF, 1000, 720)
    assert ledger.today(IMPORT)[3] & MISSING
    assert filling.fill(ledger, IMPORT, MIDNIGHT + 4 * HALF, [100] * 5) == 5
    assert ledger.today(IMPORT)[3] & MISSING
    assert Ledger(ledger.clock).today(IMPORT)[3] & MISSING, "after a power cut too"
    assert filling.fill(ledger, IMPORT, MIDNIGHT, [200] * 4) == 4
    wh, _, cost, flags = ledger.today(IMPORT)
    assert (wh, cost) == (800 + 500 + 360, 24500 * 1660 // 1000) and not flags & MISSING
    read(ledger, IMPORT, MIDNIGHT + 86400 + 10, 60000)
    assert not ledger.today(IMPORT)[3] & MISSING, "a new day"


def test_what_the_log_takes_from_an_outage_s_half_hours_the_one_not_over_yet_is_given():
    for parts in ([(1, [200, 1000, 0])], [(3, [0]), (2, [1000]), (1, [200])]):
        ledger = fresh()
        ledger.rate(IMPORT, MIDNIGHT, 10000, None)
        steady(ledger, MIDNIGHT, MIDNIGHT + HALF + 600, 0, 1200)
        # Nothing is heard for an hour and a half, in which 1100 Wh are used: most of it at once, and a little lately.
        read(ledger, IMPORT, MIDNIGHT + 4 * HALF + 600, 1900)
        wh, _, _, flags = ledger.today(IMPORT)
        assert wh == 1900 and flags & ESTIMATED
        for first, used in parts:
            assert filling.fill(ledger, IMPORT, MIDNIGHT + first * HALF, used) == len(used)
        assert [one[0] for one in history.halves(IMPORT, DAY)[:4]] == [600, 200, 1000, 0]
        wh, _, cost, flags = ledger.today(IMPORT)
        assert (wh, cost) == (1900, 19000) and ledger.total(IMPORT) == (1900, 0, 19000)
        read(ledger, IMPORT, MIDNIGHT + 5 * HALF, 2000)
        assert history.halves(IMPORT, DAY)[4] == (200, 0, 2000, ESTIMATED)
        assert ledger.today(IMPORT)[0] == ledger.total(IMPORT)[0] == 2000


def test_what_the_log_says_of_before_the_first_reading_is_not_the_total_s():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT, 10000, None)
    read(ledger, IMPORT, MIDNIGHT + 10 * HALF, 0)
    read(ledger, IMPORT, MIDNIGHT + 14 * HALF + 60, 4000)
    assert ledger.total(IMPORT)[0] == 4000
    # The morning and the outage at once.
    assert filling.fill(ledger, IMPORT, MIDNIGHT, [100] * 14) == 14
    assert ledger.total(IMPORT)[0] == 4000 and ledger.today(IMPORT)[0] == 4000 + 10 * 100


def test_what_the_log_takes_from_days_without_readings_is_not_today_s():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT, 10000, None)
    steady(ledger, MIDNIGHT, MIDNIGHT + HALF, 0, 1000)
    # Two days and a quarter of an hour: 10 Wh each half-hour, by the log.
    read(ledger, IMPORT, MIDNIGHT + 97 * HALF + 900, 500 + 965)
    wh = ledger.today(IMPORT)[0]
    for first in range(81, 0, -16):
        assert filling.fill(ledger, IMPORT, MIDNIGHT + first * HALF, [30] * 16) == 16
    assert ledger.today(IMPORT)[0] == wh - 10 + 30 and ledger.total(IMPORT)[0] == 1465


def test_what_has_no_price_has_no_cost():
    ledger = fresh()
    steady(ledger, MIDNIGHT, MIDNIGHT + 3600, 0, 1000)
    assert ledger.today(IMPORT) == (1000, 0, None, UNPRICED | PARTIAL)
    assert history.halves(IMPORT, DAY)[0] == (500, 0, None, UNPRICED | PARTIAL)
    assert ledger.total(IMPORT)[2] is None


def test_a_price_that_comes_late_prices_what_was_used_since_it_began():
    ledger = fresh()
    last = steady(ledger, MIDNIGHT, MIDNIGHT + 4000, 0, 1000)
    ledger.rate(IMPORT, MIDNIGHT - 5, 30000, None)
    read(ledger, IMPORT, MIDNIGHT + 4010, last)
    assert ledger.today(IMPORT) == (last, 0, last * 30, PARTIAL)
    assert history.halves(IMPORT, DAY)[0] == (500, 0, 15000, PARTIAL)
    assert ledger.total(IMPORT) == (last, 0, last * 30)


def test_a_price_that_comes_weeks_late_prices_all_that_was_used_since_it_began():
    ledger = fresh()
    days = 25
    read(ledger, IMPORT, MIDNIGHT, 0)
    read(ledger, IMPORT, MIDNIGHT + days * 86400, days * 48 * 100)
    assert history.day(IMPORT, DAY + 3)[2] is None
    ledger.rate(IMPORT, MIDNIGHT + 86400, 30000, None)
    settled = 0
    while not settled or ledger.due:
        read(ledger, IMPORT, MIDNIGHT + days * 86400 + 10 * settled, days * 48 * 100)
        settled += 1
    # Some days at a time, so that a poll never waits long.
    assert settled >= days // 2
    assert history.day(IMPORT, DAY)[2] is None
    assert [history.day(IMPORT, DAY + i)[:3] for i in range(1, days)] == [(4800, 0, 4800 * 30)] * (days - 1)
    # Nothing is news any more.
    ledger.rate(IMPORT, MIDNIGHT + 86400, 30000, None)
    read(ledger, IMPORT, MIDNIGHT + days * 86400 + 1000, days * 48 * 100)
    assert not ledger.due


def test_a_power_cut_while_weeks_are_priced_again_leaves_nothing_at_its_old_price():
    ledger = fresh()
    days = 25
    now = MIDNIGHT + days * 86400
    ledger.rate(IMPORT, MIDNIGHT - 86400, 10000, None)
    ledger.rate(EXPORT, MIDNIGHT - 86400, 5000, None)
    read(ledger, IMPORT, MIDNIGHT, 0, 0)
    read(ledger, IMPORT, now, days * 48 * 100, days * 48 * 10)
    assert not ledger.due
    ledger.rate(IMPORT, MIDNIGHT + 86400, 30000, None)
    ledger.rate(EXPORT, MIDNIGHT + 2 * 86400, 6000, None)
    # Before any of it is done, after two days of it, after four.
    for done in range(3):
        ledger = Ledger(Clock(now))
        assert ledger.due, done
        ledger.settle()
    left = 0
    while ledger.due:
        ledger.settle()
        left += 1
    assert left == (days - 1) // 2 - 3, "what was done is not done again"
    assert [history.day(IMPORT, DAY + i)[2] for i in range(days)] == [48000] + [4800 * 30] * (days - 1)
    assert [history.day(IMPORT, DAY + i)[4] for i in range(days)] == [2400] * 2 + [480 * 6] * (days - 2)
    assert not Ledger(Clock(now)).due


def test_what_cannot_be_priced_again_now_is_priced_again_later():
    ledger = fresh()
    days = 10
    now = MIDNIGHT + days * 86400
    ledger.rate(IMPORT, MIDNIGHT - 86400, 10000, None)
    read(ledger, IMPORT, MIDNIGHT, 0)
    read(ledger, IMPORT, now, days * 48 * 100)
    total = ledger.total(IMPORT)[2]
    ledger.rate(IMPORT, MIDNIGHT, 30000, None)
    put = records.put_halves
    records.put_halves = full
    try:
        ledger.settle()
    finally:
        records.put_halves = put
    assert not ledger.due, "a full flash is not written to again and again"
    assert Ledger(Clock(now)).due
    read(ledger, IMPORT, now + HALF, days * 48 * 100)
    while ledger.due:
        ledger.settle()
    assert [history.day(IMPORT, DAY + i)[2] for i in range(days)] == [4800 * 30] * days
    assert ledger.total(IMPORT)[2] - total == days * 4800 * 20, "counted once"
    assert not Ledger(Clock(now)).due and "late" not in os.listdir("books")


def test_late_prices_leave_nothing_behind():
    ledger = fresh()
    now = MIDNIGHT + 25 * 86400
    rates.add(IMPORT, MIDNIGHT - 86400, 10000, None)
    read(ledger, IMPORT, MIDNIGHT, 0)
    read(ledger, IMPORT, now, 25 * 4800)
    for half in range(48, 1069):
        rates.add(GAS, MIDNIGHT + half * HALF, half % 7, MIDNIGHT + (half + 1) * HALF)
    assert os.stat("books/rates")[6] >= 1021 * 16
    for price in range(30000, 36000, 1000):
        ledger.rate(IMPORT, MIDNIGHT + 86400, price, MIDNIGHT + 20 * 86400)
        ledger.settle()
        while ledger.due:
            ledger.settle()
    assert max([os.stat("books/" + name)[6] for name in ("rates", "rates.old")]) <= 1025 * 16
    assert "late" not in os.listdir("books")
    assert history.day(IMPORT, DAY + 3)[2] == 4800 * 35


def test_what_the_log_of_prices_has_forgotten_the_half_hours_have_not():
    ledger = fresh()
    days = 25
    for half in range(days * 48):
        rates.add(IMPORT, MIDNIGHT + half * HALF, 20000 + half % 7, MIDNIGHT + (half + 1) * HALF)
    for day in range(days):
        rates.add(EXPORT, MIDNIGHT + day * 86400, 5000 + day % 3, MIDNIGHT + (day + 1) * 86400)
    read(ledger, IMPORT, MIDNIGHT, 0, 0)
    read(ledger, IMPORT, MIDNIGHT + days * 86400, days * 4800, days * 480)
    for half in range(days * 48, days * 48 + 1100):
        rates.add(GAS, MIDNIGHT + half * HALF, half % 7, MIDNIGHT + (half + 1) * HALF)
    before = [history.day(IMPORT, DAY + i) for i in range(days)]
    ledger.rate(IMPORT, MIDNIGHT, 30000, MIDNIGHT + HALF)
    ledger.settle()
    after = [history.day(IMPORT, DAY + i) for i in range(days)]
    assert rates.over(IMPORT, MIDNIGHT + HALF, MIDNIGHT + 86400) == [(MIDNIGHT + HALF, None)], "the log has forgotten"
    assert None not in [found[2] for found in before + after]
    assert after[1:] == before[1:] and after[0][2] - before[0][2] == 1000 and after[0][4] == before[0][4]


def test_a_full_flash_costs_prices_and_no_more():
    ledger = fresh()
    add = rates.add
    rates.add = full
    try:
        ledger.rate(IMPORT, MIDNIGHT, 30000, None)
        ledger.gas_factors(40000, 102264)
    finally:
        rates.add = add
    read(ledger, IMPORT, MIDNIGHT, 0)
    read(ledger, IMPORT, MIDNIGHT + 60, 10)
    assert ledger.today(IMPORT)[:3] == (10, 0, None)


def full(*words):
    raise OSError(28)


def test_a_clock_put_back_over_midnight_does_not_call_tomorrow_today():
    ledger = fresh()
    read(ledger, IMPORT, MIDNIGHT - 100, 1000)
    read(ledger, IMPORT, MIDNIGHT + 10, 1100)
    assert ledger.today(IMPORT) is not None
    ledger.clock.utc = MIDNIGHT - 50
    assert ledger.today(IMPORT) is None


def test_a_rate_that_ends_is_not_used_beyond_its_end():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT, 10000, MIDNIGHT + 600)
    ledger.rate(IMPORT, MIDNIGHT + 1200, 40000, MIDNIGHT + 7200)
    last = steady(ledger, MIDNIGHT, MIDNIGHT + 1500, 0, 3600)
    wh, _, cost, flags = ledger.today(IMPORT)
    assert (wh, cost, flags & UNPRICED) == (last, None, UNPRICED)
    ledger.rate(IMPORT, MIDNIGHT + 600, 20000, MIDNIGHT + 1200)
    read(ledger, IMPORT, MIDNIGHT + 1510, last)
    wh, _, cost, flags = ledger.today(IMPORT)
    # Told late, so that 1,500 Wh are apportioned by time.
    assert (wh, cost, flags & UNPRICED) == (last, 600 * 10 + 600 * 20 + 300 * 40, 0)


def test_an_increment_over_a_change_of_rate_is_apportioned_by_time():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT, 10000, MIDNIGHT + 900)
    ledger.rate(IMPORT, MIDNIGHT + 900, 50000, None)
    read(ledger, IMPORT, MIDNIGHT + 600, 0)
    read(ledger, IMPORT, MIDNIGHT + 890, 290)
    read(ledger, IMPORT, MIDNIGHT + 930, 290 + 100)
    assert ledger.today(IMPORT)[:3] == (390, 0, 290 * 10 + 25 * 10 + 75 * 50)
    # At the boundary itself nothing is apportioned.
    read(ledger, IMPORT, MIDNIGHT + 1800, 1000)
    assert history.halves(IMPORT, DAY)[0][:3] == (1000, 0, 315 * 10 + 685 * 50)


def test_a_negative_rate_and_export_apart():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT, -2000, None)
    read(ledger, IMPORT, MIDNIGHT, 5000, 100)
    read(ledger, IMPORT, MIDNIGHT + 300, 5500, 400)
    assert ledger.today(IMPORT)[:3] == (500, 300, -1000)
    ledger.rate(EXPORT, MIDNIGHT, 15000, None)
    read(ledger, IMPORT, MIDNIGHT + 1800, 6000, 900)
    assert history.halves(IMPORT, DAY)[0][:3] == (1000, 800, -2000)
    assert [row[5] for row in history.each(IMPORT, MIDNIGHT, MIDNIGHT + 1800)] == [800 * 15]


def test_gas_is_counted_in_litres_and_priced_in_kwh():
    ledger = fresh()
    ledger.rate(GAS, MIDNIGHT, 6000, None)
    for i in range(5):
        read(ledger, GAS, MIDNIGHT + i * HALF + 2, 2282363 + i * 100)
    assert ledger.today(GAS) == (None, 400, None, PARTIAL | UNCONVERTED | UNPRICED)
    wipe()
    ledger = Ledger(Clock())
    ledger.rate(GAS, MIDNIGHT, 6000, None)
    ledger.gas_factors(40000, 102264)
    for i in range(5):
        read(ledger, GAS, MIDNIGHT + i * HALF, 2282363 + i * 100)
    # 0.4 m3 * 1.02264 * 40 / 3.6 = 4.54506 kWh
    assert ledger.today(GAS) == (4545, 400, 27270, PARTIAL)
    assert [row[:3] for row in history.halves(GAS, DAY)[:4]] == [
        (1136, 100, 6817),
        (1136, 100, 6818),
        (1136, 100, 6817),
        (1137, 100, 6818),
    ]


def test_gas_that_is_filled_in_later_is_converted_as_it_was_then():
    ledger = fresh()
    ledger.rate(GAS, MIDNIGHT - 86400, 6000, None)
    ledger.clock.utc = MIDNIGHT - 100
    ledger.gas_factors(36000, 100000)
    read(ledger, GAS, MIDNIGHT, 1000)
    ledger.clock.utc = MIDNIGHT + 4 * HALF - 1
    ledger.gas_factors(39600, 100000)
    ledger.clock.utc = MIDNIGHT + 6 * HALF - 1
    ledger.gas_factors(43200, 100000)
    # In more than a month nothing is apportioned.
    read(ledger, GAS, MIDNIGHT + 40 * 86400, 5000)
    assert filling.fill(ledger, GAS, MIDNIGHT, [100] * 8) == 8
    found = [row[0] for row in history.halves(GAS, DAY)[:8]]
    assert found == [1000] * 4 + [1100] * 2 + [1200] * 2
    # A restart forgets nothing of it.
    read(ledger, GAS, MIDNIGHT + 40 * 86400 + HALF, 5100)
    ledger = Ledger(ledger.clock)
    assert filling.fill(ledger, GAS, MIDNIGHT + 8 * HALF, [100] * 2) == 2
    assert history.halves(GAS, DAY)[8][0] == 1200


def test_whether_anything_is_known_from_before():
    ledger = fresh()
    assert not ledger.holds(MIDNIGHT + 86400)
    read(ledger, IMPORT, MIDNIGHT, 0)
    read(ledger, IMPORT, MIDNIGHT + 60, 10)
    assert ledger.holds(MIDNIGHT + 60) and not ledger.holds(MIDNIGHT)
    steady(ledger, MIDNIGHT + 70, MIDNIGHT + 4000, 10, 1000)
    assert ledger.holds(MIDNIGHT + HALF) and not ledger.holds(MIDNIGHT)
    read(ledger, GAS, MIDNIGHT - 40 * 86400, 1)
    read(ledger, GAS, MIDNIGHT - 40 * 86400 + HALF, 2)
    assert ledger.holds(MIDNIGHT) and not ledger.holds(MIDNIGHT - 40 * 86400)


def test_what_cannot_be_is_held_back_and_counted():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT, 10000, None)
    last = steady(ledger, MIDNIGHT, MIDNIGHT + 60, 500000, 1000)
    for odd in (0xFFFFFFFFFFFF, last - 1, last + 5000, 0):
        read(ledger, IMPORT, MIDNIGHT + 70, odd)
    assert ledger.held_back == 4
    read(ledger, IMPORT, MIDNIGHT + 80, last + 5)
    assert ledger.today(IMPORT)[0] == last + 5 - 500000 and ledger.held_back == 4
    # A register that goes on counting from elsewhere is another meter's.
    for i in range(14):
        read(ledger, IMPORT, MIDNIGHT + 90 + 10 * i, 70 + i)
    assert ledger.held_back == 4 + 13
    wh, _, _, flags = ledger.today(IMPORT)
    assert wh == last + 5 - 500000 + 1 and flags & EXCHANGED


def test_an_exchanged_meter_is_taken_at_its_word():
    ledger = fresh()
    last = steady(ledger, MIDNIGHT, MIDNIGHT + 60, 500000, 3600)
    ledger.exchanged(IMPORT)
    read(ledger, IMPORT, MIDNIGHT + 4000, 3)
    read(ledger, IMPORT, MIDNIGHT + 4010, 13)
    assert ledger.today(IMPORT)[0] == last - 500000 + 10 and ledger.held_back == 0
    assert history.halves(IMPORT, DAY)[0][3] & PARTIAL
    assert list(filling.gaps(IMPORT, MIDNIGHT, MIDNIGHT + 3600)) == [(MIDNIGHT, 2)]


def test_after_a_restart_it_goes_on_and_marks_the_gap():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT, 20000, None)
    ledger.standing_charge(IMPORT, 50000)
    steady(ledger, MIDNIGHT, MIDNIGHT + 2 * HALF + 600, 0, 1200)
    ledger = Ledger(Clock())
    assert ledger.today(IMPORT)[:3] == (1200, 0, 24000 + 50000), "up to the last half-hour"
    # Away for 36 hours: 300 W meanwhile, and 400 Wh since the last half-hour that was filed.
    back = MIDNIGHT + 38 * 3600
    read(ledger, IMPORT, back, 1200 + 37 * 300)
    assert ledger.today(IMPORT)[0] == 14 * 300
    first = history.day(IMPORT, DAY)
    assert first == (
        1200 + 23 * 300,
        0,
        20 * (1200 + 23 * 300) + 50000,
        PARTIAL | ESTIMATED | STANDING_CHARGE,
        0,
        50000,
    )
    assert list(filling.gaps(IMPORT, MIDNIGHT + HALF, back)) == [(MIDNIGHT + 2 * HALF, 74)]
    assert ledger.today(IMPORT)[2] == 14 * 300 * 20 + 50000


def test_gaps_are_filled_from_the_meters_log_at_the_rates_of_then():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT, 10000, MIDNIGHT + 7 * 3600)
    ledger.rate(IMPORT, MIDNIGHT + 7 * 3600, 30000, MIDNIGHT + 86400)
    steady(ledger, MIDNIGHT - HALF, MIDNIGHT, 0, 1000)
    read(ledger, IMPORT, MIDNIGHT + 86400 + 700, 24500, None)
    assert history.day(IMPORT, DAY)[3] == ESTIMATED
    log = [100] * 14 + [700] * 34
    for start in (0, 10):
        filled = filling.fill(ledger, IMPORT, MIDNIGHT + start * HALF, log[start:], None)
        assert filled == (48 if start == 0 else 0), "only once"
    day = history.day(IMPORT, DAY)
    assert day[:4] == (sum(log), 0, 1400 * 10 + 700 * 34 * 30, FILLED)
    assert not list(filling.gaps(IMPORT, MIDNIGHT, MIDNIGHT + 86400))
    # What is being counted now is not the log's yet.
    assert filling.fill(ledger, IMPORT, MIDNIGHT + 86400, 5) == 0


def test_a_log_of_what_was_used_alone_leaves_what_was_sent_out():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT, 10000, None)
    ledger.rate(EXPORT, MIDNIGHT, 5000, None)
    read(ledger, IMPORT, MIDNIGHT, 0, 0)
    read(ledger, IMPORT, MIDNIGHT + 3 * HALF, 300, 900)
    assert [found[5] for found in history.each(IMPORT, MIDNIGHT, MIDNIGHT + 3 * HALF)] == [1500] * 3
    assert filling.fill(ledger, IMPORT, MIDNIGHT, [50, 100, 150], [None, 310, None]) == 3
    halves = list(history.each(IMPORT, MIDNIGHT, MIDNIGHT + 3 * HALF))
    assert [(found[1], found[2], found[5]) for found in halves] == [(50, 300, 1500), (100, 310, 1550), (150, 300, 1500)]


def test_a_day_that_was_being_changed_when_the_power_failed_is_summed_up_again():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT, 10000, None)
    steady(ledger, MIDNIGHT, MIDNIGHT + 86400, 0, 1000, 600)
    kept = records.get_day(IMPORT, DAY)
    assert kept[0] == 24000
    records.put_day(IMPORT, DAY, [1, 1, 1, 1, 40000, 0, 255])
    assert history.day(IMPORT, DAY)[:3] == (24000, 0, 280000)


def test_local_days_have_46_48_or_50_half_hours():
    spring, autumn = 9584, 9794  # 2026-03-29 and 2026-10-25
    assert [len(history.halves(IMPORT, spring + i)) for i in (-1, 0, 1)] == [48, 46, 48]
    assert [len(history.halves(IMPORT, autumn + i)) for i in (-1, 0, 1)] == [48, 50, 48]
    for day in (spring, spring + 1, autumn, autumn + 1):
        start = records.day_start(day)
        assert records.local_day(start) == day and records.local_day(start - 1) == day - 1


def test_sums_of_weeks_and_months():
    ledger = fresh()
    ledger.rate(IMPORT, 0, 10000, None)
    ledger.standing_charge(IMPORT, 1000)
    # From Friday the 30th of October to Monday the 2nd of November
    start = MIDNIGHT - 86400
    steady(ledger, start, start + 3 * 86400 + 7200, 0, 1000, 600)
    ledger.clock.utc = start + 3 * 86400 + 7200
    assert history.week(ledger, IMPORT)[:3] == (2000, 0, 21000)
    assert history.month(ledger, IMPORT)[:3] == (26000, 0, 262000)
    assert history.since(ledger, IMPORT, DAY - 2)[3] & MISSING
    assert history.since(ledger, IMPORT, DAY - 1)[:3] == (74000, 0, 744000)
    assert not history.since(ledger, IMPORT, DAY)[3] & MISSING


def test_a_clock_put_right_loses_nothing():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT, 10000, None)
    read(ledger, IMPORT, MIDNIGHT + 100, 0)
    read(ledger, IMPORT, MIDNIGHT + 200, 50)
    read(ledger, IMPORT, MIDNIGHT + 150, 60)
    read(ledger, IMPORT, MIDNIGHT + 210, 70)
    assert ledger.today(IMPORT)[:3] == (70, 0, 700) and ledger.held_back == 0


def test_a_day_after_a_wrong_clock():
    ledger = fresh()
    read(ledger, IMPORT, MIDNIGHT + 20 * 86400, 1000)
    for i in range(14):
        read(ledger, IMPORT, MIDNIGHT + 60 + 10 * i, 1000 + i)
    assert ledger.today(IMPORT)[0] == 1 and ledger.held_back == 13


def test_forgetting_leaves_nothing_and_is_finished_at_the_next_start():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT, 10000, None)
    steady(ledger, MIDNIGHT, MIDNIGHT + 3600, 0, 1000)
    ledger.forget()
    assert os.listdir("books") == [] and ledger.today(IMPORT) is None
    steady(ledger, MIDNIGHT, MIDNIGHT + 3600, 0, 1000)
    os.rename("books", "forgot")  # and the power fails
    ledger = Ledger(Clock())
    assert ledger.today(IMPORT) is None and "forgot" not in os.listdir()
    assert history.halves(IMPORT, DAY) == [None] * 48


def test_damaged_and_empty_files_start_a_new_book():
    for damage in (b"", b"\xff" * 40, b"\0" * 5000):
        ledger = fresh()
        steady(ledger, MIDNIGHT, MIDNIGHT + 3600, 0, 1000)
        for name in os.listdir("books"):
            with open("books/" + name, "wb") as file:
                file.write(damage)
        ledger = Ledger(Clock())
        assert ledger.today(IMPORT) is None
        steady(ledger, MIDNIGHT, MIDNIGHT + 3600, 0, 1000)
        assert ledger.today(IMPORT)[0] == 1000


def test_old_files_go():
    ledger = fresh()
    for period in range(20):
        read(ledger, IMPORT, MIDNIGHT + period * 32 * 86400, 1000 * period)
        read(ledger, IMPORT, MIDNIGHT + period * 32 * 86400 + HALF, 1000 * period + 10)
    halves = [name for name in os.listdir("books") if name.startswith("h0")]
    assert len(halves) == 14, halves


def test_a_clock_that_goes_years_ahead_for_an_hour_costs_no_history():
    ledger = fresh()
    for period in range(20):
        read(ledger, IMPORT, MIDNIGHT + period * 32 * 86400, 1000 * period)
        read(ledger, IMPORT, MIDNIGHT + period * 32 * 86400 + HALF, 1000 * period + 10)
    ahead = MIDNIGHT + 4000 * 86400
    for seconds in range(0, 2 * HALF + 1, 600):
        read(ledger, IMPORT, ahead + seconds, 19010)
    assert len([name for name in os.listdir("books") if name.startswith("h0")]) == 14
    first = MIDNIGHT + 7 * 32 * 86400
    assert [found[1] for found in history.each(IMPORT, first, first + HALF)] == [10]


def test_a_time_beyond_the_last_is_none():
    fresh()
    assert rates.add(IMPORT, rates.FOREVER, 7, rates.FOREVER + 600) is None
    assert rates.add(IMPORT, rates.FOREVER - 60, 7, rates.FOREVER + 600) == rates.FOREVER - 60
    assert rates.over(IMPORT, rates.FOREVER - 70, rates.FOREVER - 50)[1] == (rates.FOREVER - 60, 7)


def test_what_was_heard_later_wins():
    fresh()
    assert rates.over(IMPORT, 0, 100) == [(0, None)]
    assert rates.add(IMPORT, 10, 7, None) == 10
    assert rates.add(IMPORT, 20, 7, 30) is None, "known already"
    assert rates.add(IMPORT, 50, 9, 60) == 50
    assert rates.over(IMPORT, 0, 100) == [(0, None), (10, 7), (50, 9), (60, None)]
    assert rates.add(IMPORT, 40, 8, 70) == 40
    assert rates.add(GAS, 0, 1, None) == 0
    assert rates.over(IMPORT, 15, 65) == [(15, 7), (40, 8)]
    assert rates.add(IMPORT, 45, None, 48) == 45
    assert rates.over(IMPORT, 40, 71) == [(40, 8), (45, None), (48, 8), (70, None)]


def test_a_new_file_of_rates_changes_nothing_that_is_past():
    fresh()
    rates.add(GAS, 0, 10, 5000 * HALF)
    rates.add(GAS, 100, 30, 900)  # for a while another was above it
    rates.add(IMPORT, 0, 7, None)
    before = rates.over(GAS, 0, 5001 * HALF)
    assert before == [(0, 10), (100, 30), (900, 10), (5000 * HALF, None)]
    for i in range(1100):
        rates.add(EXPORT, i * HALF, i % 100, (i + 1) * HALF)
    assert "rates.old" in os.listdir("books")
    assert rates.over(GAS, 0, 5001 * HALF) == before and rates.over(IMPORT, 0, 1) == [(0, 7)]


def test_the_rates_log_is_bounded_and_keeps_what_holds():
    fresh()
    rates.add(IMPORT, 0, 4321, None)
    rates.add(GAS, 0, 1234, None)
    rates.add(rates.CONVERSION_FACTOR, 0, 102264, None)
    for i in range(2600):
        rates.add(EXPORT, i * HALF, i % 100, (i + 1) * HALF)
    sizes = [os.stat("books/" + name)[6] for name in os.listdir("books")]
    assert len(sizes) == 2 and max(sizes) <= 1025 * 16, sizes
    end = 2600 * HALF
    assert rates.over(IMPORT, end, end + 1) == [(end, 4321)] and rates.over(GAS, end, end + 1) == [(end, 1234)]
    assert rates.over(rates.CONVERSION_FACTOR, end, end + 1) == [(end, 102264)]
    assert [rate for _, rate in rates.over(EXPORT, end - 2 * HALF, end)] == [98, 99]
