"""Units, prices and the Home: integers all the way, and unknown where nothing is known."""

from inkmeter import home, units
from inkmeter.metering import PublishedPrice, put
from inkmeter.zcl import Header, ZclError


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
    put(meter, {0x0000: 5, 0x0001: 0, 0x0400: -3}, 100, 5000)
    assert meter.current_summation_received.value == 0 and meter.watts(100) == -3
    put(meter, {0x0000: None, 0x0001: None, 0x0400: None}, 110, 5010)
    assert meter.watts(110) is None
    assert meter.current_summation_delivered.value is None
    assert meter.current_summation_delivered.state(110) == home.LIVE


def test_gas_says_when_it_was_read():
    meter = home.Meter(home.GAS)
    put(meter, {0x0000: 2282363, 0x0007: 4000}, 100, 5000)
    assert meter.current_summation_delivered.utc == 4000
    put(meter, {0x0000: None, 0x0007: 0}, 110, 5010)
    assert meter.current_summation_delivered.utc is None and meter.current_summation_delivered.value is None


def test_watts_are_scaled_like_the_register():
    meter = home.Meter(home.ELECTRICITY)
    meter.multiplier, meter.divisor = 1, 100
    put(meter, {0x0400: 25}, 0, 0)
    assert meter.watts(0) == 250


def test_the_home_tells_of_a_change_once():
    told = []
    one = home.Home()
    one.notify = lambda: told.append(one.stage)
    one.set_stage(home.JOINING)
    one.set_stage(home.JOINING)
    one.set_stage(home.JOINING, "P07")
    assert told == [home.JOINING, home.JOINING]
