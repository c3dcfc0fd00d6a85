"""ZCL frames and attribute values (Zigbee Cluster Library 8, chapter 2), integers only.

Invalid codes ("no such reading") become None here and go no further. Attributes are named together with the type
that the documents give them: type << 16 | identifier.
"""

from micropython import const

# General commands
READ_ATTRIBUTES = const(0x00)
READ_ATTRIBUTES_RESPONSE = const(0x01)
DEFAULT_RESPONSE = const(0x0B)

_SUCCESS = const(0x00)
UNSUPPORTED_ATTRIBUTE = const(0x86)
_EUI64 = const(0xF0)

# Frame control
CLUSTER_SPECIFIC = const(0x01)
MANUFACTURER_SPECIFIC = const(0x04)
FROM_SERVER = const(0x08)

# Data types, as far as a length is needed: type, octets. Section 2.6.2.
_FIXED = const(
    (
        b"\x08\x01\x09\x02\x0a\x03\x0b\x04\x0c\x05\x0d\x06\x0e\x07\x0f\x08\x10\x01"
        b"\x18\x01\x19\x02\x1a\x03\x1b\x04\x1c\x05\x1d\x06\x1e\x07\x1f\x08"
        b"\x20\x01\x21\x02\x22\x03\x23\x04\x24\x05\x25\x06\x26\x07\x27\x08"
        b"\x28\x01\x29\x02\x2a\x03\x2b\x04\x2c\x05\x2d\x06\x2e\x07\x2f\x08"
        b"\x30\x01\x31\x02\x38\x02\x39\x04\x3a\x08"
        b"\xe0\x04\xe1\x04\xe2\x04\xe8\x02\xe9\x02\xea\x04\xf0\x08\xf1\x10"
    )
)


class ZclError(ValueError):
    """A frame that is cut short or holds a type whose length is not known."""


class Header:
    """The head of a ZCL frame; `payload` is a memoryview of what follows it."""

    def __init__(self, frame):
        frame = memoryview(frame)
        if len(frame) < 3:
            raise ZclError("short frame")
        self.control = frame[0]
        at = 3 if self.control & MANUFACTURER_SPECIFIC else 1
        if len(frame) < at + 2:
            raise ZclError("short frame")
        self.sequence = frame[at]
        self.command = frame[at + 1]
        self.payload = frame[at + 2 :]

    def is_general(self, command):
        return not self.control & 0x07 and self.command == command


def read_attributes(sequence, identifiers):
    """A Read Attributes frame for up to 30 attributes."""
    frame = bytearray(3 + 2 * len(identifiers))
    frame[1], frame[2] = sequence, READ_ATTRIBUTES
    at = 3
    for identifier in identifiers:
        frame[at], frame[at + 1] = identifier & 0xFF, identifier >> 8 & 0xFF
        at += 2
    return frame


def value_at(kind, data, at):
    """(value of type `kind` that begins at data[at], where the next thing begins).

    The value is an int, or bytes for strings, keys and EUI-64s; None for the type's invalid code. Raises
    ZclError for a value that is cut short or of a type that is not known.
    """
    size = prefix = 0
    for i in range(0, len(_FIXED), 2):
        if _FIXED[i] == kind:
            size = _FIXED[i + 1]
    if 0x41 <= kind <= 0x44:
        prefix = 1 if kind < 0x43 else 2
        size = int.from_bytes(data[at : at + prefix], "little")
        invalid = size == (1 << 8 * prefix) - 1
        if invalid:
            size = 0
    elif not size:
        raise ZclError("type 0x%02x" % kind)
    end = at + prefix + size
    if end > len(data):
        raise ZclError("short value")
    raw = data[at + prefix : end]
    if prefix:
        return None if invalid else bytes(raw), end
    if kind >= 0xF0:
        raw = bytes(raw)
        return None if kind == _EUI64 and raw == b"\xff" * 8 else raw, end
    value = int.from_bytes(raw, "little")
    if kind < 0x10 or 0x18 <= kind < 0x20:  # general data and bitmaps have no invalid code
        return value, end
    if 0x28 <= kind < 0x30:
        sign = 1 << 8 * size - 1
        if value == sign:
            return None, end
        return value - 2 * sign if value > sign else value, end
    return None if value == (1 << 8 * size) - 1 else value, end


def parse_read_response(payload):
    """{type << 16 | attribute identifier: value} of a Read Attributes Response, so that a value of another type than
    the documents' is not found.

    The value is None where it is the type's invalid code. An attribute that is not to be had stands with its status
    (no status is a type's number) and None. Records before a damaged one are lost too: ZclError.
    """
    found = {}
    at = 0
    end = len(payload)
    while at < end:
        if at + 3 > end:
            raise ZclError("short record")
        identifier = payload[at] | payload[at + 1] << 8
        status = payload[at + 2]
        at += 3
        if status != _SUCCESS:
            found[status << 16 | identifier] = None
            continue
        if at >= end:
            raise ZclError("short record")
        kind = payload[at]
        found[kind << 16 | identifier], at = value_at(kind, payload, at + 1)
    return found
