"""Asking and being asked: what reaches the radio module, how long an answer is waited for, and how we answer."""

import asyncio

from inkmeter.ncp import Refused
from inkmeter.radio import NoReply, NotPermitted, NotTrusted, Radio


class FakeAsh:
    def set_ready(self, ready):
        self.ready = ready


class FakeNcp:
    def __init__(self, refusal=None):
        self.ash = FakeAsh()
        self.refusal = refusal
        self.commands = []

    def check(self):
        pass

    async def do(self, name, *values):
        self.commands.append((name,) + values)
        if self.refusal:
            raise Refused(name, self.refusal)


def listening(wanted):
    radio = Radio(FakeNcp())
    radio._wanted = wanted
    return radio


def message(cluster, payload, options=0x20):
    return [0, 0x0109, cluster, 1, 1, options, 0, 9, 0x3A51, 200, -50, payload]


def ended(coroutine):
    """What a coroutine that never really waits ends with."""
    try:
        coroutine.send(None)
    except Exception as error:
        return type(error)


def test_what_is_not_permitted_does_not_reach_the_radio_module():
    for attempt in (
        lambda radio: radio.send(0, 1, 0x0702, b"\x01\x01\x02"),
        lambda radio: radio.request(0x3A51, 1, 0x0702, b"\x00\x01\x02\x00\x00"),
        lambda radio: radio.exchange(0x3A51, 0, 0x0034, 0, b"\x01" + bytes(9), 1, False, 100),
        lambda radio: radio.exchange(None, 0, 0x0036, 0, b"\x01\x3c\x00", 1, False, 100),
    ):
        ncp = FakeNcp()
        assert ended(attempt(Radio(ncp))) is NotPermitted
        assert ncp.commands == []


def test_a_key_that_is_not_the_agreed_one_is_told_from_other_refusals():
    for code, error in ((0x0C0E, NotTrusted), (0x0C16, NoReply), (0x0022, NoReply)):
        assert ended(Radio(FakeNcp(code)).send(0, 1, 0x0702, b"\x00\x01\x00\x00\x00")) is error


def test_a_message_that_did_not_arrive_is_not_waited_for():
    for tag, outcome, told in ((7, 0x0C02, True), (6, 0x0C02, False), (7, 0, False)):
        radio = listening((0x3A51, 0x0109, 0x0702, 7, True))
        radio._tag = 7
        radio.callback("messageSentHandler", [tag, outcome])
        assert radio._event.is_set() == told


def test_questions_are_answered_as_they_came_and_the_ncp_may_go_on():
    radio = listening(None)
    for options in (0x40, 0x60):
        radio.callback("incomingMessageHandler", message(0x0000, b"\x00\x01\x00\x00\x00", options=options))
    radio.callback("incomingMessageHandler", message(0x0000, b"\x00\x01\x00\x00\x00"))
    assert radio.ncp.ash.ready is False

    async def serve():
        task = asyncio.create_task(radio.serve())
        await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(serve())
    assert radio.ncp.ash.ready is True
    assert [bool(command[7] & 0x20) for command in radio.ncp.commands] == [False, True, True]


def test_an_answer_is_waited_for_for_five_seconds():
    waits = []

    async def wait_for_ms(awaitable, milliseconds):
        if hasattr(awaitable, "close"):
            awaitable.close()
        waits.append(milliseconds)
        raise asyncio.TimeoutError

    kept = asyncio.wait_for_ms
    asyncio.wait_for_ms = wait_for_ms
    try:
        assert ended(Radio(FakeNcp()).request(0, 1, 0x0702, b"\x00\x01\x00\x00\x00")) is NoReply
    finally:
        asyncio.wait_for_ms = kept
    assert waits == [5000]
