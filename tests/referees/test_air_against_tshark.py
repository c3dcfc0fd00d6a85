"""Wireshark's dissectors judge the simulated air: with the keys all is read and right, without them nothing."""

import re
import subprocess

import pytest

from host_tools import ROOT
from host_tools.sim.portal import Timeline
from host_tools.sim.radio.capture import capturing
from host_tools.sim.run import run
from host_tools.sim.scenarios import Newcomer, fresh, price_in_full
from host_tools.sim.world import Settings

QUICK = Timeline(accepted=0.1, matched=0.1, hub_reached=0.1, listed=0.1, granted=1)
METERING, PRICE = 0x0702, 0x0700


def watched(attribute, seen):
    """The same attribute; what it is read as is kept."""
    get = attribute._get

    def watch():
        seen.append(get())
        return seen[-1]

    attribute._get = watch


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """A join by way of the meter, with addresses and PAN ids that two have, captured: its folder."""
    folder = tmp_path_factory.mktemp("behind")

    async def story(home):
        world = home.world
        with capturing(world.air, lambda: home.clock.now_us, folder / "air.pcap", folder / "zigbee_pc_keys"):
            await home.pair()
            await fresh(home, 60)
            world.ncp.stack.in_range = False
            world.hub.rotate_key()
            await home.sleep(20)
            world.ncp.stack.in_range = True
            await fresh(home, 900)
            world.meter.parent.on_pan_id_conflict()
            await home.sleep(20)
            Newcomer(home, world.ncp.stack.node_id)
            await home.sleep(20)
            await fresh(home, 60)
            world.hub.remove(world.ncp.stack.eui64)
            await home.until_shows("Supplier removed", 60)

    run(Settings(timeline=QUICK, far=True, gas=False), folder, story)
    return folder


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    """The whole life of a device, captured: (folder, the values that the meters gave out)."""
    folder = tmp_path_factory.mktemp("life")
    given = {"import": [], "export": [], "gas": [], "price": []}

    async def story(home):
        world = home.world
        price_in_full(home)
        published = world.meter.commands[1, PRICE, 0x00]

        def publish(payload, message):
            given["price"].append(published(payload, message)[1])
            return 0x00, given["price"][-1]

        world.meter.commands[1, PRICE, 0x00] = publish
        electricity, gas = world.meter.attributes[1][METERING], world.hub.attributes[2][METERING]
        watched(electricity[0x0000], given["import"])
        watched(electricity[0x0001], given["export"])
        watched(gas[0x0000], given["gas"])
        with capturing(world.air, lambda: home.clock.now_us, folder / "air.pcap", folder / "zigbee_pc_keys"):
            await home.pair()
            await home.sleep(120)
            world.hub.rotate_key()
            await home.sleep(60)
            world.hub.rotate_key(one_by_one=True)
            await home.sleep(60)
            world.ncp.stack.in_range = False
            world.hub.rotate_key()
            await home.sleep(20)
            world.ncp.stack.in_range = True
            await fresh(home, 900)
            mirror = world.swap_hub(restored=True).attributes[2][METERING]
            watched(mirror[0x0000], given["gas"])
            await home.until(lambda: home.log().count("keys: agreed") == 2, 900, "a key with the new hub")
            await fresh(home, 300)
            world.hub.remove(world.ncp.stack.eui64)
            await home.until_shows("Supplier removed", 60)

    run(Settings(timeline=QUICK), folder, story)
    return folder, given


def tshark(folder, *arguments, keys=True):
    """tshark's lines about the capture."""
    settings = folder / ("with-keys" if keys else "without-keys")
    settings.mkdir(exist_ok=True)
    (settings / "zigbee_pc_keys").write_text((folder / "zigbee_pc_keys").read_text() if keys else "")
    done = subprocess.run(
        ["tshark", "-r", str(folder / "air.pcap"), *arguments],
        env={"WIRESHARK_CONFIG_DIR": str(settings), "PATH": "/usr/bin:/bin", "HOME": str(settings)},
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return done.stdout.splitlines()


def fields(folder, condition, *names, keys=True):
    wanted = [argument for name in names for argument in ("-e", name)]
    return [
        line.split("\t") for line in tshark(folder, "-Y", condition, "-T", "fields", *wanted, keys=keys)
    ]  # fmt: skip


@pytest.mark.parametrize("captured", ["life", "behind"])
def test_no_frame_is_malformed_or_closed_to_who_has_the_keys(captured, request):
    got = request.getfixturevalue(captured)
    folder = got[0] if captured == "life" else got
    assert len(tshark(folder)) > 500
    for trouble in (
        "_ws.malformed",
        "zbee_sec.encrypted_payload",
        "wpan.fcs_ok == 0",
        "_ws.expert.severity >= 0x600000",
    ):
        assert tshark(folder, "-Y", trouble) == [], trouble


def test_the_dissected_values_are_those_that_the_meters_gave_out(life):
    folder, given = life
    # As they left the meter; the hub repeats them.
    for name, source, attribute in (("import", "0x3a51", 0), ("export", "0x3a51", 1), ("gas", "0x0000", 0)):
        rows = fields(
            folder,
            f"zbee_zcl.cmd.id == 0x01 && wpan.src16 == {source} && zbee_nwk.src == {source} && zbee_zcl.attr.uint48",
            "zbee_zcl_se.met.attr_id", "zbee_zcl.attr.uint48", "zbee_zcl.cmd.tsn", "frame.time_relative",
        )  # fmt: skip
        seen = []
        for identifiers, values, tsn, at in rows:
            if not identifiers.startswith("0x0000"):
                continue  # not the poll: the registers are its first attributes
            wide = dict(zip([int(i, 16) for i in identifiers.split(",")], values.split(","), strict=False))
            if attribute in wide:
                seen.append((int(wide[attribute]), tsn, float(at)))
        # A retransmission on the way is seen again.
        once = [
            now[0] for before, now in zip([None, *seen], seen, strict=False) if before is None or before[1] != now[1]
        ]
        # The new hub has not heard the gas meter yet: the type's invalid code.
        assert once == [(1 << 48) - 1 if value is None else value for value in given[name]], name
        assert len(once) > (2 if name == "gas" else 5)


def test_a_message_in_blocks_is_put_together_to_what_the_meter_said(life):
    folder, given = life
    rows = fields(
        folder, "zbee_aps.reassembled.length && wpan.src16 == 0x3a51 && zbee_nwk.src == 0x3a51", "zbee_aps.cluster",
        "zbee_aps.reassembled.length", "zbee_zcl_se.price.rate_label", "zbee_zcl_se.price.price",
        "zbee_zcl_se.price.duration_in_minutes",
    )  # fmt: skip
    said = []
    for body in given["price"]:
        at = 5 + body[4]
        price, minutes = (int.from_bytes(body[at + i : at + j], "little") for i, j in ((19, 23), (17, 19)))
        said.append((PRICE, 3 + len(body), body[5:at].decode(), price, minutes))
    # Prices to come are published too, in answer to another question.
    heard = [
        (int(cluster, 16), int(length), label, int(price), int(minutes, 0))
        for cluster, length, label, price, minutes in rows
        if label
    ]
    # A repeated block is seen, and put together, twice.
    assert [one for one in dict.fromkeys(heard) if one in said] == list(dict.fromkeys(said)) and said
    acknowledged = fields(
        folder, "zbee_aps.type == 2 && zbee_aps.fragmentation && wpan.dst16 == 0x3a51", "zbee_aps.block",
        "zbee_aps.block_acks",
    )  # fmt: skip
    assert [int(row[0]) for row in acknowledged] == [0, 1] * len(rows)


def test_every_step_of_a_life_is_there(life):
    folder, _ = life
    for step, condition in {
        "beacon": "zbee_beacon",
        "association": "wpan.cmd == 1",
        "association response": "wpan.cmd == 2",
        "network key, to one": "zbee_aps.cmd.id == 0x05 && zbee_aps.cmd.key_type == 0x01 && zbee_nwk.security == 0",
        "network key, to all": "zbee_aps.cmd.id == 0x05 && zbee_nwk.dst == 0xfffd",
        "switch key": "zbee_aps.cmd.id == 0x09",
        "request key": "zbee_aps.cmd.id == 0x08",
        "link key": "zbee_aps.cmd.id == 0x05 && zbee_aps.cmd.key_type == 0x03",
        "key establishment": "zbee_zcl_se.ke.cmd.srv_tx.id || zbee_zcl_se.ke.cmd.srv_rx.id",
        "device announcement": "zbee_aps.zdp_cluster == 0x0013",
        "price": "zbee_aps.cluster == 0x0700 && zbee_aps.security == 1",
        "rejoin request": "zbee_nwk.cmd.id == 0x06",
        "rejoin response": "zbee_nwk.cmd.id == 0x07",
        "end device timeout": "zbee_nwk.cmd.id == 0x0b",
        "leave": "zbee_nwk.cmd.id == 0x04",
    }.items():
        assert tshark(folder, "-Y", condition), step


def test_every_step_of_a_life_behind_the_meter_is_there(behind):
    for step, condition in {
        "beacon of the router": "zbee_beacon.depth == 1 && zbee_beacon.end_dev == 1",
        "association with the router": "wpan.cmd == 1 && wpan.dst16 == 0x3a51",
        "permit joining": "zbee_aps.zdp_cluster == 0x0036 && zbee_nwk.dst == 0xfffc",
        "update device, joined": "zbee_aps.cmd.id == 0x06 && zbee_aps.cmd.update_status == 1 && zbee_aps.security == 1",
        "update device, rejoined by the trust centre": "zbee_aps.cmd.id == 0x06 && zbee_aps.cmd.update_status == 3",
        "tunnel, with the key in it": "zbee_aps.cmd.id == 0x0e && zbee_nwk.dst == 0x3a51 && zbee_aps.cmd.key",
        "network key, by the router": "zbee_aps.cmd.id == 0x05 && zbee_nwk.src == 0x3a51 && zbee_nwk.security == 0",
        "route request": "zbee_nwk.cmd.id == 0x01",
        "route reply": "zbee_nwk.cmd.id == 0x02",
        "key establishment, relayed": "zbee_aps.cluster == 0x0800 && wpan.src16 == 0x3a51 && zbee_nwk.src == 0",
        "network report": "zbee_nwk.cmd.id == 0x09",
        "network update": "zbee_nwk.cmd.id == 0x0a",
        "address conflict": "zbee_nwk.cmd.id == 0x03 && zbee_nwk.cmd.status == 0x0d",
        "another address, unasked": "zbee_nwk.cmd.id == 0x07 && zbee_nwk.security == 1",
        "remove device": "zbee_aps.cmd.id == 0x07 && zbee_nwk.dst == 0x3a51",
        "leave": "zbee_nwk.cmd.id == 0x04 && wpan.src16 == 0x3a51",
    }.items():
        assert tshark(behind, "-Y", condition), step


def test_readings_and_prices_are_under_the_link_key(life):
    folder, _ = life
    open_to_all = tshark(
        folder, "-Y", "zbee_zcl && (zbee_aps.cluster == 0x0700 || zbee_aps.cluster == 0x0702) && zbee_aps.security == 0"
    )
    assert open_to_all == []


def test_the_documents_filters_find_what_they_say(life, behind):
    rows = re.findall(r"^\| (.+) \| `(.+)` ?(.*) \|$", (ROOT / "docs/capture.md").read_text(), re.MULTILINE)
    assert len(rows) > 8
    seen = {what for what, condition, _ in rows for folder in (life[0], behind) if tshark(folder, "-Y", condition)}
    # What is closed to nobody who has the keys; each of the others has been heard in one of the two.
    assert {what for what, _, _ in rows} - seen == {"what is still closed"}


def test_without_the_keys_no_application_octet_is_readable(life):
    folder, _ = life
    assert tshark(folder, "-Y", "zbee_zcl || zbee_zdp", keys=False) == []
    assert tshark(folder, "-Y", "zbee_aps.type == 0 || zbee_aps.cmd.key", keys=False) == []
    assert tshark(folder, "-Y", "zbee_sec.encrypted_payload", keys=False)


def test_a_capture_is_the_same_for_the_same_seed(life, tmp_path):
    captures = []
    for number in range(2):
        path = tmp_path / f"{number}.pcap"

        async def story(home, path=path):
            with capturing(home.world.air, lambda: home.clock.now_us, path, None):
                await home.pair()

        run(Settings(timeline=QUICK, seed=5), tmp_path, story)
        captures.append(path.read_bytes())
    assert captures[0] == captures[1]
