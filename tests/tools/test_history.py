"""The host's reader of a device's history: against what was really used, and against bad files."""

import csv
import datetime
import io
import struct
import zipfile
import zlib
import zoneinfo

import pytest

from host_tools import history
from host_tools.sim import starts
from host_tools.sim.portal import Timeline
from host_tools.sim.run import run
from host_tools.sim.truth import truths
from host_tools.sim.world import Settings

LONDON = zoneinfo.ZoneInfo("Europe/London")
QUICK = Timeline(accepted=0.1, matched=0.1, hub_reached=0.1, listed=0.1, granted=1)
HALF_HOUR = 1800
# A reading is ten seconds old at the most, and the house takes no more than 12 kW.
BETWEEN_TWO_READINGS_WH = 12_000 * 10 / 3600


def rows(packed, name):
    return list(csv.DictReader(io.StringIO(packed.read(name).decode())))


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """(the packed history, what was really used and paid in each half-hour, litres of gas in each) of a home that has
    been read for two hours, with a power cut, and whose meters remember a month with a change of the clocks.
    """

    async def story(home):
        await home.pair()
        home.world.household.set_load("battery", -2000)
        await home.sleep(2600)
        home.power_off()
        await home.sleep(2700)
        home.world.household.set_load("battery", 0)
        home.power_on()
        await home.sleep(3000)
        now = home.clock.utc // HALF_HOUR * HALF_HOUR
        true = {
            name: {start: (wh, pence) for start, wh, pence in truth.half_hours(now - 40 * 86_400, now)}
            for name, truth in truths(home.world).items()
        }
        gas = truths(home.world)["gas"]
        litres = {start: gas.total(start + HALF_HOUR) - gas.total(start) for start in true["gas"]}
        return zipfile.ZipFile(io.BytesIO(history.pack(home.flash / "books"))), true, litres

    settings = Settings(home="credit-flat", timeline=QUICK, start_us=starts.parse("2026-11-08T11:50"))
    return run(settings, tmp_path_factory.mktemp("told"), story)


def zigbee(text):
    return int((datetime.datetime.fromisoformat(text) - history.EPOCH).total_seconds())


def test_half_hours_are_what_was_used(told):
    packed, true, litres = told
    found = rows(packed, "half-hours.csv")
    assert len(found) > 1000
    filled = measured = gas = sent = 0
    for row in found:
        start = zigbee(row["utc_start"])
        assert datetime.datetime.fromisoformat(row["local_start"]).astimezone(datetime.UTC) == history.start_of(
            start // HALF_HOUR
        )
        if row["import_kwh"] and start in true["import"] and "begins late" not in row["electricity_how"]:
            used, sent_out = float(row["import_kwh"]) * 1000, float(row["export_kwh"]) * 1000
            exact = row["electricity_filled"] == "yes"
            most = 1 if exact else BETWEEN_TWO_READINGS_WH
            wh, pence = true["import"][start]
            assert abs(used - wh) <= most, row
            assert abs(sent_out - true["export"][start][0]) <= most, row
            if row["import_cost_gbp"]:
                assert abs(float(row["import_cost_gbp"]) * 100 - pence) <= most / 1000 * 24.5 + 0.001, row
            filled, measured, sent = filled + exact, measured + (not exact), sent + (sent_out > 100)
        if row["gas_m3"] and start in litres and row["gas_filled"] == "yes":
            assert abs(float(row["gas_m3"]) * 1000 - litres[start]) <= 1, row
            gas += 1
    assert filled > 1000 and measured >= 1 and gas > 1000 and sent >= 2


def test_days_are_the_sums_of_their_half_hours(told):
    packed, true, _ = told
    of_days = {row["local_day"]: row for row in rows(packed, "days.csv")}
    # The clocks went back: a day of 25 hours.
    longest = history.halves_of(datetime.date(2026, 10, 25))
    assert len(longest) == 50 and len(history.halves_of(datetime.date(2027, 3, 28))) == 46
    wh = sum(true["import"][half * HALF_HOUR][0] for half in longest)
    assert abs(float(of_days["2026-10-25"]["import_kwh"]) * 1000 - wh) <= 50
    by_day = {}
    for row in rows(packed, "half-hours.csv"):
        day = datetime.datetime.fromisoformat(row["local_start"]).date().isoformat()
        by_day[day] = by_day.get(day, 0) + round(float(row["import_kwh"] or 0) * 1000)
    assert {day: round(float(row["import_kwh"] or 0) * 1000) for day, row in of_days.items()} == by_day
    today = of_days["2026-11-08"]
    assert "of 48 half-hours not known" in today["electricity_how"]
    assert "Money is in pounds" in packed.read("read-me.txt").decode()
    assert any(name.startswith("books/h0.") for name in packed.namelist())


# Files made by hand, as docs/history.md has them


def half(wh, other, cost, earned, flags):
    record = bytearray(struct.pack("<HBBHBBii", wh & 0xFFFF, wh >> 16, flags, other, 0, 0, cost, earned))
    record[7] = zlib.crc32(record, 0x1A2B) & 0xFF
    return bytes(record)


def day(wh, other, cost, earned, standing, flags, known):
    record = bytearray(struct.pack("<IIiiiBBH", wh, other, cost, earned, standing, flags, known, 0))
    record[22:] = (zlib.crc32(record, 0x1A2B) & 0xFFFF).to_bytes(2, "little")
    return bytes(record)


@pytest.fixture
def books(tmp_path):
    (tmp_path / "h0.0").write_bytes(
        half(70_000, 12, 34_567, 890, 0) + bytes(16) + half(250, 0, 0, 0, history.UNPRICED) + bytes(88)
    )
    (tmp_path / "h1.0").write_bytes(half(0, 1200, 0, 0, history.NO_FACTOR | history.UNPRICED) + bytes(88))
    (tmp_path / "h0.tmp").write_bytes(b"not ours")
    return tmp_path


def test_what_is_unknown_is_empty_and_never_0(books):
    first, last = csv.DictReader(io.StringIO(history.half_hours_csv(books)))
    assert (first["import_kwh"], first["import_cost_gbp"], first["export_earned_gbp"]) == (
        "70.000",
        "0.34567",
        "0.00890",
    )
    assert (first["gas_m3"], first["gas_kwh"], first["gas_cost_gbp"]) == ("1.200", "", "")
    assert (last["utc_start"], last["import_kwh"], last["import_cost_gbp"]) == ("2000-01-01T01:00Z", "0.250", "")
    assert (last["gas_m3"], last["gas_filled"]) == ("", "")


def test_a_worn_record_is_not_known(books):
    data = bytearray((books / "h0.0").read_bytes())
    data[0] ^= 0x10
    (books / "h0.0").write_bytes(data)
    assert list(history.half_hours(books, history.ELECTRICITY)) == [2]


def test_a_day_that_was_marked_is_summed_up_anew_and_the_charge_added(books):
    first = datetime.date(2000, 1, 1)
    assert history.days(books, history.ELECTRICITY)[first].wh == 70_250
    (books / "d0.0").write_bytes(day(5, 6, 1000, 70, 53_800, 0, 48) + day(9, 9, 9, 9, 9, 0, 0))
    of_days = history.days(books, history.ELECTRICITY)
    assert list(of_days) == [first] and (of_days[first].wh, of_days[first].cost) == (5, 54_800)
    assert of_days[first].how == "measured"
    (books / "d0.0").write_bytes(day(5, 6, 1000, 70, 53_800, 0, 255))
    summed = history.days(books, history.ELECTRICITY)[first]
    assert (summed.wh, summed.cost, summed.known, summed.whole) == (70_250, None, 2, 48)
    assert summed.how == "46 of 48 half-hours not known"
    # A charge that is not known is none.
    (books / "d0.0").write_bytes(day(5, 6, 1000, 70, -0x7FFFFFFF, history.FILLED, 48))
    plain = history.days(books, history.ELECTRICITY)[first]
    assert (plain.cost, plain.standing_charge, plain.how) == (1000, None, "from the meter's own log")


def test_an_hour_before_midnight_utc_is_of_the_next_summer_day(tmp_path):
    at = datetime.datetime(2026, 6, 30, 23, 0, tzinfo=datetime.UTC)
    number, index = divmod(int((at - history.EPOCH) / history.HALF_HOUR), 1536)
    (tmp_path / f"h0.{number}").write_bytes(bytes(16 * index) + half(100, 0, 0, 0, 0) + bytes(88))
    assert list(history.days(tmp_path, history.ELECTRICITY)) == [datetime.date(2026, 7, 1)]
    (row,) = csv.DictReader(io.StringIO(history.half_hours_csv(tmp_path)))
    assert (row["utc_start"], row["local_start"]) == ("2026-06-30T23:00Z", "2026-07-01T00:00+01:00")
