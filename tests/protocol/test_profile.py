"""The meter's own half-hours: how its logs are read, and which gaps of the ledger are asked for."""

from answering import EPOCH, ESME, GPF, Home, u

METERING = 0x0702
HALF = 1800


def samples(start, values, interval=HALF):
    body = u(0, 2) + u(start, 4) + b"\x00" + u(interval, 2) + u(len(values), 2)
    return body + b"".join([u(value, 3) for value in values])


def intervals(end, values, status=0, period=2):
    return u(end, 4) + bytes((status, period, len(values))) + b"".join([u(value, 3) for value in values])


def test_the_documents_own_examples():
    profile = Home().module("profile")
    data = bytes.fromhex("00003085fb300008070200f401002c0100")
    assert profile.sampled_data(data) == [(0x30FB8530, 500), (0x30FB8530 + HALF, 300)]
    got = bytes.fromhex("4093fb30000204640000650000660000670000")
    end = 0x30FB9340
    assert profile.profile(got) == [
        (end - 4 * HALF, 103),
        (end - 3 * HALF, 102),
        (end - 2 * HALF, 101),
        (end - HALF, 100),
    ]
    for decode, payload in ((profile.sampled_data, data), (profile.profile, got)):
        for length in range(len(payload)):
            try:
                decode(payload[:length])
            except profile.zcl.ZclError:
                continue
            raise AssertionError((decode, length))


def test_other_intervals_and_refusals_are_no_half_hours():
    profile = Home().module("profile")
    assert profile.sampled_data(samples(5, [1], 86400 & 0xFFFF)) == []
    for status, period in ((2, 2), (5, 2), (0, 1), (0, 0)):
        assert profile.profile(intervals(5, [1], status, period)) == []
    assert profile.sampled_data(samples(0, [0xFFFFFF, 0])) == [(0, None), (HALF, 0)]


class Filling:
    """A ledger's files: which half-hours it misses, what it is given."""

    def __init__(self, missing):
        self.missing = missing
        self.filled = {}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    def gaps(self, commodity, start, end):
        run = []
        for utc in range(start, end + HALF, HALF):
            if utc < end and utc in self.missing:
                run.append(utc)
            elif run:
                yield run[0], len(run)
                run = []

    def fill(self, ledger, commodity, utc, used, sent=None):
        count = 0
        for i, value in enumerate(used):
            if value is not None and utc + i * HALF in self.missing:
                self.missing.discard(utc + i * HALF)
                self.filled[utc + i * HALF] = (value, sent[i] if sent else None)
                count += 1
        return count


def fill(session, files, commodity=0, turns=200):
    told = session.rounds()
    answers = []
    for _ in range(turns):
        profile = session.module("profile")
        profile.module = lambda *names: files
        answers.append(session.timed(drive, profile.run(told, commodity)))
        if answers[-1] != 30:
            break
    return answers


def drive(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value


def log_of(session, node=ESME, kept=10_000):
    """A meter with a profile log: each half-hour's number of the day, in 1/1000; so many of them."""
    now = (EPOCH + session.now) // HALF * HALF

    def answer(asked):
        start, channel, count = int.from_bytes(asked[2:6], "little"), asked[6], asked[7] | asked[8] << 8
        start = max(-(-start // HALF) * HALF, now - kept * HALF)
        found = [(utc // HALF % 48) + 100 * channel for utc in range(start, min(start + count * HALF, now), HALF)]
        return [(7, samples(start, found))] if found else 0x8B

    session.radio.commands[node, METERING, 8] = answer
    return now


def a_minute_after(half_hour):
    """Seconds from a home's beginning until a minute after this half-hour has ended."""
    return half_hour + HALF + 60 - EPOCH - Home().now


def test_what_came_since_the_search_began_is_asked_for_before_last_year():
    session = Home()
    now = log_of(session)
    files = Filling({now - HALF * n for n in range(1, 400)})
    told = session.rounds()

    def look():
        profile = session.module("profile")
        profile.module = lambda *names: files
        return session.timed(drive, profile.run(told, 0))

    assert look() == 30 and now - HALF in files.filled
    session.now += HALF
    log_of(session)
    assert look() == 30 and now - 17 * HALF in files.filled  # nothing is missing there: on it goes
    session.now += HALF
    now = log_of(session)
    files.missing.add(now - HALF)
    assert look() == 30 and now - HALF in files.filled
    while look() == 30:
        pass
    assert not files.missing


def test_what_the_ledger_has_not_closed_yet_is_not_asked_for():
    session = Home()
    now = log_of(session)
    files = Filling({now - HALF, now - 2 * HALF})
    # The last reading is older than the end of the last half-hour.
    session.ledger.books[0][0] = now - 10
    assert fill(session, files)[-1] == a_minute_after(now)
    assert files.missing == {now - HALF}
    session.ledger.books[0][0] = 0
    assert fill(session, files) == [60]


def test_gaps_are_filled_from_the_newest_on():
    session = Home()
    now = log_of(session)
    missing = {now - HALF * n for n in (1, 2, 3, 40, 41)}
    files = Filling(set(missing))
    answers = fill(session, files)
    assert answers[-1] == a_minute_after(now) and set(answers[:-1]) == {30}
    assert files.missing == set()
    assert files.filled == {utc: (utc // HALF % 48, utc // HALF % 48 + 100) for utc in missing}
    asked = [one[3] for one in session.radio.asked if one[2] != "read"]
    assert asked[0] == b"\x00\x00" + u(now - 3 * HALF, 4) + b"\x00\x03\x00"
    assert len(asked) == 4


def test_a_long_gap_is_filled_in_parts_and_ends_with_the_log():
    session = Home()
    now = log_of(session, kept=40)
    files = Filling({now - HALF * n for n in range(1, 500)})
    answers = fill(session, files)
    assert answers[-1] == a_minute_after(now)
    assert sorted(files.filled) == [now - HALF * n for n in range(40, 0, -1)]
    assert len([one for one in session.radio.asked if one[2] != "read"]) < 40


def test_a_meter_with_profiles_alone_and_one_with_nothing():
    session = Home(gas=True)
    now = (EPOCH + session.now) // HALF * HALF
    files = Filling({now - HALF, now - 2 * HALF})
    session.radio.commands[GPF, METERING, 0] = lambda asked: [
        (0, intervals(int.from_bytes(asked[1:5], "little"), [7, 8]))
    ]
    session.home.meter(1).divisor = 100
    assert fill(session, files, 1)[-1] == a_minute_after(now)
    assert files.filled == {now - HALF: (70, None), now - 2 * HALF: (80, None)}
    session = Home()
    assert fill(session, Filling({now - HALF})) == [None]
    session.ledger = None
    assert fill(session, Filling({now - HALF})) == [60]
