"""Makes the firmware importable on CPython; see CONTRIBUTING.md for which tests run where."""

import asyncio
import gc
import signal
import sys
import time
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
for folder in (TESTS / "shims", TESTS.parent / "firmware"):
    sys.path.insert(0, str(folder))

# What a shell starts in the background has Ctrl-C ignored, and so would the programs that the tests end by it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# MicroPython's clock wraps at 2**30 ms, and so does this one.
_PERIOD = 1 << 30
time.ticks_ms = lambda: int(time.monotonic() * 1000) % _PERIOD
time.ticks_add = lambda ticks, delta: (ticks + delta) % _PERIOD
time.ticks_diff = lambda a, b: (a - b + _PERIOD // 2) % _PERIOD - _PERIOD // 2


async def _wait_for_ms(awaitable, milliseconds):
    return await asyncio.wait_for(awaitable, milliseconds / 1000)


asyncio.sleep_ms = lambda milliseconds: asyncio.sleep(milliseconds / 1000)
asyncio.wait_for_ms = _wait_for_ms


def pytest_collection_finish():
    """What has been loaded by now stays: the firmware's many collections need not go through it."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items):
    """Soaks and long fuzzing take hours; pyproject.toml says what the others may take."""
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.timeout(0))


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    """The firmware's store writes where it stands."""
    monkeypatch.chdir(tmp_path)
