"""The panel emulator against the SSD1680 data sheet: what the glass shows, and when."""

from __future__ import annotations

import pytest
from panel_bus import BLACK, PARTIAL, PARTIAL_POWERED, ROWS, WHITE, Bus, art, portrait

from host_tools.sim.panel import Ssd1680, Ssd1683

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


# A panel whose sources run along the picture's rows


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
