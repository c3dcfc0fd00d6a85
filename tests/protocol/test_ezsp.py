"""EZSP frames byte for byte, as computed from the vendor's layouts; bellows is the referee in tests/referees."""

from inkmeter.ezsp import Ezsp, EzspError, FrameError, from_ember


def ezsp(version=13, sequence=None):
    one = Ezsp()
    one.version = version
    if sequence is not None:
        one._sequence = sequence - 1 & 0xFF
    return one


def encoded(version, sequence, name, *values):
    buffer = bytearray(200)
    count = ezsp(version, sequence).encode(name, values, buffer)
    return bytes(buffer[:count])


def raises(kind, call, *args):
    try:
        call(*args)
    except kind as error:
        return error
    raise AssertionError("nothing was raised")


EXTENDED_PAN_ID = bytes.fromhex("0011223344556677")


def test_commands():
    for sequence, name, values, wire in (
        (0x04, "setConfigurationValue", (0x0C, 2), "04000153000C0200"),
        (0x07, "setValue", (0x05, b"\xff\x00"), "070001AB000502FF00"),
        (0x09, "setPolicy", (0x01, 0x12), "09000155000112"),
        (0x0C, "networkInit", (3,), "0C000117000300"),
        (0x0F, "startScan", (1, 0x07FFF800, 3), "0F00011A000100F8FF0703"),
        (0x14, "getCertificate", (), "140001A500"),
        (0x15, "generateCbkeKeys", (), "150001A400"),
        (0x17, "clearTemporaryDataMaybeStoreLinkKey", (1,), "170001A10001"),
        (0x18, "getMfgToken", (0x0A,), "1800010B000A"),
        (0x1D, "findAndRejoinNetwork", (1, 0), "1D00012100" + "0100000000"),
    ):
        assert encoded(13, sequence, name, *values) == bytes.fromhex(wire), name


def test_what_version_14_writes_otherwise():
    assert encoded(14, 0x1D, "findAndRejoinNetwork", 1, 0) == bytes.fromhex("1D000121000100000000FF03")
    aps = (0x0109, 0x0800, 1, 1, 0x0140, 0, 0)
    message = b"\x01\x01\x00"
    assert encoded(13, 0x12, "sendUnicast", 0, 0, *aps, 1, message) == bytes.fromhex(
        "120001340000000009010008010140010000000103010100"
    )
    assert encoded(14, 0x12, "sendUnicast", 0, 0, *aps, 1, message) == bytes.fromhex(
        "12000134000000000901000801014001000000010003010100"
    )


def test_add_endpoint():
    clusters = bytes.fromhex("000000080008" + "0A00" + "0007020703070507" + "04072500")
    wire = "0B00010200" + "01" + "0901" + "0205" + "00" + "02" + "08" + clusters.hex()
    assert encoded(13, 0x0B, "addEndpoint", 1, 0x0109, 0x0502, 0, 2, 8, clusters) == bytes.fromhex(wire)


def test_join_network():
    wire = "1000011F00030011223344556677621A08140000000000F8FF07"
    assert encoded(13, 0x10, "joinNetwork", 3, EXTENDED_PAN_ID, 0x1A62, 8, 0x14, 0, 0, 0, 0x07FFF800) == bytes.fromhex(
        wire
    )


def test_set_initial_security_state():
    nothing = bytes(16)
    assert encoded(13, 0x0D, "setInitialSecurityState", 0x2800, nothing, nothing, 0, bytes(8)) == bytes.fromhex(
        "0D000168000028"
    ) + bytes(41)


def test_longest_command_fits_the_frame():
    from inkmeter.ash import MAX_PAYLOAD

    assert len(encoded(14, 0, "calculateSmacs283k1", 1, bytes(74), bytes(37))) == 117
    assert len(encoded(14, 0, "sendUnicast", 0, 0, 0x0109, 0x0800, 1, 1, 0x0140, 0, 0, 1, bytes(82))) <= MAX_PAYLOAD


def test_values_that_do_not_fit_are_refused():
    raises(ValueError, encoded, 13, 0, "setPolicy", 1)
    raises(ValueError, encoded, 13, 0, "setPolicy", 1, 2, 3)
    raises(ValueError, encoded, 13, 0, "requestLinkKey", bytes(7))


def test_a_version_without_the_command_refuses_it():
    error = raises(EzspError, encoded, 14, 0, "setAddressTableRemoteEui64", 0, bytes(8))
    assert error.args == ("setAddressTableRemoteEui64", 0x31)
    raises(EzspError, encoded, 13, 0, "setAddressTableInfo", 0, bytes(8), 0)
    raises(EzspError, encoded, 13, 0, "formNetwork")
    assert ezsp(14).has("setAddressTableInfo") and not ezsp(13).has("setAddressTableInfo")


def test_version_negotiation():
    one = Ezsp()
    buffer = bytearray(8)
    count = one.encode_version(14, buffer)
    assert bytes(buffer[:count]) == bytes.fromhex("0000000E")
    assert one.decode(bytes.fromhex("0080000D021074")) == (False, "version", [13, 2, 0x7410])
    one.version = 13
    count = one.encode_version(13, buffer)
    assert bytes(buffer[:count]) == bytes.fromhex("01000100000D")
    assert one.decode(bytes.fromhex("01800100000D021074")) == (False, "version", [13, 2, 0x7410])


def response(version, sequence, name, values, frame):
    one = ezsp(version, sequence)
    one.encode(name, values, bytearray(200))
    return one.decode(bytes.fromhex(frame))[2]


def test_responses_have_one_kind_of_status():
    for version, frame in ((13, "0C8001170093"), (14, "0C8001170017000000")):
        assert response(version, 0x0C, "networkInit", (3,), frame) == [0x17]
    assert response(13, 0x15, "generateCbkeKeys", (), "158001A400BA") == [0x05]
    assert response(14, 0x15, "generateCbkeKeys", (), "158001A40005000000") == [0x05]
    assert response(13, 4, "setConfigurationValue", (0x0C, 2), "048001530035") == [0xF035]
    assert response(13, 4, "setConfigurationValue", (0x0C, 2), "048001530000") == [0]


def test_start_scan_answers_with_one_octet_or_four():
    for version, frame in (
        (8, "0F80011A0000"),
        (9, "0F80011A0000000000"),
        (13, "0F80011A0000"),
        (14, "0F80011A0000000000"),
    ):
        assert response(version, 0x0F, "startScan", (1, 0, 3), frame) == [0]


def test_certificates_and_tokens():
    token = "060083FED3407A939723A5C639B26916D505C3B5"
    assert response(13, 0x18, "getMfgToken", (0x0A,), "1880010B0014" + token) == [bytes.fromhex(token)]
    assert response(13, 1, "getCertificate283k1", (), "018001EC0000" + "AB" * 74) == [0, b"\xab" * 74]


def test_callbacks():
    for version, frame, name, values in (
        (13, "109001190090", "stackStatusHandler", [0x15]),
        (14, "1090011900" + "15000000", "stackStatusHandler", [0x15]),
        (13, "0F90011C000000", "scanCompleteHandler", [0, 0]),
        (14, "0F90011C000000000000", "scanCompleteHandler", [0, 0]),
        (
            13,
            "0F90011B0014621A0011223344556677010200C8D3",
            "networkFoundHandler",
            [0x14, 0x1A62, EXTENDED_PAN_ID, 1, 2, 0, 0xC8, -45],
        ),
        (13, "1290013F00000000090100080101400100002A010000", "messageSentHandler", [1, 0]),
        (14, "1290013F00" + "00" * 7 + "090100080101400100002A010000", "messageSentHandler", [1, 0]),
        (
            13,
            "169001A00000" + "11" * 16 + "22" * 16,
            "calculateSmacsHandler",
            [0, b"\x11" * 16, b"\x22" * 16],
        ),
    ):
        assert ezsp(version).decode(bytes.fromhex(frame)) == (True, name, values), (version, name)


def test_incoming_messages_have_one_order():
    wanted = [0, 0x0109, 0x0800, 1, 1, 0, 0, 0x51, 0x0000, 0xFF, -40, bytes.fromhex("09010B0000")]
    old = "1290014500" + "00" + "0901000801010000000051" + "FFD80000FFFF" + "0509010B0000"
    new = (
        "1290014500"
        + "00"
        + "0901000801010000000051"
        + "0000"
        + "1000000000D06F00"
        + "FFFF"
        + "FFD8"
        + "00000000"
        + "0509010B0000"
    )
    assert ezsp(13).decode(bytes.fromhex(old)) == (True, "incomingMessageHandler", wanted)
    assert ezsp(14).decode(bytes.fromhex(new)) == (True, "incomingMessageHandler", wanted)
    # A real capture carries an octet more than the layout has.
    assert ezsp(13).decode(bytes.fromhex(old + "00")) == (True, "incomingMessageHandler", wanted)


def test_a_callback_between_command_and_response_is_no_response():
    one = ezsp(13, 0x0C)
    one.encode("networkInit", (3,), bytearray(20))
    assert one.decode(bytes.fromhex("0C9001190090"))[0] is True
    assert one.decode(bytes.fromhex("0C8001170000")) == (False, "networkInit", [0])
    raises(FrameError, one.decode, bytes.fromhex("0C8001170000"))


def test_unknown_callbacks_have_no_name():
    assert ezsp(13).decode(bytes.fromhex("129001990000")) == (True, None, [])


def test_invalid_command_names_what_was_refused():
    one = ezsp(13, 3)
    one.encode("getCertificate283k1", (), bytearray(20))
    assert raises(EzspError, one.decode, bytes.fromhex("038001580031")).args == ("getCertificate283k1", 0x31)


def test_damaged_frames():
    one = ezsp(13, 4)
    one.encode("getMfgToken", (0x0A,), bytearray(20))
    for frame in ("", "04", "0480", "0580010B0000", "0480010C0000", "0480010B0014060083", "0482010B000100"):
        raises(FrameError, one.decode, bytes.fromhex(frame))
    for frame in ("1090011900", "1090014500000901", "0F90011B0014621A"):
        raises(FrameError, one.decode, bytes.fromhex(frame))


def test_a_frame_that_tells_of_lost_callbacks_counts_itself():
    assert ezsp(13).decode(bytes.fromhex("109101190090")) == (True, "stackStatusHandler", [0x15])


def test_statuses():
    for ember, sl in (
        (0x00, 0),
        (0x66, 0x0C02),
        (0x90, 0x15),
        (0x94, 0x17),
        (0xAD, 0x0C1B),
        (0xBB, 0x0C0E),
        (0xB5, 0x0E),
    ):
        assert from_ember(ember) == sl
    assert from_ember(0x77) == 0xE077
