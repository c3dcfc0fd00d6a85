"""What suppliers say: messages and the household's OK, changes of tenancy and supplier, top-ups."""

from answering import EPOCH, ESME, GPF, Home, drive, string, u
from inkmeter import facts, rounds, store
from inkmeter import radio as r
from inkmeter.ncp import Refused  # noqa: F401, the radio's own

MESSAGING, PREPAYMENT, CALENDAR, MANAGEMENT = 0x0703, 0x0705, 0x0707, 0x0708
ALL = (facts.MESSAGE, facts.MESSAGE_ID, facts.MESSAGE_FLAGS, facts.MESSAGE_UNTIL)


def display(number=1, control=0x08, start=0, minutes=0xFFFF, text=b"Hello", extended=b"\x00"):
    return u(number, 4) + bytes((control,)) + u(start, 4) + u(minutes, 2) + string(text) + extended


def known(session, commodity=0):
    return [session.fact(fact, commodity) for fact in ALL]


def unasked(session, cluster, command, payload, node=ESME, endpoint=1, control=0x09):
    session.radio.publish(cluster, bytes((control, 77, command)) + payload, node, endpoint)
    session.heard(getattr(session, "told", None))


def test_a_message_that_is_asked_for():
    session = Home()
    now = EPOCH + session.now
    session.radio.commands[ESME, MESSAGING, 0] = [(0, display(7, 0x88, now - 600, 60, b"Power cut at 9"))]
    assert session.job("messaging") == 1800
    assert known(session) == ["Power cut at 9", 7, 0x88, now + 3000]
    session.now += 2000
    assert session.job("messaging") == 1000
    session.now += 1000
    session.job("messaging")
    assert known(session) == [None] * 4
    session.radio.commands[ESME, MESSAGING, 0] = 0x8B
    assert session.job("messaging") == 1800
    assert Home().job("messaging") is None


def test_now_is_when_it_was_first_heard():
    session = Home()
    session.radio.commands[ESME, MESSAGING, 0] = [(0, display(7, 0x08, 0, 60))]
    session.job("messaging")
    until = session.fact(facts.MESSAGE_UNTIL)
    session.now += 100
    session.job("messaging")
    assert session.fact(facts.MESSAGE_UNTIL) == until == EPOCH + 1000 + 3600


def test_messages_to_come_protected_ones_and_those_that_somebody_confirmed():
    session = Home()
    now = EPOCH + session.now
    session.radio.commands[ESME, MESSAGING, 0] = [(0, display(8, 0x80, now + 500))]
    assert session.job("messaging") == 500 and session.home.told == []
    session.radio.commands[ESME, MESSAGING, 0] = [(2, display(9, 0x80, 0, 0xFFFF, b"Debt", b"\x01"))]
    session.job("messaging")
    assert known(session) == ["Debt", 9, 0x380, None]
    session.clock.known = False
    assert session.job("messaging") == 1800
    session.radio.commands[ESME, MESSAGING, 0] = [(0, display(10, 0x80, now, 5))]
    assert session.job("messaging") == 60 and session.fact(facts.MESSAGE_ID) == 9


def test_messages_that_come_unasked_are_replaced_and_cancelled():
    session = Home(gas=True)
    unasked(session, MESSAGING, 0, display(1, text=b"One"))
    unasked(session, MESSAGING, 2, display(2, text=b"Two"))
    unasked(session, MESSAGING, 0, display(3, text=b"Gas"), GPF, 2)
    assert session.fact(facts.MESSAGE) == "Two" and session.fact(facts.MESSAGE, 1) == "Gas"
    unasked(session, MESSAGING, 1, u(1, 4) + b"\x00")
    assert session.fact(facts.MESSAGE) == "Two"
    unasked(session, MESSAGING, 1, u(2, 4) + b"\x00")
    assert known(session) == [None] * 4 and session.fact(facts.MESSAGE, 1) == "Gas"
    unasked(session, MESSAGING, 3, u(0, 4), GPF, 2)
    assert session.fact(facts.MESSAGE, 1) is None


def test_a_confirmation_follows_the_household_s_ok_alone():
    session = Home()
    session.radio.commands[ESME, MESSAGING, 0] = [(0, display(7, 0x88))]
    session.job("messaging")
    assert [one[2] for one in session.radio.asked] == [0]
    allowed = []
    session.radio.commands[ESME, MESSAGING, 1] = lambda _: allowed.append(session.radio.may_confirm) or 0x00
    session.home.put(facts.MESSAGE_PRESSED, 6, session.now)  # another message was on the panel
    session.job("messaging")
    assert [one[2] for one in session.radio.asked] == [0, 0]
    session.home.put(facts.MESSAGE_PRESSED, 7, session.now)
    session.job("messaging")
    node, cluster, command, payload = session.radio.asked[2]
    assert (node, command, payload) == (ESME, 1, u(7, 4) + u(EPOCH + session.now, 4))
    assert allowed == [u(7, 4) + u(EPOCH + session.now, 4)] and session.radio.may_confirm is None
    assert session.fact(facts.MESSAGE_FLAGS) == 0x288 and session.fact(facts.MESSAGE_PRESSED) is None
    # Once is enough; and a message that does not ask for it is not confirmed.
    session.home.put(facts.MESSAGE_PRESSED, 7, session.now)
    session.job("messaging")
    assert len(allowed) == 1
    session.radio.commands[ESME, MESSAGING, 0] = [(0, display(8, 0x08))]
    session.job("messaging")
    session.home.put(facts.MESSAGE_PRESSED, 8, session.now)
    session.job("messaging")
    assert len(allowed) == 1


def test_a_yes_is_said_where_it_is_asked_for():
    session = Home()
    session.radio.commands[ESME, MESSAGING, 0] = [(0, display(7, 0xA8))]
    session.radio.commands[ESME, MESSAGING, 1] = 0
    session.job("messaging")
    session.home.put(facts.MESSAGE_PRESSED, 7, session.now)
    session.job("messaging")
    assert session.radio.asked[1][3][8:] == b"\x02\x00"


def test_the_radio_lets_only_that_confirmation_pass():
    one = r.Radio(None)

    def passes(payload):
        try:
            one._permit(0x0109, MESSAGING, payload)
            return True
        except r.NotPermitted:
            return False

    confirmation = b"\x01\x05\x01" + u(7, 4) + u(5, 4)
    assert not passes(confirmation)
    one.may_confirm = u(7, 4) + u(5, 4)
    assert passes(confirmation) and passes(confirmation + b"\x02\x00")
    assert not passes(b"\x01\x05\x01" + u(8, 4) + u(5, 4)) and not passes(b"\x01\x05\x01")
    assert not passes(b"\x01\x05\x01" + u(7, 4) + u(6, 4))
    one.may_confirm = None
    assert not passes(confirmation)


def test_the_radio_lets_only_that_price_be_acknowledged():
    one = r.Radio(None)

    def passes(payload):
        try:
            one._permit(0x0109, 0x0700, payload)
            return True
        except r.NotPermitted:
            return False

    acknowledgement = b"\x11\x05\x02" + u(7, 4) + u(9, 4) + u(5, 4) + b"\x01"
    assert not passes(acknowledgement)
    one.may_confirm = u(7, 4) + u(10, 4)
    assert not passes(acknowledgement)
    one.may_confirm = u(7, 4) + u(9, 4)
    assert passes(acknowledgement)
    assert not passes(b"\x11\x05\x02" + u(7, 4) + u(8, 4) + u(5, 4) + b"\x01") and not passes(b"\x11\x05\x02")
    assert passes(b"\x11\x05\x00\x01")


def test_the_press_is_noticed():
    session = Home()
    session.radio.commands[ESME, MESSAGING, 0] = [(0, display(7, 0x88))]
    session.radio.commands[ESME, MESSAGING, 1] = 0
    session.job("messaging")
    told = session.told
    for row in range(len(told._due)):
        told._due[row] = session.now + 5000
    session.home.put(facts.MESSAGE_PRESSED, 7, session.now)
    session.timed(told._listen_to_the_household)
    assert min(told._due) == session.now


# Changes of tenancy and supplier


def tenancy(event=5, when=0, control=0x200):
    return u(1, 4) + u(event, 4) + b"\x00" + u(when, 4) + u(control, 4)


def supplier(event=5, when=0, control=0x400):
    head = u(1, 4) + u(event, 4) + b"\x00" + u(2, 4) + u(when, 4) + u(control, 4)
    return head + string(b"Kestrel") + string(b"0330 222")


def lived_in():
    session = Home()
    session.home.put(facts.MESSAGE, "private", session.now)
    session.home.put(facts.DEBT, 5, session.now)
    session.home.price(0).rate.put(5, session.now, 0)
    with open("figures0", "wb") as file:
        file.write(b"x")
    return session


def has(name):
    try:
        open(name).close()
        return True
    except OSError:
        return False


def test_a_change_of_tenancy_clears_what_it_names_and_does_so_once():
    session = lived_in()
    unasked(session, MANAGEMENT, 0, tenancy())
    assert session.ledger.forgotten == 1 and session.home.prices == {}
    assert session.home.told == [facts.FORGOTTEN_AT, EPOCH + session.now, session.now]
    assert not has("figures0") and session.home.meters
    session.home.put(facts.DEBT, 6, session.now)
    unasked(session, MANAGEMENT, 0, tenancy())
    session.radio.commands[ESME, MANAGEMENT, 0] = [(0, tenancy())]
    session.job("device_management")
    assert session.ledger.forgotten == 1 and session.fact(facts.DEBT) == 6
    unasked(session, MANAGEMENT, 0, tenancy(6))
    assert session.ledger.forgotten == 2


def test_a_change_of_tenancy_waits_for_its_time():
    session = lived_in()
    now = EPOCH + session.now
    session.radio.commands[ESME, MANAGEMENT, 0] = [(0, tenancy(5, now + 700))]
    assert session.job("device_management") == 700 and session.ledger.forgotten == 0
    session.now += 700
    session.job("device_management")
    assert session.ledger.forgotten == 1
    session = lived_in()
    unasked(session, MANAGEMENT, 0, tenancy(5, 0xFFFFFFFF))
    session.clock.known = False
    unasked(session, MANAGEMENT, 0, tenancy(5, now))
    assert session.ledger.forgotten == 0 and session.fact(facts.DEBT) == 5


def test_books_that_begin_after_a_change_are_left_alone():
    # A new device, or one that lost its notes, hears of changes from long before.
    session = lived_in()
    session.ledger.since = EPOCH + session.now - 5000
    unasked(session, MANAGEMENT, 0, tenancy(5, EPOCH + session.now - 5000))
    assert session.ledger.forgotten == 0 and session.home.told == [] and not has("figures0")
    unasked(session, MANAGEMENT, 0, tenancy(6, EPOCH + session.now - 4000))
    assert session.ledger.forgotten == 1


def test_a_tariff_that_is_cleared_holds_no_longer():
    session = lived_in()
    session.ledger.standing_charge(0, 60000)
    when = EPOCH + session.now - 100
    unasked(session, MANAGEMENT, 0, tenancy(5, when, 0x60))
    assert session.ledger.rates == [(0, when, None, None), (2, when, None, None)]
    assert session.ledger.standing == {0: None} and session.ledger.forgotten == 0


def test_each_control_bit_clears_its_own():
    for control, ledger, told, prices in (
        (0x0000, 0, True, True),
        (0x001F, 0, True, True),
        (0x0100, 1, True, True),
        (0x0020, 0, False, False),
        (0x0040, 0, True, False),
        (0x0400, 0, False, False),
        (0x4000, 0, False, True),
    ):
        session = lived_in()
        unasked(session, MANAGEMENT, 0, tenancy(5, 0, control))
        assert session.ledger.forgotten == ledger, hex(control)
        assert bool(session.home.told) == told and bool(session.home.prices) == prices, hex(control)


def test_a_change_of_supplier():
    session = lived_in()
    unasked(session, MANAGEMENT, 1, supplier())
    assert session.fact(facts.SUPPLIER_NAME) == "Kestrel" and session.fact(facts.SUPPLIER_CONTACT) == "0330 222"
    assert session.fact(facts.MESSAGE) is None and session.ledger.forgotten == 0
    assert store.load() == {"change2": 5}


def test_gbcs_s_own_examples():
    session = Home()
    management = session.module("device_management")
    cot = bytes.fromhex("00000000804a371c00206ec61f00020000")
    cos = bytes.fromhex("00000000804a371c0000000000000000000018000004452d4f4e0d30333333203230322034363530")
    assert management.change_of_tenancy(cot) == (0x1C374A80, 0x1FC66E20, 0x200)
    assert management.change_of_supplier(cos) == (0x1C374A80, 0, 0x1800, "E-ON", "0333 202 4650")
    messaging = session.module("messaging")
    one = messaging.Message(bytes.fromhex("804a371c0000000000ffff055265736574"))
    assert (one.number, one.minutes, one.text, one.flags) == (0x1C374A80, None, "Reset", 0)
    events = session.module("events")
    event = bytes.fromhex("036e814093fb300100")
    assert events._event(event, 0, 1) == (0x816E, 0x30FB9340, 9)
    for decode, payload, whole in (
        (management.change_of_tenancy, cot, len(cot)),
        (management.change_of_supplier, cos, len(cos) - 14),
        (messaging.Message, bytes.fromhex("804a371c0000000000ffff055265736574"), 17),
        (lambda payload: events._event(payload, 0, 1), event, len(event)),
    ):
        for length in range(whole):
            try:
                decode(payload[:length])
            except ValueError:
                continue
            assert decode == management.change_of_supplier and length == 26, (decode, length)


# What else comes unasked


def test_a_top_up():
    session = Home()
    unasked(session, PREPAYMENT, 3, bytes.fromhex("00d012130000c0aa7f01"))
    assert session.fact(facts.LAST_TOP_UP) == 1_250_000 and session.fact(facts.CREDIT_REMAINING) == 25_144_000
    assert session.fact(facts.LAST_TOP_UP_AT) == EPOCH + session.now
    unasked(session, PREPAYMENT, 3, b"\x02" + u(5, 4) + b"\x00" + u(6, 4))
    assert session.fact(facts.LAST_TOP_UP) == 1_250_000


def test_a_top_up_that_leaves_the_credit_below_nothing():
    session = Home()
    unasked(session, PREPAYMENT, 3, b"\x00" + u(500_000, 4) + b"\x00" + u(-1_250_000, 4))
    assert session.fact(facts.LAST_TOP_UP) == 500_000 and session.fact(facts.CREDIT_REMAINING) == -1_250_000


def test_each_message_is_answered_unless_it_wants_none():
    session = Home()
    for cluster, command, payload, status in (
        (MESSAGING, 0, display(), 0x00),
        (MESSAGING, 0, b"\x01\x02", 0x80),
        (MESSAGING, 9, b"", 0x81),
        (0x0701, 0, bytes(23), 0x81),
        (CALENDAR, 0, bytes(22), 0x00),
    ):
        session.radio.sent = []
        unasked(session, cluster, command, payload)
        assert session.radio.sent == [(ESME, 1, cluster, bytes((0x10, 77, 0x0B, command, status)))], (cluster, command)
    session.radio.sent = []
    unasked(session, MESSAGING, 0, display(), control=0x19)
    assert session.radio.sent == []


def test_strangers_are_not_heard():
    session = Home()
    unasked(session, MESSAGING, 0, display(), node=0x1234)
    assert session.home.told == [] and session.radio.sent == [] and session.radio.discarded == 1
    # The hub speaks for the home's electricity in its own name too.
    unasked(session, MESSAGING, 0, display(), node=0x0000)
    assert session.fact(facts.MESSAGE) == "Hello"


def message(payload, options=0x20, cluster=MESSAGING, sender=ESME):
    return [0, 0x0109, cluster, 1, 1, options, 0, 9, sender, 200, -50, payload]


class Ash:
    def set_ready(self, ready):
        pass


class Ncp:
    ash = Ash()


def test_the_queue_is_bounded_and_takes_what_is_secured_alone():
    radio = r.Radio(Ncp())
    for options, payload, cluster in (
        (0x00, b"\x09\x01\x00" + display(), MESSAGING),
        (0x20, b"\x08\x01\x0a\x00", MESSAGING),  # a general command
        (0x20, b"\x0d\x34\x12\x01\x00", MESSAGING),  # manufacturer specific
        (0x20, b"\x09\x01\x00", 0x0800),
    ):
        radio.callback("incomingMessageHandler", message(payload, options, cluster))
    assert radio.published == [] and radio.discarded == 4
    for _ in range(20):
        radio.callback("incomingMessageHandler", message(b"\x09\x01\x00" + display()))
    assert len(radio.published) == 8 and radio.discarded == 16


def test_the_further_parts_of_an_answer_do_not_push_out_the_first():
    radio = r.Radio(Ncp())
    radio._wanted = (ESME, 0x0109, 0x0700, 7, True)
    for part in (b"one", b"two"):
        radio.callback("incomingMessageHandler", message(b"\x09\x07\x05" + part, 0x20, 0x0700))
    assert radio._reply[3:] == b"one" and radio.published[0][11][3:] == b"two"


def test_a_silent_server_is_asked_again_and_the_ok_is_not_lost():
    session = Home()
    session.radio.commands[ESME, MESSAGING, 0] = [(0, display(7, 0x88))]
    session.job("messaging")
    session.home.put(facts.MESSAGE_PRESSED, 7, session.now)
    session.radio.silent.add((ESME, MESSAGING))
    try:
        session.job("messaging")
    except r.NoReply:
        pass
    assert session.fact(facts.MESSAGE_PRESSED) == 7 and session.radio.may_confirm is None
    assert rounds.MESSAGING and drive
