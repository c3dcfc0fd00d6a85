"""What the page is told of what passes: see host_tools/sim/trace.py."""

from types import SimpleNamespace

import pytest

from host_tools.sim.trace import Trace

NOBODY = SimpleNamespace(node=None, channel=11)
FLOOD = 5100


@pytest.fixture
def home():
    air = SimpleNamespace(taps=[], nodes=[])
    ncp = SimpleNamespace(ezsp=SimpleNamespace(taps=[]), stack=None)
    return SimpleNamespace(air=air, ncp=ncp, hub=None, meter=None, gas_meter=None, neighbour=None)


def test_what_no_wire_carries_is_told_however_many_frames_pass(home):
    trace = Trace(home, lambda: 0)
    trace.tell("person", "meter", "Shower on")
    for _ in range(FLOOD):
        home.air.taps[0](NOBODY, b"not a frame")
    trace.tell("device", "wall", "A partial refresh", story=False)
    rows = trace.decode(FLOOD)
    assert [rows[0].name, rows[-1].name] == ["Shower on", "A partial refresh"]
    assert {row.name for row in rows[1:-1]} == {"No frame"}
    assert [row.name for row in trace.story] == ["Shower on"]
    assert len(rows) + trace.dropped == FLOOD + 2 and trace.dropped > 0


def test_rows_come_in_the_order_they_were_said(home):
    now = iter(range(100))
    trace = Trace(home, lambda: next(now))
    for i in range(3):
        trace.tell("person", "meter", f"said {i}")
        home.air.taps[0](NOBODY, b"not a frame")
    first, then = trace.decode(2), trace.decode(9)
    assert [row.name for row in first + then] == [name for i in range(3) for name in (f"said {i}", "No frame")]
    assert [row.t for row in first + then] == [at / 1e6 for at in range(6)]
    assert [row.n for row in first + then] == [1, 2, 3, 4, 5, 6] and not trace.decode(9)


def test_in_haste_the_newest_are_told_and_the_home_keeps_its_time(home, monkeypatch):
    trace = Trace(home, lambda: 0)
    ticks = iter(range(1 << 20))
    monkeypatch.setattr("time.monotonic", lambda: next(ticks) / 1000)
    for _ in range(FLOOD):
        home.air.taps[0](NOBODY, b"not a frame")
    before = trace.dropped
    trace.in_haste = True
    trace.tell("person", "meter", "Shower on")
    for _ in range(FLOOD):
        home.air.taps[0](NOBODY, b"not a frame")
    assert trace.dropped - before > FLOOD
    rows = trace.decode(100)
    assert [row.name for row in rows[:2]] == ["Shower on", "No frame"] and 2 < len(rows) < 10
    trace.in_haste = False
    assert len(trace.decode(100)) == 100
