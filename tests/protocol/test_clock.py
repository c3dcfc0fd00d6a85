"""Civil time: the two changes a year, and days that a person can check."""

from inkmeter.clock import Clock, civil, hours_and_minutes, summer_time


def test_days():
    assert civil(0) == (2000, 1, 1, 0, 0)
    assert civil(0x1C374A80) == (2015, 1, 1, 0, 0)
    assert civil(831898200) == (2026, 5, 12, 10, 50)
    assert civil(951868799 - 946684800) == (2000, 2, 29, 23, 59)


def test_summer_time_begins_and_ends_at_one_utc():
    # 2026: 29 March and 25 October
    begins, ends = 828061200, 846205200
    assert civil(begins) == (2026, 3, 29, 1, 0) and civil(ends) == (2026, 10, 25, 1, 0)
    assert not summer_time(begins - 1) and summer_time(begins)
    assert summer_time(ends - 1) and not summer_time(ends)
    assert hours_and_minutes(begins - 60) == "00:59"
    assert hours_and_minutes(begins) == "02:00"


def test_an_unknown_time_is_said_to_be_one():
    assert hours_and_minutes(None) == "--:--"
    assert Clock().now() is None
