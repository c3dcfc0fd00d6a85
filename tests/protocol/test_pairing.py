"""Which hubs are heard, what the NCP is told before it knocks, and whom a refusal is blamed on."""

from inkmeter import pairing
from inkmeter.ncp import Refused


def drive(coroutine):
    """Runs a coroutine that never really waits."""
    try:
        while True:
            coroutine.send(None)
    except StopIteration as done:
        return done.value


def heard(number, lqi, stack_profile=2, opened=1):
    return (
        "networkFoundHandler",
        [11 + number, 0x1000 + number, bytes((number,)) * 8, opened, stack_profile, 0, lqi, -60],
    )


class Events:
    def __init__(self, events):
        self.events = list(events)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    async def get(self, wait_ms):
        return self.events.pop(0) if self.events else None


class FakeNcp:
    def __init__(self, *events, makes_key=True):
        self.events = events
        self.makes_key = makes_key
        self.commands = []

    def expect(self, *names):
        return Events(self.events)

    async def do(self, name, *values):
        self.commands.append((name,) + values)
        if name == "setInitialSecurityState" and not self.makes_key and values[0] & 0x2000:
            raise Refused(name, 1)
        return [b"\x77" * 16, 18] if name == "aesMmoHash" else []


def test_hubs_are_tried_strongest_first_each_once_and_zigbee_pro_alone():
    ncp = FakeNcp(
        heard(1, 90), heard(2, 200), heard(1, 80), heard(3, 255, stack_profile=1), heard(4, 120),
        ("scanCompleteHandler", [0, 0]), heard(5, 250),
    )  # fmt: skip
    assert [hub.channel for hub in drive(pairing.scan(ncp))] == [13, 15, 12]


def test_the_network_key_is_taken_encrypted_only():
    for makes_key in (True, False):
        ncp = FakeNcp(("stackStatusHandler", [0x15]), makes_key=makes_key)
        hub = pairing.Hub(heard(1, 200)[1])
        assert drive(pairing.join(ncp, hub, bytes(18))) == 0x15
        states = [command for command in ncp.commands if command[0] == "setInitialSecurityState"]
        assert len(states) == (1 if makes_key else 2)
        assert all([state[1] & 0x0800 for state in states])  # REQUIRE_ENCRYPTED_KEY
        if not makes_key:
            assert states[-1][1] & 0x0100 and states[-1][2] == b"\x77" * 16


def verdict(hubs, outcomes, failures=0, was_open=False):
    hubs = [pairing.Hub(heard(*hub)[1]) for hub in hubs]
    outcomes = dict([(bytes((number,)) * 8, outcome) for number, outcome in outcomes])
    return pairing.verdict(hubs, outcomes, dict([(key, failures) for key in outcomes]), was_open)


def test_who_is_to_blame():
    no_room, no_key = 0x0017, 0x0C1B
    assert verdict([], []) == "P01"
    assert verdict([(1, 200, 2, 0)], []) == "P02"
    assert verdict([(1, 200, 2, 0)], [], was_open=True) == "P03"
    assert verdict([(1, 200)], [(1, no_room)]) == "P07"
    assert verdict([(1, 59)], [(1, no_room)]) == "P01"  # too weak to be sure that it was full
    assert verdict([(1, 200)], [(1, no_key)], 1) == "P04"
    # With another hub still closed it may be a neighbour's pairing.
    assert verdict([(1, 200), (2, 90, 2, 0)], [(1, no_key)], 2) == "P02"
    assert verdict([(1, 200), (2, 90, 2, 0)], [(1, no_key)], 3) == "P04"


class FakeSession:
    """Also stands in for the store."""

    def __init__(self):
        self.home = pairing.home.Home()
        self.ncp = self
        self.joined = False
        self.stored = {"key_with": "of an earlier household"}

    async def command(self, name, token):
        return [bytes.fromhex("060083FED3407A939723A5C639B26916D505C3B5")]

    def load(self):
        return self.stored

    def put(self, key, value):
        self.stored = {}


def test_the_install_code_is_held_only_while_it_is_shown():
    for error in (None, OSError()):
        session = FakeSession()
        shown = []

        async def knock(session, code, shown=shown, error=error):
            shown.append(session.home.install_code)
            if error:
                raise error

        kept = pairing.store, pairing._knock
        pairing.store, pairing._knock = session, knock
        try:
            drive(pairing.run(session))
        except OSError:
            pass
        finally:
            pairing.store, pairing._knock = kept
        assert shown == [bytes.fromhex("83FED3407A939723A5C639B26916D505C3B5")]
        assert session.home.install_code == b""
        assert session.joined == (error is None)
