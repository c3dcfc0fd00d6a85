"""Decides what is worth a refresh, and what the light says. Loaded for each look.

E-ink ages with each refresh, so meaning counts, not time: a turned page or a change of state at once; figures when
they moved by 50 W or a tenth, seldom by night, and more seldom once the day's share of a panel's life is used up; all
else each ten minutes, if it changes a pixel at all.
"""

from micropython import const

from inkmeter import facts, light
from inkmeter import home as h
from inkmeter.clock import local
from inkmeter.view import CLOSED, NOW, PAIR, SETTINGS, ZERO
from inkmeter.worn import EACH

_FIGURES_S = const(30)  # between two refreshes for figures alone
_FIGURES_SPARING_S = const(180)
_FIGURES_NIGHT_S = const(1800)
_AT_LEAST_S = const(600)
_WATTS = const(50)
_PARTIALS_MOST = const(15)
_LONG_SLEEP_S = const(43200)
_CLEAN_S = const(14400)  # 04:00
_PAGE_S = const(300)  # a page that nobody turns goes back to the first
_SETTINGS_S = const(120)
# A panel lives for a million refreshes: 200,000 a year, one each 158 s, and a day's worth of them saved up.
_BUDGET_S = const(158)
_BUDGET_MOST = const(546)


def shine(display, now):
    """Sets what the light plays. Returns whether that is something else than before."""
    view = display.view
    said = light.OFF if light.quiet(view) else light.state(view, now)
    if said == display.light:
        return False
    display.light = said
    display.pattern = light.pattern(said)
    return True


def due(display, now):
    """Whether the panel should be refreshed at uptime `now`: None for no, else whether it must be a full refresh.

    Display.meaning becomes what it is refreshed for.
    """
    view = display.view
    _turn_back(display, view, now)
    _earn(display, now)
    view.locked_for = max(0, view.locked_until - now)
    quiet = light.quiet(view)
    meaning = _meaning(view, now)
    if not _worth(display, meaning, quiet, now):
        return None
    full = _full(display, meaning, quiet, now)
    display.meaning = meaning
    return full


def drawn(display, full, now):
    """Counts a refresh; `full` is None for a look that changed no pixel. Returns whether it is time to write down how
    many there were.
    """
    display.drawn_at = now
    if full is None:
        return False
    display.budget = max(0, display.budget - 1)
    if full:
        display.full += 1
        display.full_at = now
        display.since_full = 0
        display.cleaned = _day(display.view)
    else:
        display.partial += 1
        display.since_full += 1
    return (display.full + display.partial) % EACH == 0


def _turn_back(display, view, now):
    home = view.home
    alone = now - view.touched
    # Something that has just gone wrong, or otherwise wrong, is to be seen.
    trouble = home.outcome and display.meaning and display.meaning[0] != (home.stage, home.outcome)
    if not trouble and (view.page in (NOW, PAIR, ZERO) or alone < (_SETTINGS_S if view.page == SETTINGS else _PAGE_S)):
        return
    view.page = NOW
    view.mode = CLOSED
    view.digits = ""
    view.cursor = 0


def _earn(display, now):
    earned = (now - display.earned) // _BUDGET_S
    display.earned += earned * _BUDGET_S
    display.budget = min(display.budget + earned, _BUDGET_MOST)


def _meaning(view, now):
    # (what may flash by night, what cannot wait for the morning, what can, power)
    home = view.home
    urgent = (
        view.page, view.mode, view.cursor, view.money, len(view.digits), view.countdown, view.zero,
        view.settings.language, view.settings.large, view.settings.away, -(-view.locked_for // 60), home.detail,
    )  # fmt: skip
    parts = []
    for commodity, meter in home.meters.items():
        register = meter.current_summation_delivered
        parts += (register.state(now), meter.instantaneous_demand.state(now))
        if commodity == h.GAS:
            parts.append(register.utc)
    for price in home.prices.values():
        parts += (price.rate.current(now), price.tier)
    # Facts whose change is a change of state, not of a figure.
    for fact in (facts.MESSAGE_ID, facts.SUPPLY_STATUS, facts.PREPAID, facts.CREDIT_STATUS, facts.BLOCK):
        parts.append(home.fact(fact, now))
    if view.page == PAIR and view.radio and view.radio.signal:
        # Somebody carries it round.
        parts.append(view.radio.signal[0] >> 4)
    # What an away display does not show is no reason to refresh it.
    meter = home.meters.get(h.ELECTRICITY)
    watts = meter.watts(now) if meter and not view.settings.away else None
    return (home.stage, home.outcome), urgent, tuple(parts), watts


def _worth(display, meaning, quiet, now):
    before = display.meaning
    if display.drawn_at is None or before is None or meaning[:2] != before[:2]:
        return True
    if quiet and display.since_full >= _PARTIALS_MOST:
        return False
    since = now - display.drawn_at
    if quiet:
        return since >= _FIGURES_NIGHT_S
    if meaning[2] != before[2] or since >= _AT_LEAST_S or _dirty(display, now):
        return True
    if since < (_FIGURES_S if display.budget else _FIGURES_SPARING_S):
        return False
    return display.view.page == ZERO or _moved(before[3], meaning[3])


def _moved(before, watts):
    if watts is None or before is None:
        return watts is not before
    change = abs(watts - before)
    return (watts < 0) != (before < 0) or change >= _WATTS or change * 10 >= abs(before) > 0


def _day(view):
    # The local day that began at the hour for cleaning; None while the time is unknown.
    utc = view.clock.now()
    return None if utc is None else (local(utc) - _CLEAN_S) // 86400


def _dirty(display, now):
    # Each day one full refresh, at 04:00, or when a quiet night is over; and one after a long rest.
    day = _day(display.view)
    if display.cleaned is None:
        display.cleaned = day
    return day != display.cleaned or now - display.drawn_at >= _LONG_SLEEP_S


def _full(display, meaning, quiet, now):
    view = display.view
    before = display.meaning
    if display.drawn_at is None or before is None or display.since_full >= _PARTIALS_MOST:
        return True
    # A change of the home's state may flash by night; a hand wants its answer at once, a countdown even more so.
    if meaning[0] != before[0]:
        return True
    if view.countdown is not None or quiet:
        return False
    if meaning[1][0] != before[1][0] and view.settings.full_pages:
        return True
    return display.since_full >= view.settings.full_every or _dirty(display, now)
