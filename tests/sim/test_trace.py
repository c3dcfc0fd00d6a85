"""What the page is told of what passes: see host_tools/sim/trace/."""

import json
from types import SimpleNamespace

import pytest

from host_tools.sim.run import run
from host_tools.sim.trace import Trace, as_dicts
from host_tools.sim.world import Settings

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


def everything_said(folder, home):
    """What is decoded from the waking of the radio to readings, a new network key included; and what is secret."""

    async def story(home):
        trace = Trace(home.world, lambda: home.clock.now_us - home.clock.start_us)
        await home.pair()
        home.world.hub.rotate_key(one_by_one=True)
        for _ in range(8):
            await home.sleep(30)
            trace.decode(100_000)
        assert not trace.dropped
        code = bytes.fromhex(home.world.label[1])
        return [*trace.rows], [*trace.story], [code, code[:-2], *home.world.air.keys]

    return run(Settings(home=home), folder, story)


def test_no_key_or_code_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("host_tools.sim.trace.trace._KEPT", 100_000)
    rows, story, secrets = everything_said(tmp_path, "demo")
    told = json.dumps(as_dicts([*rows, *story])).replace(" ", "").replace(":", "").upper()
    assert len(rows) > 3000 and len(secrets) > 5
    for secret in secrets:
        for octets in (secret, secret[::-1]):
            assert octets.hex().upper() not in told
    # What the keys came in is there, by name.
    assert {"Transport Key: network key", "Transport Key: new network key", "setInitialSecurityState"} <= {
        row.name for row in rows
    }


def test_each_command_of_a_reading_home_has_its_name_and_its_fields(tmp_path, monkeypatch):
    monkeypatch.setattr("host_tools.sim.trace.trace._KEPT", 100_000)
    rows, _, _ = everything_said(tmp_path, "demo")
    unnamed = {row.name for row in rows if " 0x" in row.name}
    assert not unnamed
    zcl = {row.name: dict(row.layers[-1][1]) for row in rows if row.layers[-1][0].startswith("ZCL")}
    assert {"Publish Price", "Get Calendar", "Publish Day Profile", "Get Sampled Data"} <= set(zcl)
    assert not [name for name, fields in zcl.items() if "octets" in fields and "not shown" not in fields["octets"]]
    # Nor is an attribute a number.
    asked = {value for row in rows for field, value in row.layers[-1][1] if field == "attribute"}
    assert {"credit_remaining", "standing_charge", "wan_status", "current_summ_delivered"} <= asked
    assert not [one for one in asked if one.startswith("0x")]
    prices = [dict(row.layers[-1][1]) for row in rows if row.name == "Publish Price"]
    assert {(one["label"], one["price"]) for one in prices} >= {("Demo flexibl", "24500")}
    assert prices[0]["current time"].startswith("2026-05-12 10:5")
