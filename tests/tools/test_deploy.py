"""Deploying to a microcontroller: MicroPython on an emulated Cortex-M3, as far as that machine has the parts."""

import json
import shutil
import subprocess
import sys

import pytest

from host_tools import build, deploy
from host_tools.emulated_board import EmulatedBoard

# The emulated machine has no second UART, no SPI and no pins: these take their places and do nothing.
PARTLESS = """
import asyncio
import io

NAME = "partless"
PANEL_WIDTH, PANEL_HEIGHT = 296, 128
PANEL = "ssd1680"
BUTTONS = 3


class _Silence(io.IOBase):
    def readinto(self, buffer):
        return None

    def write(self, data):
        return len(data)

    def ioctl(self, request, argument):
        return argument & 4 if request == 3 else 0


def uart():
    return _Silence()


def panel():
    return (_Silence(),) + 3 * (lambda level: None,) + (lambda: 0,)


async def buttons():
    await asyncio.sleep(3600)
    return 0


def light(level, state):
    pass


async def reset_ncp():
    pass
"""


@pytest.fixture(scope="module")
def machine():
    with EmulatedBoard() as board:
        yield board


# As little as a firmware can be: what is deployed here matters for its names alone.
FIRMWARE = {
    "main.py": "import board\nfrom inkmeter import app\n\napp.run(board)\n",
    "inkmeter/__init__.py": "",
    "inkmeter/app.py": "import asyncio\nfrom inkmeter.log import log\n\ndef run(board):\n"
    "    log('inkmeter', 'starting on', board.NAME)\n    asyncio.run(asyncio.sleep(10000))\n",
    "inkmeter/log.py": "def log(area, *words):\n    print(area + ':', *words)\n",
    "inkmeter/session.py": "x = 1\n",
    "inkmeter/fonts/body.fnt": "0123456789" * 400,
}

MEASURE = """
import gc, json, sys, asyncio, board
from inkmeter.app import App
async def main():
    app = App(board)
    asyncio.create_task(app.run())
    await asyncio.sleep(2)
    gc.collect()
    print(json.dumps([gc.mem_alloc(), sys.maxsize, app.supervisor.restarts]))
asyncio.run(main())
"""


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A firmware of a few files, which is copied in seconds."""
    for name, text in FIRMWARE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(build, "FIRMWARE", tmp_path)


@pytest.fixture(scope="module")
def boards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("boards")
    (folder / "partless").mkdir()
    (folder / "partless/board.py").write_text(PARTLESS)
    (folder / "partless/measure.py").write_text(MEASURE)
    yield folder
    shutil.rmtree(build.BUILD / "device/partless", ignore_errors=True)


def mpremote(machine, *command):
    line = [sys.executable, "-m", "mpremote", "connect", machine.port, *command]
    return subprocess.run(line, capture_output=True, text=True, check=True, timeout=60).stdout


def deployed(machine, boards):
    """Deploys, and waits until the firmware runs: a board that is just booting is deaf to mpremote."""
    done = deploy.deploy("partless", machine.port, boards)
    machine.type(b"", b"inkmeter: starting on partless", 30)
    return done


def test_deploys_starts_and_then_copies_only_what_changed(machine, boards, small):
    done = deployed(machine, boards)
    assert "main.py" in done["copied"] and "lib/session.mpy" in done["copied"] and not done["unchanged"]
    again = deployed(machine, boards)
    assert again["copied"] == [] and sorted(again["unchanged"]) == sorted(done["copied"])

    (boards / "partless/board.py").write_text(PARTLESS + "\nCHANGED = True\n")
    assert deployed(machine, boards)["copied"] == ["board.mpy"]


def test_what_the_firmware_no_longer_has_goes_and_what_is_the_device_s_own_stays(machine, boards, small):
    deployed(machine, boards)
    mpremote(machine, "exec", "open('lib/old.mpy', 'w').close(); open('state.json', 'w').write('{}')")
    assert deployed(machine, boards)["removed"] == ["lib/old.mpy"]
    assert "state.json" in mpremote(machine, "fs", "ls")


@pytest.mark.slow
def test_the_firmware_on_32_bit_bare_metal_stays_within_its_heap(machine, boards):
    deployed(machine, boards)
    alloc, maxsize, restarts = json.loads(mpremote(machine, "exec", "import measure").strip().splitlines()[-1])
    assert maxsize == (1 << 31) - 1
    assert not any(restarts.values())
    assert alloc < 64 * 1024, alloc


def test_a_port_with_nothing_on_it_is_said_so():
    with pytest.raises(deploy.DeployError, match="the board on /dev/inkmeter-nothing"):
        deploy.deploy("simulator", "/dev/inkmeter-nothing")


def test_a_board_that_is_not_there_is_said_so():
    with pytest.raises(build.BuildError, match=r"there is no board 'toaster'; there are: .*simulator"):
        deploy.deploy("toaster", "/dev/inkmeter-nothing")
