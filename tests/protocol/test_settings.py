"""The settings' file, and the PIN."""

import os

from inkmeter import settings
from inkmeter.view import Settings


def fresh():
    settings.forget()
    return Settings()


def test_a_first_start_has_the_defaults():
    chosen = fresh()
    assert not settings.load(chosen)
    assert settings.values(chosen) == (0, 0, 0, 0, 1, 22, 7, 1, 8, 1, 20, 40)


def test_what_is_changed_is_there_after_a_restart():
    chosen = fresh()
    for row in range(settings.NEW_PIN):
        settings.change(chosen, row)
    again = Settings()
    assert settings.load(again)
    assert settings.values(again) == settings.values(chosen) == (1, 1, 1, 1, 0, 23, 8, 0, 15, 0, 25, 45)


def test_each_row_comes_round():
    chosen = fresh()
    before = settings.values(chosen)
    for row in range(settings.NEW_PIN):
        seen = set()
        for _ in range(30):
            settings.change(chosen, row)
            seen.add(settings.values(chosen)[row])
            assert settings.load(Settings()), (row, settings.values(chosen))
        assert before[row] in seen and len(seen) >= 2, row
    assert chosen.full_every in (5, 8, 15) and chosen.medium < chosen.high


def test_a_damaged_file_is_as_none():
    chosen = fresh()
    settings.change(chosen, settings.LANGUAGE)
    with open("settings.bin", "rb") as file:
        whole = file.read()
    for bad in (b"", whole[:20], whole + b"x", b"\x09" + whole[1:], whole[:6] + b"\x63" + whole[7:]):
        with open("settings.bin", "wb") as file:
            file.write(bad)
        again = Settings()
        assert not settings.load(again)
        assert again.language == 0
    fresh()


def test_each_value_is_held_to_its_range():
    chosen = fresh()
    settings.change(chosen, settings.LANGUAGE)
    with open("settings.bin", "rb") as file:
        whole = file.read()
    good = ((0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 23), (0, 23), (0, 1), (5, 15), (0, 1), (1, 39), (21, 250))
    for row in range(len(good)):
        first, last = good[row]
        for value in (first - 1, first, last, last + 1):
            if value >= 0:
                with open("settings.bin", "wb") as file:
                    file.write(whole[: row + 1] + bytes((value,)) + whole[row + 2 :])
                assert settings.load(Settings()) == (first <= value <= last), (row, value)
    fresh()


def test_the_pin():
    chosen = fresh()
    assert not settings.has_pin() and not settings.try_pin("1234")
    assert settings.set_pin(chosen, "1234")
    assert settings.has_pin() and settings.try_pin("1234") and not settings.try_pin("1235")
    with open("settings.bin", "rb") as file:
        assert b"1234" not in file.read()


def test_a_salt_of_its_own():
    chosen = fresh()
    hashes = set()
    for _ in range(3):
        settings.set_pin(chosen, "1234")
        with open("settings.bin", "rb") as file:
            hashes.add(file.read()[22:])
    assert len(hashes) == 3


def test_five_wrong_ones_then_waits_that_grow():
    chosen = fresh()
    settings.set_pin(chosen, "1234")
    waits = []
    for _ in range(16):
        assert not settings.try_pin("0000")
        waits.append(settings.locked_for())
    assert waits[:8] == [0, 0, 0, 0, 30, 60, 120, 240]
    assert waits[-1] == 14400 == max(waits)
    assert settings.tries_left() == 1
    assert settings.try_pin("1234") and settings.locked_for() == 0 and settings.tries_left() == 5


def test_changing_a_setting_keeps_the_pin_and_its_count():
    chosen = fresh()
    settings.set_pin(chosen, "1234")
    for _ in range(3):
        settings.try_pin("9999")
    settings.change(chosen, settings.LARGE)
    assert settings.tries_left() == 2 and settings.try_pin("1234")


def test_a_try_that_cannot_be_counted_is_not_let_in():
    chosen = fresh()
    settings.set_pin(chosen, "1234")
    try:
        os.mkdir("settings.new")
        assert not settings.try_pin("1234")
    finally:
        os.rmdir("settings.new")
    assert settings.try_pin("1234")


def test_forgotten():
    chosen = fresh()
    settings.set_pin(chosen, "1234")
    settings.forget()
    assert not settings.has_pin()
    settings.forget()
