"""Wireshark's dissectors judge what homes serve: every command that they know is whole, and says what it should."""

import asyncio
import subprocess

import pytest

from host_tools.sim import smart_energy as se
from host_tools.sim.changes import change
from host_tools.sim.clock import Clock
from host_tools.sim.display import Display
from host_tools.sim.radio.capture import capturing
from host_tools.sim.world import Settings, World

SINCE = se.GetSince(earliest=0, minimum_event=0xFFFFFFFF, count=0, tariff_type=0).serialize()
OF_TARIFF = se.GetOfTariff(tariff_id=1).serialize()
DAYS = se.GetDayProfiles(provider=0, calendar_id=0xFFFFFFFF, first=1, count=0).serialize()
FRIENDLY = se.GetDayProfiles(provider=0, calendar_id=0xFFFFFFFE, first=1, count=0).serialize()
ASKED = (
    (0x0702, 0x00, se.GetProfile(channel=0, end=0, periods=5).serialize()),
    (0x0702, 0x08, se.GetSampledData(sample_id=0, earliest=831_000_000, sample_type=0, count=5).serialize()),
    (0x0700, 0x00, b"\x01"),
    (0x0700, 0x01, se.GetScheduledPrices(start=0, count=3).serialize()),
    (0x0700, 0x03, se.GetBlockPeriods(start=0, count=1, tariff_type=0).serialize()),
    *((0x0700, command, SINCE) for command in (0x04, 0x05, 0x06, 0x09, 0x0B, 0x0C)),
    *((0x0700, command, OF_TARIFF) for command in (0x07, 0x08, 0x0A)),
    (0x0703, 0x00, b""),
    (0x0705, 0x07, bytes(13)), (0x0705, 0x08, bytes(5)), (0x0705, 0x0A, bytes(5) + b"\xff"),
    (0x0707, 0x00, se.GetCalendar(earliest=0, minimum_event=0, count=0, calendar_type=0, provider=0).serialize()),
    (0x0707, 0x01, DAYS), (0x0707, 0x01, FRIENDLY), (0x0707, 0x02, DAYS), (0x0707, 0x03, DAYS[:8]),
    (0x0707, 0x04, bytes(4) + b"\x00\x03" + FRIENDLY[:8]),
    (0x0708, 0x00, b""), (0x0708, 0x01, b""), (0x0708, 0x03, b""), (0x0708, 0x05, b""),
    (0x0709, 0x00, se.GetEventLog(control_and_log=0, event_id=0, start=0, end=0, count=0, offset=0).serialize()),
)  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Several homes that tell all they have, captured: {home: (folder, answers of the electricity meter)}."""
    found = {}
    for name in ("economy-7", "blocks", "prepaid", "agile"):
        folder = tmp_path_factory.mktemp(name)

        async def story(name=name, folder=folder):
            world = World(asyncio.get_running_loop(), Settings(home=name))
            world.start_home()
            display = Display(world)
            answers = {}
            with capturing(world.air, lambda: world.clock.now_us, folder / "air.pcap", folder / "zigbee_pc_keys"):
                await asyncio.sleep(5)
                changes = ["message:!?Please call us", "tamper", "change-of-tenancy", "change-of-supplier"]
                for words in changes + (["top-up"] if name == "prepaid" else []):
                    change(world, words)
                    await asyncio.sleep(5)
                for mirror in (False, True) if world.gas else (False,):
                    for cluster, command, payload in ASKED:
                        answer = await display.ask(cluster, command, payload, mirror=mirror)
                        answers.setdefault((cluster, command), answer)
                    server = world.hub if mirror else world.meter
                    for cluster, attributes in server.attributes[2 if mirror else 1].items():
                        await display.read(cluster, attributes, mirror=mirror)
            world.check()
            world.stop_home()
            return answers

        with asyncio.Runner(loop_factory=Clock) as runner:
            found[name] = folder, runner.run(story())
    return found


def tshark(folder, *arguments):
    settings = folder / "settings"
    settings.mkdir(exist_ok=True)
    (settings / "zigbee_pc_keys").write_text((folder / "zigbee_pc_keys").read_text())
    done = subprocess.run(
        ["tshark", "-r", str(folder / "air.pcap"), *arguments],
        env={"WIRESHARK_CONFIG_DIR": str(settings), "PATH": "/usr/bin:/bin", "HOME": str(settings)},
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return done.stdout.splitlines()


def values(folder, condition, *names):
    wanted = [argument for name in names for argument in ("-e", name)]
    return [line.split("\t") for line in tshark(folder, "-Y", condition, "-T", "fields", *wanted)]


def numbers(folder, name):
    """Each different value of a field, in order; hexadecimal or not."""
    found = [int(value, 0) for (line,) in values(folder, name, name) for value in line.split(",")]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("name", ["economy-7", "blocks", "prepaid", "agile"])
def test_all_is_read_and_nothing_is_malformed(told, name):
    folder, _ = told[name]
    assert tshark(folder, "-Y", "_ws.malformed") == []
    seen = {cluster for (cluster,) in values(folder, "zbee_zcl", "zbee_aps.cluster")}
    assert {f"0x{cluster:04x}" for cluster in (0x0700, 0x0702, 0x0703, 0x0705, 0x0707, 0x0708, 0x0709)} <= seen


PRICE = "zbee_zcl_se.price"


def test_what_it_reads_is_what_was_said(told):
    folder, answers = told["economy-7"]
    price = se.PublishPrice.deserialize(answers[0x0700, 0x00][0][1])[0]
    fields = values(
        folder, f"{PRICE}.price", f"{PRICE}.price", f"{PRICE}.rate_label", f"{PRICE}.duration_in_minutes"
    )  # fmt: skip
    assert [int(price.price), "Day", int(price.duration)] in [[int(a, 0), b, int(c, 0)] for a, b, c in fields]
    information = se.PublishTariffInformation.deserialize(answers[0x0700, 0x06][0][1])[0]
    inside = f"{PRICE}.tariff_information"
    assert information.standing_charge in numbers(folder, f"{inside}.standing_charge")
    assert numbers(folder, f"{inside}.number_of_price_tiers_in_use") == [2]
    assert numbers(folder, f"{PRICE}.price_matrix.price") == [29_870, 13_120]
    assert numbers(folder, f"{PRICE}.price_matrix.tier") == [1, 2]
    bill = se.PublishConsolidatedBill.deserialize(answers[0x0700, 0x0C][0][1])[0]
    assert numbers(folder, f"{PRICE}.consolidated_bill") == [bill.bill]
    assert values(folder, "zbee_zcl_se.msg.message", "zbee_zcl_se.msg.message")[0] == ["Please call us"]
    assert numbers(folder, "zbee_zcl_se.msg.message.ctrl.importance") == [3]


def test_prepayment_and_blocks_and_gas_too(told):
    folder, answers = told["prepaid"]
    log = se.PublishTopUpLog.deserialize(answers[0x0705, 0x08][0][1])[0]
    amounts = numbers(folder, "zbee_zcl_se.pp.publish_top_up_log.top_up_amount")
    assert amounts == [int(entry.amount) for entry in log.entries] == [1_000_000]
    assert numbers(folder, f"{PRICE}.conversion_factor") == [102_264]
    assert numbers(folder, f"{PRICE}.calorific_value") == [400]
    folder, answers = told["blocks"]
    assert numbers(folder, f"{PRICE}.block_threshold") == [90_000, 120_000, 300_000]
    assert numbers(folder, f"{PRICE}.price_matrix.price") == [31_200, 22_400, 27_900, 8_100, 5_400]
    assert numbers(folder, f"{PRICE}.block_period.duration") == [1]
