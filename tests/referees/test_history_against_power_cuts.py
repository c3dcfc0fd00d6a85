"""The ledger's files on MicroPython's own littlefs, with the power cut at flash operations."""

import subprocess
from pathlib import Path

import pytest

from host_tools import toolchain


def cut(compiled: Path, folder: Path, every: int, first: int, timeout: int) -> None:
    script = Path(__file__).parents[1] / "micropython/power_cuts.py"
    done = subprocess.run(
        [toolchain.interpreter().path, "-X", "heapsize=32m", str(script), str(compiled), str(every), str(first)],
        capture_output=True, check=False, cwd=folder, timeout=timeout,
    )  # fmt: skip
    # Files that the power cut left open are closed by the collector, with complaints.
    lines = done.stdout.decode(errors="replace").splitlines()
    assert done.returncode == 0, lines[-20:]
    failed = [line for line in lines if line.startswith("FAILED")]
    cuts, _, failures, _ = lines[-1].split()
    assert (failed, failures) == ([], "0")
    assert int(cuts) >= 1100 // every


def test_some_operations(compiled, tmp_path):
    cut(compiled, tmp_path, 61, 1, 240)


@pytest.mark.slow
def test_every_operation_done_not_at_all_half_or_wholly(compiled, tmp_path):
    cut(compiled, tmp_path, 1, 0, 3600)
