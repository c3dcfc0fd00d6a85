"""What the readers ask for and how they understand it: zigpy's Metering attributes, and the annex's structures."""

import importlib
import re
from pathlib import Path

import pytest
import zigpy.types as t
from inkmeter import asking, figures, registers
from zigpy.zcl.clusters.smartenergy import Metering
from zigpy.zcl.foundation import DataType

from host_tools import ROOT
from host_tools.sim import smart_energy as se

FIRMWARE = ROOT / "firmware/inkmeter"
TYPES = {attribute.id: DataType.from_python_type(attribute.type).type_id for attribute in Metering.AttributeDefs}
# SE 1.4 and every meter that was captured have a bitmap where zigpy has a number.
TYPES[0x0303] = 0x18


def same(kind: int, zigpys: int) -> bool:
    return kind == zigpys or {kind, zigpys} == {0x18, 0x30}


def metering_names() -> set[int]:
    found = set()
    for module, tables in (("status", ("TABLE",)), ("today", ("ELECTRICITY", "MIRRORED")), ("costs", ("BILL",))):
        loaded = importlib.import_module(f"inkmeter.{module}")
        for table in tables:
            found |= {key & 0xFFFFFF for key in getattr(loaded, table)[::2]}
    found |= {registers.tier_register(n) for n in range(1, 49)} | {registers.block_register(n) for n in range(1, 17)}
    for row in range(26):
        found |= {figures.attribute(row, 0), figures.attribute(row, 1), figures.attribute(row, 0) + 0x0800}
    source = Path(FIRMWARE / "metering.py").read_text() + Path(FIRMWARE / "discovery.py").read_text()
    found |= {int(name, 16) for name in re.findall(r"const\((0x[0-9A-F]{6})\)", source)} - {0xE20000, 0x180001}
    return found


@pytest.mark.parametrize("name", sorted(metering_names()), ids=hex)
def test_metering_attributes_are_zigpy_s(name):
    identifier, kind = name & 0xFFFF, name >> 16
    if identifier not in TYPES:
        pytest.skip("zigpy does not know it")
    assert same(kind, TYPES[identifier]), (hex(identifier), hex(kind), hex(TYPES[identifier]))


def test_most_of_them_are_known_to_zigpy():
    names = metering_names()
    assert len(names) > 150, len(names)
    assert sum(1 for name in names if name & 0xFFFF in TYPES) > 30


# Commands, built with the structures of the simulator (SE 1.4, annex D), which know nothing of the firmware


def test_publish_price():
    from inkmeter.price import PublishedPrice

    one = PublishedPrice(
        se.PublishPrice(
            provider=1, label=b"Night", event=77, current_time=1000, unit_of_measure=0, currency=826,
            digits_and_tier=0x52, tiers_and_register_tier=0x22, start=2000, duration=30, price=13_120,
        ).serialize()
    )  # fmt: skip
    assert (one.label, one.event, one.start, one.end) == ("Night", 77, 2000, 3800)
    assert (one.rate, one.tier, one.currency, one.unit_of_measure) == (13_120, 2, 826, 0)


def test_tariff_commands():
    from inkmeter import matrix

    information = se.PublishTariffInformation(
        provider=1, event=2, tariff_id=9, start=0, scheme_and_type=0, label=b"Economy 7", price_tiers=2,
        block_thresholds=0, unit_of_measure=0, currency=826, digits=0x50, standing_charge=53_800, tier_block_mode=255,
        threshold_multiplier=1, threshold_divisor=1000,
    ).serialize()  # fmt: skip
    assert matrix.tariff_information(information) == (b"\x09\0\0\0", 0, "Economy 7", 2, 0, 5, 53_800, 1, 1000)
    prices = se.PublishPriceMatrix(
        provider=1, event=2, start=0, tariff_id=9, index=0, total=1, control=1,
        prices=[se.PriceOf(identifier=1, price=29_870), se.PriceOf(identifier=2, price=13_120)],
    ).serialize()  # fmt: skip
    assert matrix.price_matrix([prices]) == ({1: 29_870, 2: 13_120}, {})


def test_calendar_commands():
    from inkmeter import days

    calendar = se.PublishCalendar(
        provider=1, event=2, calendar_id=9, start=5, calendar_type=0, time_reference=0, name=b"E7", seasons=1,
        week_profiles=1, day_profiles=2,
    ).serialize()  # fmt: skip
    read = days.Calendar(calendar)
    assert (read.start, read.reference) == (5, 0)
    assert list(calendar[-3:]) == [1, 1, 2]


def test_requests_are_the_annex_s():
    # What the jobs send, by the structures that the simulated servers take them apart with.
    now = t.UTCTime(800_000_000)
    for structure, payload in (
        (se.GetScheduledPrices, now.serialize() + b"\x01"),
        (se.GetSince, b"\x00\x00\x00\x00\xff\xff\xff\xff\x01"),
        (se.GetSince, b"\x00\x00\x00\x00\xff\xff\xff\xff\x01\x00"),
        (se.GetOfTariff, b"\x09\0\0\0"),
    ):
        value, rest = structure.deserialize(payload)
        assert rest == b"" and value.serialize() == payload


def test_the_marks_of_a_table_leave_its_names_alone():
    assert asking.MONEY & 0xFFFFFF == 0 and asking.ENERGY & 0xFFFFFF == 0
