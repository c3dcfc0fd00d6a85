"""Messages longer than a frame, on the simulated air: blocks, windows, losses."""

import asyncio

import pytest

from host_tools.sim import aps, fragments
from host_tools.sim.clock import Clock
from host_tools.sim.node import ASSEMBLY_S
from host_tools.sim.world import Settings, World
from tests.sim.test_hub import Display

METERING = 0x0702
LONG = bytes.fromhex("193401") + bytes(range(256)) + bytes(range(41))


def in_a_home(story, window=1):
    async def main():
        world = World(asyncio.get_running_loop(), Settings())
        display = Display(world)
        world.hub.trust(display, 0x1234)
        world.hub.window_size = display.window_size = window
        on_the_air = []
        world.air.taps.append(lambda sender, frame: on_the_air.append((sender.node, frame)))
        await story(world, display, on_the_air)
        world.check()

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(main())


@pytest.mark.parametrize(("kind", "frame", "wire"), [
    ("first block", aps.Frame(aps.Kind.DATA, 7, b"x", 0x0109, 0x0702, 1, 2, block=0, blocks=5), "01 05 78"),
    ("later block", aps.Frame(aps.Kind.DATA, 7, b"x", 0x0109, 0x0702, 1, 2, block=3), "02 03 78"),
    ("acknowledgement", aps.Frame(aps.Kind.ACK, 7, b"", 0x0109, 0x0702, 1, 2, block=3, ack_bits=0xFB), "02 03 fb"),
    ("of the first window", aps.Frame(aps.Kind.ACK, 7, b"", 0x0109, 0x0702, 1, 2, block=0, ack_bits=0xFF), "01 00 ff"),
])  # fmt: skip
def test_the_extended_header_is_the_standard_s(kind, frame, wire):
    encoded = aps.encode(frame, bytes(8), None)
    assert encoded[0] & 0x80 and encoded[8:] == bytes.fromhex(wire)
    assert aps.decode(encoded, None, None) == frame
    for length in range(2, 10):
        with pytest.raises(aps.Undecipherable):
            aps.decode(encoded[:length], None, None)


@pytest.mark.parametrize("window", [1, 3])
def test_a_long_message_arrives_whole_and_once(window):
    async def story(world, display, on_the_air):
        for length in (73, 74, 71 * 2 - 1, 71 * 3, len(LONG)):
            assert await world.hub.send(0x1234, METERING, LONG[:length], secure=True)
            assert display.heard == [(LONG[:length], True)]
            display.heard.clear()
        assert await display.send(0, METERING, LONG, destination=2, secure=True)
        assert all(len(frame) <= 127 - 2 for _, frame in on_the_air)

    in_a_home(story, window)


@pytest.mark.parametrize("window", [1, 3, 8])
@pytest.mark.parametrize("seed", range(4))
def test_what_gets_lost_is_sent_again_and_nothing_else(window, seed):
    async def story(world, display, on_the_air):
        # Beyond what the MAC's own retries mend.
        losing = iter([*(f"{0x5A3C96A5F01E72B4 >> seed * 3:064b}"), *"0" * 10_000])
        transmit = world.hub.transmit

        def lossy(to, data, **kwargs):
            if next(losing) == "0":
                transmit(to, data, **kwargs)

        world.hub.transmit = lossy
        first = [world.hub.send(0x1234, METERING, LONG[:200], secure=True) for _ in range(1)]
        arrived = await first[0]
        assert display.heard == ([(LONG[:200], True)] if arrived else [])

    in_a_home(story, window)


def test_a_message_that_stays_in_pieces_is_forgotten_and_counted():
    async def story(world, display, on_the_air):
        key = world.hub.keys[display.eui64]
        pieces = fragments.cut(LONG, 71)
        frames = [
            aps.Frame(
                aps.Kind.DATA, 200, part, 0x0109, METERING, 1, 1, ack_request=True, secured=aps.KeyId.DATA,
                block=number, blocks=0 if number else len(pieces),
            )
            for number, part in enumerate(pieces)
        ]  # fmt: skip
        assert await world.hub.send_frames(0x1234, frames[:1], key, 0) == 1
        await asyncio.sleep(ASSEMBLY_S + 1)
        for base in range(1, len(frames)):
            await world.hub.send_frames(0x1234, frames[base : base + 1], key, base)
        assert display.heard == [] and display.discarded["message: not all of its blocks came"] == 1

    in_a_home(story)


def test_a_message_longer_than_anybody_s_is_refused():
    async def story(world, display, on_the_air):
        assert not await world.hub.send(0x1234, METERING, bytes(fragments.LONGEST + 72), secure=True)
        assert display.heard == [] and display.discarded["message: too long a message"] > 0

    in_a_home(story)


def test_windows_say_what_is_missing():
    assembly = fragments.Assembly(3, 0.0)

    def block(number, count=0):
        return aps.Frame(aps.Kind.DATA, 1, bytes([number]), block=number, blocks=count)

    assert assembly.take(block(0, 5)) == (None, None)
    assert assembly.take(block(2)) == ((0, 0b11111101), None)
    assert assembly.take(block(1)) == ((0, 0b11111111), None)
    assert assembly.take(block(4)) == ((3, 0b11111110), None)
    assert assembly.take(block(3)) == ((3, 0b11111111), b"\x00\x01\x02\x03\x04")
    assert assembly.take(block(4)) == ((3, 0b11111111), None)
