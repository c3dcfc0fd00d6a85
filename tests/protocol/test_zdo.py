"""ZDO requests and answers (Zigbee specification, section 2.4)."""

from inkmeter import zdo


def raises(call, *args):
    try:
        call(*args)
    except ValueError:
        return
    raise AssertionError("nothing was raised")


def test_requests():
    assert zdo.match_descriptor(0xFFFD, 0x0109, 0x0702) == (6, bytes.fromhex("FDFF090101020700"))
    assert zdo.active_endpoints(0x3A51) == (5, b"\x51\x3a")
    assert zdo.simple_descriptor(0x3A51, 2) == (4, b"\x51\x3a\x02")
    assert zdo.ieee_address(0x3A51) == (1, b"\x51\x3a\x00\x00")


def test_answers():
    assert zdo.parse_endpoints(bytes.fromhex("0100513A020103")) == (0x3A51, b"\x01\x03")
    assert zdo.parse_endpoints(bytes.fromhex("0180513A00")) == (None, b"")
    assert zdo.parse_ieee_address(bytes.fromhex("01000807060504030201513A")) == bytes.fromhex("0807060504030201")
    assert zdo.parse_ieee_address(bytes.fromhex("0181")) is None
    descriptor = bytes.fromhex("0100513A0E0209010105000202070007010A00")
    assert zdo.parse_simple_descriptor(descriptor) == (0x0109, 0x0501, (0x0702, 0x0700))


def test_every_truncation_is_an_error():
    for parse, answer in (
        (zdo.parse_endpoints, "0100513A020103"),
        (zdo.parse_ieee_address, "01000807060504030201513A"),
        (zdo.parse_simple_descriptor, "0100513A0A0209010105000202070007"),
    ):
        answer = bytes.fromhex(answer)
        for length in range(len(answer)):
            raises(parse, answer[:length])
