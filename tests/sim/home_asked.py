"""A named home, and a display in it that asks over the air."""

import asyncio

from zigpy.zcl.foundation import Status

from host_tools.sim import smart_energy as se
from host_tools.sim.clock import Clock
from host_tools.sim.display import Display
from host_tools.sim.world import Settings, World

TIME, PRICE, METERING, MESSAGING, PREPAYMENT = 0x000A, 0x0700, 0x0702, 0x0703, 0x0705
CALENDAR, DEVICE_MANAGEMENT, EVENTS = 0x0707, 0x0708, 0x0709
NOT_FOUND = [(-1, bytes([Status.NOT_FOUND]))]
DONE = [(-1, bytes([Status.SUCCESS]))]
UNSUPPORTED = Status.UNSUPPORTED_ATTRIBUTE
SINCE = se.GetSince(earliest=0, minimum_event=0xFFFFFFFF, count=0, tariff_type=0).serialize()
MONDAY_1_UTC = 1_778_461_200_000_000  # 2026-05-11 01:00


def in_home(name, story, **options):
    async def main():
        world = World(asyncio.get_running_loop(), Settings(home=name))
        world.start_home()
        display = Display(world)
        await asyncio.sleep(5)
        result = await story(world, display)
        world.check()
        world.stop_home()
        return result

    with asyncio.Runner(loop_factory=lambda: Clock(**options)) as runner:
        return runner.run(main())


def only(answers, command, schema):
    ((number, payload),) = answers
    assert number == command
    return whole(schema, payload)


def whole(schema, payload):
    value, rest = schema.deserialize(payload)
    assert not rest and value.serialize() == payload
    return value
