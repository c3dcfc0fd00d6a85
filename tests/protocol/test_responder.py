"""What this device's own servers say when they are asked."""

from inkmeter import responder


def answer(cluster, payload):
    return responder.answer([0, 0x0109, cluster, 1, 1, 0, 0, 9, 0x3A51, 200, -50, payload])


def test_both_suites_of_key_establishment_are_offered():
    assert answer(0x0800, b"\x00\x07\x00\x00\x00") == b"\x18\x07\x01\x00\x00\x00\x31\x03\x00"


def test_an_attribute_that_is_not_there():
    assert answer(0x0000, b"\x00\x07\x00\x00\x00\x99\x00") == b"\x18\x07\x01\x00\x00\x00\x20\x08\x99\x00\x86"


def test_a_command_that_is_not_known_is_refused_once():
    assert answer(0x0702, b"\x01\x07\x05") == b"\x18\x07\x0b\x05\x81"
    assert answer(0x0702, b"\x11\x07\x05") is None  # the asker wants no default response
    assert answer(0x0702, b"\x00\x07\x0b\x05\x81") is None  # nor does one answer another
