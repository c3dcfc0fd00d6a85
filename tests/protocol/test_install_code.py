"""Install codes: the specification's vectors, and the NCP's token."""

from inkmeter.install_code import DamagedCode, crc_x25, from_token, groups, label

# code, CRC as it is stored (tests/vectors/install-codes.json)
VECTORS = (
    ("83FED3407A93", "2B70"),
    ("83FED3407A939738", "C552"),
    ("83FED3407A939723A5C639FF", "4C12"),
    ("83FED3407A939723A5C639B26916D505", "C3B5"),
)


def test_crc():
    assert crc_x25(b"123456789") == 0x906E
    for code, crc in VECTORS:
        assert crc_x25(bytes.fromhex(code)) == int.from_bytes(bytes.fromhex(crc), "little")


def test_tokens_of_every_length():
    for size, (code, crc) in enumerate(VECTORS):
        octets = bytes.fromhex(code)
        token = bytes((size << 1, 0)) + octets + b"\xff" * (16 - len(octets)) + bytes.fromhex(crc)
        assert from_token(token) == octets + bytes.fromhex(crc)


def test_a_code_that_is_not_there_or_damaged():
    good = bytes.fromhex("060083FED3407A939723A5C639B26916D505C3B5")
    for token in (b"", b"\xff" * 20, good[:19], good[:5] + b"\x00" + good[6:], good[:19] + b"\xb4"):
        try:
            from_token(token)
        except DamagedCode:
            continue
        raise AssertionError(token)


def test_how_a_person_reads_it():
    eui64 = bytes.fromhex("00DB1234567890A0")
    code = bytes.fromhex("83FED3407A939723A5C639B26916D505C3B5")
    assert groups(eui64) == "00DB 1234 5678 90A0"
    assert groups(code) == "83FE D340 7A93 9723 A5C6 39B2 6916 D505 C3B5"
    assert label(eui64, code) == "Z:00DB1234567890A0$I:83FED3407A939723A5C639B26916D505C3B5"
