"""Every command and callback that the firmware knows, in every version, against bellows' tables."""

import random
import re

import bellows.types as t
import pytest
from inkmeter.ezsp import Ezsp, EzspError, from_ember

from host_tools import ROOT
from host_tools.sim.ncp.ezsp import command_table

VERSIONS = range(8, 15)
TABLE = ROOT / "firmware/inkmeter/ezsp.tbl"
NAMES = sorted(set(re.findall(rb"^\d+ @[0-9A-F]+ (\w+) ", TABLE.read_bytes(), flags=re.M)))
# What a caller of the firmware's does not give, because a display has only one thing to say.
CONSTANTS = {
    (14, "findAndRejoinNetwork"): {"reason": 0xFF, "nodeType": 3},
    (14, "leaveNetwork"): {"options": 0},
    (14, "sendBroadcast"): {"alias": 0xFFFF, "sequence": 0},
}
ROUNDS = 20


def device(version: int) -> Ezsp:
    one = Ezsp()
    one.version = version
    return one


def rows(direction: int):
    for version in VERSIONS:
        table = command_table(version)
        for name in (name.decode() for name in NAMES):
            if name in table and name.endswith(("Handler", "Handler283k1")) == (direction == 2):
                yield pytest.param(version, name, id=f"v{version}-{name}")


def draw(kind, rng: random.Random):
    """A random value of one of bellows' types, made by letting it read random octets."""
    if kind is t.LVBytes:
        return t.LVBytes(rng.randbytes(rng.randrange(80)))
    if kind in (t.EmberStatus, t.EzspStatus, t.sl_Status):
        return kind(rng.choice(list(kind)))
    if kind.__name__ == "AnonymousList":
        return kind([t.uint16_t(rng.randrange(65536)) for _ in range(3)])
    return kind.deserialize(rng.randbytes(200))[0]


def flat(value) -> list:
    """The numbers and octet strings that a value is made of, in the order of the wire."""
    if hasattr(type(value), "fields") and not isinstance(value, int):
        return [
            part
            for name in type(value).fields
            for part in flat(getattr(value, name.name if hasattr(name, "name") else name))
        ]
    if isinstance(value, bytes | bytearray):
        return [bytes(value)]
    if isinstance(value, int):
        return [int(value)]
    return [value.serialize()]


def one_status(value, kind):
    """What the firmware makes of a status."""
    if kind is t.EmberStatus:
        return from_ember(int(value))
    if kind is t.EzspStatus:
        return 0xF000 | int(value) if value else 0
    return int(value)


def flat_received(schema, values) -> list:
    out = []
    for (_, kind), value in zip(schema.items(), values, strict=True):
        out += [one_status(value, kind)] if kind in (t.EmberStatus, t.EzspStatus, t.sl_Status) else flat(value)
    return out


@pytest.mark.parametrize(("version", "name"), list(rows(1)))
def test_command(version, name):
    rng = random.Random(f"{version}{name}")
    identifier, sends, receives = command_table(version)[name]
    for _ in range(ROUNDS):
        constants = CONSTANTS.get((version, name), {})
        values = {
            field: kind(constants[field]) if field in constants else draw(kind, rng) for field, kind in sends.items()
        }
        given = [part for field, value in values.items() if field not in constants for part in flat(value)]
        if name == "addEndpoint":
            given = [*given[:6], b"".join(given[6:])]
        host = device(version)
        buffer = bytearray(300)
        if name == "version":
            continue
        count = host.encode(name, given, buffer)
        wanted = bytes([0, 0, 1, identifier & 0xFF, identifier >> 8]) + t.serialize_dict((), values, sends)
        assert bytes(buffer[:count]) == wanted
        answer = [draw(kind, rng) for kind in receives.values()]
        body = b"".join(value.serialize() for value in answer)
        frame = bytes([0, 0x80, 1, identifier & 0xFF, identifier >> 8]) + body
        assert host.decode(memoryview(frame)) == (False, name, flat_received(receives, answer))


@pytest.mark.parametrize(("version", "name"), list(rows(2)))
def test_callback(version, name):
    rng = random.Random(f"{version}{name}")
    identifier, _, receives = command_table(version)[name]
    for _ in range(ROUNDS):
        values = dict(zip(receives, (draw(kind, rng) for kind in receives.values()), strict=True))
        body = b"".join(value.serialize() for value in values.values())
        frame = bytes([7, 0x90, 1, identifier & 0xFF, identifier >> 8]) + body
        assert device(version).decode(memoryview(frame)) == (
            True,
            name,
            expected(version, name, receives, values),
        )


def expected(version, name, schema, values):
    if name == "messageSentHandler":
        status = values["status"]
        tag = values["message_tag" if version >= 14 else "messageTag"]
        return [int(tag), one_status(status, type(status))]
    if name == "incomingMessageHandler":
        new = version >= 14
        first = flat(values["message_type" if new else "type"]) + flat(values["aps_frame" if new else "apsFrame"])
        names = ("nwk", "lqi", "rssi", "message") if new else ("sender", "lastHopLqi", "lastHopRssi", "messageContents")
        return first + [part for field in names for part in flat(values[field])]
    return flat_received(schema, values.values())


@pytest.mark.parametrize("version", VERSIONS)
def test_what_bellows_does_not_have_we_refuse(version):
    table = command_table(version)
    for name in (name.decode() for name in NAMES):
        if name in table:
            assert device(version).has(name)
        else:
            assert not device(version).has(name)
            with pytest.raises(EzspError):
                device(version).encode(name, (), bytearray(100))


def test_every_row_of_the_table_has_been_compared():
    for name in NAMES:
        assert any(name.decode() in command_table(version) for version in VERSIONS), name


def test_statuses_agree_with_bellows():
    for (kind, status), sl in t.named.SL_STATUS_MAP.items():
        if kind is t.EmberStatus and from_ember(int(status)) < 0xE000:
            assert from_ember(int(status)) == int(sl), status
