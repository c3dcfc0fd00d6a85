"""The device under test: the real firmware in a real MicroPython process, its wires brought out.

The process runs only while the home's clock stands still. What it does meanwhile is taken in order: the
panel's bus at once, because it reads BUSY back; the UART when it has settled.
"""

from __future__ import annotations

import collections
import contextlib
import fcntl
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

from host_tools.sim.clock import Clock
from host_tools.sim.panel import Controller
from host_tools.toolchain import Interpreter

_TIME = struct.Struct("=q")
_WAIT = struct.Struct("=qq")  # until when it waits, and where it has written: see vclock.c
_TAKE_IT = -2
_MOST = 1 << 18  # more than a process writes before it has it taken
_LOG, _UART, _BUS, _PROBE = 1, 2, 4, 16
_STUCK_S = 30
BUTTONS = ("next", "ok", "back")  # by their bits on the wire
# What stands first in each word on the board's bus: see boards/simulator/board.py.
_SPI, _PIN, _LIGHT, _NCP_RESET, _BUSY = b"SPLNB"
_THREE = (_SPI, _PIN, _LIGHT)  # these have two octets more, the first also as many as they say
_PINS = {ord("c"): "cs", ord("d"): "dc", ord("r"): "rst", ord("b"): "busy"}


class Light(NamedTuple):
    """What the light does from `at_us` on: its brightness, 0 to 255, and the firmware's number for what it says."""

    at_us: int
    level: int
    state: int


class DeviceError(Exception):
    """The firmware ended, or went on without ever waiting; the message says which."""


class Device:
    """One MicroPython process.

    `root` is the device's file system; `on_uart(bytes)` gets what it sends to the radio module, `log` what it
    prints. `heap` is the size of its heap, as MicroPython's -X heapsize has it. `module` is what it runs: "main", or
    the simulator board's "probe", which answers questions. `buttons` is 3 or 1, and later has their names. `lights`
    is the light's time line, `wakes` how often it went on.
    """

    def __init__(
        self, clock: Clock, interpreter: Interpreter, root: Path, panel: Controller, on_uart: Callable[[bytes], None],
        log: IO[bytes], *, heap: str, seed: int, module: str = "main", buttons: int = 3,
    ) -> None:  # fmt: skip
        self._clock = clock
        self.panel = panel
        self.buttons = BUTTONS if buttons == len(BUTTONS) else ("ok",)
        self._on_uart = on_uart
        self._log = log
        self._running = True
        self._drained = False
        self.wakes_at_us: int | None = None
        self.has_input = False
        self._bus = bytearray()
        self._written = 0
        self.wakes = 0
        ours, theirs = zip(*(socket.socketpair() for _ in range(5)), strict=True)
        self._control, self._uart, self._bus_socket, self._button, self._probe = ours
        self._control.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", _STUCK_S, 0))
        # MicroPython reads a stream until it would block; the bus alone is read by the byte.
        for end in (theirs[1], theirs[3], theirs[4]):
            fcntl.fcntl(end, fcntl.F_SETFL, fcntl.fcntl(end, fcntl.F_GETFL) | os.O_NONBLOCK)
        wires = [end.fileno() for end in theirs[1:]]
        environment = {
            "INKMETER_VCLOCK": str(theirs[0].fileno()),
            "INKMETER_SEED": str(seed),
            "INKMETER_SOCKETS": ",".join(map(str, wires)),
            "INKMETER_PANEL": "{}x{},{}".format(*panel.landscape, panel.controller),
            "INKMETER_BUTTONS": str(buttons),
            # The root is where it stands, as on the device: paths stay in the heap.
            "MICROPYPATH": ":.frozen:lib",
        }
        # Fixed addresses, so that the collector, which takes any number for a pointer, sees the same ones again.
        fixed = [setarch, "-R"] if (setarch := shutil.which("setarch")) else []
        self.process = subprocess.Popen(
            [*fixed, "/usr/bin/env", f"LD_PRELOAD={interpreter.vclock}",
             interpreter.path, "-X", f"heapsize={heap}", "-m", module],
            env=environment, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            pass_fds=[end.fileno() for end in theirs],
        )  # fmt: skip
        for end in theirs:
            end.close()
        assert self.process.stdout
        os.set_blocking(self.process.stdout.fileno(), False)
        self._probe_data = bytearray()
        self.on_probe: Callable[[bytes], None] | None = None
        self.on_ncp_reset: Callable[[], None] = lambda: None
        self._levels = 0
        self.light = Light(0, 0, 0)
        self.lights: collections.deque[Light] = collections.deque(maxlen=100_000)
        self.failure: DeviceError | None = None

    # What the clock asks for

    def settle(self) -> bool:
        """Lets the process run until it waits; True if it sent something to the home, or has ended."""
        if self._drained:
            return False
        try:
            while self._running:
                self._run()
            self._drained = True  # it does nothing more until it is released
            return self._drain()
        except ConnectionError:
            self.failure = self._ended()
        except DeviceError as failure:
            self.failure = failure
        # The home goes on without it; whoever runs the home looks here.
        self._clock.device = None
        return True

    def _ended(self) -> DeviceError:
        with contextlib.suppress(OSError):
            self._take_log()
        return DeviceError(f"the firmware has ended, with exit code {self.process.wait()}")

    def _run(self) -> None:
        try:
            message = self._control.recv(_WAIT.size, socket.MSG_WAITALL)
        except BlockingIOError:
            raise DeviceError(f"the firmware has not waited for anything in {_STUCK_S} s: an endless loop") from None
        if not message:
            raise self._ended()
        until, written = _WAIT.unpack(message)
        self._written |= written
        if until == _TAKE_IT:
            self._take_bus()
            self._take_log()
            self._control.send(_TIME.pack(self._clock.now_us))
        else:
            self.wakes_at_us = None if until < 0 else until
            self._running = False

    def release(self, now_us: int) -> None:
        """Tells the process the time and lets it run."""
        self.wakes += 1
        self.has_input = False
        self._running = True
        self._drained = False
        with contextlib.suppress(BrokenPipeError):  # it has ended; settle() will see
            self._control.send(_TIME.pack(now_us))

    # Its wires

    def to_uart(self, data: bytes) -> None:
        """Bytes that have arrived on its UART."""
        # A firmware that reads nothing loses them, as with a UART whose buffer is full; the home goes on.
        with contextlib.suppress(BrokenPipeError, BlockingIOError):
            self._uart.send(data, socket.MSG_DONTWAIT)
        self.has_input = True

    def set_button(self, name: str, down: bool) -> None:
        """Moves a button: "next", "ok" or "back"; a device with one button has "ok" alone. ValueError for others."""
        bit = 1 << self.buttons.index(name)
        levels = self._levels | bit if down else self._levels & ~bit
        if levels != self._levels:
            self._levels = levels
            with contextlib.suppress(BrokenPipeError, BlockingIOError):
                self._button.send(bytes([levels]), socket.MSG_DONTWAIT)
            self.has_input = True

    def ask(self) -> None:
        """Asks the probe, where that runs; on_probe gets its answer, a line of JSON."""
        with contextlib.suppress(BrokenPipeError, BlockingIOError):
            self._probe.send(b"\n", socket.MSG_DONTWAIT)
        self.has_input = True

    def _drain(self) -> bool:
        self._take_bus()
        self._take_log()
        if self._written & _PROBE:
            self._take_probe()
        if not self._written & _UART:
            return False
        self._written &= ~_UART
        self._on_uart(self._uart.recv(_MOST))
        return True

    def _take_probe(self) -> None:
        self._written &= ~_PROBE
        self._probe_data += self._probe.recv(_MOST)
        while b"\n" in self._probe_data:
            line, _, rest = self._probe_data.partition(b"\n")
            self._probe_data = bytearray(rest)
            if self.on_probe:
                self.on_probe(bytes(line))

    def _take_log(self) -> None:
        if not self._written & _LOG:
            return
        self._written &= ~_LOG
        assert self.process.stdout
        while data := self.process.stdout.read(65536):
            self._log.write(data)
        self._log.flush()

    def _take_bus(self) -> None:
        if not self._written & _BUS:
            return
        self._written &= ~_BUS
        self._bus += self._bus_socket.recv(_MOST)
        now = self._clock.now_us
        bus, at = bytes(self._bus), 0
        while at < len(bus):
            what = bus[at]
            size = 3 if what in _THREE else 1
            if what == _SPI and at + 3 <= len(bus):
                size += bus[at + 1] | bus[at + 2] << 8
            if at + size > len(bus):
                break
            if what == _SPI:
                self.panel.spi(bus[at + 3 : at + size], now)
            elif what == _PIN:
                self.panel.set_pin(_PINS[bus[at + 1]], bus[at + 2], now)
            elif what == _LIGHT:
                self.light = Light(now, bus[at + 1], bus[at + 2])
                self.lights.append(self.light)
            elif what == _NCP_RESET:
                self.on_ncp_reset()
            elif what == _BUSY:
                self._bus_socket.send(bytes([self.panel.busy(now)]))
            else:
                raise DeviceError(f"the board's bus carries {bus[at : at + 1]!r}")
            at += size
        self._bus = bytearray(bus[at:])

    def stop(self) -> None:
        """Ends the process and closes its wires: a power cut."""
        self.process.kill()
        self.process.wait()
        for end in (self._control, self._uart, self._bus_socket, self._button, self._probe):
            end.close()
        if self.process.stdout:
            self.process.stdout.close()
