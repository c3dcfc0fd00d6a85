"""zigbee-herdsman's ember adapter, unmodified, starts twice on the emulated radio module: forms and finds a network.

It comes from npm into build/; where there is no npm this is an error and not a skip.
"""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from host_tools import BUILD, locked
from host_tools.ncp_server import NcpServer
from host_tools.sim.clock import Clock
from host_tools.sim.world import Settings, World

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
