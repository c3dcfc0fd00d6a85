"""The screens as data: pure functions of the View, in every size; and what they are told of the past."""

import os
import struct
import sys

from inkmeter import facts, people, screens, settings
from inkmeter import home as h
from inkmeter import view as View  # noqa: N812
from inkmeter.font import Font
from inkmeter.ledger import ESTIMATED, MISSING, PARTIAL
from inkmeter.outcomes import outcome
from inkmeter.screens import links, past
from inkmeter.screens.choice import choose
from inkmeter.screens.layout import Page
from inkmeter.screens.prose import wrap
from inkmeter.words import Words

SIZES = ((296, 128), (250, 122), (400, 300))
UTC = 831898200  # 11:50 British Summer Time
NOW, DAY, WEEK, PRICE, METERS, PREPAY, MESSAGES, EVENTS, STATUS, PAIR, ZERO, SETTINGS = range(12)

CODES = "P01 P02 P03 P04 P05 P06 P07 P08 P09 P10 P11 P12 P13 H01 H02 H03 H04 G01 G02 G03 T01 T02 W01 W02 U01 N01 N02"


class Double:
    """A stand-in with whatever attributes it is given."""

    def __init__(self, **attributes):
        for name in attributes:
            setattr(self, name, attributes[name])


def view_of(home, page=NOW, size=SIZES[0], **more):
    view = Double(
        home=home, ledger=None, clock=Double(now=lambda: UTC), width=size[0], height=size[1], page=page, cursor=0,
        money=0, mode=0, digits="", locked_for=0, zero=None, countdown=None, links=(), signal=None, past=None,
        radio=None,
        settings=Double(language=0, large=0, away=0, night=1, money=0, full_every=8, light=1),
    )  # fmt: skip
    for name in more:
        setattr(view, name, more[name])
    return view


def reading(watts=950, price=24500):
    home = h.Home()
    home.set_stage(h.READING)
    electricity = home.meter(h.ELECTRICITY)
    electricity.divisor, electricity.unit_of_measure, electricity.summation_formatting = 1000, 0, 0x2B
    electricity.current_summation_delivered.put(4631215, 100, UTC)
    electricity.current_summation_received.put(812589, 100, UTC)
    electricity.instantaneous_demand.put(watts, 100, UTC)
    gas = home.meter(h.GAS)
    gas.divisor, gas.unit_of_measure, gas.summation_formatting = 1000, 1, 0x2B
    gas.current_summation_delivered.put(2282363, 100, UTC - 1200)
    home.price(h.ELECTRICITY).rate.put(price, 100, UTC)
    home.price(h.ELECTRICITY).currency = 826
    return home


def marks(picture):
    """(kind, x, y, body) of each mark."""
    found = []
    at = 0
    while at < len(picture):
        size, kind, x, y = struct.unpack("<BBHH", bytes(picture[at : at + 6]))
        found.append((kind, x, y, bytes(picture[at + 6 : at + 6 + size])))
        at += 6 + size
    return found


def texts(picture):
    return [body.decode() for kind, _, _, body in marks(picture) if kind < 16]


def shown(home, now=100, page=NOW, size=SIZES[0], **more):
    return texts(screens.picture(view_of(home, page, size, **more), now))


def test_use():
    found = shown(reading())
    for text in ("\1 USING", "at 11:50", "0.95", "kW", "23.3p an hour", "24.50p/kWh"):
        assert text in found, text
    found = shown(reading(), page=METERS)
    for text in ("04631.215 kWh", "00812.589 kWh", "02282.363 m³ at 11:30"):
        assert text in found, text


def test_sending_out_has_no_minus_and_no_cost():
    found = shown(reading(-1890))
    assert "\2 SENDING OUT" in found and "1.89" in found
    assert not [text for text in found if "an hour" in text or "/kWh" in text or text.startswith("-1")]


def test_pounds_from_a_pound_on():
    assert "£1.23 an hour" in shown(reading(5000))
    assert "99.9p an hour" in shown(reading(4079))
    assert "£1.00 an hour" in shown(reading(4080))


def test_money_first_where_it_is_wanted():
    found = shown(reading(), money=1)
    assert "23.3" in found and "p an hour" in found and "0.95 kW" in " ".join(found)


def test_a_big_load_keeps_three_figures():
    for watts, text in ((9994, "9.99"), (9999, "10.0"), (23456, "23.5"), (100000, "100")):
        assert text in shown(reading(watts)), text


def test_unknown_is_said_to_be_unknown():
    found = shown(reading(None))
    assert "--" in found and "0.00" not in found
    home = h.Home()
    home.set_stage(h.READING)
    found = shown(home)
    assert "--" in found and "not heard yet" in found and "price not known" in found
    assert "not heard yet" in shown(home, page=METERS)


def test_what_is_stale_says_since_when():
    found = shown(reading(), now=100 + 181)
    assert "--" in found  # no power from three minutes ago
    assert "no news since 11:50" in found
    assert not [text for text in found if "p an hour" in text]
    assert "04631.215 kWh at 11:50" in shown(reading(), now=100 + 181, page=METERS)


def test_a_price_in_another_currency_is_not_shown_as_pence():
    home = reading()
    home.price(h.ELECTRICITY).currency = 978
    assert not [text for text in shown(home) if "/kWh" in text]


def test_the_ledger_s_day_is_under_the_figure():
    ledger = Double(today=lambda commodity: (5420, 0, 185000, 0) if commodity == h.ELECTRICITY else None)
    sys.modules["inkmeter.history"] = Double(halves=lambda commodity, day: None)
    found = shown(reading(), ledger=ledger)
    assert "£1.85, 5.42 kWh" in found and "-- as of 11:30" in found
    # Not all of it was seen.
    for flag in (PARTIAL, ESTIMATED):
        ledger = Double(today=lambda commodity, flag=flag: (5420, 0, 185000, flag))
        found = shown(reading(), ledger=ledger)
        assert "~£1.85, ~5.42 kWh" in found and "~£1.85 as of 11:30" in found
    # Before the meter's log has told of the morning nothing is said of the day.
    ledger = Double(today=lambda commodity: (10, 0, 53810, MISSING))
    found = shown(reading(), ledger=ledger)
    assert "--" in found and "-- as of 11:30" in found and not [text for text in found if "£" in text]


def test_what_is_hidden_tells_nothing():
    home = reading()
    settings = Double(language=0, large=0, away=1)
    for page in (NOW, DAY, WEEK, PRICE, METERS, PREPAY, MESSAGES, EVENTS, ZERO):
        view = view_of(home, page, settings=settings)
        assert choose(view) == "hidden"
        said = " ".join(texts(screens.picture(view, 100)))
        assert "kW" not in said and "p" not in said.split() and "04631" not in said
    assert choose(view_of(home, STATUS, settings=settings)) == "status"


def test_a_private_message_is_not_shown_before_the_pin_is_typed():
    home = reading()
    home.put(facts.MESSAGE, "You owe 5 pounds", 100)
    home.put(facts.MESSAGE_FLAGS, 0x180, 100)
    settings.forget()
    assert "You owe" in " ".join(shown(home, page=MESSAGES))
    settings.set_pin(View.Settings(), "1234")
    for mode, open_ in ((0, False), (1, False), (3, True)):
        for size in SIZES:
            view = view_of(home, MESSAGES, size, mode=mode)
            assert choose(view) == ("settings" if mode == 1 else "messages")
            said = " ".join(texts(screens.picture(view, 100)))
            assert ("You owe" in said) == open_ and ("say you have read it" in said) == open_
            if mode == 0:
                assert "A private message." in said
    home.put(facts.MESSAGE_FLAGS, 0x80, 100)
    assert "You owe" in " ".join(shown(home, page=MESSAGES))
    settings.forget()


def test_what_the_meters_noticed():
    try:
        os.mkdir("books")
    except OSError:
        pass
    held = struct.pack(">I", 0)
    for one in (
        (UTC - 600, 0x8F3F, 0, 7),
        (UTC - 86400, 0x81BF, 1, 14),
        (UTC - 40 * 86400, 0x816E, 0, 0),
        (0, 0x8145, 0, 1),
    ):
        held += struct.pack(">IHBB", *one)
    with open("books/noticed", "wb") as file:
        file.write(held)
    found = shown(reading(), page=EVENTS, size=SIZES[2])
    assert found[1:] == [
        "Meter was tampered with", "11:40", "Gas: Switched off", "Mon 11:50", "Event 816e", "Thu 2 Apr",
        "Clock was changed", "--",
    ], found  # fmt: skip
    os.remove("books/noticed")
    assert shown(reading(), page=EVENTS) == ["What happened"]


def test_welsh():
    settings = Double(language=1, large=0, away=0)
    found = shown(reading(), settings=settings)
    assert "\1 YN DEFNYDDIO" in found and "am 11:50" in found and "Heddiw" in found


def test_the_pairing_screen_has_every_group():
    home = h.Home()
    home.eui64 = bytes.fromhex("00DB1234567890A0")
    home.install_code = bytes.fromhex("83FED3407A939723A5C639B26916D505C3B5")
    home.set_stage(h.WAITING_SUPPLIER, "P02")
    for size in SIZES:
        joined = " ".join(shown(home, size=size))
        for group in "00DB 1234 5678 90A0 83FE D340 7A93 9723 A5C6 39B2 6916 D505 C3B5".split():
            assert group in joined
        assert "Device ID" in joined and "supplier" in joined and "Enter the code on their site" in joined


def test_a_meter_is_known_by_the_end_of_its_number():
    home = h.Home()
    home.set_stage(h.CONFIRMING, "P11", "21E0047731")
    for size in SIZES:
        assert "047731" in shown(home, size=size)


def test_a_trouble_says_who_and_when():
    home = h.Home()
    home.set_stage(h.READING, "H01")
    found = shown(home)
    for text in (
        "Lost the meter network",
        "Retrying",
        "Nobody: just wait",
        "By itself, every few minutes",
        "H01",
    ):
        assert text in found, text


def test_progress_counts_its_stages():
    home = h.Home()
    for stage in range(6):
        home.set_stage(stage)
        picture = screens.picture(view_of(home), 100)
        assert len([1 for mark in marks(picture) if mark[0] == 17]) == 6 - stage  # white inside: still to come


def test_which_screen_is_shown():
    home = h.Home()
    view = view_of(home)
    assert choose(view) == "progress"
    home.install_code = bytes(18)
    for code in ("P01", "P02", "P03", "P04"):
        home.set_stage(h.WAITING_SUPPLIER, code)
        assert choose(view) == "pairing"
    home.set_stage(h.KEY_EXCHANGE, "P06")
    assert choose(view) == "trouble"
    home.set_stage(h.CONFIRMING, "P11", "4711")
    assert choose(view) == "confirm"
    home.set_stage(h.READING)
    names = "now day week price meters prepay messages events status survey zero settings".split()
    for page, name in enumerate(names):
        view.page = page
        assert choose(view) == name
    home.set_stage(h.READING, "H01")
    assert choose(view) == "settings"  # which can be turned to in any trouble
    view.page = 0
    assert choose(view) == "trouble"
    view.countdown = 7
    assert choose(view) == "countdown"


def test_prepayment_below_zero_and_the_days_left():
    home = reading()
    for fact, value in ((facts.PREPAID, 2), (facts.CREDIT_REMAINING, -183000), (facts.DEBT, 8650000)):
        home.put(fact, value, 100)
    found = shown(home, page=PREPAY)
    assert "-£1.83" in found and "£86.50" in found
    home.put(facts.CREDIT_REMAINING, 1234000, 100)
    spent = [(0, 0, cost, 0) for cost in (200000, None, 300000)] + [None]
    sys.modules["inkmeter.history"] = Double(days=lambda commodity, last, count: spent)
    assert "about 4 days left" in " ".join(shown(home, page=PREPAY, size=SIZES[2], ledger=Double(today=None)))


def test_a_supply_that_is_off_says_what_to_do():
    home = reading(0)
    home.put(facts.SUPPLY_STATUS, 0, 100)
    found = shown(home)
    assert "Supply is off" in found and "Top up" not in found  # who pays by bill asks the supplier
    home.put(facts.PREPAID, 2, 100)
    home.put(facts.CREDIT_REMAINING, -5000, 100)
    home.put(facts.CREDIT_STATUS, 0x42, 100)
    for page in (NOW, PREPAY):
        found = shown(home, page=page)
        assert "Top up" in found and "Top up soon" not in found
        assert not [text for text in found if "an hour" in text or "/kWh" in text]
    home.put(facts.SUPPLY_STATUS, 1, 100)
    assert [text for text in shown(home) if text.startswith("Switch")]
    # Where something is used it has come back since.
    home.meter(h.ELECTRICITY).instantaneous_demand.put(950, 100, UTC)
    assert "Supply is off" not in shown(home) and "24.50p/kWh" in shown(home)
    home.put(facts.SUPPLY_STATUS, 2, 100)
    assert "Supply is off" not in shown(home, page=PREPAY)
    home.put(facts.SUPPLY_STATUS | facts.GAS_SIDE, 0, 100)
    assert "Supply off as of 11:30" in shown(home)


def test_that_there_is_no_gas_meter_is_said_when_the_others_have_been_found():
    home = h.Home()
    view = view_of(
        home, ledger=Double(held_back=0), radio=Double(heard=None, discarded=0), display=Double(full=0, partial=0),
        restarts={},
    )  # fmt: skip
    waiting, not_there = 2, 4
    assert links.links(view, 100)[3][:2] == (3, waiting)
    home.set_stage(h.READING)
    assert links.links(view, 100)[3][:2] == (3, not_there)


def test_the_settings_ask_for_a_pin_that_there_is():
    settings.forget()
    assert "Press OK and choose a PIN" in " ".join(shown(reading(), page=SETTINGS))
    settings.set_pin(View.Settings(), "1234")
    assert "Press OK and type your PIN" in " ".join(shown(reading(), page=SETTINGS))
    settings.forget()


def test_a_message_asks_to_be_confirmed_where_the_supplier_wants_it():
    home = reading()
    home.put(facts.MESSAGE, "Hello; all is well", 100)
    home.put(facts.MESSAGE_FLAGS, 0x80, 100)
    assert "Press OK to say you have read it" in shown(home, page=MESSAGES)
    home.put(facts.MESSAGE_FLAGS, 0x280, 100)
    assert "Press OK to say you have read it" not in shown(home, page=MESSAGES)
    home.put(facts.MESSAGE_FLAGS, 0, 100)
    found = shown(home, page=MESSAGES)
    assert "Hello, all is well" in found and not [text for text in found if "OK" in text]


def test_a_wrong_pin_s_wait_is_shown():
    found = shown(reading(), page=SETTINGS, mode=1, locked_for=45)
    assert "Too many wrong tries" in found and "Try again in 45 s" in found
    assert "\5" in shown(reading(), page=SETTINGS, mode=1, digits="1", cursor=3)


def test_the_past_as_bars():
    halves = [(100, 0, 10, 0), None, (0, 400, 0, 0)] + [None] * 45
    sys.modules["inkmeter.history"] = Double(halves=lambda commodity, day: halves)
    midnight = UTC // 86400 * 86400 - 3600
    view = view_of(reading(), DAY, ledger=Double(today=lambda commodity: None))
    view.clock = Double(now=lambda: midnight + 5400)
    used, sent, wh, wh_sent, cost, missing, own = past.fetch(view, "day", 100)
    assert list(used[:4]) == [62, 255, 0, 254] and list(sent[:3]) == [0, 254, 250]
    assert (wh, wh_sent, cost, missing) == (100, 400, 10, 1) and own == (None, None)
    whole = (90, 380, 53010, 0, 0, 53000)
    asked = []

    def own(first, back, commodity, today):
        assert commodity == h.ELECTRICITY and today == UTC // 86400
        asked.append((first, back))
        return 9012345, None, 53020

    sys.modules["inkmeter.history"] = Double(
        halves=lambda commodity, day: halves, day=lambda commodity, day: whole, own=own
    )
    view.cursor = 1
    view.home.meter(h.ELECTRICITY).divisor = 100000
    found = past.fetch(view, "day", 100)
    assert found[2:5] == (90, 380, 53010) and found[5] == 46 and found[0][3] == 255
    assert found[6] == (90123, 53020) and asked == [(0, 0)]
    view.cursor = 8
    past.fetch(view, "day", 100)
    view.cursor = 9
    assert past.fetch(view, "day", 100)[6] == (None, None) and asked[1:] == [(0, 7)]


def test_the_past_by_days():
    today = UTC // 86400
    kept = {}
    asked = []

    def days(commodity, last, count):
        asked.append((commodity, last, count))
        return [kept.get((commodity, last - count + 1 + i)) for i in range(count)]

    figures = {h.ELECTRICITY: [], h.GAS: []}
    sys.modules["inkmeter.history"] = Double(days=days, kept=lambda commodity: list(figures[commodity]))
    for back in range(1, 7):
        kept[h.ELECTRICITY, today - back] = (1000 * back, 0, 300 * back, 0)
        kept[h.GAS, today - back] = (2000, 180, 100, 0)
    now = {h.ELECTRICITY: (500, 0, 150, 0), h.GAS: (100, 9, 5, 0)}
    view = view_of(reading(), WEEK, ledger=Double(today=lambda commodity: now[commodity]))
    used, _, wh, sent, cost, missing, gas, last, month = past.fetch(view, "week", 100)
    assert asked == [(h.ELECTRICITY, today - 1, 6), (h.GAS, today - 1, 6)]
    assert list(used) == [250, 208, 166, 125, 83, 41, 20]
    assert (wh, sent, cost, missing, gas, last, month) == (21500, 0, 6450, 0, 605, today, 0)
    view.cursor = 1
    found = past.fetch(view, "week", 100)
    assert (found[5], found[8]) == (24, 1) and asked[-1] == (h.GAS, today - 1, 30)
    # What the meters keep comes after the two, of each that keeps something.
    view.cursor = 2
    assert past.fetch(view, "week", 100)[8] == 0
    figures[h.GAS] = [(True, 315, 245310, 8410000), (False, today - 9, None, 100)]
    periods = [(True, 315, 245310, 8410000), (False, today - 9, None, 100)]
    assert past.fetch(view, "week", 100) == (None, h.GAS, periods, 0)
    view.cursor = 5
    assert past.fetch(view, "week", 100) == (None, h.GAS, periods, 1)
    figures[h.ELECTRICITY] = [(True, 315, 1, None)]
    view.home.meter(h.ELECTRICITY).divisor = 100
    view.cursor = 2
    assert past.fetch(view, "week", 100) == (None, h.ELECTRICITY, [(True, 315, 10, None)], 0)
    view.cursor = 7
    assert past.fetch(view, "week", 100) == (None, h.GAS, periods, 1)
    view.home.meter(h.ELECTRICITY).divisor = 1000
    figures[h.ELECTRICITY] = figures[h.GAS] = ()
    # Gas that nobody could convert has no cost, and neither has the week.
    kept[h.GAS, today - 4] = (None, 180, None, 64)
    view.cursor = 0
    assert past.fetch(view, "week", 100)[6] is None
    # A day without a price has no cost, and neither has the week; of a home without gas nothing is asked.
    kept[h.ELECTRICITY, today - 3] = (3000, 0, None, 1)
    view.cursor = 0
    del view.home.meters[h.GAS]
    found = past.fetch(view, "week", 100)
    assert found[2] == 21500 and found[4] is None and found[6] is None and asked[-1][0] == h.ELECTRICITY
    # What a day has cost of late, for how long the credit lasts: of the days that have a cost.
    assert past.fetch(view, "prepay", 100) == 300 * (1 + 2 + 4 + 5 + 6) // 5
    assert asked[-1] == (h.ELECTRICITY, today - 1, 7)
    view.home.put(facts.PREPAID | facts.GAS_SIDE, 2, 100)
    past.fetch(view, "prepay", 100)
    assert asked[-1] == (h.GAS, today - 1, 7)
    view.home.put(facts.PREPAID, 2, 100)
    past.fetch(view, "prepay", 100)
    assert asked[-1][0] == h.ELECTRICITY


def test_which_pages_are_there_before_there_are_readings():
    home = reading()
    home.set_stage(h.JOINING)
    found = [screens.choose(view_of(home, page)) for page in range(11)]
    there = {NOW: "progress", STATUS: "status", PAIR: "survey", SETTINGS: "settings"}
    assert found == [there.get(page, "progress") for page in range(11)]


def test_the_signal_s_bars_have_room_whatever_it_is():
    for size in SIZES:
        for large in (0, 1):
            for language in (0, 1):
                for signal in ((0, -128), (144, -100)):
                    view = view_of(reading(), PAIR, size, radio=Double(signal=signal))
                    view.settings.large, view.settings.language = large, language
                    for kind, *_, body in marks(screens.picture(view, 100)):
                        if kind >= 16:
                            wide, high = struct.unpack("<HH", body[:4])
                            assert 0 < wide <= size[0] and 0 < high <= size[1], (size, large, language, signal)


def test_the_meter_s_own_figure_of_a_day_stands_beside_ours_or_alone():
    halves = [(100, 0, 2450, 0)] * 48
    kept = Double(halves=lambda commodity, day: halves, day=lambda commodity, day: None)
    sys.modules["inkmeter.history"] = kept
    ledger = Double(today=lambda commodity: (5420, 0, 185000, 0))
    home = reading()
    home.put(facts.COST_TODAY, 186700, 100)
    found = shown(home, page=DAY, ledger=ledger)
    assert "£1.87" in found and "£1.85, 5.42 kWh" in found
    # What was heard yesterday was yesterday's.
    clock = Double(now=lambda: UTC // 86400 * 86400 + 1800)
    for seconds, is_shown in ((1700, True), (1900, False)):
        found = shown(home, page=DAY, ledger=ledger, now=100 + seconds, clock=clock)
        assert ("£1.87" in found) == is_shown, seconds
    # And what was heard long ago is no longer so.
    assert "£1.87" not in shown(home, page=DAY, ledger=ledger, now=100 + 4000)
    halves = [None] * 48
    kept.own = lambda *words: (None, None, None)
    assert "Nothing kept yet" in shown(home, page=DAY, ledger=ledger, cursor=1)
    kept.own = lambda *words: (5431, None, None)
    found = shown(home, page=DAY, ledger=ledger, cursor=1)
    assert "5.43 kWh" in found and "Nothing kept yet" not in found


def test_what_was_counted_from_a_moment_is_void_with_the_books_it_was_counted_in():
    home = reading()
    ledger = Double(total=lambda commodity: (700, 0, 17150))
    for forgotten, zero, is_shown in (
        (None, UTC - 600, True), (UTC - 900, UTC - 600, True), (UTC - 300, UTC - 600, False), (UTC - 300, None, False)
    ):  # fmt: skip
        if forgotten:
            home.put(facts.FORGOTTEN_AT, forgotten, 100)
        found = shown(home, page=ZERO, ledger=ledger, zero=(500, 0, 12250, zero))
        assert ("£0.05" in found) == is_shown, forgotten


def test_the_month_s_cost_is_shown_where_all_of_it_is_known():
    ledger = Double(today=lambda commodity: (5420, 0, 185000, 0), earned=lambda commodity: None)
    for flags, month, is_shown in ((0, (98760, 0, 3104500), True), (32, (98760, 0, 3104500), True),
                                   (128, (98760, 0, 3104500), False), (1, (98760, 0, None), False)):  # fmt: skip
        so_far = month + (flags,)
        sys.modules["inkmeter.history"] = Double(
            halves=lambda commodity, day: [(100, 0, 2450, 0)] * 48, month=lambda *words, so_far=so_far: so_far
        )
        found = shown(reading(), page=NOW, size=SIZES[2], ledger=ledger)
        assert ("£31.05, 98.76 kWh" in found) == is_shown, flags


def test_a_message_stands_on_a_large_panel_s_first_page():
    home = reading()
    home.put(facts.MESSAGE, "Hello; all is well", 100)
    home.put(facts.MESSAGE_FLAGS, 0, 100)
    assert "Message: Hello, all is well" in shown(home, size=SIZES[2])
    assert not [text for text in shown(home) if "Hello" in text]
    home.put(facts.MESSAGE_FLAGS, 0x100, 100)
    assert not [text for text in shown(home, size=SIZES[2]) if "Hello" in text]


def test_what_sending_out_earns():
    home = reading(-2000)
    assert not [text for text in shown(home) if "p" in text and "kWh" in text and "Sent" not in text]
    home.put(facts.EXPORT_RATE, 15000, 100)
    found = shown(home, size=SIZES[2])
    assert "30.0p an hour" in found and "15.00p/kWh" in found


def test_a_week_of_which_days_are_missing_is_about_that_much():
    week = (b"\xff" * 6 + b"\xfa", b"\xfe" * 7, 90, 0, 53000)
    for missing, mark in ((0, ""), (6, "~")):
        told = week + (missing, 32000, UTC // 86400, 0)
        sys.modules["inkmeter.screens.past"] = Double(fetch=lambda view, name, now, told=told: told)
        found = shown(reading(), page=WEEK)
        assert mark + "0.09 kWh" in found and mark + "£0.53" in found and mark + "£0.32" in found
    sys.modules["inkmeter.screens.past"] = past


def test_what_is_sent_out_is_not_called_a_lot_of_use():
    for watts, dots in ((950, True), (-1890, False)):
        home = reading(watts)
        home.put(facts.AMBIENT, 1, 100)
        assert any("medium" in text for text in shown(home, size=SIZES[2])) is dots


def test_the_cheapest_hours():
    first = UTC - UTC % 1800

    def ahead(*steps):
        def over(commodity, start, end):
            # What the half-hour that has begun cost before is over.
            assert (commodity, start, end) == (h.ELECTRICITY, UTC, first + 48 * 1800)
            return list(steps)

        sys.modules["inkmeter.rates"] = Double(over=over)
        return past.fetch(view_of(reading(), PRICE, ledger=Double()), "price", 100)

    assert ahead((UTC, 24500)) is None  # one price all day: nothing to choose
    levels, marked, start, begins, ends, mean = ahead((UTC, 30000), (first + 7200, 10000), (first + 18000, 30000))
    assert (start, begins, ends, mean) == (first, 4, 10, 10000) and len(levels) == 48
    assert [i for i in range(48) if marked[i] == 253] == list(range(4, 10))
    prices = [(first + 1800 * i, 1000 * (20 + i * 7 % 11)) for i in range(48)]
    _, _, _, begins, ends, mean = ahead(*prices)
    assert ends - begins == 4
    cheapest = min(sum([price for _, price in prices[i : i + 4]]) for i in range(45))
    assert mean == cheapest // 4
    levels = ahead((UTC, 30000), (first + 7200, None))
    assert levels is None  # what is not known yet is not compared


def test_money_and_energy_in_people_s_figures():
    powers = {1294: "1.29", 1295: "1.30", 9994: "9.99", 9995: "10.0", 99949: "99.9", 99950: "100", -1299: "1.30"}
    assert {watts: people.kilowatts(watts) for watts in powers} == powers
    prices = {24505: "24.51p", 24504: "24.50p", -24505: "-24.51p", 99994: "99.99p", 99995: "£1.00", 123456: "£1.23"}
    assert {price: people.rate(price, 2) for price in prices} == prices
    assert people.rate(23275, 1) == "23.3p" and people.rate(-4, 1) == "0.0p"
    assert people.pounds(-499) == "£0.00" and people.pounds(-500) == "-£0.01"
    assert people.pounds(None) == people.energy(None) == people.kilowatts(None) == "--"
    assert people.pounds(-183499) == "-£1.83" and people.pounds(99500) == "£1.00"
    assert people.rate(99994, 2) == "99.99p" and people.rate(-150, 2) == "-0.15p"
    assert people.energy(5424) == "5.42 kWh" and people.energy(1234567) == "1235 kWh"


def test_every_outcome_has_words():
    for language in (0, 1):
        said = Words(language)
        unknown = outcome(said, "X99")
        for code in CODES.split():
            words = outcome(said, code)
            assert all([len(text) > 1 for text in words]) and words[0] != unknown[0], code
        said.close()


def test_wrapping():
    page = Page(view_of(h.Home()), 100)
    width = page.font(0).width
    assert wrap(page, "a bc def", 0, width("a bc")) == ["a bc", "def"]
    assert wrap(page, "immeasurable", 0, width("immeasur")) == ["immeasur", "able"]


def test_a_letter_that_a_font_lacks_is_a_question_mark():
    font = Font(0)
    assert font.width("\u4e2d") == font.width("?") and font.width("ŵ") == font.width("w")
    font.close()
