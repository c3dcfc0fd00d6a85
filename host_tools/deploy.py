"""Puts the firmware on a board that runs MicroPython: `inkmeter deploy BOARD PORT`.

mpremote does the talking, as a command (it has no stable API). It skips files that the device has already;
what the device keeps for itself (state.json) is left alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from host_tools.build import BOARDS, build

OLDEST = (1, 22)
_SECONDS = 240
# What a deployment owns on the device: anything else there is the device's own.
_OWNED = ("lib/", "inkmeter/", "main.py", "boot.py", "board.mpy")

_EXAMINE = """
import sys, os, json
def walk(folder):
    for entry in os.ilistdir(folder or '/'):
        path = (folder + '/' if folder else '') + entry[0]
        if entry[1] & 0x4000:
            yield from walk(path)
        else:
            yield path
print(json.dumps([list(sys.implementation.version[:3]), sys.maxsize > 1 << 31, list(walk(''))]))
"""


class DeployError(Exception):
    """The board does not answer or will not do; the message is for the person at the cable."""


def _mpremote(port: str, *command: str) -> str:
    """Runs one mpremote command on the board; returns what it printed. Raises DeployError."""
    line = [sys.executable, "-m", "mpremote", "connect", port, *command]
    try:
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise DeployError(f"the board on {port} does not answer: is it running MicroPython?") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        reason = said[-1].removeprefix("mpremote: ") if said else "no reason given"
        raise DeployError(f"the board on {port}: {reason}")
    return done.stdout


def _examine(port: str) -> list[str]:
    """Checks that the board will do; returns the paths of its files."""
    out = _mpremote(port, "exec", _EXAMINE).strip().splitlines()
    try:
        version, wide, files = json.loads(out[-1])
    except (IndexError, ValueError) as error:
        raise DeployError(f"the board on {port} gives no sensible answer") from error
    if tuple(version[:2]) < OLDEST:
        has = ".".join(map(str, version))
        raise DeployError(f"the board has MicroPython {has}; {OLDEST[0]}.{OLDEST[1]} or later is needed")
    if wide:
        raise DeployError("the board's MicroPython has 64-bit words: that is no microcontroller")
    return files


def deploy(board: str, port: str, boards: Path = BOARDS) -> dict[str, list[str]]:
    """Builds for a board of the folder `boards` and deploys; returns the files that were copied, left as they
    were, and removed. Raises BuildError, DeployError.
    """
    root = build(board, boards)
    wanted = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    there = _examine(port)
    stale = [path for path in there if path.startswith(_OWNED) and path not in wanted]
    if stale:
        _mpremote(port, "fs", "rm", *(f":{path}" for path in stale))
    said = _mpremote(port, "fs", "cp", "-r", *(str(path) for path in sorted(root.iterdir())), ":")
    marks = [line.partition(": ") for line in said.splitlines()]
    unchanged = {path.removeprefix("./") for mark, _, path in marks if mark == "Up to date"}
    _mpremote(port, "reset")
    return {"copied": sorted(wanted - unchanged), "unchanged": sorted(unchanged), "removed": sorted(stale)}
