"""The hours in which nobody is cut off: by the meter's count, or by its calendar."""

from answering import EPOCH, ESME, GPF, Home, string, u
from inkmeter import facts

PREPAYMENT, CALENDAR = 0x0705, 0x0707
DAY, HOUR = 86400, 3600
THURSDAY = 9854 * DAY  # 2026-12-24


def prepaid(now, counts=None, gas=False, node=ESME):
    session = Home(gas)
    session.now = now - EPOCH
    session.home.put(facts.PREPAID | (4 if node == GPF else 0), 2, session.now)
    session.radio.attributes[node, PREPAYMENT] = counts or {}
    return session


def calendar(session, node=ESME, reference=0, start=0):
    """Weekdays but from 10 to 16, weekends and Christmas Day all day."""
    head = u(7, 4) + u(1, 4) + u(9, 4)
    kinds = []

    def calendars(asked):
        kinds.append(asked[9])
        if asked[9] != 3:
            return 0x8B
        return [(0, head + u(start, 4) + bytes((3, reference)) + string(b"Friendly") + b"\x01\x01\x02")]

    days = {1: b"\x00\x00\x01" + b"\x58\x02\x00" + b"\xc0\x03\x01", 2: b"\x00\x00\x01"}
    commands = session.radio.commands
    commands[node, CALENDAR, 0] = calendars
    commands[node, CALENDAR, 3] = [(3, head + b"\x00\x01" + b"\xff\x01\x01\xff\x01")]
    commands[node, CALENDAR, 2] = [(2, head + b"\x01" + b"\x01\x01\x01\x01\x01\x02\x02")]
    commands[node, CALENDAR, 1] = lambda asked: [
        (1, head + asked[8:9] + bytes((len(days[asked[8]]) // 3, 0, 1, 3)) + days[asked[8]])
    ]
    commands[node, CALENDAR, 4] = lambda asked: (
        [(4, head + u(0, 4) + b"\x03\x01\x00\x01" + b"\xff\x0c\x19\xff\x02")] if asked[5] == 3 else 0x8B
    )
    return kinds


def test_the_meter_s_own_count_goes_first():
    now = THURSDAY + 9 * HOUR
    session = prepaid(now, {0x0034: (0x21, u(90, 2)), 0x0035: (0xE2, u(now + 5 * HOUR, 4))})
    assert calendar(session) == []
    assert session.job("friendly") == 900
    assert session.fact(facts.FRIENDLY_UNTIL) == now + 5400 and session.fact(facts.FRIENDLY_FROM) == now + 5 * HOUR
    session.radio.attributes[ESME, PREPAYMENT][0x0034] = (0x21, u(0, 2))
    session.job("friendly")
    assert session.fact(facts.FRIENDLY_UNTIL) == 0
    assert [one[1] for one in session.radio.asked] == [PREPAYMENT] * 2


def test_else_its_calendar():
    for hour, until, after, again in (
        (3, 10, 16, 6 * HOUR),
        (9, 10, 16, HOUR + 1),
        (10, 0, 16, 6 * HOUR),
        (15, 0, 16, HOUR + 1),
        # The evening, Christmas Day, the weekend: until Monday at ten.
        (16, 4 * 24 + 10, 4 * 24 + 16, 6 * HOUR),
        (48, 4 * 24 + 10, 4 * 24 + 16, 6 * HOUR),
    ):
        session = prepaid(THURSDAY + hour * HOUR)
        kinds = calendar(session)
        assert session.job("friendly") == again, hour
        found = session.fact(facts.FRIENDLY_UNTIL), session.fact(facts.FRIENDLY_FROM)
        assert found == (THURSDAY + until * HOUR if until else 0, THURSDAY + after * HOUR), hour
        assert kinds == [3]


def test_by_local_time_and_of_gas():
    june = 9677 * DAY  # 2026-06-30, a Tuesday
    session = prepaid(june + 8 * HOUR, None, True, GPF)
    calendar(session, GPF, 2)
    session.job("friendly", 1)
    assert session.fact(facts.FRIENDLY_UNTIL, 1) == june + 9 * HOUR
    assert session.fact(facts.FRIENDLY_UNTIL) is None


def test_who_has_none_and_who_needs_none():
    now = THURSDAY + 9 * HOUR
    session = prepaid(now)
    assert session.job("friendly") is None
    # A calendar that is still to come
    calendar(session, start=now + 5)
    assert session.job("friendly") is None and session.fact(facts.FRIENDLY_UNTIL) is None
    calendar(session)
    session.clock.known = False
    assert session.job("friendly") == 60
    asked = len(session.radio.asked)
    session.home.put(facts.PREPAID, 0, session.now)
    assert session.job("friendly") == 21600
    session = Home()
    assert session.job("friendly") is None and session.radio.asked == []
    assert asked > 0


def test_hours_without_an_end():
    now = THURSDAY + 9 * HOUR
    session = prepaid(now)
    calendar(session)
    session.radio.commands[ESME, CALENDAR, 2] = [(2, u(7, 4) + u(1, 4) + u(9, 4) + b"\x01" + b"\x02" * 7)]
    session.job("friendly")
    # As far as is looked ahead
    assert session.fact(facts.FRIENDLY_UNTIL) == THURSDAY + 8 * DAY and session.fact(facts.FRIENDLY_FROM) is None


def test_a_broken_calendar_changes_nothing():
    now = THURSDAY + 9 * HOUR
    for command, cut in ((0, 20), (1, 12), (2, 15)):
        session = prepaid(now)
        calendar(session)
        whole = session.radio.commands[ESME, CALENDAR, command]
        whole = whole(bytes((0,) * 8 + (1, 3)) + bytes(8)) if callable(whole) else whole
        session.radio.commands[ESME, CALENDAR, command] = [(command, whole[0][1][:cut])]
        try:
            session.job("friendly")
            raise AssertionError(command)
        except ValueError:
            pass
        assert session.fact(facts.FRIENDLY_UNTIL) is None
