"""ASH against the byte vectors of UG101, recomputed (tests/vectors), and against its rules one by one."""

from inkmeter import ash
from inkmeter.ash import CONNECTED, RESETTING, Ash, crc_ccitt, randomise

RSTACK = bytes.fromhex("1AC1020B0A527E")


class Host:
    """An Ash, the payloads it delivered, and a clock that only the test moves."""

    def __init__(self, now=1000):
        self.now = now
        self.payloads = []
        self.ash = Ash(self.deliver)

    def deliver(self, payload):
        self.payloads.append(bytes(payload))

    def receive(self, data):
        if isinstance(data, str):
            data = bytes.fromhex(data)
        self.ash.receive(data, len(data), self.now)

    def send(self, payload):
        payload = bytes.fromhex(payload)
        self.ash.payload[: len(payload)] = payload
        self.ash.send(len(payload))

    def out(self):
        sent = b""
        while True:
            frame = self.ash.output(self.now)
            if frame is None:
                return sent.hex().upper() if sent else ""
            sent += bytes(frame)

    def wait(self, milliseconds):
        """Lets time pass, ticking whenever it is due."""
        end = self.now + milliseconds
        while True:
            left = self.ash.deadline(self.now)
            if left < 0 or self.now + left > end:
                break
            self.now += left
            self.ash.tick(self.now)
            if left == 0:
                break
        self.now = end


def connected():
    host = Host()
    host.ash.reset()
    assert host.out() == "1AC038BC7E"
    host.receive(RSTACK)
    assert host.ash.state == CONNECTED
    assert host.out() == "8070787E"
    return host


def wire(frame_number, retransmitted, ack_number, payload):
    """A DATA frame as the NCP sends it."""
    data = bytearray([frame_number << 4 | (8 if retransmitted else 0) | ack_number]) + bytes.fromhex(payload)
    randomise(data, 1, len(data))
    crc = crc_ccitt(data, len(data))
    out = bytearray()
    for b in bytes(data) + bytes((crc >> 8, crc & 0xFF)):
        if b in b"\x7e\x7d\x11\x13\x18\x1a":
            out += bytes((0x7D, b ^ 0x20))
        else:
            out.append(b)
    return bytes(out) + b"\x7e"


def test_crc():
    assert crc_ccitt(b"123456789", 9) == 0x29B1


def test_randomisation():
    data = bytearray(32)
    randomise(data, 0, 32)
    assert bytes(data).hex() == "4221a8542a15b259944a25aa5592499c4e27abedce678bfdc66389fc7e3fa7eb"


def test_bring_up_of_a_7_4_1_ncp():
    host = connected()
    host.send("0000000D")
    assert host.out() == "004221A8597C057E"
    host.receive("0142A1A8592805C6A8777E")
    assert host.payloads.pop() == bytes.fromhex("0080000D021074")
    assert host.out() == "8160597E"
    host.send("01000100000D")
    assert host.out() == "7D314321A9542A7D3899DA7E"
    host.receive("1243A1A9542A7D38B049E0E48F7E")
    assert host.payloads.pop() == bytes.fromhex("01800100000D021074")
    assert host.out() == "82503A7E"
    host.send("0200010500")
    assert host.out() == "224021A9512A7B617E"
    host.receive("2340A1A9512AE3F97E")
    assert host.payloads.pop() == bytes.fromhex("0280010500")


def test_a_retransmission_has_the_same_number_and_a_fresh_acknowledgement():
    host = connected()
    host.send("0000000D")
    host.out()
    host.receive("0142A1A8592805C6A8777E")
    host.out()
    host.send("01000100000D")
    host.out()
    host.wait(800)
    assert host.out() == "194321A9542A7D380A777E"
    assert host.ash.retransmissions == 1


def test_reserved_bytes_of_the_payload_are_stuffed_after_randomising():
    host = connected()
    host.ash._tx_next, host.ash._rx_next = 2, 1
    host.send("1F0001810003017E11")
    assert host.out() == "215D21A9D52A16B327855B7F7E"


def test_every_split_and_every_joining_of_the_input():
    stream = RSTACK + bytes.fromhex("0142A1A8592805C6A8777E")
    for at in range(len(stream) + 1):
        host = Host()
        host.ash.reset()
        host.out()
        host.receive(stream[:at])
        host.receive(stream[at:])
        assert host.ash.state == CONNECTED
        # The version response acknowledges what was never sent here: a frame of number 0 nonetheless.
        assert host.ash.frames_in == 0 and host.ash.discarded == 1


def test_noise_before_rstack_is_harmless():
    host = Host()
    host.ash.reset()
    host.out()
    host.receive(b"\x00BL >\r\n1. upload gbl\x7e\x7d\x7e\x18\x55\x7e" + RSTACK)
    assert host.ash.state == CONNECTED
    assert host.out() == "8070787E"


def test_only_a_good_rstack_of_version_2_connects():
    for frame in ("C1020B0A537E", "C1010B42317E", "C2020B53027E", "C102029B7E", "8070787E"):
        host = Host()
        host.ash.reset()
        host.out()
        host.receive(frame)
        assert host.ash.state == RESETTING


def test_the_reset_is_tried_five_times():
    host = Host()
    host.ash.reset()
    resets = 0
    for _ in range(20):
        resets += host.out().count("C038BC7E")
        host.wait(2500)
    assert resets == 5
    assert host.ash.code == ash.NO_RSTACK
    assert host.ash.deadline(host.now) == -1


def test_a_duplicate_is_acknowledged_and_not_delivered_twice():
    host = connected()
    host.receive(wire(0, False, 0, "009001190090"))
    assert host.out() == "8160597E"
    host.receive(wire(0, True, 0, "009001190090"))
    assert host.out() == "8160597E"
    assert len(host.payloads) == 1


def test_a_gap_is_rejected_once():
    host = connected()
    host.receive(wire(1, False, 0, "009001190090"))
    assert host.out() == "A0547D3A7E"
    host.receive(wire(2, False, 0, "009001190090"))
    host.receive("2500000000FFFF7E")
    assert host.out() == ""
    host.receive(wire(0, True, 0, "009001190091"))
    assert host.out() == "8160597E"
    assert host.payloads == [bytes.fromhex("009001190091")]
    host.receive(wire(2, False, 0, "009001190090"))
    assert host.out() == "A1443B7E"


def test_a_frame_that_is_no_data_is_dropped_in_silence_when_damaged():
    host = connected()
    host.receive("8160587E")
    host.receive("A1443A7E")
    assert host.out() == ""
    assert host.ash.discarded == 2


def test_substitute_and_cancel():
    host = connected()
    good = wire(0, False, 0, "009001190090")
    host.receive(good[:4] + b"\x1a")
    host.receive(good)
    assert len(host.payloads) == 1
    host.out()
    host.receive(good[:4] + b"\x18" + good[4:])
    assert len(host.payloads) == 1
    assert host.out() == "A1443B7E"


def test_a_frame_that_is_too_long_is_rejected_and_the_next_one_taken():
    host = connected()
    host.receive(b"\x00" * 5000 + b"\x7e")
    assert host.out() == "A0547D3A7E"
    host.receive(wire(0, False, 0, "009001190090"))
    assert len(host.payloads) == 1


def test_the_longest_frame_an_ncp_sends():
    host = connected()
    host.receive(wire(0, False, 0, "00" * 220))
    assert host.payloads == [bytes(220)]


def test_a_nak_sends_again_at_once():
    host = connected()
    host.send("0000000D")
    first = host.out()
    host.receive("A0547D3A7E")
    again = host.out()
    assert again != first and again.startswith("08")
    assert host.ash.retransmissions == 1
    # An acknowledgement ends it; a NAK that comes late is nothing.
    host.receive("8160597E")
    host.receive("A1443B7E")
    assert host.out() == ""
    assert not host.ash.busy()


def test_an_acknowledgement_of_what_was_never_sent_is_void():
    host = connected()
    host.receive("83401B7E")
    host.receive(wire(0, False, 5, "009001190090"))
    assert host.payloads == []
    assert host.ash.discarded == 2


def test_the_acknowledgement_counts_though_the_data_is_out_of_sequence():
    host = connected()
    host.send("0000000D")
    host.out()
    host.receive(wire(3, False, 1, "009001190090"))
    assert not host.ash.busy()
    assert host.payloads == []


def test_the_timer_adapts_and_four_silences_in_a_row_are_the_end():
    host = connected()
    host.send("0000000D")
    sent = [host.out()]
    times = [host.now]
    while host.ash.state == CONNECTED:
        host.now += max(host.ash.deadline(host.now), 1)
        host.ash.tick(host.now)
        frame = host.out()
        if frame:
            sent.append(frame)
            times.append(host.now)
    assert [b - a for a, b in zip(times, times[1:])] == [800, 1600, 2400]
    assert len(sent) == 4 and host.ash.retransmissions == 3
    assert host.ash.code > 0x100


def test_a_quick_partner_shortens_the_timer_to_its_minimum():
    host = connected()
    for i in range(12):
        host.send("0000000D")
        host.out()
        host.now += 5
        ack = bytes((0x80 | (i + 1) & 7,))
        crc = crc_ccitt(ack, 1)
        frame = b"".join(
            bytes((0x7D, b ^ 0x20)) if b in b"\x7e\x7d\x11\x13\x18\x1a" else bytes((b,))
            for b in ack + bytes((crc >> 8, crc & 0xFF))
        )
        host.receive(frame + b"\x7e")
        assert not host.ash.busy()
    host.send("0000000D")
    host.out()
    assert host.ash.deadline(host.now) == 400


def test_what_was_sent_twice_says_nothing_about_the_partner_s_speed():
    host = connected()
    host.send("0000000D")
    host.out()
    host.now += 800
    host.ash.tick(host.now)
    assert host.out() and host.ash.retransmissions == 1
    host.now += 100
    host.receive("8160597E")
    assert not host.ash.busy()
    host.send("0000000D")
    host.out()
    assert host.ash.deadline(host.now) == 1600


def test_error_and_unexpected_rstack_end_the_link():
    for frame, code in (("C20251A8BD7E", 0x51), ("1AC1020B0A527E", 0x0B), ("C20203D20A7E", 0x03)):
        host = connected()
        host.send("0000000D")
        host.receive(frame)
        assert host.ash.state not in (CONNECTED, RESETTING)
        assert host.ash.code == code
        assert host.out() == ""
        # What was under way is not sent after the next reset.
        host.ash.reset()
        host.out()
        host.receive(RSTACK)
        assert host.out() == "8070787E"


def test_xoff_holds_everything_back_until_xon():
    host = connected()
    host.receive(b"\x13")
    host.send("0000000D")
    assert host.out() == ""
    host.receive(b"\x11")
    assert host.out() != ""


def test_an_xoff_that_was_noise_wears_off():
    host = connected()
    host.receive(b"\x13")
    host.send("0000000D")
    assert host.ash.deadline(host.now) == 1000
    host.wait(1000)
    assert host.out() != ""


def test_xon_and_xoff_inside_a_frame_are_no_part_of_it():
    host = connected()
    frame = wire(0, False, 0, "009001190090")
    host.receive(frame[:3] + b"\x13" + frame[3:5] + b"\x11" + frame[5:])
    assert len(host.payloads) == 1


def test_not_ready_is_said_repeated_and_taken_back():
    host = connected()
    host.ash.set_ready(False)
    assert host.out() == "88F1707E"
    host.wait(480)
    assert host.out() == "88F1707E"
    host.receive(wire(0, False, 0, "009001190090"))
    assert host.out() == "89E1517E"
    host.ash.set_ready(True)
    assert host.out() == "8160597E"
    host.wait(2000)
    assert host.out() == ""


def test_data_does_not_swallow_a_not_ready():
    host = connected()
    host.ash.set_ready(False)
    host.send("0000000D")
    sent = host.out()
    assert sent.startswith("88F1707E") and len(sent) > 8


def test_a_burst_of_4_kib_loses_nothing():
    host = connected()
    burst = b""
    count = 0
    while len(burst) < 4096:
        burst += wire(count & 7, False, 0, "%02x90011900" % (count & 0xFF) + "00" * 90)
        count += 1
    host.receive(burst)
    assert len(host.payloads) == count
    assert [payload[0] for payload in host.payloads] == [i & 0xFF for i in range(count)]


def test_the_clock_may_wrap():
    host = Host(now=(1 << 30) - 300)
    host.ash.reset()
    host.out()
    host.receive(RSTACK)
    host.out()
    host.send("0000000D")
    host.out()
    host.now = 499
    assert host.ash.deadline(host.now) == 1
    host.ash.tick(host.now)
    assert host.out() == ""
    host.now = 500
    host.ash.tick(host.now)
    assert host.out() != ""
    assert host.ash.retransmissions == 1
