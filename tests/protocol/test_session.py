"""One step after the other, and which one to go back to when one fails."""

import asyncio

from inkmeter.home import Home
from inkmeter.ncp import NcpLost
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
        self.notices.append((self.home.outcome, wait_ms))
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

    for state, error in ((0, Removed), (1, LinkLost), (2, LinkLost), (3, LinkLost)):
        session = Told({})
        session.ncp = FakeNcp(state)
        try:
            session.check_network().send(None)
        except (LinkLost, Removed) as end:
            assert type(end) is error, state
