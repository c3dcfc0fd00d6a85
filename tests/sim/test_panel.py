"""The panel emulator against the SSD1680 data sheet: what the glass shows, and what the chip would not do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.sim.panel import COMMANDS, LINE_BYTES, LINES, Ssd1680, Ssd1683

FULL, PARTIAL, PARTIAL_POWERED = 0xF7, 0xFF, 0xFC


class Bus:
    """A host with a logic analyser: sends commands and waits for BUSY only when told to."""

    def __init__(self, width: int = 16, height: int = 4, *, start: bool = True, **options) -> None:
        self.panel = Ssd1680(width, height, **options)
        self.now = 0
        if start:
            self.hardware_reset()
            self.send(0x12).wait()
            self.send(0x18, 0x80).send(0x21, 0x00, 0x80)

    def pin(self, name: str, level: int) -> Bus:
        self.panel.set_pin(name, level, self.now)
        return self

    def hardware_reset(self) -> Bus:
        self.pin("rst", 0)
        self.now += 10_000
        self.pin("rst", 1)
        self.now += 10_000
        return self

    def send(self, command: int, *parameters: int) -> Bus:
        self.pin("dc", 0).pin("cs", 0)
        self.panel.spi(bytes([command]), self.now)
        self.pin("dc", 1)
        self.panel.spi(bytes(parameters), self.now)
        return self.pin("cs", 1)

    def data(self, *parameters: int) -> Bus:
        self.pin("dc", 1).pin("cs", 0)
        self.panel.spi(bytes(parameters), self.now)
        return self.pin("cs", 1)

    def wait(self) -> Bus:
        while self.panel.busy(self.now):
            self.now += 1000
        return self

    def busy_us(self) -> int:
        """How long BUSY stays high from now on, to the microsecond."""
        low, high = self.now, self.now + 10_000_000
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.panel.busy(middle) else (low, middle)
        return low - self.now

    def window(self, xs: int, xe: int, ys: int, ye: int) -> Bus:
        return self.send(0x44, xs, xe).send(0x45, ys & 255, ys >> 8, ye & 255, ye >> 8)

    def at(self, x: int, y: int) -> Bus:
        return self.send(0x4E, x).send(0x4F, y & 255, y >> 8)

    def write(self, plane: int, *rows: str) -> Bus:
        """Writes portrait rows of '#' (black) and '.' (white) from the top left corner of the RAM on."""
        data = b"".join(_bits(row) for row in rows)
        return self.window(0, len(rows[0]) // 8 - 1, 0, len(rows) - 1).at(0, 0).send(plane, *data)

    def refresh(self, sequence: int = FULL) -> Bus:
        return self.send(0x22, sequence).send(0x20)

    def show(self, *rows: str) -> Bus:
        """A whole clean update: both planes, then mode 1."""
        return self.write(0x24, *rows).write(0x26, *rows).refresh().wait()

    @property
    def picture(self) -> list[str]:
        return art(self.panel, self.now)

    @property
    def complaints(self) -> list[str]:
        return self.panel.complaints


def _bits(row: str) -> bytes:
    return int(row.replace("#", "0").replace(".", "1"), 2).to_bytes(len(row) // 8, "big")


def art(panel: Ssd1680, now: int) -> list[str]:
    image = panel.picture(now)
    assert image.mode == "1" and image.size == (panel.height, panel.width)
    return ["".join("." if image.getpixel((x, y)) else "#" for x in range(image.width)) for y in range(image.height)]


def portrait(*rows: str) -> list[str]:
    """The landscape picture that portrait rows make: a quarter turn against the clock."""
    return ["".join(column) for column in reversed(list(zip(*rows, strict=True)))]


BLACK, WHITE = "#" * 16, "." * 16
ROWS = (".#######" + "########", "########" + "#######.", "..######" + "########", "########" + "######..")
INVERSE = ("#......." + "........", "........" + ".......#", "##......" + "........", "........" + "......##")


# What the glass shows


def test_gate_0_is_at_the_left_and_source_0_at_the_bottom():
    bus = Bus(8, 3).show(".#######", "##.#####", "###....#")
    assert bus.picture == ["###", "##.", "##.", "##.", "##.", "#.#", "###", ".##"]
    assert bus.complaints == []


def test_the_highest_bit_of_a_byte_is_the_lowest_source():
    bus = Bus(16, 1).window(0, 1, 0, 0).at(0, 0).send(0x24, 0x80, 0x01).refresh().wait()
    assert bus.picture == ["."] + ["#"] * 14 + ["."]


def test_sizes_of_the_two_panels_and_six_dead_bits():
    big = Ssd1680(128, 296)
    assert big.picture(0).size == (296, 128)
    bus = Bus(122, 250)
    # The last byte of every row is 1100 0000: its first two bits are the sources 120 and 121.
    bus.window(0, 15, 0, 249).at(0, 0).send(0x24, *([0] * 15 + [0xC0]) * 250).refresh().wait()
    assert bus.picture == ["." * 250] * 2 + ["#" * 250] * 120


def test_the_whole_route_of_a_2_9_inch_panel_raises_no_complaint():
    """The sequences of the reference, section 4.3, as drivers in the field send them."""
    bus = Bus(128, 296, start=False).hardware_reset().send(0x12).wait()
    bus.send(0x01, 0x27, 0x01, 0x00).send(0x11, 0x03).send(0x3C, 0x05).send(0x21, 0x00, 0x80).send(0x18, 0x80)
    bus.window(0, 15, 0, 295).at(0, 0).send(0x24, *[0xFF] * 4736)
    bus.at(0, 0).send(0x26, *[0xFF] * 4736).refresh(0xF7).wait()
    bus.send(0x3C, 0x80).refresh(0xE0).wait()
    bus.window(2, 3, 100, 101).at(2, 100).send(0x26, *[0xFF] * 4)
    bus.at(2, 100).send(0x24, 0xFF, 0xFF, 0x0F, 0xFE)
    bus.refresh(PARTIAL_POWERED).wait().refresh(0x83).wait().send(0x10, 0x01)
    assert bus.complaints == []
    black = {(x, y) for y, row in enumerate(bus.picture) for x, dot in enumerate(row) if dot == "#"}
    # Gate 101 shows 0x0F at the sources 16 to 23 and 0xFE at 24 to 31.
    assert black == {(101, 127 - source) for source in (16, 17, 18, 19, 31)}
    assert (bus.panel.full_refreshes, bus.panel.partial_refreshes) == (1, 1)


def test_mode_1_shows_the_bw_ram_whatever_the_red_ram_holds():
    bus = Bus().write(0x24, *ROWS).write(0x26, *[BLACK] * 4).refresh().wait()
    assert bus.picture == portrait(*ROWS)
    bus.write(0x26, *[WHITE] * 4).refresh().wait()
    assert bus.picture == portrait(*ROWS)


def test_mode_2_changes_only_the_pixels_in_which_the_planes_differ():
    bus = Bus().show(BLACK, BLACK, WHITE, WHITE)
    bus.write(0x26, *[BLACK] * 4).write(0x24, *[".#" * 8] * 4).refresh(PARTIAL).wait()
    # Old black says: drive the white ones white, hold the others; rows that were white stay white.
    assert bus.picture == portrait(".#" * 8, ".#" * 8, WHITE, WHITE)
    assert len(bus.complaints) == 1 and "16 pixels keep an older picture" in bus.complaints[0]


def test_mode_2_with_the_planes_in_step_shows_the_new_picture():
    bus = Bus().show(*ROWS).write(0x24, *[".#" * 8] * 4).refresh(PARTIAL).wait()
    assert bus.picture == portrait(*[".#" * 8] * 4)
    assert bus.complaints == []


def test_the_picture_changes_when_the_refresh_ends():
    bus = Bus().show(*ROWS)
    bus.write(0x24, *[WHITE] * 4).refresh()
    start = bus.now
    assert art(bus.panel, start + 1_699_999) == portrait(*ROWS)
    assert bus.panel.busy(start + 1_699_999) == 1
    assert art(bus.panel, start + 1_700_000) == portrait(*[WHITE] * 4)
    assert bus.panel.busy(start + 1_700_000) == 0


def test_undefined_at_power_on_is_noise_that_the_seed_repeats():
    one, same, other = (Ssd1680(128, 296, seed=seed) for seed in (1, 1, 2))
    assert one.ram == same.ram and one.picture(0).tobytes() == same.picture(0).tobytes()
    assert one.ram != other.ram and one.picture(0).tobytes() != other.picture(0).tobytes()
    assert one.ram[0x24] != one.ram[0x26]
    white = sum(byte.bit_count() for byte in one.picture(0).tobytes())
    assert 0.45 < white / (128 * 296) < 0.55


def test_a_forgotten_plane_shows_as_garbage():
    bus = Bus(128, 296).refresh().wait()
    assert "#" in "".join(bus.picture) and "." in "".join(bus.picture)


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
    untouched = [n for n in range(LINES * LINE_BYTES) if not (n % 22 in (4, 5, 6) and n // 22 in (8, 9))]
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


# Auto write


def test_auto_write_makes_a_chequerboard_over_the_whole_ram():
    bus = Bus().window(3, 4, 3, 4).at(3, 3).send(0x47, 0x80 | 1 << 4 | 2)
    assert bus.busy_us() > 0
    bus.wait().send(0x46, 0x00).wait()
    bw = bus.panel.ram[0x24]
    # 16 lines high, 32 columns wide, the first one white
    white, black = [(0, 0), (0, 3), (0, 8), (15, 0), (16, 4)], [(0, 4), (15, 7), (16, 0), (31, 3)]
    assert [bw[y * 22 + x] for y, x in white] == [0xFF] * 5 and [bw[y * 22 + x] for y, x in black] == [0] * 4
    red = bus.panel.ram[0x26]
    assert red[:3] == b"\x00\xff\x00" and red[8 * 22 : 8 * 22 + 3] == b"\xff\x00\xff"
    assert bus.complaints == []


def test_auto_write_of_one_colour():
    bus = Bus().send(0x46, 0x65).wait().send(0x47, 0xE5).wait()
    assert bus.panel.ram == {0x24: b"\xff" * 6512, 0x26: bytes(6512)}


# BUSY


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ((0xF7,), 1_700_000),
        ((0xF4,), 1_700_000),
        ((0xFF,), 360_000),
        ((0xFC,), 360_000),
        ((0xC0,), 95_000),
        ((0xE0,), 95_000),
        ((0xC0, 0x83), 140_000),
        ((0xC0, 0x03), 140_000),
        ((0xC3,), 235_000),
        ((0xC0, 0xC0), 10_000),
        ((0xB1,), 10_000),
        ((0x80,), 10_000),
    ],
    ids=lambda stages: " ".join(f"{stage:02x}" for stage in stages) if isinstance(stages, tuple) else None,
)
def test_how_long_an_activation_takes(stages, expected):
    bus = Bus().show(*ROWS)
    for stage in stages[:-1]:
        bus.refresh(stage).wait()
    bus.refresh(stages[-1])
    assert bus.busy_us() == expected
    assert bus.complaints == []


def test_times_are_the_panels_own():
    bus = Bus(full_ms=3800, partial_ms=740)
    assert bus.refresh().busy_us() == 3_800_000
    bus.wait()
    assert bus.refresh(PARTIAL).busy_us() == 740_000


def test_the_recorder_hears_of_each_refresh_when_it_starts():
    heard = []
    bus = Bus()
    bus.panel.on_refresh = lambda done, full: heard.append((done, full))
    bus.write(0x24, *ROWS).write(0x26, *ROWS).refresh()
    assert heard == [(bus.now + 1_700_000, True)]
    bus.wait().refresh(0xB9).wait().refresh(PARTIAL)
    assert heard[1:] == [(bus.now + 360_000, False)]
    bus.wait().refresh(0x04).wait()  # refused: no power
    assert len(heard) == 2


def test_software_reset_is_busy_and_keeps_the_ram():
    bus = Bus().send(0x3C, 0x05).write(0x24, *ROWS)
    before = {plane: bytes(ram) for plane, ram in bus.panel.ram.items()}
    bus.send(0x12)
    assert bus.busy_us() == 10_000
    assert bus.panel.ram == before
    assert bus.panel.registers[0x3C] == b"\xc0" and bus.panel.registers[0x45] == b"\x00\x00\x27\x01"


def test_power_stays_on_until_it_is_switched_off():
    bus = Bus().write(0x24, *ROWS).refresh(0xC0).wait().refresh(0xB1 & ~1).wait().refresh(0x04).wait()
    assert bus.picture == portrait(*ROWS) and bus.complaints == []
    bus.refresh(0x83).wait().refresh(0x04).wait()
    assert bus.panel.full_refreshes == 1 and "without clock and analog" in bus.complaints[0]


def test_a_lut_once_loaded_serves_again():
    bus = Bus().show(*ROWS).write(0x24, *[BLACK] * 4).refresh(0xC7).wait()
    assert bus.picture == portrait(*[BLACK] * 4) and bus.complaints == []


def test_a_written_temperature_serves_the_fast_waveform():
    bus = Bus().send(0x1A, 0x64, 0x00).write(0x24, *ROWS).refresh(0xD7).wait()
    assert bus.picture == portrait(*ROWS) and bus.complaints == []
    assert bus.panel.registers[0x1A] == b"\x64\x00"


def test_a_written_lut_serves_the_mode_in_which_it_is_used():
    bus = Bus().show(*ROWS).send(0x32, *[0] * 153).write(0x24, *[WHITE] * 4).refresh(0xCC).wait()
    assert bus.picture == portrait(*[WHITE] * 4) and bus.complaints == []
    assert (bus.panel.full_refreshes, bus.panel.partial_refreshes) == (1, 1)


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


# Fuzz

_KNOWN, _ADDRESSING = sorted(COMMANDS), [0x11, 0x44, 0x45, 0x4E, 0x4F]
_STEP = st.one_of(
    st.tuples(st.just("pin"), st.sampled_from(["cs", "dc", "rst"]), st.integers(0, 1)),
    st.tuples(st.just("spi"), st.binary(max_size=40), st.just(0)),
    st.tuples(st.just("command"), st.sampled_from(_KNOWN) | st.integers(0, 255), st.binary(max_size=12)),
    st.tuples(st.just("exact"), st.sampled_from(_KNOWN), st.binary(min_size=1, max_size=10)),
    st.tuples(st.just("exact"), st.sampled_from(_ADDRESSING), st.binary(min_size=4, max_size=4)),
    st.tuples(st.just("reset"), st.booleans(), st.just(0)),
    st.tuples(st.just("write"), st.sampled_from([0x24, 0x26]), st.integers(0, 700)),
    st.tuples(st.just("activate"), st.integers(0, 255), st.just(0)),
    st.tuples(st.just("time"), st.integers(0, 2_000_000), st.just(0)),
    st.tuples(st.just("jump"), st.integers(0, 100_000_000), st.just(0)),
)


def _play(bus: Bus, step: tuple) -> None:
    match step:
        case ("pin", name, level):
            bus.pin(name, level)
        case ("spi", data, _):
            bus.panel.spi(data, bus.now)
        case ("command", command, data):
            bus.send(command, *data)
        case ("exact", command, data):
            bus.send(command, *(data * 153)[: len(COMMANDS[command].por)])
        case ("write", plane, count):
            bus.send(plane, *[0x5A] * count)
        case ("reset", hardware, _):
            bus.now += 2_000_000
            bus.hardware_reset() if hardware else bus.send(0x12)
            bus.now += 10_000
        case ("activate", stages, _):
            bus.refresh(stages)
        case ("time", microseconds, _):
            bus.now += microseconds
        case ("jump", microseconds, _):
            bus.now = microseconds


def _in_range(panel: Ssd1680, now: int) -> None:
    assert {number: len(register) for number, register in panel.registers.items()} == {
        number: len(command.por) for number, command in COMMANDS.items()
    }
    assert {plane: len(ram) for plane, ram in panel.ram.items()} == {0x24: 6512, 0x26: 6512}
    assert panel.busy(now) in (0, 1)
    assert panel.picture(now).size == (panel.height, panel.width)
    assert all(isinstance(complaint, str) for complaint in panel.complaints)


def _fuzz(size: tuple[int, int], first_source: int, steps: list[tuple]) -> None:
    bus = Bus(*size, first_source=first_source, start=False)
    for step in steps:
        _play(bus, step)
        _in_range(bus.panel, bus.now)
    # Whatever came before, the road of figure 9-1 leads to a right picture and no complaint.
    bus.now += 10_000_000
    bus.pin("rst", 1).pin("cs", 1).hardware_reset()
    bus.complaints.clear()
    bus.send(0x12).wait().send(0x18, 0x80).send(0x21, 0x00, first_source * 16)
    rows = [("." * n + "#" * size[0])[: size[0]] for n in range(size[1])]
    bus.write(0x24, *rows).write(0x26, *rows).refresh().wait()
    assert bus.picture == portrait(*rows) and bus.complaints == []


@settings(max_examples=150, deadline=None)
@given(
    size=st.sampled_from([(8, 1), (16, 20), (128, 296)]),
    first_source=st.sampled_from([0, 8]),
    steps=st.lists(_STEP, max_size=30),
)
def test_no_bytes_or_pins_raise(size, first_source, steps):
    _fuzz(size, first_source, steps)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(first_source=st.sampled_from([0, 8]), steps=st.lists(_STEP, max_size=150))
def test_no_bytes_or_pins_raise_for_long(first_source, steps):
    _fuzz((16, 20), first_source, steps)


@settings(max_examples=100, deadline=None)
@given(data=st.lists(st.tuples(st.integers(0, 1), st.binary(max_size=20)), max_size=20))
def test_how_the_bytes_are_cut_does_not_matter(data):
    whole, single = Bus(start=False).hardware_reset(), Bus(start=False).hardware_reset()
    for level, chunk in data:
        whole.pin("dc", level).pin("cs", 0).panel.spi(chunk, whole.now)
        for byte in chunk:
            single.pin("dc", level).pin("cs", 0).panel.spi(bytes([byte]), single.now)
        whole.now = single.now = whole.now + 5_000
    assert whole.panel.ram == single.panel.ram
    assert whole.panel.registers == single.panel.registers
    assert whole.picture == single.picture
    assert whole.panel.busy(whole.now) == single.panel.busy(single.now)


class Landscape(Bus):
    """The same host with an SSD1683, whose sources run along the picture's rows."""

    def __init__(self, width: int = 16, height: int = 4, **options) -> None:
        super().__init__(start=False)
        self.panel = Ssd1683(width, height, **options)
        self.hardware_reset()
        self.send(0x12).wait()
        self.send(0x18, 0x80).send(0x21, 0x40, 0x00)


def _rows(picture) -> list[str]:
    return [
        "".join("." if picture.getpixel((x, y)) else "#" for x in range(picture.width)) for y in range(picture.height)
    ]


def test_an_ssd1683_shows_rows_as_rows():
    rows = ("#...............", "..............##", "........########", "................")
    bus = Landscape()
    bus.show(*rows)
    assert bus.panel.landscape == (16, 4)
    assert _rows(bus.panel.picture(bus.now)) == list(rows)
    # The full picture needs all the rows that there are; this glass has fewer.
    assert all("drives" in text or "MUX" in text for text in bus.panel.complaints), bus.panel.complaints


def test_an_ssd1683_keeps_its_own_table():
    bus = Landscape()
    for command, parameters, complaint in (
        (0x21, (0x00, 0x80), "fixed"),
        (0x3C, (0x05,), "fixed"),
        (0x44, (0, 50), "outside"),
        (0x45, (0, 0, 0x2C, 0x01), "outside"),
        (0x0F, (0, 0), "no such command"),
        (0x1A, (0x64, 0x00), "more than 1"),
        (0x01, (0x2C, 0x01, 0x00), "16 to 300"),
    ):
        before = len(bus.panel.complaints)
        bus.send(command, *parameters)
        assert any(complaint in text for text in bus.panel.complaints[before:]), (hex(command), bus.panel.complaints)
    before = len(bus.panel.complaints)
    bus.send(0x44, 0, 49).send(0x45, 0, 0, 0x2B, 0x01).send(0x3C, 0x01).send(0x01, 0x2B, 0x01, 0x00)
    assert len(bus.panel.complaints) == before


def test_an_ssd1683_s_mode_1_is_for_three_colours():
    bus = Landscape(400, 300)
    bus.send(0x21, 0x00, 0x00).send(0x01, 0x2B, 0x01, 0x00)
    bus.refresh().wait()
    assert any("would be red" in text for text in bus.panel.complaints)
    bus = Landscape(400, 300)
    bus.send(0x01, 0x2B, 0x01, 0x00)
    bus.refresh().wait()
    assert bus.panel.complaints == []


def test_what_a_refresh_wrote_and_drove_is_counted():
    bus = Bus()
    bus.show(*("." * 16,) * 4)
    bus.write(0x24, "#" + "." * 15, *("." * 16,) * 3).refresh(PARTIAL).wait()
    bus.write(0x26, "#" + "." * 15, *("." * 16,) * 3)
    bus.write(0x24, *("." * 16,) * 4).refresh(PARTIAL).wait()
    full, one, other = bus.panel.refreshes
    assert full.full and full.ram_bytes == 16 and full.driven == 64 and full.partials == 0
    assert (one.full, one.ram_bytes, one.driven, one.partials) == (False, 8, 1, 1)
    assert (other.ram_bytes, other.driven, other.partials) == (16, 1, 2)
    assert bus.panel.ghost() == 2
    bus.show(*("." * 16,) * 4)
    assert bus.panel.ghost() == 0


def test_a_pixel_s_count_stays_at_the_most():
    bus = Bus(partial_limit=99)
    rows = [("." * 16,) * 4, ("#" + "." * 15, *("." * 16,) * 3)]
    bus.show(*rows[0])
    for i in range(40):
        bus.write(0x26, *rows[i % 2]).write(0x24, *rows[(i + 1) % 2]).refresh(PARTIAL).wait()
    assert bus.panel.ghost() == 31
