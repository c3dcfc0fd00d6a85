"""The one place that sends: what may leave the device, and which answers count."""

from inkmeter import radio as r
from inkmeter.radio import NotPermitted, Radio


def permitted(profile, cluster, payload):
    try:
        Radio(None)._permit(profile, cluster, payload)
        return True
    except NotPermitted:
        return False


def test_what_a_cad_may_send():
    for cluster in (0x0000, 0x000A, 0x0700, 0x0702, 0x0800):
        assert permitted(0x0109, cluster, b"\x00\x01\x00\x00\x00")
    for command in (0, 1, 2, 3):
        assert permitted(0x0109, 0x0800, bytes((1, 1, command)))
    assert permitted(0x0109, 0x0700, b"\x01\x01\x00\x01")
    for cluster in (0x0001, 0x0004, 0x0005, 0x0006):
        assert permitted(0, cluster, b"\x01")


def test_nothing_else_leaves():
    cluster_commands = {0x0800: (0, 1, 2, 3), 0x0700: (0,)}
    for cluster in (
        0x0000,
        0x000A,
        0x0025,
        0x0700,
        0x0702,
        0x0703,
        0x0704,
        0x0705,
        0x0707,
        0x0708,
        0x0709,
        0x0800,
    ):
        for command in range(256):
            wanted = command in cluster_commands.get(cluster, ())
            assert permitted(0x0109, cluster, bytes((1, 1, command))) == wanted, (cluster, command)
            # General commands: reading, and answering who asks.
            wanted = (command == 0 and cluster in (0x0000, 0x000A, 0x0700, 0x0702, 0x0800)) or command in (
                1,
                11,
            )
            assert permitted(0x0109, cluster, bytes((0, 1, command))) == wanted, (cluster, command)
    assert not permitted(0x0109, 0x0702, b"\x04\x01\x00\x01\x00")  # manufacturer specific
    assert not permitted(0x0109, 0x0702, b"\x01\x01")
    assert not permitted(0x0104, 0x0702, b"\x00\x01\x00")
    for cluster in (0x0002, 0x0013, 0x0021, 0x0022, 0x0031, 0x0034, 0x0036, 0x8006):
        assert not permitted(0, cluster, b"\x01")


class FakeAsh:
    def set_ready(self, ready):
        self.ready = ready


class FakeNcp:
    def __init__(self):
        self.ash = FakeAsh()


def listening(wanted):
    radio = Radio(FakeNcp())
    radio._wanted = wanted
    radio._reply = None
    return radio


def message(cluster, payload, sender=0x3A51, options=0x20, profile=0x0109):
    return [0, profile, cluster, 1, 1, options, 0, 9, sender, 200, -50, payload]


READING = bytes.fromhex("180701000000")


def test_an_answer_counts_if_all_of_it_agrees():
    wanted = (0x3A51, 0x0109, 0x0702, 7, True)
    for one, counts in (
        (message(0x0702, READING), True),
        (message(0x0702, READING, options=0x40), False),  # without the link key
        (message(0x0702, READING, sender=0x1111), False),
        (message(0x0700, READING), False),
        (message(0x0702, b"\x18\x08" + READING[2:]), False),
        (message(0x0702, b"\x00" + READING[1:]), False),  # a question, not an answer
        (message(0x0702, READING, profile=0x0104), False),
        (message(0x0702, b"\x18\x07"), False),
    ):
        radio = listening(wanted)
        radio.callback("incomingMessageHandler", one)
        assert (radio._reply is not None) == counts, one


def test_an_open_cluster_needs_no_link_key():
    radio = listening((0, 0x0109, 0x000A, 7, False))
    radio.callback("incomingMessageHandler", message(0x000A, READING, sender=0, options=0))
    assert radio._reply == READING


def test_a_terminate_with_a_number_of_its_own_counts():
    radio = listening((0, 0x0109, 0x0800, None, False))
    radio.callback("incomingMessageHandler", message(0x0800, b"\x09\x55\x03\x04\x0a\x02\x00", sender=0, options=0))
    assert radio._reply is not None


def test_answers_to_a_broadcast_are_collected_up_to_a_limit():
    radio = listening((None, 0, 0x8006, 3, False))
    for sender in range(20):
        radio.callback("incomingMessageHandler", message(0x8006, b"\x03\x00\x01\x00\x01\x01", sender, 0, 0))
    assert len(radio._replies) == 8


def test_questions_wait_in_a_bounded_inbox():
    radio = listening(None)
    for _ in range(9):
        radio.callback("incomingMessageHandler", message(0x0000, b"\x00\x01\x00\x00\x00"))
    assert len(radio._inbox) == 4 and radio.discarded == 5
    assert radio.ncp.ash.ready is False


def test_constants_are_those_of_the_standard():
    assert (r.BASIC, r.TIME, r.PRICE, r.METERING, r.KEY_ESTABLISHMENT) == (0, 0x0A, 0x700, 0x702, 0x800)
