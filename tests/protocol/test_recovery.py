"""The way back onto a lost network: what is tried in which order, and how long between two rounds."""

from inkmeter import recovery
from inkmeter.home import Home
from inkmeter.session import LinkLost, Removed

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
        self.joined = True
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


class Household(FakeSession):
    """Presses OK at these seconds after the loss; `shown` are the outcomes, and when each came."""

    def __init__(self, *presses):
        super().__init__(back_at=450)
        self.presses = list(presses)
        self.clock = 0
        self.left_at = None
        self.joined = True
        self.shown = []

    async def do(self, name, *values):
        if name == "leaveNetwork":
            self.left_at = self.clock
        else:
            self.rejoins.append(values)

    async def pause(self, seconds):
        if not self.shown or self.shown[-1][1] != self.home.outcome:
            self.shown.append((self.clock, self.home.outcome))
        self.clock += seconds
        if self.presses and self.presses[0] < self.clock:
            return bool(self.presses.pop(0) + 1)
        return False

    def lose(self):
        uptime = recovery.uptime
        recovery.uptime = lambda: self.clock
        try:
            climb(self)
        except LinkLost:
            pass
        finally:
            recovery.uptime = uptime
        return self


def test_presses_within_an_hour_never_leave_a_network():
    session = Household(*range(10, 3500, 70)).lose()
    assert session.left_at is None and session.joined
    assert [one for at, one in session.shown if at < 86400] == ["H01"]


def test_after_an_hour_the_first_press_asks_and_the_second_leaves():
    session = Household(4000, 4020).lose()
    assert session.left_at == 4025 and not session.joined
    session = Household(4000).lose()
    assert session.left_at is None
    assert [one for at, one in session.shown if at < 86400] == ["H01", "H04", "H01"]
    # The question is forgotten with the next round.
    assert Household(4000, 8000).lose().left_at is None


def test_after_a_day_it_asks_by_itself_and_one_press_leaves():
    session = Household(90000).lose()
    assert session.left_at == 90005
    assert [one for _, one in session.shown] == ["H01", "H04"]
