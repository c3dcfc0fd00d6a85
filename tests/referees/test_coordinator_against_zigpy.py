"""The emulated radio module as the coordinator of zigpy's own application, unmodified; and our join, judged by it."""

import asyncio
import contextlib
import sys
from pathlib import Path

import pytest
import zigpy.types as t
import zigpy.util
from bellows.zigbee.application import ControllerApplication
from slowly import slow

from host_tools.ncp_server import NcpServer
from host_tools.sim.clock import Clock
from host_tools.sim.ncp.emulator import NcpEmulator
from host_tools.sim.ncp.tokens import Tokens, install_code_token
from host_tools.sim.run import run
from host_tools.sim.uart import Line
from host_tools.sim.world import Settings, World


def application(port):
    return ControllerApplication(
        {
            "device": {"path": f"socket://127.0.0.1:{port}", "baudrate": 115200, "flow_control": None},
            "database_path": None, "ota": {"enabled": False},
        }
    )  # fmt: skip


@pytest.mark.parametrize("version", [8, 13, *slow([9, 10, 11, 12, 14])])
def test_it_forms_a_network_and_finds_it_again(version):
    async def main():
        world = World(asyncio.get_running_loop(), Settings(ezsp_version=version))
        server = NcpServer(world)
        port = await server.start()
        seen = []
        try:
            for turn in range(2):
                app = application(port)
                await app.connect()
                if not turn:
                    await app.form_network()
                await app.start_network()
                await app.load_network_info(load_devices=True)
                info = app.state.network_info
                seen.append((info.pan_id, info.extended_pan_id, info.channel, info.network_key.key))
                assert app.state.node_info.nwk == 0 and app.state.node_info.ieee == t.EUI64(world.ncp.stack.eui64)
                await app.permit(60)
                await asyncio.sleep(0.2)
                assert world.ncp.stack.coordinator.is_open
                await app.disconnect()
            world.check()
        finally:
            await server.stop()
        assert seen[0] == seen[1]
        network = world.ncp.stack.flash.network
        assert (network.pan_id, network.channel, network.key) == (seen[0][0], seen[0][2], seen[0][3].serialize())

    with asyncio.Runner(loop_factory=lambda: Clock(real_time=5.0)) as runner:
        runner.run(main())


class Second:
    """A second radio module on the same air, served to a host over TCP."""

    def __init__(self, world):
        eui64 = b"\x77" * 7 + b"\x02"
        tokens = Tokens(eui64, install_code_token(bytes(16)), {})
        self.ncp = NcpEmulator(world.air, tokens, world._rng(), lambda data: self.line.send(data))
        self.ncp.stack.position = (3.0, 0.0)
        self.line = Line(lambda data: self.writer and self.writer.write(data), baud=115200, rng=world._rng())
        self.writer = None

    async def serve(self):
        self.server = await asyncio.start_server(self._host, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def _host(self, reader, writer):
        self.writer = writer
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                self.ncp.receive(data)


class Listener:
    def __init__(self):
        self.joined, self.left = [], []

    def device_joined(self, device):
        self.joined.append(device.ieee)

    def device_left(self, device):
        self.left.append(device.ieee)


@pytest.mark.parametrize("right", [True, False])
def test_our_firmware_joins_zigpy_s_network_by_install_code_and_says_that_it_is_no_meters(tmp_path, right):
    async def story(home):
        second = Second(home.world)
        app = application(await second.serve())
        listener = Listener()
        app.add_listener(listener)
        await app.connect()
        await app.form_network()
        await app.start_network()
        await home.until_shows("Enter the code", 120)
        eui64, code = home.world.label
        device = t.EUI64.convert(":".join(eui64[i : i + 2] for i in range(0, 16, 2)))
        key = zigpy.util.convert_install_code(bytes.fromhex(code))
        await app.permit_with_link_key(device, key if right else t.KeyData(bytes(16)), 120)
        home.press()
        if right:
            await home.until(lambda: device in listener.joined, 60, "zigpy says that the device has joined")
            assert home.world.ncp.stack.flash.trust_centre == second.ncp.stack.eui64
            await home.until_shows("Not a meter network", 200)
            await home.until(lambda: device in listener.left, 60, "zigpy says that it has left")
        else:
            await home.sleep(60)
            assert home.world.ncp.stack.flash.network is None and not home.shows("Not a meter network")
        await app.disconnect()
        second.server.close()

    run(Settings(), tmp_path, story, real_time=15.0)


async def bellows(port, *arguments):
    """What bellows' command line says within a minute; one that fails may never end by itself."""
    command = Path(sys.executable).with_name("bellows")
    process = await asyncio.create_subprocess_exec(
        str(command), "-d", f"socket://127.0.0.1:{port}", "-b", "115200", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        out, _ = await asyncio.wait_for(process.communicate(), 60)
    except TimeoutError:
        return None, "nothing within a minute"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return process.returncode, out.decode()


@pytest.mark.slow
def test_bellows_command_line_forms_a_network_and_reads_it_back(tmp_path):
    async def main():
        world = World(asyncio.get_running_loop(), Settings())
        server = NcpServer(world)
        port = await server.start()
        database = tmp_path / "app.db"
        database.touch()
        try:
            code, said = await bellows(port, "form", "-D", str(database), "-c", "15", "-P", "4711")
            assert code == 0, said
            network = world.ncp.stack.flash.network
            assert (network.pan_id, network.channel) == (4711, 15)
            code, said = await bellows(port, "info")
            assert code == 0 and "JOINED_NETWORK" in said and "COORDINATOR" in said, said
            assert "EmberZNet version: 7.4.1" in said
            code, said = await bellows(port, "permit", "-D", str(database), "-t", "1")
            assert code == 0 and "Joins are permitted" in said, said
            world.check()
        finally:
            await server.stop()

    with asyncio.Runner(loop_factory=lambda: Clock(real_time=1.0)) as runner:
        runner.run(main())
