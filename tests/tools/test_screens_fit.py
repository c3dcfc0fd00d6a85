"""No text of a screen is cut or lies on another, whatever it says, on either panel: measured with the font files."""

import itertools

import pytest
from inkmeter import home as h
from inkmeter import screens
from inkmeter.outcomes import _WORDS
from inkmeter.screens import confirm, pairing, progress, readings, trouble
from inkmeter.view import View

from host_tools import ROOT, screen_reader

SIZES = ((296, 128), (250, 122))
CODES = [line.split("|")[0] for line in _WORDS.strip().splitlines()]


def boxes(marks):
    """(left, top, right, bottom, what) of each text's rows with ink, and of the QR code with its quiet zone."""
    for mark in marks:
        if isinstance(mark[0], str):
            font, x, y, text, align = mark
            wide = screen_reader.width(text, font)
            left = x - {"<": 0, "^": wide // 2, ">": wide}[align]
            ink = 0
            for character in text:
                for column in screen_reader.load(font)[character].columns:
                    ink |= column
            yield left, y + (ink & -ink).bit_length() - 1, left + wide, y + ink.bit_length(), text
        elif len(mark) == 4:
            x, y, scale, rows = mark
            yield x - 12, y, x + scale * len(rows) + 12, y + scale * len(rows), "QR"


def assert_neat(marks, size):
    found = list(boxes(marks))
    assert found
    for left, top, right, bottom, what in found:
        assert left >= 0 and top >= 0 and right <= size[0] and bottom <= size[1], (what, left, top, right, bottom)
    for one, other in itertools.combinations(found, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)


def reading(watts, whole, price=None):
    home = h.Home()
    home.set_stage(h.READING)
    electricity = home.meter(h.ELECTRICITY)
    electricity.divisor, electricity.unit_of_measure, electricity.summation_formatting = 1000, 0, 0x2B
    electricity.current_summation_delivered.put(whole, 100, 831898200)
    electricity.current_summation_received.put(whole, 100, 831898200)
    electricity.instantaneous_demand.put(watts, 100, 831898200)
    gas = home.meter(h.GAS)
    gas.divisor, gas.unit_of_measure, gas.summation_formatting = 1000, 1, 0x2B
    gas.current_summation_delivered.put(whole, 100, 831897000)
    if price is not None:
        home.price(h.ELECTRICITY).rate.put(price, 100, 831898200)
        home.price(h.ELECTRICITY).currency = 826
    return home


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("detail", ["", "59 min", "EZSP 16"])
def test_a_trouble_s_words_fit(size, code, detail):
    home = h.Home()
    home.eui64, home.install_code = bytes([0xDD] * 8), bytes([0xDD] * 18)
    home.meter(h.ELECTRICITY).instantaneous_demand.put(5, 100, 831898200)
    home.set_stage(h.KEY_EXCHANGE, code, detail)
    screen = {"pairing": pairing, "confirm": confirm}.get(screens.choose(View(home, None, *size)), trouble)
    assert_neat(screen.picture(View(home, None, *size), 100), size)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("stage", range(7))
def test_every_stage_fits(size, stage):
    home = h.Home()
    home.set_stage(stage)
    assert_neat(progress.picture(View(home, None, *size), 0), size)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("watts", [None, 0, 23_000, 99_990, -23_000])
@pytest.mark.parametrize("whole", [0, 99_999_999])
@pytest.mark.parametrize("price", [None, 0, 24_500, 99_990])
@pytest.mark.parametrize("late", [0, 3600])
def test_readings_fit_at_either_extreme(size, watts, whole, price, late):
    assert_neat(readings.picture(View(reading(watts, whole, price), None, *size), 100 + late), size)


def test_the_document_of_troubles_has_the_panel_s_words():
    document = (ROOT / "docs/troubles.md").read_text()
    for row in _WORDS.strip().splitlines():
        assert "| " + row.replace("|", " | ") + " |" in document, row
