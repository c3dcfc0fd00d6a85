"""The screens as data: pure functions of the Home, on both sizes of panel."""

from inkmeter import home as h
from inkmeter import screens
from inkmeter.outcomes import words, wrap
from inkmeter.screens import confirm, countdown, pairing, progress, readings, trouble
from inkmeter.view import View

SIZES = ((296, 128), (250, 122))


def reading(watts=950, price=24500):
    home = h.Home()
    home.set_stage(h.READING)
    electricity = home.meter(h.ELECTRICITY)
    electricity.divisor, electricity.unit_of_measure, electricity.summation_formatting = 1000, 0, 0x2B
    electricity.current_summation_delivered.put(4631215, 100, 831898200)
    electricity.current_summation_received.put(812589, 100, 831898200)
    electricity.instantaneous_demand.put(watts, 100, 831898200)
    gas = home.meter(h.GAS)
    gas.divisor, gas.unit_of_measure, gas.summation_formatting = 1000, 1, 0x2B
    gas.current_summation_delivered.put(2282363, 100, 831897000)
    home.price(h.ELECTRICITY).rate.put(price, 100, 831898200)
    home.price(h.ELECTRICITY).currency = 826
    return home


def view(home, size=SIZES[0]):
    return View(home, None, *size)


def texts(marks):
    return [mark[3] for mark in marks if isinstance(mark[0], str)]


def shown(home, now=100, size=SIZES[0]):
    return texts(readings.picture(view(home, size), now))


def test_use():
    found = shown(reading())
    for text in ("USING", "at 11:50", "0.95", "kW", "23.2p an hour", "24.50p/kWh"):
        assert text in found, text
    for text in ("04631.215 kWh", "00812.589 kWh", "02282.363 m3 at 11:30"):
        assert text in found, text


def test_sending_out_has_no_minus_and_no_cost():
    found = shown(reading(-1890))
    assert "SENDING OUT" in found and "1.89" in found
    assert not [text for text in found if "an hour" in text or "/kWh" in text or text.startswith("-1")]


def test_pounds_from_a_pound_on():
    assert "£1.22 an hour" in shown(reading(5000))
    assert "99.9p an hour" in shown(reading(4080))


def test_a_big_load_keeps_three_figures():
    for watts, text in ((9999, "9.99"), (10000, "10.0"), (23456, "23.4"), (100000, "100")):
        assert text in shown(reading(watts)), text


def test_unknown_is_said_to_be_unknown():
    found = shown(reading(None))
    assert "--" in found and "0.00" not in found
    home = h.Home()
    home.set_stage(h.READING)
    assert shown(home).count("--") == 2


def test_what_is_stale_says_when_it_was_read():
    found = shown(reading(), now=100 + 181)
    assert "--" in found  # no power from three minutes ago
    assert "04631.215 kWh at 11:50" in found
    assert not [text for text in found if "p an hour" in text]


def test_a_price_in_another_currency_is_not_shown_as_pence():
    home = reading()
    home.price(h.ELECTRICITY).currency = 978
    assert not [text for text in shown(home) if "/kWh" in text]


def test_the_pairing_screen_has_every_group():
    home = h.Home()
    home.eui64 = bytes.fromhex("00DB1234567890A0")
    home.install_code = bytes.fromhex("83FED3407A939723A5C639B26916D505C3B5")
    home.set_stage(h.WAITING_SUPPLIER, "P02")
    for size in SIZES:
        joined = " ".join(texts(pairing.picture(view(home, size), 0)))
        for group in "00DB 1234 5678 90A0 83FE D340 7A93 9723 A5C6 39B2 6916 D505 C3B5".split():
            assert group in joined
        assert "Device ID" in joined and "supplier" in joined and "Enter the code on their site" in joined


def test_a_meter_is_known_by_the_end_of_its_number():
    home = h.Home()
    home.set_stage(h.CONFIRMING, "P11", "21E0047731")
    for size in SIZES:
        assert "047731" in texts(confirm.picture(view(home, size), 0))


def test_everything_is_inside_the_picture():
    home = reading()
    home.eui64, home.install_code = bytes(8), bytes(18)
    home.set_stage(h.WAITING_SUPPLIER, "P03", "21E0047731")
    for size in SIZES:
        for screen in (confirm, pairing, progress, readings, trouble):
            for mark in screen.picture(view(home, size), 100):
                x, y = mark[1:3] if isinstance(mark[0], str) else mark[:2]
                assert 0 <= x <= size[0] and 0 <= y < size[1] - 5, (screen.__name__, mark)


def test_progress_counts_its_stages():
    home = h.Home()
    for stage in range(7):
        home.set_stage(stage)
        marks = progress.picture(view(home), 0)
        filled = [mark for mark in marks if not isinstance(mark[0], str) and mark[4] == 1]
        assert len(filled) == 6 - stage


def test_which_screen_is_shown():
    home = h.Home()
    assert screens.choose(view(home)) == "progress"
    home.install_code = bytes(18)
    for code in ("P01", "P02", "P03", "P04"):
        home.set_stage(h.WAITING_SUPPLIER, code)
        assert screens.choose(view(home)) == "pairing"
    home.set_stage(h.KEY_EXCHANGE, "P06")
    assert screens.choose(view(home)) == "trouble"
    home.set_stage(h.CONFIRMING, "P11", "4711")
    assert screens.choose(view(home)) == "confirm"
    home.set_stage(h.READING)
    assert screens.choose(view(home)) == "readings"
    home.set_stage(h.READING, "H01", "3 min")
    assert screens.choose(view(home)) == "trouble"


def test_a_held_chord_counts_down():
    held = view(reading())
    held.countdown = 7
    assert screens.choose(held) == "countdown"
    assert "7" in texts(countdown.picture(held, 0))


def test_an_away_display_hides_what_is_used():
    away = view(reading())
    away.settings.away = 1
    assert not [text for text in texts(readings.picture(away, 100)) if "0.95" in text or text.endswith(" kWh")]


def test_every_outcome_has_words():
    for code in ("P01", "P02", "P03", "P04", "P05", "P06", "P07", "P08", "P11", "P12", "H01", "H02", "H04", "N01", "N02"):
        happened, todo = words(code)
        assert len(happened) > 5 and len(todo) > 5 and happened != words("X99")[0], code
    assert words("X99")[0] == "Something went wrong"


def test_wrapping():
    assert wrap("a bc def", 4) == ["a bc", "def"]
    assert wrap("immeasurable", 4) == ["immeasurable"]
