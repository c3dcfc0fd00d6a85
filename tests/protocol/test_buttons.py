"""A hand's gestures, with time passed in."""

from inkmeter.buttons import (
    BACK,
    DIAGNOSE,
    HOME,
    MARK,
    NEXT,
    RESET,
    SELECT,
    ZERO_IT,
    Buttons,
)


def apart(later, earlier):
    return later - earlier


def play(count, *steps):
    """[(when, gesture)] of levels that change at times; each tick happens when it is asked for."""
    keys = Buttons(count, apart)
    found = []
    now = 0
    for at, levels in steps:
        while True:
            wait = keys.wait(now)
            if wait is None or now + wait > at:
                break
            now += wait
            gesture = keys.tick(now)
            if gesture:
                found.append((now, gesture))
        now = at
        if levels is not None:
            gesture = keys.feed(levels, now)
            if gesture:
                found.append((now, gesture))
    return found


def gestures(count, *steps):
    return [gesture for _, gesture in play(count, *steps) if gesture != MARK]


def test_a_short_press_of_each():
    for button in (NEXT, SELECT, BACK):
        assert play(3, (100, button), (180, 0)) == [(180, button)], button


def test_ok_held():
    assert gestures(3, (0, SELECT), (1999, 0)) == [SELECT]
    assert play(3, (0, SELECT), (2300, 0)) == [(2000, MARK), (2300, ZERO_IT)]
    # Five seconds need no letting go, which means nothing more then.
    assert play(3, (0, SELECT), (7000, 0)) == [(2000, MARK), (5000, DIAGNOSE)]


def test_back_held_leads_home():
    assert play(3, (0, BACK), (4000, 0)) == [(2000, HOME)]
    assert gestures(3, (0, BACK), (1999, 0)) == [BACK]


def test_next_has_no_long_press():
    assert gestures(3, (0, NEXT), (30000, 0)) == [NEXT]


def test_back_and_next_for_ten_seconds():
    found = play(3, (0, BACK), (300, BACK | NEXT), (12000, BACK), (12100, 0))
    assert found[-1] == (10300, RESET) and [gesture for _, gesture in found[:-1]] == [MARK] * 9
    assert gestures(3, (0, NEXT), (300, BACK | NEXT), (10200, BACK), (10300, 0)) == []


def test_a_chord_that_ends_is_no_press():
    assert gestures(3, (0, BACK), (200, BACK | NEXT), (900, NEXT), (1500, 0)) == []
    assert gestures(3, (0, NEXT | SELECT), (100, 0)) == []
    # and the next press is one again
    assert gestures(3, (0, BACK | NEXT), (900, 0), (2000, NEXT), (2100, 0)) == [NEXT]


def test_the_countdown():
    keys = Buttons(3, apart)
    keys.feed(BACK | NEXT, 0)
    assert keys.countdown() is None
    left = []
    for second in range(1, 11):
        assert keys.wait((second - 1) * 1000) == 1000
        gesture = keys.tick(second * 1000)
        left.append(keys.countdown())
    assert gesture == RESET and left == [9, 8, 7, 6, 5, 4, 3, 2, 1, None]


def test_one_button():
    for held, meant in ((699, NEXT), (700, SELECT), (2499, SELECT), (2500, BACK), (9999, BACK), (10001, None)):
        assert gestures(1, (0, 1), (held, 0)) == ([meant] if meant else []), held
    assert play(1, (0, 1), (25000, 0))[-1] == (20000, RESET)
    # It says when each begins, for the light to tell.
    assert [at for at, gesture in play(1, (0, 1), (9000, 0)) if gesture == MARK] == [700, 2500]


def test_one_button_counts_down_from_ten():
    keys = Buttons(1, apart)
    keys.feed(1, 0)
    left = []
    for at in (700, 2500, 10000, 11000, 19000):
        keys.tick(at)
        left.append(keys.countdown())
    assert left == [None, None, 10, 9, 8]


def test_nothing_is_waited_for_when_nothing_is_held():
    keys = Buttons(3, apart)
    assert keys.wait(0) is None and keys.tick(99999) == 0
    keys.feed(SELECT, 0)
    assert keys.wait(500) == 1500
    keys.feed(0, 600)
    assert keys.wait(600) is None
