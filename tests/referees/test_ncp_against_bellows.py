"""Does the simulated radio module behave like one? bellows, a host that knows real ones, connects to it unmodified."""

import asyncio
import dataclasses

import bellows.types as t
import pytest
from bellows.ezsp import EZSP

from host_tools.ncp_server import NcpServer
from host_tools.sim.clock import Clock
from host_tools.sim.world import Settings, World


def converse(story, version=13):
    """Runs an async function of (a bellows EZSP that has reset and negotiated, the world)."""

    async def main():
        world = World(asyncio.get_running_loop(), Settings(ezsp_version=version))
        world.ncp.ash.reboot_s = 0.05
        server = NcpServer(world)
        port = await server.start()
        host = EZSP({"path": f"socket://127.0.0.1:{port}", "baudrate": 115200, "flow_control": None})
        try:
            await host.connect()
            assert host.ezsp_version == version
            await story(host, world)
            world.check()
        finally:
            await host.disconnect()
            await server.stop()

    with asyncio.Runner(loop_factory=lambda: Clock(real_time=1.0)) as runner:
        runner.run(main())


def ok(status) -> bool:
    return t.sl_Status.from_ember_status(status) == t.sl_Status.OK


class Callbacks:
    def __init__(self, host):
        self.seen = []
        self._event = asyncio.Event()
        host.add_callback(self._add)

    def _add(self, name, values):
        self.seen.append((name, values))
        self._event.set()

    async def wait(self, name, seconds=15):
        async with asyncio.timeout(seconds):
            while True:
                for one in self.seen:
                    if one[0] == name:
                        self.seen.remove(one)
                        return one[1]
                self._event.clear()
                await self._event.wait()


@pytest.mark.parametrize("version", range(8, 15))
def test_bellows_brings_it_up(version):
    async def story(host, world):
        (eui64,) = await host.getEui64()
        assert eui64.serialize() == world.ncp.stack.eui64
        (token,) = await host.getMfgToken(tokenId=t.EzspMfgTokenId.MFG_INSTALLATION_CODE)
        assert bytes(token) == world.ncp.stack.tokens.install_code
        status, _ = await host.getValue(valueId=t.EzspValueId.VALUE_VERSION_INFO)
        assert ok(status)
        (echo,) = await host.echo(data=bytes(range(100)))
        assert bytes(echo) == bytes(range(100))
        (status,) = await host.networkInit(networkInitBitmask=0)
        assert not ok(status)
        (state,) = await host.networkState()
        assert state == t.EmberNetworkStatus.NO_NETWORK

    converse(story, version)


@pytest.mark.parametrize("version", [8, 13, 14])
def test_bellows_joins_the_hub_with_it(version):
    async def story(host, world):
        callbacks = Callbacks(host)
        world.hub.admit(world.ncp.stack.eui64, world.ncp.stack.tokens.install_code[2:18], 600)
        await host.addEndpoint(1, 0x0109, 0x0502, 0, 1, 1, [0x0000], [0x0702])
        await host.networkInit(networkInitBitmask=0)
        key = t.KeyData([0] * 16)
        state = t.EmberInitialSecurityState(
            bitmask=t.EmberInitialSecurityBitmask(0x2800), preconfiguredKey=key, networkKey=key,
            networkKeySequenceNumber=0, preconfiguredTrustCenterEui64=t.EUI64(bytes(8)),
        )  # fmt: skip
        (status,) = await host.setInitialSecurityState(state=state)
        assert ok(status)
        await host.startScan(
            scanType=t.EzspNetworkScanType.ACTIVE_SCAN,
            channelMask=t.Channels(1 << world.hub.channel),
            duration=3,
        )
        network, _, _ = await callbacks.wait("networkFoundHandler")
        assert network.panId == world.hub.network.pan_id and network.allowingJoin and network.stackProfile == 2
        await callbacks.wait("scanCompleteHandler")
        parameters = t.EmberNetworkParameters(
            extendedPanId=network.extendedPanId, panId=network.panId, radioTxPower=8, radioChannel=network.channel,
            joinMethod=0, nwkManagerId=0, nwkUpdateId=0, channels=t.Channels(1 << network.channel),
        )  # fmt: skip
        (status,) = await host.joinNetwork(nodeType=t.EmberNodeType.END_DEVICE, parameters=parameters)
        assert ok(status)
        (status,) = await callbacks.wait("stackStatusHandler")
        assert t.sl_Status.from_ember_status(status) == t.sl_Status.NETWORK_UP
        status, _, joined = await host.getNetworkParameters()
        assert ok(status) and joined.panId == world.hub.network.pan_id

        # Time is open before key establishment; what answers is a real ZCL frame.
        aps = t.EmberApsFrame(
            profileId=0x0109, clusterId=0x000A, sourceEndpoint=1, destinationEndpoint=1,
            options=t.EmberApsOption(0x0140), groupId=0, sequence=0,
        )  # fmt: skip
        status, _ = await host.send_unicast(
            nwk=t.NWK(0), aps_frame=aps, message_tag=1, data=bytes.fromhex("0007000000")
        )
        assert ok(status)
        values = await callbacks.wait("incomingMessageHandler")
        assert bytes(values[-1]).startswith(bytes.fromhex("1807010000 00e2"))
        await in_blocks(host, world, callbacks, aps)

    converse(story, version)


async def in_blocks(host, world, callbacks, aps):
    """Long messages, both ways: bellows puts together what the module hands it block by block, and acknowledges."""
    long = bytes.fromhex("190901") + bytes(range(200))
    discarded = host._protocol.VERSION >= 14  # bellows takes another field for the sender there
    arrived = await world.hub.send(world.ncp.stack.node_id, 0x000A, long)
    assert arrived != discarded
    while not discarded:
        values = await callbacks.wait("incomingMessageHandler")
        if bytes(values[-1]) == long:
            break
    heard = []
    world.hub.on_message = lambda message: heard.append(message.frame.payload)
    sequence = 0
    for number, part in enumerate((long[:80], long[80:160], long[160:])):
        frame = aps.replace(options=t.EmberApsOption(0x8140), groupId=number or 0x0300, sequence=sequence)
        status, sequence = await host.send_unicast(nwk=t.NWK(0), aps_frame=frame, message_tag=2 + number, data=part)
        assert ok(status)
        sent = await callbacks.wait("messageSentHandler")
        while 2 + number not in sent:
            sent = await callbacks.wait("messageSentHandler")
        assert any(isinstance(one, t.EmberStatus | t.sl_Status) and ok(one) for one in sent)
    assert heard == [long]


def test_a_reset_nobody_asked_for_reaches_bellows():
    async def story(host, world):
        lost = asyncio.Event()
        host.enter_failed_state = lambda error: lost.set()
        world.ncp.reboot(t.NcpResetCode.RESET_ASSERT)
        async with asyncio.timeout(5):
            await lost.wait()

    converse(story)


def test_commands_before_the_version_are_refused():
    world_settings = dataclasses.replace(Settings(), ezsp_version=13)

    async def main():
        world = World(asyncio.get_running_loop(), world_settings)
        sent = []
        world.ncp.ash.connected = True
        world.ncp.ash.send = lambda frame, is_callback: sent.append(frame.hex())
        world.ncp.ezsp.receive(bytes.fromhex("0400015300" + "0C0200"))
        world.ncp.ezsp.receive(bytes.fromhex("0500000D"))
        world.ncp.ezsp.receive(bytes.fromhex("0600010500"))
        world.ncp.ezsp.receive(bytes.fromhex("0700019901"))
        assert sent == ["0480015800" + "30", "0580000d021074", "0680010500", "0780015800" + "31"]

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(main())
