"""Reading round after round: how often what is asked, and what silence leads to."""

from inkmeter import home, rounds
from inkmeter.radio import NoReply, NotTrusted
from inkmeter.session import LinkLost, Server


class Enough(Exception):
    pass


class Price:
    def __init__(self, rate, end):
        self.rate, self.end = rate, end
        self.currency, self.tier, self.label = 826, 1, ""


class FakeSession:
    """A home whose time is moved by waiting alone, for `seconds`; stands in for the module that asks, too."""

    def __init__(self, seconds, price=None, meter_silent=False, hub_silent=False, gas=False):
        self.now = 1000
        self.until = self.now + seconds
        self.radio = None
        self.home = home.Home()
        self.clock = Utc(self)
        self.servers = {home.ELECTRICITY: Server(0x3A51, bytes(8), 1, None if price is None else 1)}
        if gas:
            self.servers[home.GAS] = Server(0, b"", 2)
        self.published = price
        self.meter_silent = meter_silent
        self.hub_silent = hub_silent
        self.polled = {home.ELECTRICITY: [], home.GAS: []}
        self.priced = []
        self.clocked = []
        self.doubtful = None
        self.look_after = 300

    async def wait(self, seconds):
        self.now += seconds
        if self.now > self.until:
            raise Enough

    async def check_network(self):
        pass

    async def poll(self, radio, server, meter, clock):
        self.polled[meter.commodity].append(self.now)
        if self.meter_silent and meter.commodity == home.ELECTRICITY:
            raise NoReply(0x0702, "nobody answers")

    async def read_price(self, radio, server):
        self.priced.append(self.now)
        return self.published

    async def set_clock(self, session):
        self.clocked.append(self.now)
        if self.hub_silent:
            raise NoReply(0x000A, "nobody answers")


class Utc:
    def __init__(self, session):
        self.session = session

    def now(self):
        return 800000000 + self.session.now


def run(session):
    """What the rounds end with, None where they end by themselves: a server is to be looked for."""
    kept = rounds.metering, rounds.uptime
    rounds.metering, rounds.uptime = session, lambda: session.now
    try:
        rounds.run(session).send(None)
    except StopIteration:
        return None
    except (Enough, LinkLost, NotTrusted) as end:
        return type(end)
    finally:
        rounds.metering, rounds.uptime = kept


def gaps(times):
    return [times[i + 1] - times[i] for i in range(len(times) - 1)]


def test_how_often_the_meters_are_read_and_the_clock_is_set():
    session = FakeSession(22000, gas=True)
    session.servers[home.ELECTRICITY].period = 30
    assert run(session) is Enough
    assert set(gaps(session.polled[home.ELECTRICITY])) == {30}
    assert set(gaps(session.polled[home.GAS])) == {300}
    assert session.clocked == [1000 + 21600]


def test_gas_that_is_missing_is_looked_for_and_less_and_less_often():
    session = FakeSession(10000)
    for due in (300, 600, 1200):
        began = session.now
        assert run(session) is None and session.doubtful == home.GAS and session.now - began == due
        session.doubtful = None
    session.look_after = 80000
    run(session)
    assert session.look_after == 86400


def test_a_silent_meter_is_asked_less_and_less_often_and_then_looked_for():
    session = FakeSession(1000, meter_silent=True, gas=True)
    assert run(session) is None
    assert gaps(session.polled[home.ELECTRICITY]) == [10, 20, 30, 40, 50]
    assert session.clocked == [1030, 1150]  # the hub, at each third failure
    assert session.doubtful == home.ELECTRICITY


def test_a_hub_that_answers_nothing_secured_has_another_key():
    session = FakeSession(1000, meter_silent=True, gas=True)
    session.servers[home.ELECTRICITY].node_id = 0
    assert run(session) is NotTrusted and session.doubtful is None


def test_a_hub_that_is_silent_too_is_a_lost_link():
    session = FakeSession(600, meter_silent=True, hub_silent=True, gas=True)
    assert run(session) is LinkLost
    assert session.now == 1030


def test_a_price_is_asked_for_again_when_it_ends_and_holds_no_longer():
    session = FakeSession(4000, price=Price(24500, 800000000 + 1000 + 600), gas=True)
    assert run(session) is Enough
    assert session.priced[1] == 1600
    session = FakeSession(4000, price=Price(24500, None), gas=True)
    assert run(session) is Enough
    assert gaps(session.priced) == [1800, 1800]
    session = FakeSession(100, price=Price(24500, 800000000 + 1000 + 600), gas=True)
    run(session)
    rate = session.home.price(home.ELECTRICITY).rate
    assert rate.current(1600) == 24500 and rate.current(1601) is None


def test_a_price_that_is_over_is_unknown_and_not_asked_for_all_the_time():
    for price in (Price(24500, 800000000 + 900), None):
        session = FakeSession(1000, price=price or Price(0, None), gas=True)
        session.published = price
        assert run(session) is Enough
        assert gaps(session.priced)[:3] == [120, 120, 120]
        assert session.home.price(home.ELECTRICITY).rate.value is None
    session = FakeSession(100, price=Price(24500, 800000000 + 1005), gas=True)
    assert run(session) is Enough
    assert len(session.priced) == 1


def test_a_price_that_is_not_known_is_not_nought():
    session = FakeSession(100, price=Price(None, None), gas=True)
    assert run(session) is Enough
    rate = session.home.price(home.ELECTRICITY).rate
    assert rate.value is None and rate.state(1000) == home.LIVE
