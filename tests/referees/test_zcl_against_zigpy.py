"""Our ZCL against zigpy's: the shared vectors, and any attribute of any type."""

import random
from pathlib import Path

import pytest
from inkmeter import zcl
from zigpy.zcl import foundation
from zigpy.zcl.foundation import DataType, GeneralCommand, Status

VECTORS = Path(__file__).parent.parent / "vectors/zcl-frames.txt"
TYPES = [*range(0x08, 0x11), *range(0x18, 0x20), *range(0x20, 0x32), *range(0x41, 0x45)]
TYPES += [0xE0, 0xE1, 0xE2, 0xE8, 0xE9, 0xEA, 0xF0, 0xF1]
# Where zigpy's own invalid code is not that of ZCL 8, table 2-10: it is an octet short, or there is none.
NON_VALUES = {0x27: (1 << 64) - 1, 0x2F: -(1 << 63), 0x31: 0xFFFF, 0xF1: None}
RESPONSE = foundation.GENERAL_COMMANDS[GeneralCommand.Read_Attributes_rsp].schema
REQUEST = foundation.GENERAL_COMMANDS[GeneralCommand.Read_Attributes].schema


def vectors(command: GeneralCommand):
    for line in VECTORS.read_text().splitlines():
        if line.startswith("#"):
            continue
        name, _, _, _, frame, _ = (part.strip() for part in line.split("|", 5))
        data = bytes.fromhex(frame)
        if not data[0] & 0x07 and data[2] == command:
            yield pytest.param(data, id=name)


def non_value(kind: DataType):
    """The type's invalid code, or None where it has none."""
    return NON_VALUES.get(kind.type_id, kind.non_value)


def plain(kind: DataType, value):
    """What the firmware should make of zigpy's value."""
    if value == non_value(kind) and non_value(kind) is not None:
        return None
    if kind.type_id >= 0xF0 or isinstance(value, bytes | str):
        raw = value.serialize()
        prefix = {0x41: 1, 0x42: 1, 0x43: 2, 0x44: 2}.get(kind.type_id, 0)
        return raw[prefix:]
    return int.from_bytes(value.serialize(), "little", signed=0x28 <= kind.type_id < 0x30)


@pytest.mark.parametrize("frame", list(vectors(GeneralCommand.Read_Attributes_rsp)))
def test_read_responses_of_the_vectors(frame):
    response, rest = RESPONSE.deserialize(frame[3:])
    assert not rest
    wanted = {}
    for record in response.status_records:
        if record.status == Status.SUCCESS:
            kind = DataType.from_type_id(record.value.type)
            wanted[record.value.type << 16 | record.attrid] = plain(kind, record.value.value)
        else:
            wanted[record.status << 16 | record.attrid] = None
    assert zcl.parse_read_response(zcl.Header(frame).payload) == wanted


@pytest.mark.parametrize("frame", list(vectors(GeneralCommand.Read_Attributes)))
def test_read_requests_of_the_vectors(frame):
    request, _ = REQUEST.deserialize(frame[3:])
    assert bytes(zcl.read_attributes(frame[1], list(request.attribute_ids))) == frame


@pytest.mark.parametrize("kind", TYPES, ids=hex)
def test_every_type(kind):
    data_type = DataType.from_type_id(kind)
    rng = random.Random(kind)
    values = [non_value(data_type)] if non_value(data_type) is not None else []
    for _ in range(30):
        if 0x41 <= kind <= 0x44:
            text = "".join(chr(rng.randrange(32, 127)) for _ in range(rng.randrange(40)))
            values.append(text.encode() if kind in (0x41, 0x43) else text)
        else:
            values.append(data_type.python_type.deserialize(rng.randbytes(20))[0])
    records = [
        foundation.ReadAttributeRecord(
            identifier, Status.SUCCESS, foundation.TypeValue(data_type.type_id, data_type.python_type(value))
        )
        for identifier, value in enumerate(values)
    ]
    wire = RESPONSE(status_records=records).serialize()
    got = zcl.parse_read_response(wire)
    for identifier, value in enumerate(values):
        assert got[kind << 16 | identifier] == plain(data_type, data_type.python_type(value)), (identifier, value)
