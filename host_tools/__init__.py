"""Inkmeter's host tools: the simulated home, the device build and what puts it on hardware."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """One process at a time builds what goes by this name; the others wait and find it built."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
