"""The UART's lines and the APS frames' security."""

import asyncio
import random

import pytest

from host_tools.sim import aps
from host_tools.sim.clock import Clock
from host_tools.sim.uart import Line


def on_a_clock(story):
    with asyncio.Runner(loop_factory=Clock) as runner:
        return runner.run(story())


@pytest.mark.parametrize("baud", [9600, 115200, 460800])
def test_bytes_take_their_time(baud):
    async def story():
        loop = asyncio.get_running_loop()
        came = []
        line = Line(lambda data: came.append((loop.time(), data)), baud=baud, rng=random.Random(1))
        line.send(bytes(300))
        line.send(b"end")
        await asyncio.sleep(5)
        assert b"".join(data for _, data in came) == bytes(300) + b"end"
        assert came[-1][0] == pytest.approx(303 * 10 / baud, abs=1e-4)
        assert all(len(data) <= 120 for _, data in came)

    on_a_clock(story)


def test_noise_hurts_about_as_many_bytes_as_it_says():
    async def story():
        came = bytearray()
        line = Line(came.extend, baud=10_000_000, rng=random.Random(1))
        line.noise = 0.01
        line.send(bytes(20_000))
        await asyncio.sleep(1)
        assert 140 < line.hurt < 260
        assert came != bytes(20_000)
        line.noise = 0.0
        came.clear()
        line.send(bytes(1000))
        await asyncio.sleep(1)
        assert came == bytes(1000)
        line.cut = True
        line.send(b"lost")
        await asyncio.sleep(1)
        assert came == bytes(1000)

    on_a_clock(story)


SOURCE = bytes.fromhex("0102030405060708")
FRAME = aps.Frame(
    aps.Kind.DATA, 0x51, b"a reading", 0x0109, 0x0702, 1, 2, ack_request=True, secured=aps.KeyId.DATA
)  # fmt: skip


def key(fill: int) -> aps.LinkKey:
    return aps.LinkKey(bytes([fill]) * 16, authorised=True)


def test_a_frame_in_the_clear_is_laid_out_as_the_standard_says():
    plain = aps.Frame(aps.Kind.DATA, 0x51, b"\xaa", 0x0109, 0x0702, 1, 2, ack_request=True)
    assert aps.encode(plain, SOURCE, None).hex() == "40" + "02" + "0207" + "0901" + "01" + "51" + "aa"
    assert aps.decode(aps.encode(plain, SOURCE, None), SOURCE, None) == plain


@pytest.mark.parametrize("key_id", list(aps.KeyId))
def test_a_secured_frame_opens_with_the_key_alone(key_id):

    frame = FRAME._replace(secured=key_id)
    wire = aps.encode(frame, SOURCE, key(1))
    # The network key's transport names its sender.
    named = key_id is aps.KeyId.KEY_TRANSPORT
    assert aps.named_source(wire) == (SOURCE if named else None)
    assert len(wire) == len(frame.header()) + (13 if named else 5) + len(frame.payload) + 4
    assert frame.payload not in wire
    assert aps.decode(wire, SOURCE, key(1)) == frame
    for source, other in ((SOURCE, key(2)), (SOURCE, None), (SOURCE[::-1], key(1)), (None, key(1))):
        with pytest.raises(aps.Undecipherable):
            aps.decode(wire, source, other)


def test_no_bit_can_be_changed():
    wire = aps.encode(FRAME, SOURCE, key(1))
    control = 8 * len(FRAME.header())
    for bit in range(8 * len(wire)):
        if control <= bit < control + 3:
            continue  # the security level, which a receiver fills in itself
        spoilt = bytearray(wire)
        spoilt[bit // 8] ^= 1 << bit % 8
        if not aps.is_secured(spoilt) or spoilt[0] & 3 == 3:
            continue
        with pytest.raises(aps.Undecipherable):
            aps.decode(bytes(spoilt), SOURCE, key(1))


def test_a_replay_is_not_heard_twice():
    sender, receiver = key(1), key(1)
    first, second = aps.encode(FRAME, SOURCE, sender), aps.encode(FRAME, SOURCE, sender)
    assert first != second
    aps.decode(first, SOURCE, receiver)
    aps.decode(second, SOURCE, receiver)
    for old in (first, second):
        with pytest.raises(aps.Undecipherable):
            aps.decode(old, SOURCE, receiver)


def test_derived_keys_are_those_of_the_specification():
    code = aps.LinkKey(bytes.fromhex("66B6900981E1EE3CA4206B6B861C02BB"))
    assert code.derived(aps.KeyId.KEY_TRANSPORT).hex().upper() == "3C6CCA8977EB189EFD1614C3E7F75989"
    assert code.derived(aps.KeyId.KEY_LOAD).hex().upper() == "1177A0EE2600D0020DBA82D7049F53BC"
