"""The radio module as seen from its commands: what is given up on, and when."""

import asyncio

from inkmeter import ash
from inkmeter import ncp as n
from inkmeter.ncp import Ncp, NcpLost, UnsupportedNcp

RSTACK = bytes.fromhex("1AC1020B0A527E")


class Enough(BaseException):
    pass


class Uart:
    def write(self, data):
        pass


def connected():
    ncp = Ncp(Uart())
    ncp.ash.reset()
    ncp.ash.receive(RSTACK, len(RSTACK), 0)
    assert ncp.ash.state == ash.CONNECTED
    ncp.ezsp.version = 13
    return ncp


def ended(coroutine, slept):
    """What a coroutine ends with whose every wait is `slept(ms)`."""

    async def sleep_ms(milliseconds):
        slept(milliseconds)

    kept = asyncio.sleep_ms
    asyncio.sleep_ms = sleep_ms
    try:
        coroutine.send(None)
    except StopIteration:
        return None
    except (Enough, NcpLost, UnsupportedNcp) as end:
        return end
    finally:
        asyncio.sleep_ms = kept


def test_a_command_without_an_answer_is_given_up_after_ten_seconds():
    ncp = connected()
    now = [5000]
    kept = n.ticks_ms
    n.ticks_ms = lambda: now[0]
    ncp._waiting, ncp._asked_at = True, now[0]

    def slept(milliseconds):
        if ncp._error:
            raise Enough
        now[0] += milliseconds
        assert now[0] < 30000
        ncp._waiting = True

    try:
        ended(ncp.keep_time(), slept)
    finally:
        n.ticks_ms = kept
    assert now[0] == 15000
    assert ncp._error.args == (0x153,) and ncp.ash.state != ash.CONNECTED


def test_a_command_waits_for_the_one_before_it():
    ncp = connected()
    ncp.ash.send(5)
    waits = []

    def slept(milliseconds):
        waits.append(milliseconds)
        if len(waits) == 3:
            ncp.ash._length = 0

    assert ended(ncp._free(), slept) is None
    assert len(waits) == 3
    ncp.ash.send(5)
    assert isinstance(ended(ncp._free(), lambda milliseconds: ncp.ash.fail(0x151)), NcpLost)


def test_versions_that_are_not_known_or_not_agreed_on_are_refused():
    for versions, refused in (((13, 13), None), ((7,), 7), ((15,), 15), ((13, 12), 12), ((8, 8), None)):
        ncp = connected()
        answers = [[version, 2, 0x7410] for version in versions]

        async def exchange(count, answers=answers):
            return answers.pop(0)

        ncp._exchange = exchange
        end = ended(ncp.start(), lambda milliseconds, ncp=ncp: ncp.ash.receive(RSTACK, len(RSTACK), 0))
        assert (end and end.args[0]) == refused and not answers, versions


def test_callbacks_that_nobody_fetches_do_not_fill_the_heap():
    ncp = connected()
    with ncp.expect("stackStatusHandler") as events:
        for _ in range(100):
            ncp._frame(b"\x00\x90\x01\x19\x00\x90")
        assert len(events.got) == 24
    assert ncp.expected == []
    ncp._frame(b"\x00\x90\x01\x19\x00\x90")
    assert len(events.got) == 24


def test_whoever_waits_for_a_callback_is_told_that_the_link_is_lost():
    ncp = connected()
    with ncp.expect("stackStatusHandler") as events:
        ncp._fail(0x153)
        assert events.event.is_set()
        events.got.append(("stackStatusHandler", [0]))
        assert isinstance(ended(events.get(10), None), NcpLost)
