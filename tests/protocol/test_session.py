"""One step after the other, and which one to go back to when one fails."""

import asyncio
import sys

from inkmeter import store
from inkmeter.ezsp import EzspError
from inkmeter.home import Home
from inkmeter.ncp import NcpLost, Refused
from inkmeter.radio import NotTrusted
from inkmeter.session import LinkLost, Removed, Session


class Enough(BaseException):
    pass


class Told(Session):
    """A session whose steps end as the script says: {step: [an exception or None, ...]}; each is used once."""

    def __init__(self, script):
        Session.__init__(self, None, self, Home(), None, self.press, self.pulse)
        self.script = script
        self.steps = []
        self.pulses = 0
        self.notices = []

    async def _step(self, *names):
        self.steps.append(names[0])
        if not self.script.get(names[0]):
            if names[0] == "rounds":
                raise Enough
            return
        end = self.script[names[0]].pop(0)
        if end is not None:
            raise end

    async def press(self, wait_ms):
        return False

    async def pause(self, seconds):
        self.notices.append((self.home.outcome, seconds))
        return False

    async def pulse(self):
        self.pulses += 1

    def lost(self):
        pass


def run(session):
    """Runs it; the seconds that it slept."""
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    kept = asyncio.sleep
    asyncio.sleep = sleep
    try:
        session.run().send(None)
    except Enough:
        return slept
    finally:
        asyncio.sleep = kept


def test_a_radio_module_that_does_not_answer_is_reset_and_left_in_peace_for_longer_and_longer():
    session = Told({"startup": [NcpLost(0x152)] * 6})
    assert run(session) == [5, 10, 20, 40, 60, 60]
    assert session.pulses == 6 and session.home.outcome == "N01"


def test_a_radio_module_that_restarted_is_set_up_again_at_once():
    session = Told({"startup": [NcpLost(0x02)] * 2})
    assert run(session) == [] and session.pulses == 0
    assert session.steps[:4] == ["startup", "startup", "startup", "pairing"]


def test_a_radio_module_that_restarts_again_and_again_is_said_to_be_of_no_use():
    session = Told({"startup": [NcpLost(0x02)] * 4})
    assert run(session) == [5, 10] and session.pulses == 2 and session.home.outcome == "N01"


def test_a_radio_module_that_refuses_is_of_no_use_either():
    for fault in (Refused("addEndpoint", 1), EzspError("startScan", 0x31)):
        session = Told({"startup": [fault]})
        assert run(session) == [5] and session.pulses == 1 and session.home.outcome == "N01"


def test_a_lost_link_is_recovered_and_nothing_is_begun_anew():
    session = Told({"rounds": [LinkLost()]})
    session.joined = session.network_up = True
    run(session)
    assert session.steps == [
        "startup", "key_agreement", "discovery", "rounds",
        "recovery", "key_agreement", "discovery", "rounds",
    ]  # fmt: skip


def test_the_radio_module_s_last_word_on_the_network_counts():
    session = Told({})
    for code, up in (
        (0x0015, True), (0x0016, False), (0x0C10, True), (0x0C06, False), (0x0C11, True), (0x0C1B, True),
    ):  # fmt: skip
        session.callback("stackStatusHandler", [code])
        assert session.network_up == up, hex(code)


def test_out_of_reach_and_removed_are_told_apart():
    class FakeNcp:
        def __init__(self, state):
            self.state = state

        def check(self):
            pass

        async def command(self, name):
            return [self.state]

    # Where the device has left by itself nobody has removed it.
    cases = ((0, True, Removed), (1, True, LinkLost), (2, True, LinkLost), (3, True, LinkLost), (0, False, LinkLost))
    for state, joined, error in cases:
        session = Told({})
        session.joined = joined
        session.ncp = FakeNcp(state)
        try:
            session.check_network().send(None)
        except (LinkLost, Removed) as end:
            assert type(end) is error, state


def test_a_device_that_was_removed_says_so_and_pairs_again():
    session = Told({"rounds": [Removed()]})
    session.joined = session.network_up = True
    run(session)
    assert session.notices == [("H02", 600)]
    assert session.steps[4:] == ["pairing", "key_agreement", "discovery", "rounds"]


def test_a_key_that_is_not_trusted_is_forgotten_and_agreed_on_again():
    forgotten = []
    session = Told({"rounds": [NotTrusted()] * 3})
    session.joined = session.network_up = True
    sys.modules["inkmeter.store"] = store
    kept = store.put
    store.put = lambda key, value: forgotten.append((key, value))
    try:
        run(session)
    finally:
        store.put = kept
    assert forgotten == [("key_with", None)]
    assert session.steps[4:7] == ["key_agreement", "discovery", "rounds"]
    # Again at once, it is not agreed anew but waited.
    assert [seconds for _, seconds in session.notices] == [30, 30]
