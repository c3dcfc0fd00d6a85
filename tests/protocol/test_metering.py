"""Units, prices and the Home: integers all the way, and unknown where nothing is known."""

from inkmeter import home, units
from inkmeter.metering import put
from inkmeter.price import PublishedPrice
from inkmeter.zcl import Header, ZclError

DELIVERED, RECEIVED, SNAP_SHOT, DEMAND = 0x250000, 0x250001, 0xE20007, 0x2A0400


def test_registers_as_the_meter_shows_them():
    assert units.summation(5072076, 1, 1000, 0x2B) == "05072.076"
    assert units.summation(5072076, 1, 1000, 0xAB) == "5072.076"
    assert units.summation(2282363, 1, 1000, 0x83) == "2282.363"
    assert units.summation(7, 1, 1000, 0x2B) == "00000.007"
    assert units.summation(123456789012345, 1, 1000, 0x83) == "123456789012.345"
    assert units.summation(99999999, 1, 1000, 0x83) == "99999.999"


def test_multiplier_and_divisor():
    assert units.summation(1000, 3, 7, 0x83) == "428.571"
    assert units.summation(5, 0, 0, 0x80) == "5"
    assert units.scale(-2547, 1, 1000, 3) == -2547
    assert units.scale(-1, 1, 3, 0) == 0
    assert units.scale(1 << 47, 1, 1000, 3) == 1 << 47


def test_decimals():
    assert units.decimal(-1234, 3) == "-1.234"
    assert units.decimal(5, 2) == "0.05"
    assert units.decimal(0, 0) == "0"


def test_units():
    assert units.unit_name(0) == "kWh" and units.unit_name(1) == "m3" and units.unit_name(0x0C) == "MJ"
    assert units.unit_name(None) == "" and units.unit_name(0x7F) == ""


def test_binary_coded_decimal():
    assert units.plain(0x1234567, 0x80) == 1234567
    assert units.plain(0x12A, 0x80) is None
    assert units.plain(0x12A, 0x00) == 0x12A
    assert units.plain(None, 0x80) is None


def price(frame):
    return PublishedPrice(Header(bytes.fromhex(frame)).payload)


def test_the_short_form_of_publish_price():
    one = price("1905000000000000804a371c804a371c013a03514100000000a00580250000")
    assert (one.rate, one.currency, one.tier, one.label) == (9600, 826, 1, "")
    assert one.end == 0x1C374A80 + 1440 * 60


def test_the_long_form_of_publish_price():
    one = price(
        "1911007856341207466c6578692d31010000004093fb30003a03512180eafa30a005e8590000ffffffffffffffffffffffffff00"
    )
    assert (one.rate, one.currency, one.tier, one.label) == (23016, 826, 1, "Flexi-1")
    assert one.end == 0x30FAEA80 + 1440 * 60


def test_prices_are_brought_to_one_scale():
    frame = "1905000000000000804a371c804a371c003a03%02x4100000000ffff%s"
    assert price(frame % (0x21, "19000000")).rate == 25000
    assert price(frame % (0x71, "a0a82500")).rate == 24680
    assert price(frame % (0x21, "19000000")).end is None
    assert price(frame % (0x51, "ffffffff")).rate is None


def test_every_truncation_of_a_price_is_an_error():
    payload = Header(bytes.fromhex("1905000000000000804a371c804a371c013a03514100000000a00580250000")).payload
    for length in range(len(payload)):
        try:
            PublishedPrice(payload[:length])
        except ZclError:
            continue
        raise AssertionError(length)


def test_a_value_is_never_received_live_or_stale():
    value = home.Value(60)
    assert value.state(1000) == home.NEVER and value.current(1000) is None
    value.put(5, 1000, 7000)
    assert value.state(1060) == home.LIVE and value.current(1060) == 5
    assert value.state(1061) == home.STALE and value.current(1061) is None and value.value == 5


def test_unknown_is_not_zero():
    meter = home.Meter(home.ELECTRICITY)
    meter.divisor = 1000
    put(meter, {DELIVERED: 5, RECEIVED: 0, DEMAND: -3}, 100, 5000)
    assert meter.current_summation_received.value == 0 and meter.watts(100) == -3
    # Invalid, not to be had for now, and of another type than the documents'.
    put(meter, {DELIVERED: None, 0x940001: None, 0x410400: b"-3"}, 110, 5010)
    assert meter.watts(110) is None and meter.current_summation_received.value is None
    assert meter.current_summation_delivered.value is None
    assert meter.current_summation_delivered.state(110) == home.LIVE


def test_gas_says_when_it_was_read():
    meter = home.Meter(home.GAS)
    register = meter.current_summation_delivered
    put(meter, {DELIVERED: 2282363, SNAP_SHOT: 4000}, 100, 5000)
    assert (register.value, register.utc) == (2282363, 4000)
    put(meter, {DELIVERED: None, SNAP_SHOT: 5000}, 110, 5010)
    assert (register.value, register.utc) == (None, 5000)


def test_a_mirror_that_never_heard_its_meter_knows_nothing():
    meter = home.Meter(home.GAS)
    put(meter, {DELIVERED: 0, SNAP_SHOT: 0}, 110, 5010)
    assert meter.current_summation_delivered.value is None and meter.current_summation_delivered.utc is None


def test_gas_is_as_old_as_the_meter_s_report_not_as_our_question():
    meter = home.Meter(home.GAS)
    register = meter.current_summation_delivered
    put(meter, {DELIVERED: 5, SNAP_SHOT: 10_000}, 50_000, 11_000)
    assert register.state(50_000) == home.LIVE
    put(meter, {DELIVERED: 5, SNAP_SHOT: 10_000}, 53_000, 14_000)
    assert register.state(53_000) == home.STALE and register.value == 5
    # A hub whose clock is ahead of ours, and a time that nobody knows.
    put(meter, {DELIVERED: 5, SNAP_SHOT: 14_100}, 53_000, 14_000)
    assert register.state(53_000) == home.LIVE
    put(meter, {DELIVERED: 5, SNAP_SHOT: None}, 53_000, 14_000)
    assert register.state(53_000) == home.LIVE and register.utc is None


def test_a_meter_that_is_asked_seldom_keeps_its_values_for_longer():
    meter = home.Meter(home.ELECTRICITY)
    meter.keeps_for(250)
    put(meter, {DELIVERED: 5, RECEIVED: 0, DEMAND: 3}, 0, 5000)
    assert meter.watts(240) is not None and meter.watts(251) is None
    meter = home.Meter(home.ELECTRICITY)
    meter.keeps_for(30)
    assert meter.instantaneous_demand.max_age == 60


def test_watts_are_scaled_like_the_register():
    meter = home.Meter(home.ELECTRICITY)
    meter.multiplier, meter.divisor = 1, 100
    put(meter, {DEMAND: 25}, 0, 0)
    assert meter.watts(0) == 250
    meter.unit_of_measure = 0x80
    put(meter, {DEMAND: -0x25}, 0, 0)
    assert meter.watts(0) == -250


def test_the_home_tells_of_a_change_once():
    told = []
    one = home.Home()
    one.notify = lambda: told.append(one.stage)
    one.set_stage(home.JOINING)
    one.set_stage(home.JOINING)
    one.set_stage(home.JOINING, "P07")
    assert told == [home.JOINING, home.JOINING]
