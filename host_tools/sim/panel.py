"""E-paper controllers SSD1680 and SSD1683, and the glass behind them, from the chips' side of the SPI bus.

Written from Solomon Systech's data sheets, SSD1680 rev 0.14 of June 2019, which the numbers of sections and commands
and the names of fields are from, and SSD1683 rev 1.0 of January 2021, whose table 7-1 differs in a few rows. Bytes and
pin levels go in; a picture and a list of complaints come out. Time is passed in, in microseconds. Nothing here raises
on any stream of bytes, as the chip does not.

Where the data sheet is silent, this is assumed:

- A parameter byte takes effect when it arrives, so a command cut short changes the bytes that came.
- An address counter turns back only at the end of its window. One that starts outside, or that counts away
  from the end, runs through its whole field (6 bits for X, 9 for Y); what falls outside the RAM is lost.
- A hardware reset keeps the RAM: deep sleep mode 1 keeps it (table 11-1) and ends in no other way.
- 0x46 and 0x47 fill the whole RAM and leave window and counters alone.
- The LUTs in the OTP are those of a black and white panel: in mode 1 the red RAM does not matter (table 6-5),
  in mode 2 pixels whose two bits differ are driven and the others held. A LUT written with 0x32 is taken to
  be for the mode in which it is used.
- TB mirrors the rows within the range of gates that 0x01 and 0x0F select.
- The SSD1683's display mode 1 is for three colours (its command 0x22): a red plane that is neither bypassed nor 0
  is complained of.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from PIL import Image

from host_tools.sim.panel_commands import (
    BUSY_FOR_A_WHILE,
    NEEDS_ANALOG,
    NEEDS_CLOCK,
    READS,
    SSD1680_COMMANDS,
    SSD1680_LIMITS,
    SSD1680_LINE_BYTES,
    SSD1680_LINES,
    SSD1683_COMMANDS,
    SSD1683_LIMITS,
    SSD1683_LINE_BYTES,
    SSD1683_LINES,
    STEP_HEIGHTS,
    STEP_WIDTHS,
    WRITES_OTP,
    Command,
    word,
)

SW_RESET_US = 10_000  # figure 9-1 waits this long
POWER_ON_US = 95_000  # analog on and off, as measured by the author of GxEPD2
POWER_OFF_US = 140_000
_COUNT_BITS = 5
OTHER_US = 10_000  # loading, filling, detecting: no figure anywhere, so enough to catch who doesn't wait
ROOM_TEMPERATURE = b"\x19\x00"  # 25 degrees C in the format of section 6.8.3

# Bits of 0x22, in the order in which they are acted on.
_CLOCK_ON, _ANALOG_ON, _LOAD_TEMPERATURE, _LOAD_LUT = 0x80, 0x40, 0x20, 0x10
_MODE_2, _DISPLAY, _ANALOG_OFF, _CLOCK_OFF = 0x08, 0x04, 0x02, 0x01


class _Axis:
    """One direction of the address counter (section 8.6): where it is, its window, and which way it goes."""

    def __init__(self, name: str, at: int, start: int, end: int, up: int, cells: int, field: int) -> None:
        self.name, self.at, self.start, self.end = name, at, start, end
        self.step = 1 if up else -1
        self._cells, self._field = cells, field

    @property
    def in_ram(self) -> bool:
        return self.at < self._cells

    def run(self) -> int:
        """How many cells it is to the window's end, both included; 1 if the way there is not straight."""
        count = (self.end - self.at) * self.step + 1
        return count if count > 0 and self.in_ram and self.end < self._cells else 1

    def advance(self, count: int) -> bool:
        """Steps over `count` cells of a run. True if the last was the window's end: back to its start."""
        self.at += (count - 1) * self.step
        if self.at == self.end:
            self.at = self.start
            return True
        self.at = (self.at + self.step) % self._field
        return False

    def faults(self) -> list[str]:
        window = f"window {self.start:#x} to {self.end:#x}"
        found = []
        if (self.end - self.start) * self.step < 0:
            found.append(f"{self.name} {window}, but 0x11 counts {'up' if self.step > 0 else 'down'}")
        if not min(self.start, self.end) <= self.at <= max(self.start, self.end):
            found.append(f"{self.name} counter {self.at:#x} is outside the {window}")
        return found


class Refresh(NamedTuple):
    """One refresh: when BUSY ends, whether it was in mode 1, the RAM bytes written since the one before, the pixels
    that it drove, and the refreshes in mode 2 since the last in mode 1, this one included.
    """

    at_us: int
    full: bool
    ram_bytes: int
    driven: int
    partials: int


class Controller:
    """What both have in common: the controller with its glass, `width` sources by `height` gates.

    `full_ms` and `partial_ms` are how long BUSY stays high for an activation that displays in mode 1 and 2,
    power on and off included. `first_source` is the output, 0 for S0 or 8 for S8, to which the glass's first
    column is bonded; modules driven with 0x21 = 00 80, which puts RAM column 0 on S8, have 8. More than
    `partial_limit` mode 2 refreshes in a row are complained of. `seed` fixes what is undefined at power-on.

    `refreshes` has every refresh.
    """

    controller: str  # what the firmware calls it
    commands: dict[int, Command]
    limits: dict[int, tuple[Callable[[bytes], bool], str]]
    lines: int  # gates, and RAM lines
    line_bytes: int
    sources: int  # the most that can be seen
    first_sources: tuple[int, ...]
    full_ms: int
    on_its_side: bool  # the gates run along a landscape picture's rows
    room: bytes = ROOM_TEMPERATURE

    def __init__(
        self, width: int, height: int, *, full_ms: int | None = None, partial_ms: int = 360, partial_limit: int = 15,
        first_source: int | None = None, seed: int = 0,
    ) -> None:  # fmt: skip
        first_source = self.first_sources[-1] if first_source is None else first_source
        full_ms = full_ms or self.full_ms
        if not (0 < width <= self.sources and 0 < height <= self.lines and first_source in self.first_sources):
            raise ValueError(f"the {self.controller.upper()} has no such panel")
        self.width, self.height = width, height
        self.refreshes: list[Refresh] = []
        self._ram_bytes = 0
        self._counts = [[0] * _COUNT_BITS for _ in range(height)]  # a line's pixels in each: one bit of their counts
        self.complaints: list[str] = []
        self.full_refreshes = self.partial_refreshes = self.bytes_received = 0
        self.on_refresh: Callable[[int, bool], None] | None = None
        self._full_us, self._partial_us = full_ms * 1000, partial_ms * 1000
        self._partial_limit, self._partials = partial_limit, 0
        self._first_source = first_source
        self._rng = random.Random(seed)
        self._pins = {"cs": 1, "dc": 1, "rst": 1}
        self._now = self._busy_until = 0
        self._shown = self._noise()  # a number for each gate; its highest bit is the first column
        self._defined = self._was_reset = False
        self._pending: tuple[int, list[int], bool] | None = None
        self._lose_ram()
        self._reset_registers()

    # The pins

    def set_pin(self, name: str, level: int, now_us: int) -> None:
        """Puts a level on CS# ("cs"), D/C# ("dc") or RES# ("rst"). ValueError for any other pin."""
        if name not in self._pins:
            raise ValueError(f"the panel has no pin {name!r}")
        self._settle(now_us)
        falls = self._pins[name] and not level
        self._pins[name] = int(bool(level))
        if name == "rst" and falls:
            self._hardware_reset()

    def spi(self, data: bytes, now_us: int) -> None:
        """Clocks bytes in (section 6.1.2): commands while D/C# is low, their parameters while it is high."""
        self._settle(now_us)
        if not data:
            return
        if self._pins["cs"]:
            self._complain(f"{len(data)} bytes while CS# is high, ignored")
            return
        self.bytes_received += len(data)
        if self._pins["dc"]:
            self._parameters(bytes(data))
        else:
            for byte in data:
                self._command_byte(byte)

    def busy(self, now_us: int) -> int:
        """The level of BUSY: 1 while an operation runs, and in deep sleep until the hardware reset."""
        self._settle(now_us)
        return int(self._asleep or self._now < self._busy_until)

    def picture(self, now_us: int) -> Image.Image:
        """What a person sees: a new "1" image in landscape. On an SSD1680's panel gate 0 is at the left and source 0
        at the bottom; on an SSD1683's gate 0 is at the top and source 0 at the left.
        """
        self._settle(now_us)
        row_bytes = (self.width + 7) // 8
        pad = row_bytes * 8 - self.width
        packed = b"".join((line << pad).to_bytes(row_bytes, "big") for line in self._shown)
        picture = Image.frombytes("1", (self.width, self.height), packed)
        return picture.transpose(Image.Transpose.ROTATE_90) if self.on_its_side else picture

    @property
    def landscape(self) -> tuple[int, int]:
        """The picture's width and height."""
        return (self.height, self.width) if self.on_its_side else (self.width, self.height)

    def ghost(self) -> int:
        """How often the pixel that was driven most in mode 2 has been, up to 31, since the last refresh in mode 1."""
        most = 0
        for planes in self._counts:
            count, pixels = 0, -1
            for bit in reversed(range(_COUNT_BITS)):
                if pixels & planes[bit]:
                    count, pixels = count | 1 << bit, pixels & planes[bit]
            most = max(most, count)
        return most

    def _count(self, rows: list[int], full: bool) -> int:
        """Counts the pixels that a refresh drives; returns how many those are."""
        if full:
            self._counts = [[0] * _COUNT_BITS for _ in range(self.height)]
            return self.width * self.height
        driven = 0
        for planes, old, new in zip(self._counts, self._shown, rows, strict=True):
            carry = old ^ new
            driven += carry.bit_count()
            for bit in range(_COUNT_BITS):
                planes[bit], carry = planes[bit] ^ carry, planes[bit] & carry
            for bit in range(_COUNT_BITS):
                planes[bit] |= carry  # it stays at the most that can be counted
        return driven

    def _settle(self, now_us: int) -> None:
        """Makes it `now_us`, and lets a refresh end whose time has come."""
        self._now = now_us
        if self._pending and now_us >= self._pending[0]:
            _, self._shown, full = self._pending
            self._defined = self._defined or full
            self._pending = None

    # Commands and parameters

    def _title(self, command: int) -> str:
        return f"{command:#04x} {self.commands[command].name}" if command in self.commands else f"{command:#04x}"

    def _complain(self, text: str) -> None:
        self.complaints.append(f"{self._now // 1_000_000}.{self._now % 1_000_000:06d} s: {text}")

    def _command_byte(self, byte: int) -> None:
        self._end_command()
        self._command, self._received, self._ignoring = byte, 0, False
        refusal = self._refusal(reads=byte in READS)
        if byte not in self.commands:
            refusal = "no such command"
        if refusal:
            self._command, self._ignoring = None, True
            self._complain(f"{self._title(byte)}: {refusal}, ignored")
            return
        if not self._was_reset:
            self._was_reset = True
            self._complain(f"{self._title(byte)}: no hardware reset since power-on (figure 9-1)")
        if not self.registers[byte]:
            self._act(byte)

    def _refusal(self, *, reads: bool = False) -> str:
        if not self._pins["rst"]:
            return "RES# is low"
        if self._asleep:
            return "deep sleep, which only a hardware reset ends"
        return "BUSY is high" if self._now < self._busy_until and not reads else ""

    def _end_command(self) -> None:
        """Complains about parameters that the command before still lacks."""
        if self._command is not None and self._received < (wanted := len(self.registers[self._command])):
            self._complain(f"{self._title(self._command)}: {self._received} of {wanted} parameter bytes")
        self._command = None

    def _parameters(self, data: bytes) -> None:
        command = self._command
        if self._ignoring:
            return
        if command is None or self._refusal():
            self._ignoring = True
            self._complain(f"{len(data)} data bytes: {self._refusal() or 'no command before them'}, ignored")
        elif command in self.ram:
            self._write_ram(command, data)
        else:
            self._fill_register(command, data)

    def _fill_register(self, command: int, data: bytes) -> None:
        register = self.registers[command]
        taken = data[: len(register) - self._received]
        register[self._received : self._received + len(taken)] = taken
        self._received += len(taken)
        if taken and self._received == len(register):
            self._act(command)
        if len(taken) < len(data):
            self._ignoring = True
            self._complain(f"{self._title(command)}: more than {len(register)} parameter bytes, the rest ignored")

    def _act(self, command: int) -> None:
        """Does what a command does once its last parameter is in."""
        self._check_values(command)
        if (command in NEEDS_CLOCK and not self._clock) or (command in NEEDS_ANALOG and not self._analog):
            self._complain(f"{self._title(command)}: needs the clock or the analog on, ignored")
        elif command in BUSY_FOR_A_WHILE:
            self._busy_until = self._now + OTHER_US
        if command == 0x10:
            self._sleep()
        elif command == 0x12:
            self._reset_registers()
            self._busy_until = self._now + SW_RESET_US
        elif command == 0x20:
            self._activate()
        elif command == 0x32:
            self._lut = 0
        elif command in (0x46, 0x47):
            self._auto_fill(command)

    def _check_values(self, command: int) -> None:
        por, free = self.commands[command][1:]
        values = bytes(self.registers[command])
        title = f"{self._title(command)} {values[:4].hex(' ')}".rstrip()
        if any((value ^ default) & ~mask for value, default, mask in zip(values, por, free, strict=True)):
            self._complain(f"{title}: changes bits that are fixed")
        if command in self.limits and not self.limits[command][0](values):
            self._complain(f"{title}: {self.limits[command][1]}")
        if command in WRITES_OTP:
            self._complain(f"{title}: would program the OTP, ignored")

    # Resets and sleep

    def _noise(self) -> list[int]:
        return [self._rng.getrandbits(self.width) for _ in range(self.height)]

    def _lose_ram(self) -> None:
        self.ram = {plane: bytearray(self._rng.randbytes(self.lines * self.line_bytes)) for plane in (0x24, 0x26)}

    def _reset_registers(self) -> None:
        self.registers = {number: bytearray(command.por) for number, command in self.commands.items()}
        self._command: int | None = None
        self._received = 0
        self._ignoring = self._asleep = self._clock = self._analog = False
        self._lut: int | None = None  # the display mode it is for; 0 if written with 0x32

    def _hardware_reset(self) -> None:
        self._end_command()
        if self._pending:
            self._complain("hardware reset during a refresh corrupts the picture (command 0x20)")
            rows = zip(self._shown, self._pending[1], self._noise(), strict=True)
            self._shown = [old ^ ((old ^ new) & noise) for old, new, noise in rows]
            self._pending, self._defined = None, False
        self._reset_registers()
        self._was_reset = True
        self._busy_until = self._now

    def _sleep(self) -> None:
        mode = self.registers[0x10][0] & 3
        self._asleep = mode in (1, 3)
        if mode == 3:
            self._lose_ram()

    # RAM

    def _write_ram(self, plane: int, data: bytes) -> None:
        """Writes from the address counter on, through the window as 0x11 has it (section 8.3)."""
        mode = self.registers[0x11][0]
        xs, xe = (address & 0x3F for address in self.registers[0x44])
        ys, ye = word(*self.registers[0x45][:2]), word(*self.registers[0x45][2:])
        x = _Axis("X", self.registers[0x4E][0] & 0x3F, xs, xe, mode & 1, self.line_bytes, 64)
        y = _Axis("Y", word(*self.registers[0x4F]), ys, ye, mode & 2, self.lines, 512)
        if not self._received:
            self._received = 1
            for fault in x.faults() + y.faults():
                self._complain(f"{self._title(plane)}: {fault}")
        self._ram_bytes += len(data)
        fast, slow = (y, x) if mode & 4 else (x, y)
        stride = fast.step * (self.line_bytes if mode & 4 else 1)
        done = 0
        while done < len(data):
            run = data[done : done + fast.run()]
            if x.in_ram and y.in_ram:
                _store(self.ram[plane], y.at * self.line_bytes + x.at, stride, run)
            done += len(run)
            if fast.advance(len(run)):
                slow.advance(1)
        self.registers[0x4E][0] = x.at
        self.registers[0x4F][:] = y.at.to_bytes(2, "little")

    def _auto_fill(self, command: int) -> None:
        """Fills a plane with rectangles whose values alternate, the first one given (0x46, 0x47)."""
        pattern = self.registers[command][0]
        height = min(STEP_HEIGHTS[pattern >> 4 & 7], self.lines)
        width = min(STEP_WIDTHS[pattern & 7], self.line_bytes)
        lines = (
            0xFF if pattern >> 7 ^ (x // width ^ y // height) & 1 else 0
            for y in range(self.lines)
            for x in range(self.line_bytes)
        )
        self.ram[0x26 if command == 0x46 else 0x24] = bytearray(lines)

    # Master activation

    def _activate(self) -> None:
        """Runs the stages that 0x22 enables, in their order, and is busy for as long as they take."""
        stages = self.registers[0x22][0]
        was_on = self._analog
        self._clock = self._clock or bool(stages & _CLOCK_ON)
        if not self._clock and stages & (_ANALOG_ON | _LOAD_TEMPERATURE | _LOAD_LUT):
            self._fault(f"0x22 = {stages:#04x} without the clock, stages skipped")
            stages &= ~(_ANALOG_ON | _LOAD_TEMPERATURE | _LOAD_LUT)
        self._analog = on = was_on or bool(stages & _ANALOG_ON)
        self._load(stages)
        if stages & _DISPLAY:
            self._display(2 if stages & _MODE_2 else 1)
        if stages & _CLOCK_OFF and on and not stages & _ANALOG_OFF:
            self._fault(f"0x22 = {stages:#04x} stops the clock but not the analog")
        self._analog = on and not stages & (_ANALOG_OFF | _CLOCK_OFF)
        self._clock = self._clock and not stages & _CLOCK_OFF
        power_us = POWER_ON_US * (on and not was_on) + POWER_OFF_US * (on and not self._analog)
        self._busy_until = self._pending[0] if self._pending else self._now + (power_us or OTHER_US)
        if self._pending and self.on_refresh:
            self.on_refresh(self._pending[0], self._pending[2])

    def _fault(self, text: str) -> None:
        self._complain(f"{self._title(0x20)}: {text}")

    def _load(self, stages: int) -> None:
        """Senses the temperature and searches the OTP for the LUT that goes with it (sections 6.8, 6.9)."""
        if stages & _LOAD_TEMPERATURE:
            if self.registers[0x18][0] == 0x80:
                self.registers[0x1A][:] = self.room
            else:
                self._fault("0x18 selects an external temperature sensor that is not there")
        if stages & _LOAD_LUT:
            self._lut = 2 if stages & _MODE_2 else 1
            if self.registers[0x1A] == self.commands[0x1A].por:
                self._fault("loads a LUT with the temperature neither sensed nor written")

    def _display(self, mode: int) -> None:
        """Starts a refresh in display mode 1 or 2; the picture changes when it is done."""
        if not (self._clock and self._analog):
            self._fault("displays without clock and analog on, the picture stays")
            return
        if self._lut is None:
            self._fault("displays without a LUT, the picture stays")
            return
        if self._lut not in (0, mode):
            self._fault(f"displays in mode {mode} with the LUT of mode {self._lut}")
            mode = self._lut
        full = mode == 1
        self._partials = 0 if full else self._partials + 1
        self.full_refreshes += full
        self.partial_refreshes += not full
        if not full:
            self._check_partial()
        rows = self._scan(full)
        done_us = self._now + (self._full_us if full else self._partial_us)
        self.refreshes.append(Refresh(done_us, full, self._ram_bytes, self._count(rows, full), self._partials))
        self._ram_bytes = 0
        self._pending = (done_us, rows, full)

    def _check_partial(self) -> None:
        if not self._defined:
            self._fault("mode 2 on an undefined screen, mode 1 must come first")
        if self.registers[0x37][5] & 0x40:
            self._fault("RAM ping-pong (0x37) is not emulated")
        if self._partials > self._partial_limit:
            self._fault(f"{self._partials} partial refreshes since the last full one")

    def _scan(self, full: bool) -> list[int]:
        """The rows that the screen will show: only gates and sources that are selected are driven."""
        rows = list(self._shown)
        everything = driven = (1 << self.width) - 1
        if self._first_source == 0 and self.registers[0x21][1] & 0x80:
            driven >>= 8  # S0 to S7 are off
        stale = gates = 0
        for gate, old in enumerate(self._shown):
            line = self._line_of(gate)
            if line is None:
                continue
            gates += 1
            bw = self._columns(0x24, line)
            changed = driven if full else driven & (bw ^ self._columns(0x26, line))
            rows[gate] = old ^ ((old ^ bw) & changed)
            stale += ((rows[gate] ^ bw) & driven).bit_count()
        if gates < self.height or driven != everything:
            sources = f"{driven.bit_count()} of {self.width} sources (0x21)"
            self._fault(f"drives {gates} of {self.height} gates (0x01, 0x0F) and {sources}")
        if stale and self._defined:
            self._fault(f"{stale} pixels keep an older picture, 0x26 is not what the screen showed")
        return rows

    def _line_of(self, gate: int) -> int | None:
        """The RAM line on a gate output (sections 8.1, 8.2), or None if the gate is not scanned."""
        mux_low, mux_high, order = self.registers[0x01]
        lines = word(mux_low, mux_high) + 1
        start = self._first_gate
        at = gate - start
        if not 0 <= at < lines:
            return None
        if order & 4:  # GD
            at ^= 1
        if order & 2:  # SM
            at = at // 2 + (at & 1) * ((lines + 1) // 2)
        if order & 1:  # TB
            at = lines - 1 - at
        return start + at if 0 <= start + at < self.lines else None

    @property
    def _first_gate(self) -> int:
        return word(*self.registers[0x0F]) if 0x0F in self.registers else 0

    def _columns(self, plane: int, line: int) -> int:
        """The visible bits of a RAM line, by 0x21's RAM option and sources; the first column is highest."""
        row = int.from_bytes(self.ram[plane][line * self.line_bytes : (line + 1) * self.line_bytes], "big")
        options, sources = self.registers[0x21]
        option = options & 15 if plane == 0x24 else options >> 4
        if option == 4:
            row = 0
        elif option == 8:
            row = ~row
        first_column = self._first_source - (8 if sources & 0x80 else 0)
        return row >> (self.line_bytes * 8 - first_column - self.width) & (1 << self.width) - 1


class Ssd1680(Controller):
    """176 sources, 296 gates; panels are mounted with the gates across."""

    controller = "ssd1680"
    commands = SSD1680_COMMANDS
    limits = SSD1680_LIMITS
    lines = SSD1680_LINES
    line_bytes = SSD1680_LINE_BYTES
    sources = 160
    first_sources = (0, 8)
    full_ms = 1700
    on_its_side = True


class Ssd1683(Controller):
    """400 sources, 300 gates; panels are mounted with the sources across."""

    controller = "ssd1683"
    commands = SSD1683_COMMANDS
    limits = SSD1683_LIMITS
    lines = SSD1683_LINES
    line_bytes = SSD1683_LINE_BYTES
    sources = 400
    first_sources = (0,)
    full_ms = 1140  # GDEY042T81, by the author of GxEPD2
    on_its_side = False
    room = ROOM_TEMPERATURE[:1]

    def _scan(self, full: bool) -> list[int]:
        if full and self.registers[0x21][0] >> 4 != 4:
            red = sum(self._columns(0x26, line).bit_count() for line in range(self.height))
            if red:
                self._fault(f"mode 1 is for three colours, and {red} pixels of 0x26 would be red")
        return super()._scan(full)


def _store(plane: bytearray, at: int, stride: int, data: bytes) -> None:
    """Puts bytes into the RAM at a stride that may be negative."""
    last = at + stride * (len(data) - 1)
    if stride > 0:
        plane[at : last + 1 : stride] = data
    else:
        plane[last : at + 1 : -stride] = data[::-1]
