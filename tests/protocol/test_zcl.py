"""ZCL frames: those of the shared vectors, each once dissected by tshark, and every way to cut them short."""

from inkmeter import zcl
from inkmeter.zcl import Header, ZclError, parse_read_response, read_attributes, value_at

ESME = bytes.fromhex(
    "18010100000025cc644d0000000004002af3090000030030000103002201000002030022e80300030300182b04030018000603001800"
)
GPF = bytes.fromhex(
    "180201000000257bd32200000000030030010103002201000002030022e803001203003000010c00221c9a00300c0022f55d01400c0023b440"
    "04000603001880"
)


def raises(kind, call, *args):
    try:
        call(*args)
    except kind as error:
        return error
    raise AssertionError("nothing was raised")


def test_read_attributes():
    wanted = (0x0000, 0x0400, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0306)
    assert bytes(read_attributes(1, wanted)) == bytes.fromhex("00010000000004000301030203030304030603")


def test_an_electricity_meter():
    header = Header(ESME)
    assert header.is_general(zcl.READ_ATTRIBUTES_RESPONSE) and header.sequence == 1
    assert parse_read_response(header.payload) == {
        0x250000: 5072076, 0x2A0400: 2547, 0x300300: 0, 0x220301: 1, 0x220302: 1000, 0x180303: 0x2B, 0x180304: 0,
        0x180306: 0,
    }  # fmt: skip


def test_a_gas_mirror():
    found = parse_read_response(Header(GPF).payload)
    assert found[0x250000] == 2282363 and found[0x180306] == 0x80
    assert found[0x220C01] == 39452 and found[0x230C40] == 278708


def test_an_unsupported_attribute_stands_with_its_status():
    frame = bytes.fromhex("180301010c8600000025010000000000")
    assert parse_read_response(Header(frame).payload) == {0x860C01: None, 0x250000: 1}


def test_export_is_negative():
    assert value_at(0x2A, bytes.fromhex("0cfeff"), 0) == (-500, 3)


def test_invalid_codes_are_unknown():
    for kind, raw in (
        (0x20, "ff"),
        (0x22, "ffffff"),
        (0x25, "ff" * 6),
        (0x2A, "000080"),
        (0x2B, "00000080"),
        (0x30, "ff"),
        (0xE2, "ffffffff"),
        (0x41, "ff"),
        (0x43, "ffff"),
    ):
        raw = bytes.fromhex(raw)
        assert value_at(kind, raw, 0) == (None, len(raw)), hex(kind)


def test_bitmaps_and_general_data_have_no_invalid_code():
    assert value_at(0x18, b"\xff", 0) == (0xFF, 1)
    assert value_at(0x08, b"\xff", 0) == (0xFF, 1)


def test_strings():
    assert value_at(0x41, b"\x03abcX", 0) == (b"abc", 4)
    assert value_at(0x42, b"\x00", 0) == (b"", 1)
    assert value_at(0x44, b"\x02\x00hi", 0) == (b"hi", 4)


def test_a_register_of_48_bits():
    assert value_at(0x25, bytes.fromhex("feffffffffff"), 0) == ((1 << 48) - 2, 6)
    assert value_at(0x27, bytes.fromhex("01000000000000ff"), 0) == (0xFF00000000000001, 8)


def test_every_truncation_is_an_error_or_a_shorter_answer():
    for frame in (ESME, GPF):
        whole = parse_read_response(Header(frame).payload)
        for length in range(len(frame)):
            try:
                found = parse_read_response(Header(frame[:length]).payload)
            except ZclError:
                continue
            for identifier, value in found.items():
                assert whole[identifier] == value


def test_a_type_that_is_not_known_ends_the_parsing():
    raises(ZclError, parse_read_response, b"\x00\x00\x00\x4c\x01\x02")


def test_headers():
    header = Header(bytes.fromhex("053412070300"))
    assert header.sequence == 7 and header.command == 3 and bytes(header.payload) == b"\x00"
    assert not header.is_general(3)
    for frame in (b"", b"\x00", b"\x00\x01", b"\x04\x01\x02\x03"):
        raises(ZclError, Header, frame)
