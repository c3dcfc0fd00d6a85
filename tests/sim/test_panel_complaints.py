"""The panel emulator against the SSD1680 data sheet: registers and resets, and what the chip would not do."""

from __future__ import annotations

import pytest
from panel_bus import BLACK, FULL, PARTIAL, ROWS, WHITE, Bus, portrait

from host_tools.sim.panel import Ssd1680

# Registers, resets, deep sleep

POWER_ON = {  # table 7-1, by hand
    0x01: "27 01 00", 0x03: "00", 0x04: "41 a8 32", 0x0C: "8b 9c 96 0f", 0x0F: "00 00", 0x10: "00",
    0x11: "03", 0x18: "48", 0x1A: "7f f0", 0x21: "00 00", 0x22: "ff", 0x2C: "00", 0x3C: "c0", 0x3F: "02",
    0x41: "00", 0x44: "00 15", 0x45: "00 00 27 01", 0x46: "00", 0x47: "00", 0x4E: "00", 0x4F: "00 00",
}  # fmt: skip


def test_registers_at_power_on_and_after_a_hardware_reset():
    bus = Bus(start=False)
    other = {0x01: (15, 0, 7), 0x11: (0,), 0x18: (0x80,), 0x3C: (5,), 0x44: (1, 2), 0x4F: (9, 1)}
    for _ in range(2):
        assert {number: bus.panel.registers[number].hex(" ") for number in POWER_ON} == POWER_ON
        bus.hardware_reset()
        for command, parameters in other.items():
            bus.send(command, *parameters)
            assert bus.panel.registers[command] == bytes(parameters)
        bus.hardware_reset()
    assert bus.complaints == []


def test_a_hardware_reset_keeps_the_ram_and_what_the_glass_shows():
    bus = Bus().show(*ROWS)
    before = {plane: bytes(ram) for plane, ram in bus.panel.ram.items()}
    bus.hardware_reset()
    assert bus.panel.ram == before and bus.picture == portrait(*ROWS)


@pytest.mark.parametrize(("mode", "kept"), [(0x01, True), (0x03, False)])
def test_deep_sleep(mode, kept):
    bus = Bus().show(*ROWS)
    before = {plane: bytes(ram) for plane, ram in bus.panel.ram.items()}
    bus.send(0x10, mode)
    assert bus.panel.busy(bus.now) == bus.panel.busy(bus.now + 10**12) == 1
    assert bus.complaints == []
    bus.send(0x12).send(0x24, 1, 2, 3).send(0x20)
    assert len(bus.complaints) == 3 and all("only a hardware reset ends" in line for line in bus.complaints)
    assert bus.picture == portrait(*ROWS)
    bus.hardware_reset()
    assert bus.panel.busy(bus.now) == 0
    assert (bus.panel.ram == before) is kept


def test_waking_with_the_previous_picture_allows_a_partial_refresh():
    bus = Bus().show(*ROWS).send(0x10, 0x03).hardware_reset().send(0x18, 0x80).send(0x21, 0, 0x80)
    bus.write(0x26, *ROWS).write(0x24, *[WHITE] * 4).refresh(PARTIAL).wait()
    assert bus.picture == portrait(*[WHITE] * 4) and bus.complaints == []


def test_normal_mode_is_not_deep_sleep():
    bus = Bus().send(0x10, 0x00)
    assert bus.panel.busy(bus.now) == 0 and bus.complaints == []


def test_a_reset_during_a_refresh_leaves_a_half_driven_screen():
    bus = Bus(128, 296).send(0x47, 0xE5).wait().refresh().wait().send(0x47, 0x65).wait().refresh()
    bus.now += 500_000
    bus.hardware_reset()
    black = sum(row.count("#") for row in bus.picture)
    assert 0.45 < black / (128 * 296) < 0.55
    assert len(bus.complaints) == 1 and "corrupts the picture" in bus.complaints[0]
    assert bus.panel.busy(bus.now) == 0
    bus.send(0x18, 0x80).send(0x21, 0, 0x80).refresh(PARTIAL)
    assert "undefined screen" in bus.complaints[1]


# Complaints: each kind, and that the chip ignores what it says it ignores


def _busy(bus: Bus) -> Bus:
    return bus.show(*ROWS).refresh()


def _powered(bus: Bus) -> Bus:
    return bus.refresh(0xC0).wait()


def _whitened(bus: Bus) -> Bus:
    return bus.send(0x46, 0xE5).wait().send(0x47, 0xE5).wait()


PING_PONG = (0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0)
KINDS = {
    "CS# high": (lambda b: b.panel.spi(b"\x12\x00", b.now), "2 bytes while CS# is high, ignored"),
    "RES# low": (lambda b: b.pin("rst", 0).send(0x3C, 5), "0x3c Border Waveform Control: RES# is low"),
    "no command": (lambda b: b.hardware_reset().data(1, 2), "2 data bytes: no command before them, ignored"),
    "data in RES#": (lambda b: b.send(0x3C).pin("rst", 0).data(5), "1 data bytes: RES# is low, ignored"),
    "unknown": (lambda b: b.send(0x74, 0x54), "0x74: no such command, ignored"),
    "no reset": (lambda b: b.__init__(start=False) or b.send(0x12), "no hardware reset since power-on"),
    "BUSY": (lambda b: _busy(b).send(0x3C, 0x05), "0x3c Border Waveform Control: BUSY is high, ignored"),
    "data in BUSY": (lambda b: b.send(0x47, 0x65).data(1), "1 data bytes: BUSY is high, ignored"),
    "deep sleep": (lambda b: b.send(0x10, 1).send(0x7F), "0x7f NOP: deep sleep, which only a hardware"),
    "data in sleep": (lambda b: b.send(0x10, 1).data(1), "1 data bytes: deep sleep"),
    "too few": (lambda b: b.send(0x45, 0, 0).send(0x7F), "Start / End position: 2 of 4 parameter bytes"),
    "too few, reset": (lambda b: b.send(0x04, 0x41).hardware_reset(), "Driving voltage Control: 1 of 3"),
    "too many": (lambda b: b.send(0x11, 3, 3), "0x11 Data Entry mode setting: more than 1 parameter bytes"),
    "none wanted": (lambda b: b.send(0x7F, 0), "0x7f NOP: more than 0 parameter bytes"),
    "LUT too short": (lambda b: b.send(0x32, *[0] * 152).send(0x7F), "0x32 Write LUT register: 152 of 153"),
    "LUT too long": (lambda b: b.send(0x32, *[0] * 154), "0x32 Write LUT register: more than 153"),
    "option too short": (lambda b: b.send(0x37, *[0] * 9).send(0x7F), "Display Option: 9 of 10"),
    "fixed bits": (lambda b: b.send(0x0C, 0x0B, 0x9C, 0x96, 0x0F), "0b 9c 96 0f: changes bits"),
    "border bit": (lambda b: b.send(0x3C, 0x08), "Control 08: changes bits that are fixed"),
    "MUX": (lambda b: b.send(0x01, 0x28, 0x01, 0), "MUX is not 16 to 296 lines"),
    "MUX too small": (lambda b: b.send(0x01, 14, 0, 0), "MUX is not 16 to 296 lines"),
    "gate start": (lambda b: b.send(0x0F, 0x28, 0x01), "no such gate"),
    "sleep mode": (lambda b: b.send(0x10, 2), "no such deep sleep mode"),
    "sensor": (lambda b: b.send(0x18, 0x81), "neither the external nor the internal sensor"),
    "RAM option": (lambda b: b.send(0x21, 0x01, 0x80), "no such RAM option"),
    "EOPT": (lambda b: b.send(0x3F, 0x23), "no such end option"),
    "X window": (lambda b: b.send(0x44, 0, 0x16), "position 00 16: outside the RAM"),
    "Y window": (lambda b: b.send(0x45, 0, 0, 0x28, 1), "00 00 28 01: outside the RAM"),
    "X counter": (lambda b: b.send(0x4E, 0x16), "0x4e Set RAM X address counter 16: outside the RAM"),
    "Y counter": (lambda b: b.send(0x4F, 0x28, 1), "0x4f Set RAM Y address counter 28 01: outside the RAM"),
    "step height": (lambda b: b.send(0x46, 0x70), "no such step"),
    "step width": (lambda b: b.send(0x47, 0x06), "no such step"),
    "X order": (lambda b: b.window(3, 1, 0, 9).at(2, 0).send(0x24, 1), "X window 0x3 to 0x1, but 0x11"),
    "Y order": (lambda b: b.send(0x11, 1).window(0, 1, 0, 9).send(0x26, 1), "to 0x9, but 0x11 counts down"),
    "X outside": (lambda b: b.window(1, 2, 0, 9).at(3, 0).send(0x24, 1), "X counter 0x3 is outside the"),
    "Y outside": (lambda b: b.window(1, 2, 5, 9).at(1, 4).send(0x24, 1), "Y counter 0x4 is outside the"),
    "OTP": (lambda b: b.send(0x36), "0x36 Program OTP selection: would program the OTP"),
    "OTP mode": (lambda b: b.send(0x39, 3), "would program the OTP"),
    "needs clock": (lambda b: b.send(0x31), "0x31 Load WS OTP: needs the clock or the analog on"),
    "needs analog": (lambda b: b.refresh(0x80).wait().send(0x14, 0), "0x14 HV Ready Detection: needs"),
    "no power": (lambda b: b.refresh(0x90).wait().refresh(0x04), "displays without clock and analog on"),
    "analog alone": (lambda b: b.refresh(0x40), "0x22 = 0x40 without the clock, stages skipped"),
    "load unclocked": (lambda b: b.refresh(0x10), "0x22 = 0x10 without the clock, stages skipped"),
    "no LUT": (lambda b: b.refresh(0xC7), "displays without a LUT"),
    "wrong LUT": (lambda b: b.show(*ROWS).refresh(0xCF), "displays in mode 2 with the LUT of mode 1"),
    "clock off": (lambda b: _powered(b).refresh(0x01), "0x22 = 0x01 stops the clock but not the analog"),
    "no sensor": (lambda b: b.send(0x18, 0x48).refresh(0xF7), "temperature sensor that is not there"),
    "no temperature": (lambda b: b.refresh(0xD7), "temperature neither sensed nor written"),
    "undefined": (lambda b: b.refresh(PARTIAL), "mode 2 on an undefined screen"),
    "ping-pong": (lambda b: b.send(0x37, *PING_PONG).refresh(PARTIAL), "ping-pong (0x37) is not emulated"),
    "stale": (lambda b: _whitened(b.show(*ROWS)).refresh(PARTIAL), "58 pixels keep an older picture"),
    "gates": (lambda b: b.send(0x0F, 1, 0).refresh(), "drives 3 of 4 gates"),
    "interrupted": (lambda b: _busy(b).hardware_reset(), "hardware reset during a refresh"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_complaint(kind):
    provoke, phrase = KINDS[kind]
    bus = Bus()
    provoke(bus)
    assert [phrase in complaint for complaint in bus.complaints].count(True) == 1, bus.complaints


def test_a_complaint_tells_the_time():
    bus = Bus()
    bus.now = 12_003_456
    bus.send(0x99)
    assert bus.complaints == ["12.003456 s: 0x99: no such command, ignored"]


def test_too_many_partial_refreshes():
    bus = Bus(partial_limit=2).show(*ROWS)
    for _ in range(2):
        bus.refresh(PARTIAL).wait()
    assert bus.complaints == []
    bus.refresh(PARTIAL).wait()
    assert "3 partial refreshes since the last full one" in bus.complaints[0]
    bus.refresh(FULL).wait().refresh(PARTIAL).wait()
    assert len(bus.complaints) == 1
    usual = Bus().show(*ROWS)
    for _ in range(15):
        usual.refresh(PARTIAL).wait()
    assert usual.complaints == []
    assert "16 partial" in usual.refresh(PARTIAL).complaints[0]


def test_commands_while_busy_are_ignored():
    bus = _busy(Bus())
    before = {plane: bytes(ram) for plane, ram in bus.panel.ram.items()}
    bus.send(0x24, *[1] * 50).send(0x3C, 0x05).send(0x20).send(0x10, 0x01).send(0x12)
    bus.send(0x2F)  # the status may be read
    assert len(bus.complaints) == 5
    bus.wait()
    assert bus.panel.ram == before and bus.panel.registers[0x3C] == b"\xc0" and bus.panel.full_refreshes == 2


def test_ignored_bytes_change_nothing():
    bus = Bus()
    bus.panel.spi(b"\x3c", bus.now)  # CS# is high
    assert bus.panel.registers[0x3C] == b"\xc0"
    bus.send(0x99, 1, 2, 3).send(0x10, 0x02).send(0x11, 0x01, 0x07)
    assert bus.panel.registers[0x11] == b"\x01" and bus.panel.busy(bus.now) == 0


def test_a_command_cut_short_changes_the_bytes_that_came():
    bus = Bus().send(0x45, 0x05).send(0x1A, 0x64).send(0x7F)
    assert bus.panel.registers[0x45] == b"\x05\x00\x27\x01" and bus.panel.registers[0x1A] == b"\x64\xf0"
    assert len(bus.complaints) == 2


def test_chip_select_between_bytes_does_not_end_a_command():
    bus = Bus().send(0x45).data(1).data(0).data(2).data(1)
    assert bus.panel.registers[0x45] == b"\x01\x00\x02\x01" and bus.complaints == []


def test_refused_refreshes_leave_the_picture_and_the_counters_alone():
    bus = Bus().show(*ROWS).write(0x24, *[BLACK] * 4)
    for stages in (0x04, 0x84, 0x44):
        bus.refresh(stages).wait().refresh(0x83).wait()
    bus.send(0x12).wait().refresh(0xC7).wait()
    assert bus.picture == portrait(*ROWS) and bus.panel.full_refreshes == 1


def test_bytes_are_counted_while_the_chip_is_selected():
    bus = Bus(start=False).hardware_reset().send(0x12).wait().send(0x44, 0, 15)
    bus.panel.spi(b"12345", bus.now)
    assert bus.panel.bytes_received == 4


def test_what_is_no_pin_and_no_panel():
    with pytest.raises(ValueError, match="no pin 'busy'"):
        Ssd1680(128, 296).set_pin("busy", 1, 0)
    for size in ((0, 296), (176, 296), (128, 297)):
        with pytest.raises(ValueError, match="no such panel"):
            Ssd1680(*size)
