"""Runs the protocol layers' tests again, on the MicroPython that behaves like the ESP32's."""

import subprocess
from pathlib import Path

import pytest

from host_tools import ROOT, toolchain

PROTOCOL = sorted((Path(__file__).parent / "protocol").glob("test_*.py"))


@pytest.mark.parametrize("path", PROTOCOL, ids=lambda path: path.stem)
def test_protocol_layer(path, tmp_path):
    runner = Path(__file__).parent / "run_on_micropython.py"
    done = subprocess.run(
        [toolchain.interpreter().path, "-X", "heapsize=2m", str(runner), str(ROOT / "firmware"), str(path)],
        capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stdout.splitlines()[-1].startswith("0 passed")
