"""What this device's own servers answer: its few attributes, and a polite no to the rest (SE 1.4, 6.1)."""

from micropython import const

from inkmeter import zcl
from inkmeter.radio import BASIC, KEY_ESTABLISHMENT

_SUCCESS = const(0x00)
_UNSUP_COMMAND = const(0x81)
_UNSUPPORTED_ATTRIBUTE = const(0x86)
_DISABLE_DEFAULT_RESPONSE = const(0x10)
_LONGEST = const(72)  # fits one frame under APS and NWK security
# cluster, attribute, type, value
_ATTRIBUTES = (
    (BASIC, 0x0000, 0x20, b"\x08"),  # ZCLVersion
    (BASIC, 0x0007, 0x30, b"\x01"),  # PowerSource: mains
    (KEY_ESTABLISHMENT, 0x0000, 0x31, b"\x03\x00"),  # KeyEstablishmentSuite: both
)


def answer(message):
    """The frame that answers an incoming message, or None where none is due. Raises ZclError."""
    cluster, payload = message[2], message[11]
    header = zcl.Header(payload)
    if header.is_general(zcl.READ_ATTRIBUTES):
        return _read_response(cluster, header)
    if header.control & _DISABLE_DEFAULT_RESPONSE or header.is_general(zcl.DEFAULT_RESPONSE):
        return None
    direction = 0 if header.control & zcl.FROM_SERVER else zcl.FROM_SERVER
    control = direction | _DISABLE_DEFAULT_RESPONSE
    return bytes((control, header.sequence, zcl.DEFAULT_RESPONSE, header.command, _UNSUP_COMMAND))


def _read_response(cluster, header):
    frame = bytes((zcl.FROM_SERVER | _DISABLE_DEFAULT_RESPONSE, header.sequence, zcl.READ_ATTRIBUTES_RESPONSE))
    asked = header.payload
    for at in range(0, len(asked) - 1, 2):
        record = _record(cluster, asked[at] | asked[at + 1] << 8)
        if len(frame) + len(record) > _LONGEST:
            break
        frame += record
    return frame


def _record(cluster, identifier):
    head = bytes((identifier & 0xFF, identifier >> 8))
    for own_cluster, own, kind, value in _ATTRIBUTES:
        if own_cluster == cluster and own == identifier:
            return head + bytes((_SUCCESS, kind)) + value
    return head + bytes((_UNSUPPORTED_ATTRIBUTE,))
