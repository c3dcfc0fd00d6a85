"""The ledger: what each increment costs, whenever its price is told. On real files."""

import os

from inkmeter import filling, history, rates, records
from inkmeter.ledger import (
    ESTIMATED,
    EXPORT,
    FILLED,
    GAS,
    IMPORT,
    PARTIAL,
    STANDING_CHARGE,
    UNCONVERTED,
    UNPRICED,
    Ledger,
)
from ledger_at_hand import DAY, HALF, MIDNIGHT, Clock, fresh, read, steady, wipe


def full(*words):
    raise OSError(28)


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


def test_gas_that_was_used_before_its_energy_was_known_has_it_afterwards():
    ledger = fresh()
    ledger.rate(GAS, MIDNIGHT, 6000, None)
    read(ledger, GAS, MIDNIGHT, 1000)
    read(ledger, GAS, MIDNIGHT + HALF, 1200)
    read(ledger, GAS, MIDNIGHT + HALF + 600, 1300)
    assert ledger.today(GAS)[0] is None and ledger.total(GAS)[0] is None
    ledger.clock.utc = MIDNIGHT + HALF + 700
    ledger.gas_factors(40000, 102264)
    assert rates.late(GAS) == MIDNIGHT, "a power cut now"
    read(ledger, GAS, MIDNIGHT + 2 * HALF, 1400)
    assert rates.late(GAS) == 0
    # 0.4 m3 * 1.02264 * 40 / 3.6 = 4.54506 kWh
    assert ledger.today(GAS) == (4545, 400, 27270, PARTIAL)
    assert ledger.total(GAS) == (4545, 400, 27270)
    assert [row[:2] for row in history.halves(GAS, DAY)[:2]] == [(2273, 200), (2272, 200)]


def test_days_that_are_over_have_the_standing_charge_that_is_known_to_have_held():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT - 20 * 86400, 24500, None)
    read(ledger, IMPORT, MIDNIGHT, 100000)
    read(ledger, IMPORT, MIDNIGHT + HALF, 100100)
    # Of these days the meter's log tells: of two before the charge is told, of two after.
    for day in (-4, -3):
        filling.fill(ledger, IMPORT, MIDNIGHT + day * 86400, [100] * 48)
    assert [history.day(IMPORT, DAY + day)[2] for day in (-4, -3)] == [117600] * 2
    ledger.standing_charge(IMPORT, 50000, MIDNIGHT - 3 * 86400 + 60)
    read(ledger, IMPORT, MIDNIGHT + 2 * HALF, 100200)
    while ledger.due:
        ledger.settle()
    for day in (-2, -1):
        filling.fill(ledger, IMPORT, MIDNIGHT + day * 86400, [100] * 48)
    assert [history.day(IMPORT, DAY + day)[2] for day in (-4, -3, -2, -1)] == [117600] + [167600] * 3
    assert history.day(IMPORT, DAY - 4)[5] is None and history.day(IMPORT, DAY - 1)[5] == 50000
    # Another supplier, who has not told any: what is known of the past stays.
    ledger.clock.utc = MIDNIGHT + 2 * HALF + 60
    ledger.standing_charge(IMPORT, None)
    read(ledger, IMPORT, MIDNIGHT + 86400 + HALF, 100500)
    assert history.day(IMPORT, DAY)[5] is None and history.day(IMPORT, DAY - 1)[5] == 50000
    assert rates.late(IMPORT) == 0 and rates.late(GAS) == 0


def test_a_standing_charge_that_cannot_be_is_unknown():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT, 24500, None)
    for a_day in (0xFFFFFFFE, -0x7FFFFFFF, 10000001):
        ledger.standing_charge(IMPORT, a_day)
        read(ledger, IMPORT, MIDNIGHT, 1000)
        assert ledger.today(IMPORT)[2:] == (0, PARTIAL), a_day
    ledger.standing_charge(IMPORT, 60000)
    assert ledger.today(IMPORT)[2:] == (60000, PARTIAL | STANDING_CHARGE)


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
