"""What a screen needs of the ledger's files, as levels of bars and sums: fetched before the screen is laid out.

Levels are 0 to 250 of the largest, 254 for still to come, 255 for unknown.
"""

from micropython import const

from inkmeter import home as h
from inkmeter.clock import local, summer_time
from inkmeter.facts import COST_TODAY, GAS_SIDE, PREPAID
from inkmeter.history import DAY, WEEK
from inkmeter.lazy import module
from inkmeter.units import scale

_FILLED = const(253)
_TO_COME = const(254)
_UNKNOWN = const(255)
_FULL = const(250)
_HALF_HOUR = const(1800)
_DAY = const(86400)
_AHEAD = const(48)  # half-hours
_WINDOW = const(4)
_LARGE = const(200)  # rows


def fetch(view, name, now):
    """For `now` and `day`: (levels used, levels sent, Wh, Wh sent, cost, half-hours missing), then for `now` on a large
    panel the month so far (Wh, sent, cost, flags), for `day` what the meter itself says of it (Wh, cost); for `week` by
    days, then the gas's cost, the last day's number and whether it is a month, or what the meter keeps: (None, whose,
    history.kept() in Wh, which part is seen); for `prepay` what a day has cost of late; for `price`
    (levels, marks, UTC of the first, its first and last cheapest half-hour, their mean price); for `pairing` the rows
    of the QR code, and both numbers in groups; for `settings` whether a PIN has been chosen. None: nothing known.
    """
    if name == "pairing":
        home = view.home
        with module("qr", "install_code") as qr:
            from inkmeter import install_code

            text = install_code.label(home.eui64, home.install_code)
            return qr.matrix(text), install_code.groups(home.eui64), install_code.groups(home.install_code)
    if name == "settings":
        with module("settings") as settings:
            return settings.has_pin()
    utc = view.clock.now()
    if view.ledger is None or utc is None:
        return None
    if name == "price":
        return _ahead(utc)
    today = local(utc) // _DAY
    with module("history", "records", "rates") as history:
        if name == "prepay":
            home = view.home
            gas = home.fact(PREPAID | GAS_SIDE, now) and (view.cursor & 1 or not home.fact(PREPAID, now))
            return _a_day(history.days(h.GAS if gas else h.ELECTRICITY, today - 1, 7))
        if name == "week":
            kind = view.cursor
            if kind > 1:
                sides = [side for side in (h.ELECTRICITY, h.GAS) if side in view.home.meters and history.kept(side)]
                part, kind = divmod(kind, 2 + len(sides))
                if kind > 1:
                    return None, sides[kind - 2], _kept(view, history, sides[kind - 2]), part
            count = 30 if kind else 6
            days = list(history.days(h.ELECTRICITY, today - 1, count)) + [view.ledger.today(h.ELECTRICITY)]
            gas = None
            if h.GAS in view.home.meters:
                gas = _sums(list(history.days(h.GAS, today - 1, count)) + [view.ledger.today(h.GAS)])[2]
            return _levels(days, len(days)) + (gas, today, kind)
        day = today - (view.cursor if name == "day" else 0)
        halves = history.halves(h.ELECTRICITY, day)
        if halves is None:
            return None
        passed = len(halves)
        if day == today:
            passed = (utc - _midnight(day)) // _HALF_HOUR
        found = _levels(list(halves), passed)
        if name == "now":
            return found + (view.height > _LARGE and history.month(view.ledger, h.ELECTRICITY),)
        found += (_own(view, history, today - day, now, utc),)
        whole = history.day(h.ELECTRICITY, day) if day != today else None
        # A day that is over has its daily charge in its cost.
        return found[:2] + whole[:3] + found[5:] if whole else found


def _own(view, history, back, now, utc):
    # Of the day so far, or of one of the eight days before: (Wh or None, cost or None). The meter's days are UTC's.
    today = local(utc) // _DAY
    if not back:
        cost = view.home.fact(COST_TODAY, now)
        if cost is not None and (utc - now + view.home.heard_at(COST_TODAY)) // _DAY != today:
            cost = None
        return None, cost
    wh = cost = None
    if back <= WEEK - DAY:
        meter = view.home.meter(h.ELECTRICITY)
        wh, _, cost = history.own(DAY, back - 1, h.ELECTRICITY, today)
        wh = None if wh is None else scale(wh, meter.multiplier, meter.divisor, 3)
    return wh, cost


def _kept(view, history, side):
    meter = view.home.meter(side)
    rows = history.kept(side)
    for i, (month, which, wh, cost) in enumerate(rows):
        rows[i] = month, which, wh if wh is None else scale(wh, meter.multiplier, meter.divisor, 3), cost
    return rows


def _midnight(day):
    # The UTC at which that local day begins.
    utc = day * _DAY
    return utc - 3600 if summer_time(utc - 3600) else utc


def _sums(entries):
    # (Wh, Wh sent, cost): each None where nothing is known, cost where any of it is not.
    wh = sent = cost = None
    priced = True
    for entry in entries:
        if entry is None:
            continue
        if entry[0] is not None:
            wh = (wh or 0) + entry[0]
            sent = (sent or 0) + (entry[1] or 0)
        if entry[2] is None:
            priced = False
        else:
            cost = (cost or 0) + entry[2]
    return wh, sent, cost if priced else None


def _levels(entries, passed):
    most = 1
    missing = 0
    for i, entry in enumerate(entries):
        if entry is None or entry[0] is None:
            missing += i < passed
        else:
            most = max(most, entry[0], entry[1] or 0)
    used = bytearray()
    downs = bytearray()
    for i, entry in enumerate(entries):
        if entry is None or entry[0] is None:
            used.append(_UNKNOWN if i < passed else _TO_COME)
            downs.append(_TO_COME)
        else:
            used.append(entry[0] * _FULL // most)
            downs.append((entry[1] or 0) * _FULL // most)
    return (used, downs) + _sums(entries) + (missing,)


def _a_day(days):
    known = [day[2] for day in days if day is not None and day[2] is not None]
    return sum(known) // len(known) if known else None


def _ahead(utc):
    first = utc - utc % _HALF_HOUR
    with module("rates") as rates:
        steps = rates.over(h.ELECTRICITY, utc, first + _AHEAD * _HALF_HOUR)
    prices = []
    at = 0
    for i in range(_AHEAD):
        while at + 1 < len(steps) and steps[at + 1][0] <= first + i * _HALF_HOUR:
            at += 1
        if not steps or steps[at][1] is None:
            break
        prices.append(steps[at][1])
    if len(prices) < 2 or min(prices) == max(prices):
        return None
    start, end = _cheapest(prices)
    most = max(max(prices), 1)
    levels = bytes([max(price, 0) * _FULL // most for price in prices])
    marks = bytes([_FILLED if start <= i < end else _TO_COME for i in range(len(prices))])
    return levels, marks, first, start, end, sum(prices[start:end]) // (end - start)


def _cheapest(prices):
    # The first run of the lowest price, or the two hours that are cheapest together where that run is shorter.
    start = end = prices.index(min(prices))
    while end < len(prices) and prices[end] == prices[start]:
        end += 1
    window = min(_WINDOW, len(prices))
    if end - start < window:
        start = 0
        for i in range(1, len(prices) - window + 1):
            if sum(prices[i : i + window]) < sum(prices[start : start + window]):
                start = i
        end = start + window
    return start, end
