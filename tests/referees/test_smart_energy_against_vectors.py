"""Our structures of Smart Energy's commands against frames of GB test data and frames that tshark dissects."""

from pathlib import Path

import pytest

from host_tools.sim import smart_energy as se

VECTORS = Path(__file__).parent.parent / "vectors/zcl-frames.txt"
# What each frame says, by its id there.
SAID = {
    "publish-price-gbcs": (se.PublishPrice, {
        "unit_of_measure": 1, "currency": 826, "digits_and_tier": 0x51, "tiers_and_register_tier": 0x41, "start": 0,
        "duration": 1440, "price": 9600, "price_ratio": None,
    }),
    "publish-price-full": (se.PublishPrice, {
        "label": b"Flexi-1", "price": 23_016, "digits_and_tier": 0x51, "tiers_and_register_tier": 0x21,
        "price_control": 0, "generation_tiers": None,
    }),
    "get-tariff-info": (se.GetSince, {"earliest": 0, "minimum_event": 0xFFFFFFFF, "count": 1, "tariff_type": 0}),
    "publish-tariff-info": (se.PublishTariffInformation, {
        "tariff_id": 1, "price_tiers": 4, "block_thresholds": 0, "digits": 0x50, "standing_charge": 22_465,
        "threshold_divisor": 1000,
    }),
    "publish-price-matrix": (se.PublishPriceMatrix, {"tariff_id": 1, "index": 0, "total": 1, "control": 1}),
    "publish-cf": (se.PublishConversionFactor, {"factor": 102_264, "digits": 0x50}),
    "publish-cv": (se.PublishCalorificValue, {"value": 400, "unit": 1, "digits": 0x10}),
    "publish-block-thresholds": (se.PublishBlockThresholds, {
        "tier_and_count": 3, "thresholds": [1_000_000, 2_000_000, 3_000_000],
    }),
    "display-message": (se.DisplayMessage, {"identifier": 1, "control": 0xA8, "duration": 60, "text": b"Power cut at"}),
    "display-message-gbcs": (se.DisplayMessage, {"duration": 0xFFFF, "text": b"Reset", "extended_control": None}),
    "cancel-message": (se.CancelMessage, {"identifier": 1, "control": 0}),
    "message-confirm": (se.MessageConfirmation, {"identifier": 1, "control": 2, "response": b""}),
    "publish-calendar": (se.PublishCalendar, {"name": b"", "seasons": 2, "week_profiles": 2, "day_profiles": 4}),
    "publish-day": (se.PublishDayProfile, {"day_id": 1, "entries_in_all": 1, "index": 0, "total": 1}),
    "publish-cot": (se.PublishChangeOfTenancy, {"control": 0x200}),
    "publish-cos": (se.PublishChangeOfSupplier, {"control": 0x1800, "name": b"E-ON", "contact": b"0333 202 4650"}),
    "publish-event": (se.PublishEvent, {"log_id": 3, "event_id": 0x816E, "control": 1, "data": b""}),
    "get-profile": (se.GetProfile, {"channel": 0, "end": 0, "periods": 4}),
    "get-profile-rsp": (se.GetProfileResponse, {"status": 0, "interval": 2, "intervals": [100, 101, 102, 103]}),
    "get-sampled": (se.GetSampledData, {"sample_id": 1, "sample_type": 0, "count": 731}),
    "get-sampled-rsp": (se.GetSampledDataResponse, {"sample_id": 0, "interval": 1800, "samples": [500, 300]}),
}  # fmt: skip


def frames():
    for line in VECTORS.read_text().splitlines():
        if not line.startswith("#"):
            name, _, _, _, frame, _ = (part.strip() for part in line.split("|", 5))
            yield name, bytes.fromhex(frame)


@pytest.mark.parametrize("name", SAID)
def test_it_reads_what_the_frame_says_and_writes_it_again(name):
    schema, fields = SAID[name]
    payload = dict(frames())[name][3:]
    command, rest = schema.deserialize(payload)
    assert rest == b"" and command.serialize() == payload
    assert {field: getattr(command, field) for field in fields} == fields


def test_prices_and_switches_inside():
    payload = dict(frames())["publish-price-matrix"][3:]
    prices = se.PublishPriceMatrix.deserialize(payload)[0].prices
    assert [(one.identifier, one.price) for one in prices] == [(1, 9600), (2, 10200), (3, 10750), (4, 11000)]
    payload = dict(frames())["publish-day"][3:]
    assert [(one.start, one.tier) for one in se.PublishDayProfile.deserialize(payload)[0].entries] == [(0, 1)]
