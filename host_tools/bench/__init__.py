"""`inkmeter bench`: what the firmware's hot paths cost, in machine instructions, heap bytes and flash; and what a
simulated day does.

Instructions are counted by valgrind's callgrind on the MicroPython unix port. They repeat exactly, and so can be
compared between commits where times on a shared machine cannot; they are not the ESP32's.
"""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from host_tools import BUILD, build, toolchain
from host_tools.bench import day

REPORT = BUILD / "bench.json"
HOT_PATHS = (
    "ash_receive", "ash_send", "ezsp_encode", "ezsp_decode", "zcl_answer", "qr_code", "screen_pairing",
    "screen_readings",
)  # fmt: skip
_TIMES = 8


class BenchError(Exception):
    """It can't be measured; the message says why."""


def _run(name: str, times: int) -> tuple[int, int]:
    # (instructions of the whole process, heap bytes of one run)
    firmware = build.build("simulator", short=False)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                "valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", toolchain.interpreter().path,
                "-X", "heapsize=4m", str(Path(__file__).parent / "hot_paths.py"), str(firmware),
                name, str(times),
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    counted = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    if done.returncode or not counted:
        raise BenchError(f"{name} did not run:\n{done.stdout}{done.stderr}")
    return int(counted[1]), int(done.stdout.split()[-1])


def _demo_heap() -> dict[str, int]:
    report = BUILD / "demo/report.json"
    return json.loads(report.read_text())["heap"] if report.exists() else {}


def bench_day() -> day.Cost:
    """Simulates a day, as fast as it goes, and says what it takes."""
    cost = day.measure(BUILD / "bench")
    print(f"a simulated day takes {cost}", flush=True)
    return cost


def bench() -> dict[str, object]:
    """Measures, prints a table and writes build/bench.json. Raises BenchError."""
    if not shutil.which("valgrind"):
        raise BenchError("valgrind counts the instructions: install the package valgrind")
    rows = {}
    print(f"{'':18}{'instructions':>14}{'heap bytes':>12}")
    for name in HOT_PATHS:
        none, _ = _run(name, 0)
        many, heap = _run(name, _TIMES)
        rows[name] = {"instructions": (many - none) // _TIMES, "heap_bytes": heap}
        print(f"{name:18}{rows[name]['instructions']:14,}{heap:12,}", flush=True)
    root = build.build("simulator")
    flash = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
    result: dict[str, object] = {"hot_paths": rows, "flash_bytes": flash, "demo_heap": _demo_heap()}
    result["day"] = dataclasses.asdict(bench_day())
    print(f"\nthe device's files: {flash:,} bytes")
    if heap := _demo_heap():
        print(f"heap in the last demo: {heap['live_bytes']:,} live, {heap['peak_bytes']:,} at its peak")
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(result, indent=1) + "\n")
    return result
