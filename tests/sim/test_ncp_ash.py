"""The NCP's side of ASH, rule by rule (UG101), where bellows as a host does not reach."""

import asyncio

from bellows.ash import AckFrame, AshProtocol, DataFrame, ErrorFrame, NakFrame, RStackFrame, RstFrame, parse_frame
from bellows.types import NcpResetCode

from host_tools.sim.clock import Clock
from host_tools.sim.ncp.ash import NcpAsh


class Ncp:
    def __init__(self):
        self.out = bytearray()
        self.commands = []
        self.resets = 0
        self.ash = NcpAsh(self.out.extend, self.commands.append, self._reset, reboot_s=1.0)

    def _reset(self):
        self.resets += 1

    def send(self, *frames):
        for frame in frames:
            self.ash.receive(AshProtocol._stuff_bytes(frame.to_bytes()) + b"\x7e")

    def said(self):
        data, self.out[:] = bytes(self.out), b""
        return [parse_frame(AshProtocol._unstuff_bytes(one.lstrip(b"\x1a"))) for one in data.split(b"\x7e") if one]


def tell(story):
    async def main():
        ncp = Ncp()
        ncp.send(RstFrame())
        await asyncio.sleep(1.01)
        assert ncp.said() == [RStackFrame(version=2, reset_code=NcpResetCode.RESET_SOFTWARE)]
        await story(ncp)

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(main())


def ack(number, not_ready=0):
    return AckFrame(res=0, ncp_ready=not_ready, ack_num=number)


def data(number, payload=b"abc", again=False, acknowledges=0):
    return DataFrame(frm_num=number, re_tx=again, ack_num=acknowledges, ezsp_frame=payload)


def test_a_reset_takes_a_second_and_forgets_everything():
    async def story(ncp):
        ncp.ash.send(b"callback", is_callback=True)
        ncp.said()
        ncp.send(RstFrame())
        await asyncio.sleep(0.9)
        assert ncp.said() == [] and ncp.resets == 2
        await asyncio.sleep(0.2)
        assert ncp.said() == [RStackFrame(version=2, reset_code=NcpResetCode.RESET_SOFTWARE)]
        await asyncio.sleep(30)
        assert ncp.said() == []

    tell(story)


def test_five_frames_and_no_more_without_an_acknowledgement():
    async def story(ncp):
        for i in range(8):
            ncp.ash.send(b"callback%d" % i, is_callback=True)
        sent = ncp.said()
        assert [frame.frm_num for frame in sent] == [0, 1, 2, 3, 4]
        ncp.send(ack(3))
        assert [frame.frm_num for frame in ncp.said()] == [5, 6, 7]

    tell(story)


def test_a_silent_host_ends_the_link_after_11_2_seconds():
    async def story(ncp):
        ncp.ash.send(b"callback", is_callback=True)
        await asyncio.sleep(11.1)
        assert ncp.ash.failed is None and len(ncp.said()) == 4
        await asyncio.sleep(0.2)
        code = NcpResetCode.ERROR_EXCEEDED_MAXIMUM_ACK_TIMEOUT_COUNT
        assert ncp.said() == [ErrorFrame(version=2, reset_code=code)]
        # From here on every good frame is answered with ERROR, until a reset.
        ncp.send(ack(0), data(0))
        assert ncp.said() == [ErrorFrame(version=2, reset_code=code)] * 2
        ncp.ash.receive(b"\x00\x01\x02\x03\x7e")
        assert ncp.said() == []
        ncp.send(RstFrame())
        await asyncio.sleep(1.1)
        assert ncp.ash.connected

    tell(story)


def test_a_host_that_is_not_ready_gets_responses_and_no_callbacks():
    async def story(ncp):
        ncp.send(ack(0, not_ready=1))
        ncp.ash.send(b"callback", is_callback=True)
        ncp.ash.send(b"response", is_callback=False)
        assert [frame.ezsp_frame for frame in ncp.said()] == [b"response"]
        await asyncio.sleep(0.9)
        ncp.send(ack(1, not_ready=1))
        await asyncio.sleep(0.9)
        assert ncp.said() == []
        await asyncio.sleep(0.2)
        assert [frame.ezsp_frame for frame in ncp.said()] == [b"callback"]

    tell(story)


def test_one_nak_for_a_reject_condition():
    async def story(ncp):
        ncp.send(data(2), data(3))
        assert ncp.said() == [NakFrame(res=0, ncp_ready=0, ack_num=0)]
        ncp.send(data(0))
        assert ncp.said() == [ack(1)] and ncp.commands == [b"abc"]
        ncp.send(data(0, again=True))
        assert ncp.said() == [ack(1)] and ncp.commands == [b"abc"]

    tell(story)


def test_a_nak_brings_everything_unacknowledged_again():
    async def story(ncp):
        for i in range(3):
            ncp.ash.send(b"callback%d" % i, is_callback=True)
        ncp.said()
        ncp.send(NakFrame(res=0, ncp_ready=0, ack_num=1))
        again = ncp.said()
        assert [(frame.frm_num, frame.re_tx) for frame in again] == [(1, 1), (2, 1)]

    tell(story)


def test_faults_come_up_as_error_and_orderly_restarts_as_rstack():
    async def story(ncp):
        for code, frame in (
            (NcpResetCode.RESET_WATCHDOG, ErrorFrame),
            (NcpResetCode.RESET_ASSERT, ErrorFrame),
            (NcpResetCode.RESET_POWER_ON, RStackFrame),
            (NcpResetCode.RESET_EXTERNAL, RStackFrame),
        ):
            ncp.ash.reboot(code)
            await asyncio.sleep(1.1)
            assert ncp.said() == [frame(version=2, reset_code=code)]

    tell(story)
