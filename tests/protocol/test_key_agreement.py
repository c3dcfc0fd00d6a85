"""When a key is agreed on, with whom, and how long it is until the next try."""

from inkmeter import home, key_agreement
from inkmeter.key_establishment import Ended
from inkmeter.ncp import Refused
from inkmeter.radio import NoReply

HUB = bytes.fromhex("0A0B0C0D0E0F1011")
NAME = "0a0b0c0d0e0f1011"


class FakeStore:
    def __init__(self, **state):
        self.state = state

    def load(self):
        return self.state

    def put(self, key, value):
        self.state[key] = value


class FakeSession:
    def __init__(self, knows_hub=True):
        self.ncp = self
        self.radio = self
        self.home = home.Home()
        self.knows_hub = knows_hub
        self.waits = []

    async def do(self, name, *values):
        if not self.knows_hub:
            raise Refused(name, 1)
        return [bytes(reversed(HUB))]

    async def wait(self, seconds):
        self.waits.append((self.home.outcome, seconds))

    def next_sequence(self):
        return 1

    async def exchange(self, *values):
        self.knows_hub = self.waits and len(self.waits) >= 2
        if not self.knows_hub:
            raise NoReply(0x8001, "nobody answers")
        return b"\x01\x00" + bytes(reversed(HUB)) + b"\x00\x00"


def run(session, store, ends):
    """Runs the step with an exchange that ends so, and then well; how often it was tried."""
    tries = []

    async def establish(ncp, radio, eui64):
        assert eui64 == HUB
        tries.append(eui64)
        if len(tries) <= len(ends):
            raise Ended(*ends[len(tries) - 1])
        return 2

    kept = key_agreement.store, key_agreement.establish
    key_agreement.store, key_agreement.establish = store, establish
    try:
        key_agreement.run(session).send(None)
    except StopIteration:
        pass
    finally:
        key_agreement.store, key_agreement.establish = kept
    return len(tries)


def test_a_key_with_this_hub_is_kept_and_one_with_another_is_not():
    assert run(FakeSession(), FakeStore(key_with=NAME), []) == 0
    for state in ({}, {"key_with": None}, {"key_with": NAME[:-1] + "2"}):
        store = FakeStore(**state)
        assert run(FakeSession(), store, []) == 1
        assert store.state["key_with"] == NAME


def test_no_try_follows_the_last_at_once():
    session = FakeSession()
    assert run(session, FakeStore(), [(0x100,)] * 3 + [(4, 1200, 3), (1,)]) == 6
    assert session.waits == [(None, 30), (None, 30), ("P08", 300), ("P07", 1200), ("P06", 3600)]


def test_a_hub_that_does_not_say_who_it_is():
    session, store = FakeSession(knows_hub=False), FakeStore()
    assert run(session, store, []) == 1
    assert session.waits == [("P12", 20), ("P12", 20)] and store.state["key_with"] == NAME
