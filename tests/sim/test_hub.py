"""What the hub, the meters and the radio module refuse: a device that passes here has really earned its keys."""

import asyncio
import dataclasses

import bellows.types as t
import pytest

from host_tools.sim import aps
from host_tools.sim.clock import Clock
from host_tools.sim.crypto import mmo
from host_tools.sim.crypto.cbke import Authority, Ephemeral, agree
from host_tools.sim.end_device import EndDevice
from host_tools.sim.hub import Entry
from host_tools.sim.key_responder import Reason
from host_tools.sim.ncp.stack import State
from host_tools.sim.radio import nwk
from host_tools.sim.world import Settings, World

READ = bytes.fromhex("0007000000")
METERING, KEYS = 0x0702, 0x0800
CODE = bytes.fromhex("83FED3407A93")


class Display(EndDevice):
    """A node that keeps what it hears."""

    def __init__(self, world):
        super().__init__(world.air, b"\x01\x02\x03\x04\x05\x06\x07\x02")
        self.heard = []
        self.commands = []

    def on_message(self, message):
        self.heard.append((message.frame.payload, message.secured))

    def on_command(self, frame, sender, sender_id):
        if self._awaiting_key and sender_id == 0:
            self.take_network_key(frame.payload, bytes(8))
        self.commands.append((frame.payload, frame.secured))


def in_a_world(story):
    async def main():
        world = World(asyncio.get_running_loop(), Settings())
        display = Display(world)
        world.hub.trust(display, 0x1234)
        world.hub.log[display.eui64] = Entry(display.eui64, bytes(16), 0.0, 0x1234)
        await story(world, display)
        world.check()

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(main())


# Who may read


def test_the_mirror_is_read_by_those_alone_who_may():
    async def story(world, display):
        assert await display.send(0, METERING, READ, destination=2, secure=True)
        await asyncio.sleep(1)
        assert display.heard == []
        world.hub.grant_meters(display.eui64)
        await display.send(0, METERING, READ, destination=2, secure=True)
        await asyncio.sleep(1)
        ((answer, secured),) = display.heard
        assert answer[:3] == b"\x18\x07\x01" and secured

    in_a_world(story)


def test_readings_are_not_given_away_without_the_link_key():
    async def story(world, display):
        world.hub.grant_meters(display.eui64)
        for node_id, endpoint in ((0, 2), (world.meter.node_id, 1)):
            await display.send(node_id, METERING, READ, destination=endpoint)
        await asyncio.sleep(1)
        assert display.heard == [(bytes.fromhex("18070b0001"), False)] * 2  # FAILURE

    in_a_world(story)


def test_data_under_a_key_that_nobody_vouched_for_is_not_even_acknowledged():
    async def story(world, display):
        assert await display.send(0, 0x000A, READ, secure=True)
        world.hub.keys[display.eui64].authorised = False
        assert not await display.send(0, 0x000A, READ, secure=True)

    in_a_world(story)


def test_the_mirror_believes_the_gas_meter_s_secured_reports_alone():
    async def story(world, display):
        report = bytes.fromhex("08010a000025010000000000")
        for secure, litres in ((False, None), (True, 1)):
            await display.send(0, METERING, report, destination=2, secure=secure)
            await asyncio.sleep(1)
            assert world.hub.mirror.litres == litres

    in_a_world(story)


def test_a_link_key_with_the_meter_is_for_those_who_may_read_it():
    async def story(world, display):
        request = bytes([aps.Command.REQUEST_KEY, 0x02]) + world.meter.eui64
        for granted in (False, True):
            if granted:
                world.hub.grant_meters(display.eui64)
            display.send_command(0, request, aps.KeyId.DATA, display.key_for(0))
            await asyncio.sleep(1)
            assert (display.eui64 in world.meter.keys) == granted
            assert len(display.commands) == granted

    in_a_world(story)


# Joining


async def join(world, display):
    """(whether it got an address, whether it got the network key)."""
    display.off()
    network = world.hub.network
    if not await display.associate(network.channel, network.pan_id):
        return False, False
    return True, await display.authenticate()


def test_the_network_key_is_for_devices_of_the_list_during_their_window():
    async def story(world, display):
        hub = world.hub
        display.keys[hub.eui64] = aps.LinkKey(mmo.link_key(mmo.with_crc(CODE)))
        del hub.keys[display.eui64], hub.log[display.eui64]
        assert await join(world, display) == (False, False)  # closed
        hub.open_to_all = True
        assert await join(world, display) == (True, False)  # not on the list
        hub.admit(display.eui64, CODE, 10)
        assert await join(world, display) == (True, True)
        assert display.network.key == hub.network.key
        ((payload, secured),) = display.commands
        assert payload[2:18] == hub.network.key and secured is aps.KeyId.KEY_TRANSPORT
        await asyncio.sleep(10)
        assert await join(world, display) == (True, False)  # its window is over
        hub.child_slots = 0
        assert await join(world, display) == (False, False)

    in_a_world(story)


def test_a_new_code_does_not_replace_an_agreed_key():
    async def story(world, display):
        entry = world.hub.log[display.eui64]
        world.hub.admit(display.eui64, CODE, 5)
        assert entry.install_key == bytes(16) and entry.window_until > 0
        world.hub.keys[display.eui64].authorised = False
        world.hub.admit(display.eui64, CODE, 5)
        assert entry.install_key == mmo.link_key(mmo.with_crc(CODE))

    in_a_world(story)


def test_who_may_rejoin():
    async def story(world, display):
        hub, network = world.hub, display.network

        async def rejoins(secured, network=network):
            display.off()
            display.addresses[0] = hub.eui64
            return await display.rejoin(network, 0x1234, secured=secured, channels=0)

        assert await rejoins(True) and await rejoins(False)
        stale = dataclasses.replace(network, key=bytes(16))
        assert not await rejoins(True, stale) and await rejoins(False, stale)
        hub.keys[display.eui64].authorised = False
        assert not await rejoins(False)
        del hub.log[display.eui64]
        assert not await rejoins(False)

    in_a_world(story)


# Key establishment


async def establish(world, display, *, authority=None, subject=None, spoil=False):
    """Goes through the exchange as an initiator, suite 2; the commands that came back, and the key."""
    own = (authority or world.authorities[2]).certify(subject or display.eui64[::-1])
    ephemeral = Ephemeral(own.suite.curve, 4711)

    async def ask(command, payload):
        display.heard.clear()
        await display.send(0, KEYS, bytes([0x01, 1, command]) + payload)
        await asyncio.sleep(3)
        return display.heard[0][0][2], display.heard[0][0][3:]

    command, answer = await ask(0, bytes((2, 0, 10, 15)) + own.certificate)
    if command != 0:
        return command, None
    _, point = await ask(1, ephemeral.public)
    agreement = agree(own, ephemeral, answer[4:], point, initiator=True)
    smac = agreement.initiator_smac
    command, answer = await ask(2, bytes(16) if spoil else smac)
    assert command != 2 or answer == agreement.responder_smac
    return command, agreement.link_key


def test_the_hub_s_half_of_key_establishment():
    async def story(world, display):
        command, key = await establish(world, display)
        assert command == 2 and world.hub.responder.completed == 1
        assert world.hub.keys[display.eui64] == aps.LinkKey(key, authorised=True)

    in_a_world(story)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("confirmation", Reason.BAD_KEY_CONFIRM),
        ("issuer", Reason.UNKNOWN_ISSUER),
        ("subject", Reason.INVALID_CERTIFICATE),
        ("stranger", Reason.NO_RESOURCES),
    ],
)
def test_what_the_hub_does_not_agree_to(fault, reason):
    async def story(world, display):
        before = dataclasses.replace(world.hub.keys[display.eui64])
        ours = world.authorities[2]
        if fault == "stranger":
            del world.hub.log[display.eui64]
        command, _ = await establish(
            world, display, spoil=fault == "confirmation",
            authority=Authority(ours.suite, b"STRANGER", ours._rng) if fault == "issuer" else None,
            subject=bytes(8) if fault == "subject" else None,
        )  # fmt: skip
        assert command == 3 and world.hub.responder.terminated == [reason]
        assert world.hub.responder.completed == 0 and world.hub.keys[display.eui64].key == before.key

    in_a_world(story)


@pytest.mark.parametrize("number", [0, 1])
def test_a_point_of_small_order_is_no_ephemeral_key(number):
    async def story(world, display):
        identity = world.authorities[2].certify(bytes(8))
        ephemeral = Ephemeral(identity.suite.curve, 4711)
        # x = 0 has order 2, x = 1 order 4; sect163k1 has the first alone.
        point = b"\x02" + number.to_bytes(identity.suite.curve.octets, "big")
        with pytest.raises(ValueError, match="small order" if number else "not a field element"):
            agree(identity, ephemeral, identity.certificate, point, initiator=False)

    in_a_world(story)


# The radio module


def joined(world):
    stack = world.ncp.stack
    world.hub.trust(stack, 0x4321)
    stack.state = State.JOINED
    stack.flash.network = stack.network
    return stack


def unicast(stack, length, *, secure):
    frame = t.EmberApsFrame(
        profileId=0x0109, clusterId=METERING, sourceEndpoint=1, destinationEndpoint=2,
        options=t.EmberApsOption(0x0160 if secure else 0x0140), groupId=0, sequence=0,
    )  # fmt: skip
    return stack.do_sendUnicast(0, 0, frame, 1, bytes(length))["status"]


def test_the_radio_module_does_not_send_under_a_key_that_was_not_agreed():
    async def story(world, display):
        stack = joined(world)
        assert unicast(stack, 10, secure=True) == t.EmberStatus.SUCCESS
        stack.keys[world.hub.eui64].authorised = False
        assert unicast(stack, 10, secure=True) == t.EmberStatus.KEY_NOT_AUTHORIZED
        del stack.keys[world.hub.eui64]
        assert unicast(stack, 10, secure=True) == t.EmberStatus.APS_ENCRYPTION_ERROR
        assert unicast(stack, 10, secure=False) == t.EmberStatus.SUCCESS

    in_a_world(story)


def test_the_longest_message():
    async def story(world, display):
        stack = joined(world)
        for secure, longest in ((False, 82), (True, 73)):
            assert unicast(stack, longest, secure=secure) == t.EmberStatus.SUCCESS
            assert unicast(stack, longest + 1, secure=secure) == t.EmberStatus.MESSAGE_TOO_LONG

    in_a_world(story)


def test_orders_that_the_trust_centre_did_not_secure_are_ignored():
    async def story(world, display):
        stack = joined(world)
        next_key = aps.transport_network_key(b"\x99" * 16, 1, stack.eui64, world.hub.eui64)
        remove = bytes([aps.Command.REMOVE_DEVICE]) + stack.eui64
        switch = bytes([aps.Command.SWITCH_KEY, 1])

        def order(payload, secured, sender_id=0):
            payload = bytes(payload)
            frame = aps.Frame(aps.Kind.COMMAND, 1, payload, secured=secured)
            if not stack._follow_key(frame, sender_id):
                stack.on_command(frame, world.hub.eui64, sender_id)

        for payload, secured, sender_id in (
            (next_key, None, 0), (next_key, aps.KeyId.DATA, 0), (next_key, aps.KeyId.KEY_TRANSPORT, 0x1234),
            (remove, None, 0), (remove, aps.KeyId.DATA, 0x1234), (remove[:-1] + b"\x99", aps.KeyId.DATA, 0),
        ):  # fmt: skip
            order(payload, secured, sender_id)
            order(switch, None)
            assert stack.state == State.JOINED and stack.network.key_sequence == 0
        order(next_key, aps.KeyId.KEY_TRANSPORT)
        assert stack.network.key_sequence == 0
        order(switch, None)
        assert stack.network.key == b"\x99" * 16 and stack.flash.network.key_sequence == 1
        order(remove, aps.KeyId.DATA)
        assert stack.state == State.NONE

    in_a_world(story)


def test_a_device_leaves_at_its_parent_s_word_alone():
    async def story(world, display):
        stack = joined(world)
        for source, secured, options in ((0x1234, True, 0x40), (0, False, 0x40), (0, True, 0x00)):
            frame = nwk.Frame(nwk.Kind.COMMAND, 0x4321, source, 1, bytes([nwk.Command.LEAVE, options]), secured=secured)
            stack.on_nwk_command(frame)
            assert stack.state == State.JOINED
        world.hub.log[stack.eui64] = Entry(stack.eui64, bytes(16), 0.0, 0x4321)
        world.hub.remove(stack.eui64)
        await asyncio.sleep(1)
        assert stack.state == State.NONE and stack.flash.network is None

    in_a_world(story)


def test_the_air_loses_what_it_is_told_to():
    async def story(world, display):
        assert await display.send(0, 0x000A, READ)
        world.air.loss = 1.0
        assert not await display.send(0, 0x000A, READ)
        world.air.loss = 0.3
        assert sum([await display.send(0, 0x000A, READ) for _ in range(20)]) >= 15  # four tries each

    in_a_world(story)
