"""IEEE 802.15.4 frames as Zigbee uses them (IEEE 802.15.4-2003, section 7.2). Addresses are short (int) or EUI-64s in
air order (bytes); the frame check sequence is the radio's affair and not in here.
"""

from __future__ import annotations

import dataclasses
import enum
import struct
from typing import NamedTuple

BROADCAST = 0xFFFF
Address = int | bytes


class Kind(enum.IntEnum):
    BEACON = 0
    DATA = 1
    ACK = 2
    COMMAND = 3


class Command(enum.IntEnum):
    ASSOCIATION_REQUEST = 0x01
    ASSOCIATION_RESPONSE = 0x02
    DATA_REQUEST = 0x04
    BEACON_REQUEST = 0x07


class AssociationStatus(enum.IntEnum):
    SUCCESS = 0x00
    PAN_AT_CAPACITY = 0x01
    ACCESS_DENIED = 0x02


_PENDING, _ACK_REQUEST, _PAN_COMPRESSION = 0x0010, 0x0020, 0x0040
_SHORT, _EXTENDED = 2, 3
_PAN_COORDINATOR = 0x4000
_SHORT_DATA = Kind.DATA | _PAN_COMPRESSION | _SHORT << 10 | _SHORT << 14
_SHORT_ADDRESSES = struct.Struct("<HHH")


class Frame(NamedTuple):
    """`pan` is the destination's PAN, `source_pan` the source's where it is another one."""

    kind: Kind
    sequence: int
    payload: bytes = b""
    pan: int | None = None
    destination: Address | None = None
    source: Address | None = None
    source_pan: int | None = None
    ack_request: bool = False
    pending: bool = False

    def encode(self) -> bytes:
        control = self.kind | (_PENDING if self.pending else 0) | (_ACK_REQUEST if self.ack_request else 0)
        control |= _mode(self.destination) << 10 | _mode(self.source) << 14
        one_pan = self.destination is not None and self.source is not None and self.source_pan in (None, self.pan)
        control |= _PAN_COMPRESSION if one_pan else 0
        out = control.to_bytes(2, "little") + bytes([self.sequence])
        if self.destination is not None:
            assert self.pan is not None
            out += self.pan.to_bytes(2, "little") + _octets(self.destination)
        if self.source is not None:
            if not one_pan:
                assert self.source_pan is not None
                out += self.source_pan.to_bytes(2, "little")
            out += _octets(self.source)
        return out + self.payload


def _mode(address: Address | None) -> int:
    return 0 if address is None else _SHORT if isinstance(address, int) else _EXTENDED


def _octets(address: Address) -> bytes:
    return address.to_bytes(2, "little") if isinstance(address, int) else address


def acknowledgement(sequence: int, *, pending: bool) -> bytes:
    """An acknowledgement, encoded."""
    return bytes((Kind.ACK | (_PENDING if pending else 0), 0, sequence))


def decode(data: bytes) -> Frame:
    """Raises ValueError for what is no frame of this kind."""
    if len(data) < 3:
        raise ValueError("short frame")
    control = data[0] | data[1] << 8
    # Most are acknowledgements, and data from one short address to another on the same PAN.
    if control & ~_PENDING == Kind.ACK:
        return Frame(Kind.ACK, data[2], data[3:], pending=bool(control & _PENDING))
    if control & ~_ACK_REQUEST == _SHORT_DATA and len(data) >= 9:
        pan, destination, source = _SHORT_ADDRESSES.unpack_from(data, 3)
        return Frame(Kind.DATA, data[2], data[9:], pan, destination, source, None, bool(control & _ACK_REQUEST), False)
    at = 3

    def take(count: int) -> bytes:
        nonlocal at
        if at + count > len(data):
            raise ValueError("short frame")
        at += count
        return data[at - count : at]

    def address(mode: int) -> Address:
        return int.from_bytes(take(2), "little") if mode == _SHORT else take(8)

    pan = destination = source = source_pan = None
    if control >> 10 & 3:
        pan = int.from_bytes(take(2), "little")
        destination = address(control >> 10 & 3)
    if control >> 14 & 3:
        if not control & _PAN_COMPRESSION:
            source_pan = int.from_bytes(take(2), "little")
        source = address(control >> 14 & 3)
    return Frame(
        Kind(control & 7), data[2], data[at:], pan, destination, source, source_pan,
        bool(control & _ACK_REQUEST), bool(control & _PENDING),
    )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Beacon:
    """A beacon's payload behind its superframe specification (Zigbee specification, section 3.6.7)."""

    extended_pan_id: bytes
    permits_association: bool
    has_room: bool = True
    update_id: int = 0
    stack_profile: int = 2
    depth: int = 0

    def encode(self) -> bytes:
        # Beacon and superframe order 15: no superframes. No guaranteed slots, nothing pending.
        superframe = 0x0FFF | (0 if self.depth else _PAN_COORDINATOR) | (0x8000 if self.permits_association else 0)
        capacity = (0x84 if self.has_room else 0x00) | self.depth << 3
        return (
            superframe.to_bytes(2, "little") + b"\x00\x00" + bytes([0x00, 0x20 | self.stack_profile, capacity])
            + self.extended_pan_id + b"\xff\xff\xff" + bytes([self.update_id])
        )  # fmt: skip

    @classmethod
    def decode(cls, payload: bytes) -> Beacon:
        """Raises ValueError for a beacon that is not Zigbee's."""
        if len(payload) < 19 or payload[4] != 0:
            raise ValueError("not a Zigbee beacon")
        return cls(
            payload[7:15], bool(payload[1] & 0x80), bool(payload[6] & 0x80), payload[18], payload[5] & 0x0F,
            payload[6] >> 3 & 0x0F,
        )  # fmt: skip
