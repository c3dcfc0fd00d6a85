"""Wireshark judges what the device sends for events and prices, and its names what an event's number means."""

import asyncio
import re
import subprocess

import pytest
from inkmeter import events

from host_tools.sim.changes import change
from host_tools.sim.portal import Timeline
from host_tools.sim.radio.capture import capturing
from host_tools.sim.run import run
from host_tools.sim.world import Settings
from tests.referees.test_homes_against_tshark import numbers, tshark, values

QUICK = Timeline(accepted=0.1, matched=0.1, hub_reached=0.1, listed=0.1, granted=1)
# What Wireshark's name of an event must say for its kind, from 1 on.
MEANS = (
    "Clock (Adjust|Change)|Unexpected Clock", "Clock Invalid", "Power Loss", None, "Cover Removed", "Cover Closed",
    "Tamper|Magnetic|Fraud|Attack", "Low Credit", "No Credit|Credit Exhausted", "Emergency Credit Enabled", None,
    "Emergency Credit Exhausted", "Topup Accepted", "Off|Disconnect", "Armed", "Supply On|Connect",
    "Friendly Credit in Use", "Software Changed|Firmware Activated", "Battery", "Error|Fault|Failure|Leak",
)  # fmt: skip


def test_the_document_s_events_mean_what_their_names_say():
    listed = subprocess.run(["tshark", "-G", "values"], capture_output=True, check=True, timeout=60).stdout
    names = {}
    for line in listed.decode(errors="replace").splitlines():
        parts = line.split("\t")
        if parts[:2] == ["V", "zbee_zcl_se.device_management.attr_client_id"]:
            names[int(parts[2], 0)] = parts[3]
    assert len(names) > 400 and len(MEANS) == len(events._KINDS)
    judged = 0
    for means, kind in zip(MEANS, events._KINDS, strict=True):
        standard = [number for number in kind if number < events._STANDARD]
        assert (means is None) == (not standard), kind
        for number in standard:
            assert re.search(means, names[number]), (hex(number), names[number])
            judged += 1
    assert judged > 40


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    """The device in the home whose supplier wants acknowledgements, with events: (folder, the home's world)."""
    folder = tmp_path_factory.mktemp("device")

    async def story(home):
        for _ in range(12):
            home.world.meter.events.note("cover opened")
            await asyncio.sleep(1)
        with capturing(home.world.air, lambda: home.clock.now_us, folder / "air.pcap", folder / "zigbee_pc_keys"):
            await home.pair()
            await home.sleep(120)
            change(home.world, "event:low-credit")
            await home.sleep(20)
            assert home.world.meter.powered
        return home.world

    return folder, run(Settings(home="agile", timeline=QUICK), folder, story)


def test_the_device_s_requests_and_acknowledgements_are_read_as_they_are_meant(device):
    folder, world = device
    assert tshark(folder, "-Y", "_ws.malformed") == []
    asked = "zbee_zcl_se.events.get_event_log"
    assert numbers(folder, f"{asked}.number_of_events") == [24] and numbers(
        folder, f"{asked}.event_control_log_id"
    ) == [0]
    assert numbers(folder, f"{asked}.event_id") == [0]
    times = values(folder, f"{asked}.number_of_events", f"{asked}.start_time", f"{asked}.end_time")
    assert all("2000" in start and "2000" not in end for start, end in times), times
    wanted = [f"zbee_zcl_se.price.{name}" for name in ("issuer_event_id", "provider_id", "control")]
    acknowledged = values(folder, "zbee_zcl_se.price.price_ack_time", *wanted)
    said = [[int(value, 0) for value in line] for line in acknowledged]
    assert said and all(line[1:] == [1, 1] for line in said), said
    assert {line[0] for line in said} == set(world.meter.prices.acknowledged)
