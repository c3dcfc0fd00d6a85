"""`inkmeter lint`: the firmware's types, against the MicroPython stubs for the ESP32.

The stubs are no part of the host's environment (they replace the standard library's); they are brought into
build/ on first use. ruff runs beside this: see `make lint`.
"""

from __future__ import annotations

import json
import subprocess
import sys

from host_tools import BUILD, ROOT

STUBS = BUILD / "typings"
PACKAGE = "micropython-esp32-stubs==1.29.0.post1"
# What the simulator's board has of the unix port, and the launcher's alone.
_CHECKED = ("firmware", "boards/esp32_devkit_weact_2in9", "boards/esp32_devkit_weact_4in2")


def _install() -> None:
    if (STUBS / "machine.pyi").exists():
        return
    print("inkmeter lint: installing the MicroPython stubs", flush=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-user"]
    subprocess.run([*pip, "--target", str(STUBS), PACKAGE], check=True)


def lint() -> int:
    """Checks; prints what is wrong and returns how many things are."""
    _install()
    configuration = BUILD / "pyright.json"
    configuration.write_text(json.dumps({
        "include": [str(ROOT / path) for path in _CHECKED],
        "extraPaths": [str(ROOT / "firmware"), str(ROOT / "boards/esp32_devkit_weact_2in9")],
        "typeshedPath": str(STUBS),
        "stubPath": str(STUBS),
        "pythonVersion": "3.11",
        "typeCheckingMode": "basic",
        # Attributes that begin as None and become what they are, and modules that are loaded by name.
        "reportOptionalMemberAccess": "none",
        "reportOptionalSubscript": "none",
        "reportOptionalOperand": "none",
        "reportOptionalIterable": "none",
        "reportMissingModuleSource": "none",
    }))  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--project", str(configuration), "--outputjson"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        found = json.loads(done.stdout)["generalDiagnostics"]
    except (ValueError, KeyError):
        print(done.stdout + done.stderr, file=sys.stderr)
        return 1
    for one in found:
        line = one["range"]["start"]["line"] + 1
        print(f"{one['file']}:{line}: {one['message'].splitlines()[0]} ({one.get('rule')})")
    print(f"inkmeter lint: {len(found)} findings in {' and '.join(_CHECKED)}")
    return len(found)
