"""The ledger: what was used and when, what cannot be, and what a restart keeps. On real files."""

import os

from inkmeter import filling, history, rates, records
from inkmeter.ledger import (
    ESTIMATED,
    EXCHANGED,
    EXPORT,
    GAS,
    IMPORT,
    MISSING,
    PARTIAL,
    STANDING_CHARGE,
    Ledger,
)
from ledger_at_hand import DAY, HALF, MIDNIGHT, Clock, fresh, read, steady


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


def test_a_clock_put_back_over_midnight_does_not_call_tomorrow_today():
    ledger = fresh()
    read(ledger, IMPORT, MIDNIGHT - 100, 1000)
    read(ledger, IMPORT, MIDNIGHT + 10, 1100)
    assert ledger.today(IMPORT) is not None
    ledger.clock.utc = MIDNIGHT - 50
    assert ledger.today(IMPORT) is None


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


def varied(ledger, start, end, register):
    """A reading every four minutes: 200 W, and 3 kW from 18 to 20 h; returns the last register."""
    used = register * 3600
    for utc in range(start, end + 1, 240):
        read(ledger, IMPORT, utc, used // 3600)
        used += (3000 if 64800 <= utc % 86400 < 72000 else 200) * 240
    return used // 3600


def damage_the_last_checkpoint():
    name = "books/h0.%d" % max([int(name[3:]) for name in os.listdir("books") if name.startswith("h0.")])
    with open(name, "rb") as file:
        content = bytearray(file.read())
    content[-40] ^= 1
    with open(name, "wb") as file:
        file.write(content)


def test_a_restart_after_a_clock_that_was_ahead_goes_on_where_it_was():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT - 86400, 24500, None)
    register = varied(ledger, MIDNIGHT, MIDNIGHT + 36000, 100000)
    for ahead in (36060, 36120):
        read(ledger, IMPORT, MIDNIGHT + ahead + 40 * 86400, register)
    register = varied(ledger, MIDNIGHT + 36180, MIDNIGHT + 4 * 86400 + 40000, register)
    before = history.halves(IMPORT, DAY + 2), history.day(IMPORT, DAY + 2)
    for later in (40060, 42060):
        start = MIDNIGHT + 4 * 86400 + later
        ledger = Ledger(ledger.clock)
        register = varied(ledger, start, start + 1800, register)
        assert ledger.total(IMPORT)[0] <= 250
        assert (history.halves(IMPORT, DAY + 2), history.day(IMPORT, DAY + 2)) == before


def test_a_damaged_checkpoint_costs_a_half_hour():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT - 86400, 24500, None)
    # Over the end of a file, so that there is an older checkpoint.
    start = -(-MIDNIGHT // (32 * 86400)) * 32 * 86400 - 86400
    register = varied(ledger, start, start + 3 * 86400 + 600, 100000)
    days = range(start // 86400, start // 86400 + 3)
    before = [history.halves(IMPORT, day) for day in days], [history.day(IMPORT, day) for day in days]
    damage_the_last_checkpoint()
    ledger = Ledger(ledger.clock)
    varied(ledger, start + 3 * 86400 + 660, start + 3 * 86400 + 3600, register)
    assert ([history.halves(IMPORT, day) for day in days], [history.day(IMPORT, day) for day in days]) == before
    assert ledger.total(IMPORT)[0] <= 200


def test_a_clock_that_was_back_for_a_while_leaves_what_was_read():
    ledger = fresh()
    ledger.rate(IMPORT, MIDNIGHT - 86400, 24500, None)
    now = MIDNIGHT + 4 * 86400 + 36000
    register = varied(ledger, MIDNIGHT, now, 100000)
    before = [history.halves(IMPORT, DAY + day) for day in range(4)]
    back = now - 3 * 86400
    register = varied(ledger, back, back + 600, register)
    varied(ledger, now + 660, now + 4000, register)
    assert [history.halves(IMPORT, DAY + day) for day in range(4)] == before
    assert 1900 <= ledger.today(IMPORT)[0] <= 2300


def test_what_a_clock_that_was_ahead_has_filed_is_not_in_today_yet():
    ledger = fresh()
    register = 100000
    times = list(range(0, 36000, 60)) + [86400 + 36000 + n for n in range(0, 14400, 60)]
    times += list(range(36000 + 14400, 2 * 86400 - 60, 60))
    for i, seconds in enumerate(times):
        read(ledger, IMPORT, MIDNIGHT + seconds, register + 50 * i)
        if seconds == 86400 + 660:
            assert 500 <= ledger.today(IMPORT)[0] <= 600
    assert 71000 <= ledger.today(IMPORT)[0] <= 72000


def test_a_file_that_cannot_be_opened_now_is_not_begun_anew():
    fresh()
    records.put_halves(IMPORT, 0, bytes(16))

    def worn(name, mode):
        if mode == "r+b":
            raise OSError(5)
        return open(name, mode)

    records.open = worn
    try:
        records.put_halves(IMPORT, 1, bytes(16))
        raise AssertionError
    except OSError:
        pass
    finally:
        del records.open
    assert os.stat("books/h0.0")[6] == 16 + records.TAIL
