"""zigbee-herdsman's ember adapter, unmodified, starts twice on the emulated radio module: forms and finds a network.
Our firmware joins that by install code, and leaves it as no smart meters' network.

It comes from npm into build/; where there is no npm this is an error and not a skip.
"""

import asyncio
import contextlib
import json
import subprocess
from pathlib import Path

import pytest

from host_tools import BUILD, locked
from host_tools.ncp_server import NcpServer
from host_tools.sim.clock import Clock
from host_tools.sim.run import run
from host_tools.sim.world import Settings, World
from tests.referees.test_coordinator_against_zigpy import Second

VERSION = "9.0.2"
FOLDER = BUILD / "herdsman"
NETWORK_KEY = bytes((1, 3, 5, 7, 9, 11, 13, 15, 0, 2, 4, 6, 8, 10, 12, 13))


@pytest.fixture(scope="module")
def modules():
    """The folder of node modules with zigbee-herdsman in it."""
    with locked("herdsman"):
        package = FOLDER / "node_modules/zigbee-herdsman/package.json"
        if not package.exists() or json.loads(package.read_text())["version"] != VERSION:
            FOLDER.mkdir(parents=True, exist_ok=True)
            (FOLDER / "package.json").write_text("{}")
            subprocess.run(
                ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", f"zigbee-herdsman@{VERSION}"],
                cwd=FOLDER, check=True, capture_output=True, timeout=300,
            )  # fmt: skip
    return FOLDER / "node_modules"


async def start(port, folder, modules):
    """What it says of one start and stop."""
    script = Path(__file__).parent / "herdsman.js"
    process = await asyncio.create_subprocess_exec(
        "node", str(script), str(port), str(folder), str(modules), stdout=asyncio.subprocess.PIPE
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 120)
    said = {}
    for line in out.decode().splitlines():
        if line.startswith("{"):
            said.update(json.loads(line))
    return said


@pytest.mark.slow
@pytest.mark.parametrize("version", [13, 14])
def test_zigbee_herdsman_forms_a_network_and_finds_it_again(version, modules, tmp_path):
    async def main():
        world = World(asyncio.get_running_loop(), Settings(ezsp_version=version))
        server = NcpServer(world)
        port = await server.start()
        try:
            for turn in ("reset", "resumed"):
                said = await start(port, tmp_path, modules)
                assert said.get("stopped") and said["errors"] == [], said
                assert said["start"] == turn and said["permitted"]
                assert (said["network"]["panID"], said["network"]["channel"]) == (0x1A62, 15)
                assert said["version"]["ezsp"] == version
            world.check()
        finally:
            await server.stop()
        network = world.ncp.stack.flash.network
        assert (network.pan_id, network.channel, network.key) == (0x1A62, 15, NETWORK_KEY)

    with asyncio.Runner(loop_factory=lambda: Clock(real_time=1.0)) as runner:
        runner.run(main())


@pytest.mark.slow
@pytest.mark.parametrize("right", [True, False])
def test_our_firmware_joins_its_network_by_install_code_and_says_that_it_is_no_meters(right, modules, tmp_path):
    async def story(home):
        second = Second(home.world)
        port = await second.serve()
        await home.until_shows("Enter the code", 120)
        eui64, code = home.world.label
        other = "83FED3407A939723A5C639B26916D505C3B5"
        process = await asyncio.create_subprocess_exec(
            "node", str(Path(__file__).parent / "herdsman.js"), str(port), str(tmp_path), str(modules),
            f"{eui64}|{code if right else other}", stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said = {}

        async def listen():
            async for line in process.stdout:
                if line.startswith(b"{"):
                    said.update(json.loads(line))

        listening = asyncio.create_task(listen())
        try:
            await home.until(lambda: "admitted" in said or "failed" in said, 3000, "herdsman knows the code", every=5)
            assert "failed" not in said, said
            home.press()
            ieee = "0x" + eui64.lower()
            if right:
                await home.until(lambda: said.get("joined") == ieee, 300, "herdsman says that the device has joined")
                assert home.world.ncp.stack.flash.trust_centre == second.ncp.stack.eui64
                await home.until_shows("Not a meter network", 300)
                await home.until(lambda: said.get("left") == ieee, 300, "herdsman says that it has left")
                assert said.get("joined") == ieee
            else:
                await home.sleep(60)
                assert home.world.ncp.stack.flash.network is None and not home.shows("Not a meter network")
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            listening.cancel()
            second.server.close()

    run(Settings(), tmp_path, story, real_time=15.0)
