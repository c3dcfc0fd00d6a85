"""The panel emulator under any bytes and pins."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_bus import Bus, portrait

from host_tools.sim.panel import Ssd1680
from host_tools.sim.panel_commands import SSD1680_COMMANDS

_KNOWN, _ADDRESSING = sorted(SSD1680_COMMANDS), [0x11, 0x44, 0x45, 0x4E, 0x4F]
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
            bus.send(command, *(data * 153)[: len(SSD1680_COMMANDS[command].por)])
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
        number: len(command.por) for number, command in SSD1680_COMMANDS.items()
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
