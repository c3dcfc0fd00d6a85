"""What the light says, and how."""

from inkmeter import facts, light
from inkmeter import home as h
from inkmeter.clock import Clock
from inkmeter.view import View

ALL = (light.OFF, light.LOW, light.MEDIUM, light.HIGH, light.SENDING, light.ATTENTION)


class Noon(Clock):
    """Such a time of day, by UTC, on a day in January."""

    def __init__(self, hour=12):
        Clock.__init__(self)
        self.hour = hour

    def now(self):
        return 824000000 // 86400 * 86400 + self.hour * 3600


def a_view(watts, clock=None):
    home = h.Home()
    home.set_stage(h.READING)
    meter = home.meter(h.ELECTRICITY)
    meter.divisor = 1000
    if watts is not None:
        meter.instantaneous_demand.put(watts, 100, 0)
    return View(home, clock or Noon(), 296, 128)


def said(watts, clock=None):
    return light.state(a_view(watts, clock), 100)


def changes(state):
    """[(ms, brightness)] over one round of the pattern."""
    pattern = light.pattern(state)
    at, found = 0, []
    for i in range(0, len(pattern), 2):
        found.append((at, pattern[i]))
        at += pattern[i + 1] * 32
    return found, at


def test_every_pattern_is_its_own_without_colour():
    for one in ALL:
        for other in ALL:
            assert one == other or light.pattern(one) != light.pattern(other)


def test_steady_low_and_dark():
    assert light.pattern(light.LOW)[1] == 0 and light.pattern(light.LOW)[0] > 0
    assert light.pattern(light.OFF) == b"\x00\x00"


def test_blinks_are_as_many_as_they_should_be():
    for state, blinks in ((light.HIGH, 2), (light.SENDING, 1), (light.ATTENTION, 3)):
        found, period = changes(state)
        assert len([1 for _, level in found if level]) == blinks, state
        assert 2000 < period < 6000


def test_sending_is_long_and_attention_short():
    found, _ = changes(light.SENDING)
    assert found[1][0] >= 2000
    found, _ = changes(light.ATTENTION)
    assert found[1][0] <= 150


def test_breathing_is_slow_and_has_no_jump():
    found, period = changes(light.MEDIUM)
    assert 3000 <= period <= 6000
    levels = [level for _, level in found]
    assert max(levels) == 255 and min(levels) < 20
    assert max([abs(a - b) for a, b in zip(levels, levels[1:] + levels[:1])]) <= 16


def test_the_household_s_own_limits():
    for watts, state in ((0, light.LOW), (1999, light.LOW), (2000, light.MEDIUM), (3999, light.MEDIUM),
                         (4000, light.HIGH), (-1, light.SENDING), (None, light.OFF)):  # fmt: skip
        assert said(watts) == state, watts


def test_the_meter_s_own_word_comes_first():
    view = a_view(100)
    for ambient, state in ((0, light.LOW), (1, light.MEDIUM), (2, light.HIGH), (255, light.LOW), (None, light.LOW)):
        view.home.put(facts.AMBIENT, ambient, 100)
        assert light.state(view, 100) == state, ambient


def test_the_meter_s_limits_come_before_the_household_s():
    view = a_view(900)
    view.home.put(facts.LOW_MEDIUM_W, 500, 100)
    view.home.put(facts.MEDIUM_HIGH_W, 800, 100)
    assert light.state(view, 100) == light.HIGH


def test_what_asks_for_a_look():
    for fact, value in ((facts.MESSAGE, "Hello"), (facts.SUPPLY_STATUS, 0)):
        view = a_view(100)
        view.home.put(fact, value, 100)
        assert light.state(view, 100) == light.ATTENTION
    view = a_view(100)
    view.home.set_stage(h.READING, "H01")
    assert light.state(view, 100) == light.ATTENTION


def test_low_credit():
    view = a_view(100)
    for fact, value in ((facts.PREPAID, 2), (facts.LOW_CREDIT, 200000), (facts.CREDIT_REMAINING, 200000)):
        view.home.put(fact, value, 100)
    assert light.state(view, 100) == light.LOW
    view.home.put(facts.CREDIT_REMAINING, 199999, 100)
    assert light.state(view, 100) == light.ATTENTION
    view.home.put(facts.PREPAID, 0, 100)
    assert light.state(view, 100) == light.LOW


def test_dark_when_off_or_away_or_old():
    view = a_view(5000)
    assert light.state(view, 100 + 61) == light.OFF
    view.settings.away = 1
    assert light.state(view, 100) == light.OFF
    view.settings.away = 0
    view.settings.light = 0
    view.home.set_stage(h.READING, "H01")
    assert light.state(view, 100) == light.OFF


def test_the_night():
    quiet = [hour for hour in range(24) if light.quiet(a_view(0, Noon(hour)))]
    assert quiet == [0, 1, 2, 3, 4, 5, 6, 22, 23]
    view = a_view(0, Noon(23))
    view.settings.night = 0
    assert not light.quiet(view)
    view.settings.night = 1
    view.settings.night_from, view.settings.night_until = 1, 5
    assert not light.quiet(view)
    view.clock.hour = 4
    assert light.quiet(view)
    view.settings.night_until = 1
    assert not light.quiet(view)
    assert not light.quiet(View(h.Home(), Clock(), 296, 128))  # nobody knows what time it is
