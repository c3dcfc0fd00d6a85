"""Runs on MicroPython, with the firmware as built: draws every page of every kind of home, and every trouble.

    micropython on_device.py <root of the built device> <folder for the pictures> <codes of outcomes, with commas>
        [<words that a name must hold> ...]

Writes one file, `pictures.bin`: per picture two lines of text (its name; width, height, octets of marks, of rows),
the marks, and the rows as the panel gets them. The Views are made here; all that draws is the firmware's. What a page
reads of the device's files is written where this runs, for the length of the picture.
"""

import gc
import os
import struct
import sys

sys.path.insert(0, sys.argv[1])

from inkmeter import facts, screens
from inkmeter import home as h
from inkmeter.canvas import Canvas

UTC = 831906120  # 12 May 2026, 14:02 British Summer Time
NOW = 100000
SIZES = (("2.13", 250, 122), ("2.9", 296, 128), ("4.2", 400, 300))
GAS = facts.GAS_SIDE
(PAGE_NOW, DAY, WEEK, PRICE, METERS, PREPAY, MESSAGES, EVENTS, STATUS, PAIR, ZERO, SETTINGS) = range(12)

# A household's half-hours in Wh: night, breakfast, sun at noon, dinner
_USE = (
    180, 160, 150, 150, 140, 150, 140, 150, 150, 160, 170, 210, 380, 620, 710, 540, 410, 330, 280, 260, 240, 250,
    310, 420, 390, 300, 270, 250, 0, 290, 330, 410, 560, 820, 1210, 1480, 1260, 900, 710, 640, 600, 560, 520, 430,
    350, 290, 240, 200,
)  # fmt: skip
_SUN = (0,) * 15 + (60, 190, 380, 540, 690, 810, 880, 930, 900, 850, 790, 700, 600, 480, 330, 170, 50) + (0,) * 16


class Ledger:
    """What the screens ask of the firmware's ledger."""

    held_back = 0

    def __init__(self):
        self.sums = {h.ELECTRICITY: (5420, 0, 132000 + 53000, 0), h.GAS: (7400, 660, 52300, 0)}
        self.totals = (812345, 0, 20123456)

    def today(self, commodity):
        return self.sums.get(commodity)

    def total(self, commodity):
        return self.totals

    def earned(self, commodity):
        return self.sums[commodity][1] * 15


class History:
    """Stands in for `inkmeter.history`, which reads files that are not here."""

    DAY, WEEK = 0, 8

    def __init__(self, view):
        self.view = view

    def halves(self, commodity, day):
        kind = self.view.kind
        if kind == "nothing":
            return None
        if kind == "metered":
            return [None] * 48
        last = 28 if day == 9628 else 48
        use, sun = _USE, _SUN if kind in ("export", "extreme") else (0,) * 48
        scale = 20 if kind == "extreme" else 1
        found = []
        for i in range(48):
            if i >= last or (kind == "gaps" and 9 <= i < 13):
                found.append(None)
            else:
                net = use[i] - sun[i]
                found.append((max(net, 0) * scale, max(-net, 0) * scale, max(net, 0) * 245 // 10, 0))
        return found

    def day(self, commodity, day):
        if self.view.kind == "metered":
            return None
        wh, sent, cost = [sum(half[i] for half in self.halves(commodity, day) if half) for i in range(3)]
        return wh, sent, cost + 53000, 0, 0, 53000

    def month(self, ledger, commodity):
        flags = 128 if self.view.kind in ("gaps", "nothing") else 0
        wh, sent, cost = (40000000, 9000000, 999999900) if self.view.kind == "extreme" else (98760, 41200, 3104500)
        return wh, sent, cost, flags

    def own(self, first, back, commodity=0, today=None):
        return (5431, None, 186700) if self.view.kind == "metered" else (None, None, None)

    def kept(self, commodity):
        this = UTC // 86400
        months = [(True, 315 - i, 245310 + i * 7919, 8410000 - i * 61900) for i in range(13)]
        if commodity:
            months[2] = months[2][:3] + (None,)
        weeks = [(False, this - (this - 2) % 7 - 7 - 7 * i, 61200 - i * 919, 2012300) for i in range(5)]
        if self.view.kind == "extreme":
            months = [row[:2] + (99999999, 999999900) for row in months]
        return months + weeks if self.view.kind in ("metered", "extreme") else []

    def days(self, commodity, last, count):
        kind = self.view.kind
        if kind == "nothing":
            return [None] * count
        found = []
        for i in range(count):
            at = last - count + 1 + i
            wh = 6200 + at * 7919 % 7800
            sent = at * 6151 % 9000 if kind in ("export", "extreme") and not commodity else 0
            if kind == "extreme":
                wh, sent = wh * 40, sent * 40
            found.append(None if kind == "gaps" and i % 5 == 3 else (wh, sent, wh * 245 // 10 + 53000, 0))
        return found


class Rates:
    """Stands in for `inkmeter.rates`."""

    def __init__(self, view):
        self.view = view

    def over(self, commodity, start, end):
        kind = self.view.kind
        if kind == "tou":
            return [(start, 31200), (start - start % 86400 + 82800, 9100), (start - start % 86400 + 104400, 31200)]
        if kind in ("export", "extreme"):
            first = start - start % 1800
            return [(max(t, start), 14000 + (t // 1800) * 7919 % 21000) for t in range(first, end, 1800)]
        return [(start, 24500)]


class Worn:
    """Stands in for `inkmeter.worn`."""

    EACH = 64

    def __init__(self, view):
        self.view = view

    def total(self):
        return 200 * self.view.radio.full // 64 * 64


class Settings:
    def __init__(self):
        self.language = self.large = self.money = self.away = 0
        self.night = self.light = self.full_pages = 1
        self.night_from, self.night_until, self.full_every, self.medium, self.high = 22, 7, 8, 20, 40


class Clock:
    def __init__(self, utc):
        self.utc = utc

    def now(self):
        return self.utc


class Radio:
    """What the status page asks of the radio and of the panel, and the survey."""

    def __init__(self):
        self.discarded = self.full = self.partial = 0
        self.heard = NOW - 2
        self.signal = None


class View:
    def __init__(self, kind="credit"):
        self.kind = kind
        self.home = h.Home()
        self.home.set_stage(h.READING)
        self.home.eui64 = bytes.fromhex("00DB1234567890A0")
        self.home.install_code = bytes.fromhex("83FED3407A939723A5C639B26916D505C3B5")
        self.ledger = Ledger()
        self.clock = Clock(UTC)
        self.settings = Settings()
        self.page = PAGE_NOW
        self.mode = self.cursor = self.money = self.locked_for = self.locked_until = 0
        self.digits = ""
        self.tries = 5
        self.zero = self.countdown = self.signal = None
        self.radio = self.display = Radio()
        self.restarts = {}
        self.links = ()
        self.files = {}


def electricity(view, watts=950, register=4631215, price=24500, received=None):
    meter = view.home.meter(h.ELECTRICITY)
    meter.divisor, meter.unit_of_measure, meter.summation_formatting, meter.serial = 1000, 0, 0x2B, "21E0047731"
    meter.instantaneous_demand.put(watts, NOW - 4, UTC - 4)
    meter.current_summation_delivered.put(register, NOW - 4, UTC - 4)
    meter.current_summation_received.put(received, NOW - 4, UTC - 4)
    if price is not None:
        view.home.price(h.ELECTRICITY).rate.put(price, NOW - 60, UTC - 60)
        view.home.price(h.ELECTRICITY).currency = 826
        put(view, facts.STANDING_CHARGE, 53000)
    put(view, facts.AMBIENT, 0)
    return meter


def gas(view, register=2282363):
    meter = view.home.meter(h.GAS)
    meter.divisor, meter.unit_of_measure, meter.summation_formatting, meter.serial = 1000, 1, 0x2B, "G4A0112233"
    if register is not None:
        meter.current_summation_delivered.put(register, NOW - 900, UTC - 1920)
    price = view.home.price(h.GAS)
    price.rate.put(6240, NOW - 60, UTC - 60)
    price.currency = 826
    return meter


def put(view, fact, value):
    view.home.put(fact, value, NOW - 10)


def credit(watts=950):
    view = View("credit")
    electricity(view, watts)
    gas(view)
    return view


def tou():
    view = View("tou")
    electricity(view, 2340, price=31200)
    put(view, facts.AMBIENT, 1)
    put(view, facts.RATE_UNTIL, UTC - 120 + 36000)
    put(view, facts.NEXT_RATE, 9100)
    put(view, facts.NEXT_RATE_AT, UTC - 120 + 36000)
    for i, raw in enumerate((3012447, 1618768)):
        put(view, facts.TIER_REGISTER + 8 * i, raw)
    return view


def export(watts=-1890):
    view = View("export")
    electricity(view, watts, price=22100, received=812589)
    gas(view)
    view.ledger.sums[h.ELECTRICITY] = (3110, 6890, 121700, 0)
    view.ledger.totals = (812345, 91000, 20123456)
    put(view, facts.EXPORT_RATE, 15000)
    put(view, facts.RATE_UNTIL, UTC - 120 + 1800)
    put(view, facts.NEXT_RATE, 20875)
    put(view, facts.NEXT_RATE_AT, UTC - 120 + 1800)
    return view


def prepaid():
    view = View("prepaid")
    electricity(view, 430)
    for fact, value in (
        (facts.PREPAID, 2), (facts.CREDIT_REMAINING, 1234000), (facts.EMERGENCY_CREDIT, 1000000),
        (facts.DEBT, 8650000), (facts.DEBT_RATE, 350000), (facts.LAST_TOP_UP, 2000000),
        (facts.LAST_TOP_UP_AT, UTC - 3 * 86400), (facts.LOW_CREDIT, 200000),
    ):  # fmt: skip
        put(view, fact, value)
    return view


def prepaid_often():
    view = prepaid()
    put(view, facts.FRIENDLY_UNTIL, UTC + 72000)
    for n, (amount, days) in enumerate(((2000000, 3), (1500000, 10), (500000, 17), (1000000, 24))):
        put(view, facts.TOP_UP + 8 * n, amount)
        put(view, facts.TOP_UP_AT + 8 * n, UTC - days * 86400)
    return view


def prepaid_low():
    view = prepaid()
    put(view, facts.CREDIT_REMAINING, -183000)
    put(view, facts.FRIENDLY_UNTIL, UTC + 61200)
    return view


def prepaid_off(status=0):
    view = prepaid_low()
    electricity(view, 0)
    put(view, facts.SUPPLY_STATUS, status)
    return view


def prepaid_extreme():
    view = prepaid()
    gas(view)
    for side in (0, GAS):
        for fact, value in (
            (facts.PREPAID, 2), (facts.CREDIT_REMAINING, -99999900), (facts.EMERGENCY_CREDIT, 99999900),
            (facts.DEBT, 999999900), (facts.DEBT_RATE, 99999900), (facts.LAST_TOP_UP, 99999900),
            (facts.LAST_TOP_UP_AT, UTC - 30 * 86400), (facts.FRIENDLY_UNTIL, UTC + 2 * 86400),
            (facts.TOP_UP + 8, 99999900), (facts.TOP_UP_AT + 8, UTC - 50 * 86400), (facts.TOP_UP + 16, 99999900),
            (facts.TOP_UP_AT + 16, UTC - 60 * 86400),
        ):  # fmt: skip
            put(view, fact | side, value)
    return view


def gas_later():
    view = View("credit")
    electricity(view, 1420)
    gas(view, None)
    view.ledger.sums.pop(h.GAS)
    put(view, facts.AMBIENT, 1)
    return view


def no_price():
    view = View("credit")
    electricity(view, 950, price=None)
    view.ledger.sums[h.ELECTRICITY] = (5420, 0, None, 1)
    return view


def stale():
    view = View("gaps")
    electricity(view)
    gas(view)
    home = view.home
    for value in (home.meter(h.ELECTRICITY).instantaneous_demand,
                  home.meter(h.ELECTRICITY).current_summation_delivered):  # fmt: skip
        value.put(value.value, NOW - 1920, UTC - 1920)
    home.meter(h.GAS).current_summation_delivered.put(2282363, NOW - 90000, UTC - 90000)
    home.price(h.ELECTRICITY).rate.put(24500, NOW - 7300, UTC - 7300)
    home.put(facts.CREDIT_REMAINING, 1234000, NOW - 7300)
    home.put(facts.PREPAID, 2, NOW - 7300)
    home.put(facts.AMBIENT, 1, NOW - 1920)
    view.ledger.sums = {}
    return view


def never():
    view = View("nothing")
    view.ledger = None
    view.clock.utc = None
    return view


def extreme():
    view = View("extreme")
    electricity(view, 99990, 99999999, 99990, 99999999)
    gas(view, 99999999)
    view.ledger.sums = {h.ELECTRICITY: (999990, 999990, 99999900, 0), h.GAS: (999990, 99999, 99999900, 0)}
    view.ledger.totals = (999999999, 999999999, 1073741823)
    put(view, facts.AMBIENT, 2)
    for i in range(8):
        put(view, facts.TIER_REGISTER + 8 * i, 99999999)
    view.home.meter(h.GAS).current_summation_delivered.utc = UTC - 300000
    view.home.price(h.ELECTRICITY).rate.put(999900, NOW - 60, UTC - 60)
    for fact, value in (
        (facts.COST_WEEK, 999999900), (facts.COST_MONTH, 999999900), (facts.STANDING_CHARGE, 999900),
        (facts.RATE_UNTIL, UTC + 3 * 86400), (facts.NEXT_RATE, 999900), (facts.NEXT_RATE_AT, UTC + 3 * 86400),
        (facts.EXPORT_RATE, 999900),
    ):  # fmt: skip
        put(view, fact, value)
    return view


HOMES = (
    ("credit", credit), ("tou", tou), ("export", export), ("prepaid", prepaid), ("gas-later", gas_later),
    ("no-price", no_price), ("stale", stale), ("never", never), ("extreme", extreme),
)  # fmt: skip
MESSAGE = (
    "Your meter will be upgraded on Thursday 14 May between 9am and 1pm. Your power may go off for up to 30 minutes."
)
LONG = (MESSAGE + " " + MESSAGE)[:231]


def on(page, view, cursor=0):
    view.page = page
    view.cursor = cursor
    return view


def message(flags, text=MESSAGE):
    view = on(MESSAGES, credit())
    put(view, facts.MESSAGE, text)
    put(view, facts.MESSAGE_FLAGS, flags)
    return view


def private(mode, cursor=0, digits=""):
    view = message(0x18C)
    view.mode, view.cursor, view.digits = mode, cursor, digits
    view.files["settings.bin"] = bytes((1,)) + bytes(52) + b"x"  # as if a PIN had been chosen
    return view


def noticed(*events):
    """(seconds ago or None, number, commodity, kind) of each."""
    view = on(EVENTS, credit())
    held = bytes(4)
    for ago, number, commodity, kind in events:
        held += struct.pack(">IHBB", 0 if ago is None else UTC - ago, number, commodity, kind)
    view.files["books/noticed"] = held
    return view


_DAY_S = 86400
_SOME = ((7320, 0x8F36, 0, 4), (7980, 0x8F57, 0, 3), (2 * _DAY_S, 0x81BF, 1, 14))
_MANY = (
    (500, 0x816E, 0, 0), (900, 0x8F43, 0, 18), (4000, 0x8F74, 0, 5), (_DAY_S, 0x810D, 1, 8),
    (2 * _DAY_S, 0x810E, 0, 13), (9 * _DAY_S, 0x8145, 1, 1), (30 * _DAY_S, 0x8F1F, 1, 19), (None, 0x8145, 0, 1),
)  # fmt: skip


def each_kind(first):
    return noticed(*[(5 * _DAY_S + 3600 * i, 0x8000 + i, i & 1, first + i) for i in range(7)])


def links(extreme=False):
    view = on(STATUS, credit())
    if extreme:
        view.home.set_stage(h.READING)
        view.clock.utc = None
        view.radio.heard = NOW - 300000
        view.home.meter(h.ELECTRICITY).current_summation_delivered.put(4631215, NOW - 300000, UTC - 300000)
        view.home.price(h.ELECTRICITY).rate.put(None, NOW - 300000, UTC - 300000)
    return view


def metered(kind, back):
    # The meter kept what the display, which is new, did not see.
    view = on(DAY, credit(), back)
    view.kind = kind
    put(view, facts.COST_TODAY, 186700)
    return view


def kept(cursor):
    # What was before the display came.
    view = on(WEEK, credit(), cursor)
    view.kind = "metered"
    return view


def told():
    view = message(0x88)
    return on(PAGE_NOW, view)


def counted(held_back, discarded, full, partial, restarts):
    view = on(STATUS, credit(), 1)
    view.ledger.held_back, view.radio.discarded = held_back, discarded
    view.radio.full, view.radio.partial = full, partial
    view.restarts = {"panel": restarts}
    return view


def survey(quality, strength):
    view = on(PAIR, credit())
    view.radio.signal = quality and (quality, strength)
    return view


def settings(mode, cursor=0, digits="", locked=0):
    view = on(SETTINGS, credit(), cursor)
    view.mode, view.digits, view.locked_for = mode, digits, locked
    return view


def zero(view, since=None):
    view.zero = since
    return on(ZERO, view)


def away(page):
    view = on(page, credit())
    view.settings.away = 1
    return view


def stage(number, outcome=None, detail=""):
    view = credit() if number == h.READING else View()
    view.home.set_stage(number, outcome, detail)
    return view


def counting():
    view = credit()
    view.countdown = 7
    return view


def money():
    view = credit()
    view.money = 1
    return view


def cases():
    """(name, a function that makes the View)."""
    yield "now-money", money
    yield "now-nothing-used", lambda: credit(0)
    yield "now-sending-most", lambda: export(-23999)
    for name, make in HOMES:
        for number, page in ((PAGE_NOW, "now"), (DAY, "day"), (WEEK, "week"), (PRICE, "price"), (METERS, "meters")):
            yield page + "-" + name, lambda: on(number, make())
    yield "now-message", told
    yield "day-own", lambda: metered("credit", 0)
    yield "day-before-own", lambda: metered("metered", 1)
    yield "kept", lambda: kept(2)
    yield "kept-gas", lambda: kept(3)
    yield "kept-more", lambda: kept(6)
    yield "kept-extreme", lambda: on(WEEK, extreme(), 2)
    for name, make in (("export", export), ("extreme", extreme)):
        yield "month-" + name, lambda: on(WEEK, make(), 1)
        yield "day-before-" + name, lambda: on(DAY, make(), 1)
        yield "meters-more-" + name, lambda: on(METERS, make(), 1)
    for name, make in (
        ("credit", prepaid), ("often", prepaid_often), ("low", prepaid_low), ("stale", stale), ("by-bill", credit),
        ("extreme", prepaid_extreme),
    ):  # fmt: skip
        yield "prepay-" + name, lambda: on(PREPAY, make())
    yield "prepay-off", lambda: on(PREPAY, prepaid_off())
    yield "prepay-armed", lambda: on(PREPAY, prepaid_off(1))
    yield "now-off", prepaid_off
    yield "now-armed", lambda: prepaid_off(1)
    yield "prepay-extreme-more", lambda: on(PREPAY, prepaid_extreme(), 2)
    yield "prepay-extreme-gas", lambda: on(PREPAY, prepaid_extreme(), 1)
    yield "message-plain", lambda: message(0)
    yield "message-confirm", lambda: message(0x88)
    yield "message-urgent", lambda: message(0x8C, LONG)
    yield "message-none", lambda: on(MESSAGES, credit())
    yield "message-private", lambda: private(0)
    yield "message-private-pin", lambda: private(1, 7, "12")
    yield "message-private-open", lambda: private(3)
    yield "events", lambda: noticed(*_SOME)
    yield "events-one", lambda: noticed(_SOME[0])
    yield "events-many", lambda: noticed(*_MANY)
    yield "events-more", lambda: on(EVENTS, noticed(*_MANY), 1)
    for first in (1, 8, 14):
        yield "events-kinds-%d" % first, lambda: each_kind(first)
    yield "status", links
    yield "status-extreme", lambda: links(True)
    yield "status-counts", lambda: counted(3, 12, 431, 5210, 0)
    yield "status-counts-most", lambda: counted(99999, 999999, 99999, 999999, 9999)
    for quality, strength in ((None, 0), (20, -96), (60, -88), (110, -75), (144, -100), (180, -60), (255, -41)):
        yield "survey-%s" % quality, lambda: survey(quality, strength)
    yield "zero-start", lambda: zero(credit())
    yield "zero", lambda: zero(export(), (810000, 90120, 20066000, UTC - 5400))
    yield "zero-extreme", lambda: zero(extreme(), (0, 0, 0, UTC - 30 * 86400))
    yield "zero-no-price", lambda: zero(no_price(), (810000, 0, None, UTC - 5400))
    yield "settings", lambda: settings(0)
    yield "settings-pin", lambda: settings(1, 7, "12")
    yield "settings-pin-new", lambda: settings(2, 0, "")
    yield "settings-locked", lambda: settings(1, 0, "", 45)
    yield "settings-locked-long", lambda: settings(1, 0, "", 14400)
    for row in (0, 5, 11, 13):
        yield "settings-list-%d" % row, lambda: settings(3, row)
    yield "settings-clear", lambda: settings(4)
    yield "away", lambda: away(PAGE_NOW)
    yield "away-meters", lambda: away(METERS)
    yield "countdown", counting
    for number in range(7):
        yield "stage-%d" % number, lambda: stage(number)
    yield "stage-never", lambda: stage(0)
    for code in sys.argv[3].split(","):
        number = h.READING if code[0] in "HGTWUN" else h.START if code == "P05" else h.WAITING_SUPPLIER
        detail = "21E0047731" if code == "P11" else "EZSP 16" if code == "N02" else ""
        yield "trouble-" + code, lambda: stage(number, code, detail)


def draw(view, width, height, out, name):
    view.width, view.height = width, height
    sys.modules["inkmeter.history"] = History(view)
    sys.modules["inkmeter.rates"] = Rates(view)
    sys.modules["inkmeter.worn"] = Worn(view)
    for path, held in view.files.items():
        with open(path, "wb") as file:
            file.write(held)
    marks = screens.picture(view, NOW)
    for path in view.files:
        os.remove(path)
    rows = b"".join(bytes(band) for band in Canvas(width, height).bands(marks))
    out.write("%s\n%d %d %d %d\n" % (name, width, height, len(marks), len(rows)))
    out.write(marks)
    out.write(rows)


def main():
    wanted = sys.argv[4:]
    try:
        os.mkdir("books")
    except OSError:
        pass
    with open(sys.argv[2] + "/pictures.bin", "wb") as out:
        for case, make in cases():
            for size, width, height in SIZES:
                for language in (0, 1):
                    for large in (0, 1):
                        name = "%s_%s_%s_%s" % (case, size, ("en", "cy")[language], ("normal", "large")[large])
                        if not all([word in name for word in wanted]):
                            continue
                        view = make()
                        view.settings.language, view.settings.large = language, large
                        try:
                            draw(view, width, height, out, name)
                        except Exception as error:
                            print("cannot draw", name)
                            raise error
                        gc.collect()


main()
