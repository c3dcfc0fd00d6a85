"""The way back onto a lost network: what is tried in which order, and how long between two rounds."""

from inkmeter import recovery
from inkmeter.home import Home
from inkmeter.session import Removed

ALL_CHANNELS = 0x07FFF800
LADDER = [(1, 0), (1, ALL_CHANNELS), (0, 0), (0, ALL_CHANNELS)]


class Events:
    def __init__(self, session, code):
        self.session = session
        self.code = code

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    async def get(self, wait_ms):
        # As the session's callback() has it.
        self.session.network_up = self.code in (0x15, 0x0C10)
        return ("stackStatusHandler", [self.code])


class FakeSession:
    """Out of reach until the rejoin of that number; `pauses` are the seconds between two rounds."""

    def __init__(self, back_at=1000, removed_at=1000, up=0x15):
        self.ncp = self
        self.up = up
        self.home = Home()
        self.network_up = False
        self.back_at = back_at
        self.removed_at = removed_at
        self.rejoins = []
        self.pauses = [0]

    def expect(self, name):
        return Events(self, self.up if len(self.rejoins) + 1 == self.back_at else 0x0C06)

    async def do(self, name, *values):
        self.rejoins.append(values)
        assert len(self.rejoins) < 200
        if len(self.rejoins) % 4 == 1 and len(self.rejoins) > 1:
            self.pauses.append(0)

    async def belongs(self):
        return len(self.rejoins) < self.removed_at

    async def pause(self, seconds):
        self.pauses[-1] += seconds
        assert self.pauses[-1] < 10000
        return False


def climb(session):
    try:
        recovery.run(session).send(None)
    except StopIteration:
        return session


def test_secured_before_by_the_trust_centre_and_here_before_elsewhere():
    assert climb(FakeSession(back_at=4)).rejoins == LADDER
    assert climb(FakeSession(back_at=2)).rejoins == LADDER[:2]


def test_a_trust_centre_with_another_name_is_a_network_too():
    assert climb(FakeSession(back_at=2, up=0x0C10)).rejoins == LADDER[:2]


def test_the_rounds_are_further_and_further_apart():
    session = climb(FakeSession(back_at=29))
    assert session.rejoins == LADDER * 7 + LADDER[:1]
    assert session.pauses[:-1] == [60, 120, 240, 480, 900, 900, 900]


def test_a_device_that_was_removed_stops_trying():
    try:
        climb(FakeSession(removed_at=8))
    except Removed:
        return
    raise AssertionError("nothing was raised")
