"""The commands of the SSD1680 and SSD1683, table 7-1 of their data sheets (see panel.py): parameters, and which are
refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

SSD1680_LINES = 296  # gates, and RAM lines
SSD1680_LINE_BYTES = 22  # 176 sources, 8 to an X address


class Command(NamedTuple):
    """A row of table 7-1: parameters at power-on, and which of their bits may be anything else."""

    name: str
    por: bytes = b""
    free: bytes = b""


def _row(name: str, por: str = "", free: str = "") -> Command:
    values = bytes.fromhex(por)
    return Command(name, values, bytes.fromhex(free) if free else b"\xff" * len(values))


SSD1680_COMMANDS: dict[int, Command] = {
    0x01: _row("Driver Output control", "27 01 00", "ff 01 07"),
    0x03: _row("Gate Driving voltage Control", "00", "1f"),
    0x04: _row("Source Driving voltage Control", "41 a8 32"),
    0x08: _row("Initial Code Setting OTP Program"),
    0x09: _row("Write Register for Initial Code Setting", "00 00 00 00"),
    0x0A: _row("Read Register for Initial Code Setting"),
    0x0C: _row("Booster Soft start Control", "8b 9c 96 0f", "7f 7f 7f 3f"),
    0x0F: _row("Gate scan start position", "00 00", "ff 01"),
    0x10: _row("Deep Sleep mode", "00", "03"),
    0x11: _row("Data Entry mode setting", "03", "07"),
    0x12: _row("SW RESET"),
    0x14: _row("HV Ready Detection", "00", "77"),
    0x15: _row("VCI Detection", "04", "07"),
    0x18: _row("Temperature Sensor Control", "48"),
    0x1A: _row("Write to temperature register", "7f f0", "ff f0"),
    0x1B: _row("Read from temperature register"),
    0x1C: _row("Write Command to External temperature sensor", "00 00 00"),
    0x20: _row("Master Activation"),
    0x21: _row("Display Update Control 1", "00 00", "ff 80"),
    0x22: _row("Display Update Control 2", "ff"),
    0x24: _row("Write RAM (Black White)"),
    0x26: _row("Write RAM (RED)"),
    0x27: _row("Read RAM"),
    0x28: _row("VCOM Sense"),
    0x29: _row("VCOM Sense Duration", "49", "0f"),
    0x2A: _row("Program VCOM OTP"),
    0x2B: _row("Write Register for VCOM Control", "04 63", "00 00"),
    0x2C: _row("Write VCOM register", "00"),
    0x2D: _row("OTP Register Read for Display Option"),
    0x2E: _row("User ID Read"),
    0x2F: _row("Status Bit Read"),
    0x30: _row("Program WS OTP"),
    0x31: _row("Load WS OTP"),
    0x32: _row("Write LUT register", "00" * 153),
    0x34: _row("CRC calculation"),
    0x35: _row("CRC Status Read"),
    0x36: _row("Program OTP selection"),
    0x37: _row("Write Register for Display Option", "00" * 10, "80 ff ff ff ff 4f ff ff ff ff"),
    0x38: _row("Write Register for User ID", "00" * 10),
    0x39: _row("OTP program mode", "00", "03"),
    0x3C: _row("Border Waveform Control", "c0", "f7"),
    0x3F: _row("End Option (EOPT)", "02"),
    0x41: _row("Read RAM Option", "00", "01"),
    0x44: _row("Set RAM X-address Start / End position", "00 15", "3f 3f"),
    0x45: _row("Set RAM Y-address Start / End position", "00 00 27 01", "ff 01 ff 01"),
    0x46: _row("Auto Write RED RAM for Regular Pattern", "00", "f7"),
    0x47: _row("Auto Write B/W RAM for Regular Pattern", "00", "f7"),
    0x4E: _row("Set RAM X address counter", "00", "3f"),
    0x4F: _row("Set RAM Y address counter", "00 00", "ff 01"),
    0x7F: _row("NOP"),
}
READS = {0x0A, 0x1B, 0x27, 0x2D, 0x2E, 0x2F, 0x35}
WRITES_OTP = {0x08, 0x2A, 0x30, 0x36}
NEEDS_CLOCK = {0x14, 0x15, 0x1C, 0x28, 0x31}
NEEDS_ANALOG = {0x14, 0x15, 0x28}
BUSY_FOR_A_WHILE = {0x14, 0x15, 0x1C, 0x28, 0x31, 0x34, 0x46, 0x47}
# Steps of 0x46 and 0x47 in lines and in bytes; the last of each are codes that are not available.
STEP_HEIGHTS = (8, 16, 32, 64, 128, 256, 512, 512)
STEP_WIDTHS = (1, 2, 4, 8, 16, 32, 64, 64)


def word(low: int, high: int) -> int:
    """A number of nine bits, as gates and RAM lines have them."""
    return low | (high & 1) << 8


_OUTSIDE = "outside the RAM"
_STEP = "no such step, taken as the whole RAM"
# What complete parameters must satisfy beyond their fixed bits, and the complaint if they don't.
SSD1680_LIMITS: dict[int, tuple[Callable[[bytes], bool], str]] = {
    0x01: (lambda p: 15 <= word(p[0], p[1]) < SSD1680_LINES, "MUX is not 16 to 296 lines"),
    0x0F: (lambda p: word(p[0], p[1]) < SSD1680_LINES, "no such gate"),
    0x10: (lambda p: p[0] & 3 != 2, "no such deep sleep mode, ignored"),
    0x18: (lambda p: p[0] in (0x48, 0x80), "neither the external nor the internal sensor"),
    0x21: (lambda p: {p[0] >> 4, p[0] & 15} <= {0, 4, 8}, "no such RAM option, taken as Normal"),
    0x39: (lambda p: p[0] & 3 == 0, "would program the OTP, ignored"),
    0x3F: (lambda p: p[0] in (0x02, 0x07, 0x22), "no such end option"),
    0x44: (lambda p: max(p) < SSD1680_LINE_BYTES, _OUTSIDE),
    0x45: (lambda p: max(word(p[0], p[1]), word(p[2], p[3])) < SSD1680_LINES, _OUTSIDE),
    0x46: (lambda p: p[0] >> 4 & 7 < 7 and p[0] & 7 < 6, _STEP),
    0x47: (lambda p: p[0] >> 4 & 7 < 7 and p[0] & 7 < 6, _STEP),
    0x4E: (lambda p: p[0] < SSD1680_LINE_BYTES, _OUTSIDE),
    0x4F: (lambda p: word(p[0], p[1]) < SSD1680_LINES, _OUTSIDE),
}


# What table 7-1 of the SSD1683 has otherwise.
SSD1683_COMMANDS: dict[int, Command] = {
    number: command for number, command in SSD1680_COMMANDS.items() if number not in (0x0F, 0x2B)
} | {
    0x01: _row("Driver Output control", "2b 01 00", "ff 01 07"),
    0x1A: _row("Write to temperature register", "7f"),
    0x21: _row("Display Update Control 1", "00 00", "ff 10"),
    0x32: _row("Write LUT register", "00" * 227),
    0x37: _row("Write Register for Display Option", "00" * 10, "80 ff ff ff ff 4f ff ff ff ff"),
    0x3C: _row("Border Waveform Control", "c0", "f3"),
    0x3F: _row("End Option (EOPT)", "02"),
    0x41: _row("Read RAM Option", "00 08 16", "11 ff ff"),
    0x44: _row("Set RAM X-address Start / End position", "00 31", "3f 3f"),
    0x45: _row("Set RAM Y-address Start / End position", "00 00 2b 01", "ff 01 ff 01"),
}
SSD1683_LINES, SSD1683_LINE_BYTES = 300, 50
SSD1683_LIMITS = SSD1680_LIMITS | {
    0x01: (lambda p: 15 <= word(p[0], p[1]) < SSD1683_LINES, "MUX is not 16 to 300 lines"),
    0x3F: (lambda p: p[0] == 0x22, "no such end option"),
    0x44: (lambda p: max(p) < SSD1683_LINE_BYTES, _OUTSIDE),
    0x46: (lambda p: p[0] >> 4 & 7 < 7 and p[0] & 7 < 7, _STEP),
    0x47: (lambda p: p[0] >> 4 & 7 < 7 and p[0] & 7 < 7, _STEP),
    0x45: (lambda p: max(word(p[0], p[1]), word(p[2], p[3])) < SSD1683_LINES, _OUTSIDE),
    0x4E: (lambda p: p[0] < SSD1683_LINE_BYTES, _OUTSIDE),
    0x4F: (lambda p: word(p[0], p[1]) < SSD1683_LINES, _OUTSIDE),
}
