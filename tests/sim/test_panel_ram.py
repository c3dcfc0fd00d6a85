"""The panel emulator against the SSD1680 data sheet: where in the RAM a byte goes, and which RAM line a gate shows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_bus import BLACK, INVERSE, PARTIAL, ROWS, WHITE, Bus, portrait

from host_tools.sim.panel_commands import SSD1680_LINE_BYTES, SSD1680_LINES

# Data entry mode, window and counters

ENTRY_MODES = {
    # Window X 4 to 6, Y 8 to 9; the bytes 1 to 6, then 7 over the first. Section 8.3's figure, by hand.
    0b000: ((6, 4), (9, 8), ["654", "327"]),
    0b001: ((4, 6), (9, 8), ["456", "723"]),
    0b010: ((6, 4), (8, 9), ["327", "654"]),
    0b011: ((4, 6), (8, 9), ["723", "456"]),
    0b100: ((6, 4), (9, 8), ["642", "537"]),
    0b101: ((4, 6), (9, 8), ["246", "735"]),
    0b110: ((6, 4), (8, 9), ["537", "642"]),
    0b111: ((4, 6), (8, 9), ["735", "246"]),
}


@pytest.mark.parametrize("mode", ENTRY_MODES, ids=lambda mode: f"{mode:03b}")
@pytest.mark.parametrize("plane", [0x24, 0x26])
@pytest.mark.parametrize("chunk", [1, 2, 7])
def test_data_entry_modes(mode, plane, chunk):
    (xs, xe), (ys, ye), expected = ENTRY_MODES[mode]
    bus = Bus().send(0x11, mode).window(xs, xe, ys, ye).at(xs, ys)
    before = {number: bytes(ram) for number, ram in bus.panel.ram.items()}
    bus.send(plane)
    for done in range(0, 7, chunk):
        bus.data(*range(1, 8)[done : done + chunk])
    ram = bus.panel.ram[plane]
    assert ["".join(str(ram[y * 22 + x]) for x in (4, 5, 6)) for y in (8, 9)] == expected
    untouched = [
        n for n in range(SSD1680_LINES * SSD1680_LINE_BYTES) if not (n % 22 in (4, 5, 6) and n // 22 in (8, 9))
    ]
    assert all(ram[n] == before[plane][n] for n in untouched)
    assert bus.panel.ram[0x24 ^ 0x26 ^ plane] == before[0x24 ^ 0x26 ^ plane]
    # Past the seventh byte: one step on from the corner in which the first one went.
    step = (0, 1 if mode & 2 else -1) if mode & 4 else (1 if mode & 1 else -1, 0)
    assert (bus.panel.registers[0x4E][0], bus.panel.registers[0x4F][0]) == (xs + step[0], ys + step[1])
    assert bus.complaints == []


def test_a_window_against_the_entry_mode_runs_through_the_whole_field():
    bus = Bus().window(5, 3, 0, 0).at(5, 0)
    bus.send(0x24, *[0xAA] * (0x40 - 5), 0x01, 0x02, 0x03, 0x04, 0x55)
    # Up from 5 to 0x3F, of which 0x15 is the last that exists; then 0 to 3, the end; then back at the start.
    assert bus.panel.ram[0x24][:22] == bytes([1, 2, 3, 4]) + bus.panel.ram[0x24][4:5] + b"\x55" + b"\xaa" * 16
    assert len(bus.complaints) == 1 and "X window 0x5 to 0x3, but 0x11 counts up" in bus.complaints[0]


def test_a_counter_outside_its_window_runs_into_it():
    bus = Bus().window(2, 3, 0, 295).at(0, 0).send(0x24, 1, 2, 3, 4, 5, 6)
    ram = bus.panel.ram[0x24]
    assert ram[0:4] == bytes([1, 2, 3, 4]) and ram[24:26] == bytes([5, 6])
    assert len(bus.complaints) == 1 and "X counter 0x0 is outside the window 0x2 to 0x3" in bus.complaints[0]


def test_a_write_in_many_bursts_is_complained_of_once():
    bus = Bus().window(2, 3, 0, 295).at(9, 0).send(0x24, 1).data(2).data(3)
    assert len(bus.complaints) == 1
    bus.at(9, 0).send(0x24, 1)
    assert len(bus.complaints) == 2


def test_what_falls_outside_the_ram_is_lost():
    bus = Bus().window(0x14, 0x17, 294, 297).at(0x14, 294)
    before = bytes(bus.panel.ram[0x24])
    bus.send(0x24, *range(1, 17))
    expected = bytearray(before)
    expected[294 * 22 + 20 : 295 * 22] = bytes([1, 2])
    expected[295 * 22 + 20 : 296 * 22] = bytes([5, 6])
    assert bus.panel.ram[0x24] == expected
    assert ["outside the RAM" in complaint for complaint in bus.complaints] == [True, True]


def _naive(ram, mode, window, at, data):
    """The address counter as section 8 words it: one byte, one step."""
    (xs, xe, ys, ye), (x, y) = window, at
    for byte in data:
        if x < 22 and y < 296:
            ram[y * 22 + x] = byte
        move_x, move_y = not mode & 4, bool(mode & 4)
        if move_y:
            move_x, y = y == ye, ys if y == ye else (y + (1 if mode & 2 else -1)) % 512
            if move_x:
                x = xs if x == xe else (x + (1 if mode & 1 else -1)) % 64
        else:
            move_y, x = x == xe, xs if x == xe else (x + (1 if mode & 1 else -1)) % 64
            if move_y:
                y = ys if y == ye else (y + (1 if mode & 2 else -1)) % 512
    return x, y


@settings(max_examples=150, deadline=None)
@given(
    mode=st.integers(0, 7),
    xs=st.integers(0, 63), xe=st.integers(0, 63), x=st.integers(0, 63),
    ys=st.integers(285, 305), ye=st.integers(285, 305), y=st.integers(285, 305),
    data=st.binary(max_size=400),
    cut=st.integers(0, 400),
)  # fmt: skip
def test_runs_are_the_same_as_single_steps(mode, xs, xe, x, ys, ye, y, data, cut):
    bus = Bus().send(0x11, mode).window(xs, xe, ys, ye).at(x, y)
    expected = bytearray(bus.panel.ram[0x24])
    end = _naive(expected, mode, (xs, xe, ys, ye), (x, y), data)
    bus.send(0x24, *data[:cut]).data(*data[cut:])
    assert bus.panel.ram[0x24] == expected
    registers = bus.panel.registers
    assert (registers[0x4E][0], int.from_bytes(registers[0x4F], "little")) == end


# 0x01, 0x0F: which RAM line a gate shows


def _gate_test(order: int, lines: int = 296, start: int = 0) -> list[int | None]:
    """The RAM line that each of the 296 gates shows, or None: line n holds n in nine bits, then 0000001."""
    bus = Bus(16, 296).send(0x47, 0xE5).wait().refresh().wait()
    data = b"".join((n << 7 | 1).to_bytes(2, "big") for n in range(296))
    bus.window(0, 1, 0, 295).at(0, 0).send(0x24, *data)
    bus.send(0x01, (lines - 1) & 255, lines - 1 >> 8, order).send(0x0F, start & 255, start >> 8)
    bus.refresh().wait()
    columns = ["".join(column) for column in zip(*bus.picture, strict=True)]
    values = [int(column[::-1].replace("#", "0").replace(".", "1"), 2) for column in columns]
    assert all(value & 0x7F == 1 or value == 0xFFFF for value in values)
    return [value >> 7 if value != 0xFFFF else None for value in values]


@pytest.mark.parametrize(
    ("order", "rows"),
    [  # section 8.1's table for 296 MUX: G0 to G3, G146 to G149, G292 to G295
        (0b000, [0, 1, 2, 3, 146, 147, 148, 149, 292, 293, 294, 295]),
        (0b100, [1, 0, 3, 2, 147, 146, 149, 148, 293, 292, 295, 294]),
        (0b010, [0, 148, 1, 149, 73, 221, 74, 222, 146, 294, 147, 295]),
        (0b110, [148, 0, 149, 1, 221, 73, 222, 74, 294, 146, 295, 147]),
        (0b001, [295, 294, 293, 292, 149, 148, 147, 146, 3, 2, 1, 0]),
    ],
)
def test_gate_order(order, rows):
    shown = _gate_test(order)
    assert [shown[gate] for gate in (0, 1, 2, 3, 146, 147, 148, 149, 292, 293, 294, 295)] == rows
    assert sorted(shown) == list(range(296))


def test_mux_and_gate_start_as_in_figure_8_2():
    assert _gate_test(0, lines=148) == [*range(148)] + [None] * 148
    assert _gate_test(0, lines=150, start=74) == [None] * 74 + [*range(74, 224)] + [None] * 72
    assert _gate_test(1, lines=250)[:250] == [*range(249, -1, -1)]


def test_an_odd_mux_that_swaps_pairs_leaves_the_last_gate_without_a_line():
    assert _gate_test(0b100, lines=17, start=279)[277:] == [None] * 2 + [
        280, 279, 282, 281, 284, 283, 286, 285, 288, 287, 290, 289, 292, 291, 294, 293, None,
    ]  # fmt: skip
    assert _gate_test(0b101, lines=17)[:4] == [15, 16, 13, 14]
    assert _gate_test(0b101, lines=17)[14:18] == [1, 2, None, None]


def test_gates_that_are_not_scanned_keep_their_picture_and_are_complained_of():
    bus = Bus(16, 20).send(0x47, 0xE5).wait().refresh().wait()
    bus.send(0x01, 15, 0, 0).send(0x47, 0x65).wait().refresh().wait()
    assert bus.picture == ["#" * 16 + "." * 4] * 16
    assert len(bus.complaints) == 1 and "drives 16 of 20 gates" in bus.complaints[0]


# 0x21: RAM options and sources


@pytest.mark.parametrize(
    ("option", "expected"),
    [(0x00, ROWS), (0x08, INVERSE), (0x04, [BLACK] * 4), (0x80, ROWS)],
)
def test_bw_ram_option(option, expected):
    bus = Bus().write(0x24, *ROWS).send(0x21, option, 0x80).refresh().wait()
    assert bus.picture == portrait(*expected)
    assert bus.complaints == []


def test_red_ram_option_counts_in_mode_2():
    bus = Bus().show(*[WHITE] * 4)
    bus.write(0x24, *[BLACK] * 4).write(0x26, *[BLACK] * 4).send(0x21, 0x80, 0x80).refresh(PARTIAL).wait()
    assert bus.picture == portrait(*[BLACK] * 4)
    # Bypassed as 0, the old picture is black: white is driven, black is not.
    bus = Bus().show(*[WHITE] * 4).write(0x24, *[BLACK] * 4).send(0x21, 0x40, 0x80).refresh(PARTIAL).wait()
    assert bus.picture == portrait(*[WHITE] * 4)
    assert "64 pixels keep an older picture" in bus.complaints[0]


def test_source_range_moves_the_ram_under_the_glass():
    line = (0x12, 0x34, 0x56)
    shown = {}
    for first_source in (0, 8):
        for sources in (0x00, 0x80):
            bus = Bus(16, 1, first_source=first_source).send(0x21, 0, 0).send(0x47, 0x65).wait()
            bus.refresh().wait()
            bus.window(0, 2, 0, 0).at(0, 0).send(0x24, *line).send(0x21, 0, sources).refresh().wait()
            column = "".join(row[0] for row in reversed(bus.picture))
            shown[first_source, sources] = f"{int(column.replace('#', '0').replace('.', '1'), 2):04x}"
    # RAM column 0 is on S0, or on S8. In the latter case a glass from S0 on keeps its black on S0 to S7.
    assert shown == {(0, 0x00): "1234", (0, 0x80): "0012", (8, 0x00): "3456", (8, 0x80): "1234"}


def test_sources_that_are_off_are_complained_of():
    bus = Bus(16, 4, first_source=0).refresh().wait()
    assert "drives 4 of 4 gates (0x01, 0x0F) and 8 of 16 sources (0x21)" in bus.complaints[0]
