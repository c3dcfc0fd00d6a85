"""The one place that sends: what may leave the device, and which answers count."""

import asyncio
from time import ticks_ms

from inkmeter import radio as r
from inkmeter.ncp import Refused
from inkmeter.radio import NoReply, NotPermitted, NotTrusted, Radio


def permitted(profile, cluster, payload):
    try:
        Radio(None)._permit(profile, cluster, payload)
        return True
    except NotPermitted:
        return False


# Cluster-specific commands of the documents that only ask; Message Confirmation (0x0703, 1) has tests of its own.
ASKING = {
    0x0700: (0x00, 0x01, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09),
    0x0702: (0x00, 0x08),
    0x0703: (0x00,),
    0x0705: (0x08,),
    0x0707: (0x00, 0x01, 0x02, 0x03, 0x04),
    0x0708: (0x00, 0x01),
    0x0709: (0x00,),
    0x0800: (0x00, 0x01, 0x02, 0x03),
}
READABLE = (0x0000, 0x000A, 0x0700, 0x0702, 0x0705, 0x0708, 0x0800)


def test_what_a_cad_may_send():
    for cluster in READABLE:
        assert permitted(0x0109, cluster, b"\x00\x01\x00\x00\x00")
    for cluster, commands in ASKING.items():
        for command in commands:
            assert permitted(0x0109, cluster, bytes((1, 1, command)))
    for cluster in (0x0001, 0x0004, 0x0005, 0x0006):
        assert permitted(0, cluster, b"\x01")


def test_nothing_else_leaves():
    for cluster in list(range(0x20)) + list(range(0x0700, 0x0710)) + [0x0800, 0x0B01]:
        for command in range(256):
            wanted = command in ASKING.get(cluster, ())
            assert permitted(0x0109, cluster, bytes((1, 1, command))) == wanted, (cluster, command)
            # General commands: reading, and answering who asks.
            wanted = (command == 0 and cluster in READABLE) or command in (1, 11)
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
    radio = listening((0, 0x0109, 0x0800, 0x101, False))
    radio.callback("incomingMessageHandler", message(0x0800, b"\x09\x55\x03\x04\x0a\x02\x00", sender=0, options=0))
    assert radio._reply is not None


def test_answers_to_a_broadcast_are_collected_up_to_a_limit():
    radio = listening((None, 0, 0x8006, 3, False))
    for sender in range(20):
        radio.callback("incomingMessageHandler", message(0x8006, b"\x03\x00\x01\x00\x01\x01", sender, 0, 0))
    assert len(radio._replies) == 8


class SendingNcp(FakeNcp):
    """Takes every message, or refuses it; `answer` is called once it is out."""

    def __init__(self):
        super().__init__()
        self.sent = []
        self.refusal = None
        self.answer = lambda tag: None

    def check(self):
        pass

    async def do(self, name, *values):
        self.sent.append((name, values))
        if self.refusal:
            raise Refused(name, self.refusal)
        self.answer(values[-2])
        return [0]


def asking(ncp, node_id=0x3A51, cluster=0x0702):
    radio = Radio(ncp)

    async def ask():
        return await radio.request(node_id, 1, cluster, b"\x00\x07\x00\x00\x00", 20)

    return radio, lambda: asyncio.run(ask())


def raised(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError("nothing was raised")


def test_what_is_not_permitted_gets_nowhere():
    ncp = SendingNcp()
    radio = Radio(ncp)
    for one in ((0x0702, b"\x01\x01\x02"), (0x0703, b"\x00\x01\x00\x00\x00"), (0x0000, b"\x00\x01\x02")):
        raised(NotPermitted, lambda one=one: asyncio.run(radio.send(0, 1, *one)))
        raised(NotPermitted, lambda one=one: asyncio.run(radio.request(0, 1, *one)))
    assert ncp.sent == []


def test_only_the_hub_s_key_is_the_hub_s_fault():
    ncp = SendingNcp()
    for ncp.refusal in (0x0C0A, 0x0C0E):
        raised(NotTrusted, asking(ncp, 0)[1])
        raised(NoReply, asking(ncp, 0x3A51)[1])


def test_a_message_that_is_not_delivered_ends_its_own_request_alone():
    ncp = SendingNcp()
    radio, ask = asking(ncp)
    # An answer of ours to somebody else, under way at the same time, has failed.
    ncp.answer = lambda tag: radio.callback("messageSentHandler", [0, 0x0C02])
    assert raised(NoReply, ask).args[1] == "nobody answers"
    ncp.answer = lambda tag: radio.callback("messageSentHandler", [tag, 0x0C02])
    assert raised(NoReply, ask).args[1] == "not delivered"
    asyncio.run(radio.send(0, 1, 0x0800, b"\x01\x01\x03"))
    assert ncp.sent[0][1][-2] != 0 and ncp.sent[-1][1][-2] == 0


def test_key_establishment_takes_no_general_command_for_a_step():
    wanted = (0, 0x0109, 0x0800, 0x101, False)
    for payload, counts in (
        (b"\x18\x07\x01\x00\x00\x00\x31\x03\x00", False),  # a late Read Attributes Response
        (b"\x09\x07\x01" + bytes(22), True),
        (b"\x09\x07\x00" + bytes(52), False),  # the answer to the step before, once more
        (b"\x09\x55\x03\x04\x0a\x02\x00", True),  # Terminate
        (b"\x18\x07\x0b\x00\x81", True),  # Default Response
        (b"\x0d\x34\x12\x07\x01" + bytes(22), False),  # manufacturer specific
    ):
        radio = listening(wanted)
        radio.callback("incomingMessageHandler", message(0x0800, payload, 0, 0))
        assert (radio._reply is not None) == counts, payload


def test_questions_wait_in_a_bounded_inbox():
    radio = listening(None)
    for _ in range(9):
        radio.callback("incomingMessageHandler", message(0x0000, b"\x00\x01\x00\x00\x00"))
    assert len(radio._inbox) == 4 and radio.discarded == 5
    assert radio.ncp.ash.ready is False


def test_constants_are_those_of_the_standard():
    assert (r.BASIC, r.TIME, r.PRICE, r.METERING, r.KEY_ESTABLISHMENT) == (0, 0x0A, 0x700, 0x702, 0x800)


class ReplyingNcp(FakeNcp):
    def __init__(self):
        super().__init__()
        self.replies = []
        self.refusal = None

    async def do(self, name, *values):
        assert name == "sendReply"
        if self.refusal:
            raise Refused(name, self.refusal)
        self.replies.append(values)
        return []


def block(index, payload, count=0, counter=9, sender=0x3A51, options=0x8060, cluster=0x0702):
    return [0, 0x0109, cluster, 3, 1, options, count << 8 | index, counter, sender, 200, -50, payload]


LONG = bytes.fromhex("190700") + bytes(range(120))
WANTED = (0x3A51, 0x0109, 0x0702, 7, True)


def hear(radio, *blocks):
    """What a served radio makes of blocks; the indices that it has acknowledged."""

    async def main():
        serving = asyncio.create_task(radio.serve())
        for one in blocks:
            radio.callback("incomingMessageHandler", one)
            for _ in range(5):
                await asyncio.sleep(0)
        serving.cancel()

    del radio.ncp.replies[:]
    radio._inbox_event = asyncio.Event()  # it belongs to one loop
    asyncio.run(main())
    return [values[6] for values in radio.ncp.replies]


def assembling(wanted=WANTED):
    radio = Radio(ReplyingNcp())
    radio._wanted = wanted
    return radio


def test_a_message_in_blocks_is_put_together_and_each_block_acknowledged():
    radio = assembling()
    first, second = block(0, LONG[:71], 2), block(1, LONG[71:])
    # The acknowledgement of each gets lost once.
    assert hear(radio, first, first[:], second) == [0xFF00, 0xFF00, 0xFF01]
    assert radio._reply == LONG
    assert radio.ncp.replies[0] == (0x3A51, 0x0109, 0x0702, 3, 1, 0x8060, 0xFF00, 9, b"")
    radio._reply = None
    assert hear(radio, block(1, LONG[71:])) == [0xFF01] and radio._reply is None
    # The next one, and one that ends in a block of one octet.
    assert hear(radio, block(0, LONG[:71], 2, 10), block(1, LONG[71:72], 0, 10)) == [0xFF00, 0xFF01]
    assert radio._reply == LONG[:72] and radio.discarded == 0


def test_a_block_too_many_too_early_or_of_another_message_is_left_out():
    for blocks, acknowledged, discarded in (
        ([block(1, b"abc")], [], 1),
        ([block(0, LONG[:71], 3), block(2, b"late")], [0xFF00], 1),
        ([block(0, LONG[:71], 2), block(1, LONG[71:], 0, 10)], [0xFF00], 1),
        ([block(0, LONG[:71], 2), block(1, LONG[71:], 0, 9, 0x1111)], [0xFF00], 1),
        ([block(0, LONG[:71], 2), block(1, LONG[71:], 0, 9, 0x3A51, 0x8040)], [0xFF00], 1),  # no link key
        ([block(0, LONG[:71], 2), block(0, LONG[:71], 2, 10)], [0xFF00], 1),  # one at a time
    ):
        radio = assembling()
        assert hear(radio, *blocks) == acknowledged, blocks
        assert radio._reply is None and radio.discarded == discarded, blocks


def test_a_message_in_blocks_is_bounded_and_not_waited_for_for_ever():
    radio = assembling()
    many = [block(index, bytes(71), 9 if index == 0 else 0) for index in range(9)]
    assert hear(radio, *many) == [0xFF00, 0xFF01, 0xFF02, 0xFF03, 0xFF04]
    assert radio.discarded == 4 and len(radio.blocks[3]) == 355
    # The sender has given up; so does the device, when somebody else begins.
    radio.blocks = radio.blocks[:4] + (ticks_ms() - 10001,)
    assert hear(radio, block(0, LONG[:71], 2, 10), block(1, LONG[71:], 0, 10)) == [0xFF00, 0xFF01]
    assert radio._reply == LONG and radio.discarded == 5


def test_blocks_without_the_link_key_are_no_answer():
    radio = assembling()
    hear(radio, block(0, LONG[:71], 2, 9, 0x3A51, 0x8040), block(1, LONG[71:], 0, 9, 0x3A51, 0x8040))
    assert radio._reply is None and radio.discarded == 1


def test_a_refused_acknowledgement_costs_nothing():
    radio = assembling()
    radio.ncp.refusal = 2
    assert hear(radio, block(0, LONG[:71], 2)) == [] and radio.discarded == 1
    radio.ncp.refusal = None
    assert hear(radio, block(0, LONG[:71], 2), block(1, LONG[71:])) == [0xFF00, 0xFF01]
    assert radio._reply == LONG
