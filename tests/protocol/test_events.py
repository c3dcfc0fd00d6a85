"""What the meters have noticed: published, read from their logs, kept on the flash, newest first and once."""

import os
import struct
import sys

from answering import EPOCH, ESME, GPF, Home, u

EVENTS = 0x0709
FILE = "books/noticed"
TAMPER, CLOCK, LOW, EXPIRED, OFF, BACK, COMMAND = 0x8F3F, 0x8145, 0x810D, 0x8F0F, 0x8F57, 0x8F36, 0x8154


def a_home(gas=False):
    for make, name in ((os.mkdir, "books"), (os.remove, FILE)):
        try:
            make(name)
        except OSError:
            pass
    return Home(gas)


def noticed():
    """[(UTC, number, commodity, kind)] of the file, and from when on it is this household's."""
    with open(FILE, "rb") as file:
        held = file.read()
    assert len(held) % 8 == 4
    events = [struct.unpack(">IHBB", held[at : at + 8]) for at in range(4, len(held), 8)]
    return events, int.from_bytes(held[:4], "little")


def published(session, number, when, node=ESME, endpoint=1, data=b"", payload=None):
    body = (
        payload if payload is not None else b"\x03" + u(number, 2) + u(when, 4) + b"\x01" + bytes((len(data),)) + data
    )
    session.radio.publish(EVENTS, b"\x09\x05\x00" + body, node, endpoint)
    session.heard(getattr(session, "told", None))


def log_of(*events, index=0, total=1, data=b""):
    body = u(len(events), 2) + bytes((index, total, len(events) << 4))
    for number, when in events:
        body += b"\x03" + u(number, 2) + u(when, 4) + bytes((len(data),)) + data
    return body


def test_a_published_event_is_kept_with_its_time_and_its_kind():
    session = a_home()
    published(session, 0x816E, 0x30FB9340)
    assert noticed() == ([(0x30FB9340, 0x816E, 0, 0)], 0)
    published(session, TAMPER, 0x30FB9341, data=b"\xff\x00\x80")
    published(session, CLOCK, 0x30FB9339)
    assert [one[1] for one in noticed()[0]] == [TAMPER, 0x816E, CLOCK]
    assert [one[3] for one in noticed()[0]] == [7, 0, 1]
    assert session.radio.sent[0][3] == b"\x10\x05\x0b\x00\x00" and session.radio.discarded == 0


def test_the_document_s_own_example():
    session = a_home()
    published(session, 0, 0, payload=bytes.fromhex("036e814093fb300100"))
    assert noticed()[0] == [(0x30FB9340, 0x816E, 0, 0)]


def test_no_event_is_there_twice():
    session = a_home(gas=True)
    for _ in range(2):
        published(session, LOW, 700)
    session.radio.commands[ESME, EVENTS, 0] = [(1, log_of((LOW, 700), (CLOCK, 600)))]
    for _ in range(2):
        assert session.job("events") == 3600
    assert [one[:2] for one in noticed()[0]] == [(700, LOW), (600, CLOCK)]
    # The gas meter's is another.
    published(session, LOW, 700, GPF, 2)
    assert [one[:3] for one in noticed()[0]] == [(700, LOW, 1), (700, LOW, 0), (600, CLOCK, 0)]


def test_the_newest_eight_are_kept():
    session = a_home()
    for i in range(12):
        published(session, CLOCK, 1000 + i * 7 % 12)
    assert [one[0] for one in noticed()[0]] == [1011, 1010, 1009, 1008, 1007, 1006, 1005, 1004]
    # What was crowded out does not come back.
    session.radio.commands[ESME, EVENTS, 0] = [(1, log_of((CLOCK, 1003), (CLOCK, 1002)))]
    session.job("events")
    assert [one[0] for one in noticed()[0]][-1] == 1004


def test_the_flash_is_written_for_news_alone():
    session = a_home()
    writes = []
    events = session.module("events")
    was = events.store.os.rename
    events.store.os = type("Os", (), {"rename": staticmethod(lambda old, new: (writes.append(new), was(old, new)))})
    for when in (700, 700, 800):
        events._file(session.rounds(), 0, [(LOW, when)])
    assert writes == [FILE] * 2


def test_what_is_the_meter_s_business_alone_is_left_out():
    kind = a_home().module("events")._kind
    assert [kind(one) for one in (CLOCK, OFF, BACK, TAMPER, LOW, EXPIRED)] == [1, 3, 4, 7, 8, 9]
    for number in (COMMAND, 0x8002, 0x8F66, 0x01B0, 0x02C0, 0):
        assert kind(number) is None, number
    for number in (0x816E, 0x8FFF, 0x9000, 0xFFFF, 0x0900):
        assert kind(number) == 0, number


def test_the_log_is_asked_for_and_may_come_in_parts():
    session = a_home()
    assert session.job("events") is None  # the meter has none such
    assert session.radio.asked[-1][:3] == (ESME, EVENTS, 0)
    now = EPOCH + session.now
    session.radio.commands[ESME, EVENTS, 0] = [
        (1, log_of((EXPIRED, 900), (COMMAND, 880), total=2, data=b"xyz")),
        (1, log_of((LOW, 800), index=1, total=2)),
    ]
    assert session.job("events") == 3600
    assert [one[:2] for one in noticed()[0]] == [(900, EXPIRED), (800, LOW)]
    assert session.radio.asked[-1][3] == b"\0\0\0" + u(0, 4) + u(now + 86400, 4) + b"\x18\0\0"
    session.clock.known = False
    assert session.job("events") == 60


def test_another_household_s_log_is_left_to_it():
    session = a_home()
    with open("state.json", "w") as file:
        file.write('{"change0": 5}')
    now = EPOCH + session.now
    session.radio.commands[ESME, EVENTS, 0] = [(1, log_of((LOW, now - 5), (EXPIRED, 0)))]
    session.job("events")
    assert noticed() == ([], now)
    session.now += 100
    session.radio.commands[ESME, EVENTS, 0] = [(1, log_of((CLOCK, now + 5), (LOW, now - 5)))]
    session.job("events")
    assert noticed() == ([(now + 5, CLOCK, 0, 1)], now)
    assert session.radio.asked[-1][3][3:7] == u(now, 4)


def test_a_time_that_is_not_known():
    session = a_home()
    published(session, LOW, 0xFFFFFFFF)
    published(session, CLOCK, 500)
    assert [one[:2] for one in noticed()[0]] == [(500, CLOCK), (0, LOW)]


def test_bad_frames_are_counted_and_put_aside():
    session = a_home()
    whole = b"\x03" + u(LOW, 2) + u(700, 4) + b"\x01\x02ab"
    for length in range(len(whole)):
        published(session, 0, 0, payload=whole[:length])
        assert session.radio.discarded == length + 1
        assert session.radio.sent[-1][3] == b"\x10\x05\x0b\x00\x80"
    assert session.home.told == []
    try:
        os.stat(FILE)
        raise AssertionError("something was kept")
    except OSError:
        pass
    discarded = session.radio.discarded
    whole = log_of((LOW, 700), (CLOCK, 600), data=b"ab")
    for length in range(len(whole)):
        session.radio.commands[ESME, EVENTS, 0] = [(1, whole[:length])]
        try:
            session.job("events")
        except ValueError:
            discarded += 1
            continue
        raise AssertionError(length)
    assert session.radio.discarded == discarded
    # A number of parts that cannot be, and an answer that is another command.
    for answer in ((1, log_of((LOW, 700), total=0)), (1, log_of((LOW, 700), total=200)), (2, b"\0")):
        session.radio.commands[ESME, EVENTS, 0] = [answer]
        try:
            session.job("events")
        except ValueError:
            discarded += 1
    assert session.radio.discarded == discarded
    # An unknown command is answered as one.
    session.radio.publish(EVENTS, b"\x09\x06\x02\x00\x00")
    session.heard(session.told)
    assert session.radio.sent[-1][3] == b"\x10\x06\x0b\x02\x81"


def test_a_damaged_file_begins_anew():
    for held in (b"", b"\0\0", b"\0\0\0\0\0\0\0"):
        session = a_home()
        with open(FILE, "wb") as file:
            file.write(held)
        published(session, LOW, 700)
        assert noticed() == ([(700, LOW, 0, 8)], 0)


def test_ids_are_in_one_kind_only():
    events = a_home().module("events")
    if sys.implementation.name == "micropython":
        return  # it keeps no private constants
    every = [number for numbers in events._KINDS for number in numbers]
    assert len(every) == len(set(every))
    theirs = [0x8100 | one for one in events._THEIRS_81] + [0x8F00 | one for one in events._THEIRS_8F]
    assert not set(every) & set(theirs) and len(theirs) == len(set(theirs))
