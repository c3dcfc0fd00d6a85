"""The folder of a run, which no other run may have at the same time."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
from collections.abc import Iterator
from pathlib import Path

from host_tools.web import FOLDER


class InUse(Exception):
    """Another run has this folder; the message says so."""


def _taken(folder: Path):
    # The open file that holds it; None where another has it.
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "in-use").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


@contextlib.contextmanager
def taken(folder: Path | None = None) -> Iterator[Path]:
    """Takes a folder for the length of a with block: the one that is named, or build/run, build/run-2 and so on, the
    first that is free. Raises InUse and OSError.
    """
    usual = (FOLDER if n == 1 else FOLDER.with_name(f"{FOLDER.name}-{n}") for n in itertools.count(1))
    for one in usual if folder is None else [folder]:
        if lock := _taken(one):
            with lock:
                yield one
            return
    raise InUse(f"{folder} is in use by another `inkmeter run`")
