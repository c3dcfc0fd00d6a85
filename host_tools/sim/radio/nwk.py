"""Zigbee network frames and their security (Zigbee specification, sections 3.3, 3.4 and 4.3)."""

from __future__ import annotations

import dataclasses
import enum
import struct
from typing import NamedTuple

from host_tools.sim.crypto.ccm import MIC, InvalidTag, cipher

BROADCAST_ALL = 0xFFFF
BROADCAST_RX_ON = 0xFFFD
BROADCAST_ROUTERS = 0xFFFC
TRUST_CENTRE = 0x0000
RADIUS = 30
_PROTOCOL_VERSION = 2 << 2
_DISCOVER_ROUTE, _SECURITY, _DESTINATION_EUI64, _SOURCE_EUI64 = 0x0040, 0x0200, 0x0800, 0x1000
_MULTICAST, _SOURCE_ROUTE = 0x0100, 0x0400
# Security control: network key, extended nonce; the level (5: ENC-MIC-32) does not go over the air.
_CONTROL, _LEVEL = 0x28, 5
_SECURITY_CONTROL, _SEAL = bytes([_CONTROL]), bytes([_CONTROL | _LEVEL])
_AUXILIARY = 14
_HEADER = struct.Struct("<HHHBB")
_COUNTER = struct.Struct("<I")


class Kind(enum.IntEnum):
    DATA = 0
    COMMAND = 1


class Command(enum.IntEnum):
    ROUTE_REQUEST = 0x01
    ROUTE_REPLY = 0x02
    NETWORK_STATUS = 0x03
    LEAVE = 0x04
    REJOIN_REQUEST = 0x06
    REJOIN_RESPONSE = 0x07
    NETWORK_REPORT = 0x09
    NETWORK_UPDATE = 0x0A
    END_DEVICE_TIMEOUT_REQUEST = 0x0B
    END_DEVICE_TIMEOUT_RESPONSE = 0x0C


LEAVE_REQUEST = 0x40  # bit of the leave command's options
ADDRESS_CONFLICT = 0x0D  # of the network status command
ONE_PAN_ID = 0x01  # options of the network report and network update commands: about PAN ids, and one of them


class Undecipherable(Exception):
    """No key, the wrong key, a replay or a damaged frame. args: why, in a word."""


@dataclasses.dataclass
class Network:
    """What a node must hold to be on a network. `others` are further network keys by sequence number: the next one
    while it is being handed out, the last one after the switch.
    """

    pan_id: int
    extended_pan_id: bytes
    channel: int
    key: bytes
    key_sequence: int = 0
    update_id: int = 0
    others: dict[int, bytes] = dataclasses.field(default_factory=dict)

    def key_numbered(self, sequence: int) -> bytes | None:
        return self.key if sequence == self.key_sequence else self.others.get(sequence)

    def switch(self, sequence: int) -> bool:
        """Makes another key the active one; False for a key that is not known."""
        if sequence == self.key_sequence:
            return True
        if sequence not in self.others:
            return False
        self.others[self.key_sequence] = self.key
        self.key, self.key_sequence = self.others.pop(sequence), sequence
        return True


class Frame(NamedTuple):
    """A network frame in the clear; `secured` is how it came, or is to go."""

    kind: Kind
    destination: int
    source: int
    sequence: int
    payload: bytes = b""
    radius: int = RADIUS
    destination_eui64: bytes | None = None
    source_eui64: bytes | None = None
    secured: bool = True

    @property
    def is_broadcast(self) -> bool:
        return self.destination >= 0xFFF8

    def header(self) -> bytes:
        control = self.kind | _PROTOCOL_VERSION
        control |= _DISCOVER_ROUTE if self.kind is Kind.DATA and not self.is_broadcast else 0
        control |= _SECURITY if self.secured else 0
        control |= _DESTINATION_EUI64 if self.destination_eui64 else 0
        control |= _SOURCE_EUI64 if self.source_eui64 else 0
        out = _HEADER.pack(control, self.destination, self.source, self.radius, self.sequence)
        return out + (self.destination_eui64 or b"") + (self.source_eui64 or b"")


class Counters:
    """The frame counter that goes out, and the last one heard of each sender, both by the key's sequence number."""

    def __init__(self) -> None:
        self.sent: dict[int, int] = {}
        self.heard: dict[tuple[int, bytes], int] = {}

    def forget(self, eui64: bytes) -> None:
        """Begins anew with a sender that has associated anew."""
        self.heard = {sender: counter for sender, counter in self.heard.items() if sender[1] != eui64}

    def next(self, key_sequence: int) -> int:
        self.sent[key_sequence] = self.sent.get(key_sequence, -1) + 1
        return self.sent[key_sequence]


def encode(frame: Frame, network: Network | None, eui64: bytes, counters: Counters) -> bytes:
    """The frame as it goes out; where it is secured, under the network's active key by the node `eui64`."""
    header = frame.header()
    if not frame.secured:
        return header + frame.payload
    assert network is not None
    counter = _COUNTER.pack(counters.next(network.key_sequence))
    rest = counter + eui64 + bytes((network.key_sequence,))
    sealed = cipher(network.key).encrypt(eui64 + counter + _SEAL, frame.payload, header + _SEAL + rest)
    return header + _SECURITY_CONTROL + rest + sealed


def decode(data: bytes, network: Network | None, counters: Counters) -> tuple[Frame, bytes | None]:
    """(the frame in the clear, the EUI-64 of the node that sent this hop, None without security). Raises
    Undecipherable, ValueError for what is no network frame.
    """
    if len(data) < 8:
        raise ValueError("short frame")
    control, destination, source, radius, number = _HEADER.unpack_from(data)
    if control & 0x3C != _PROTOCOL_VERSION or control & 3 > 1 or control & (_MULTICAST | _SOURCE_ROUTE):
        raise ValueError("not a frame of Zigbee PRO's")
    at = 8
    destination_eui64 = source_eui64 = None
    if control & _DESTINATION_EUI64:
        destination_eui64 = data[8:16]
        at = 16
    if control & _SOURCE_EUI64:
        source_eui64 = data[at : at + 8]
        at += 8
    if len(data) < at:
        raise ValueError("short frame")
    eui64, payload = None, data[at:]
    if control & _SECURITY:
        eui64, payload = _open(data, at, network, counters)
    frame = Frame(
        Kind.COMMAND if control & 1 else Kind.DATA, destination, source, number, payload, radius,
        destination_eui64, source_eui64, bool(control & _SECURITY),
    )  # fmt: skip
    return frame, eui64


def _open(data: bytes, at: int, network: Network | None, counters: Counters) -> tuple[bytes, bytes]:
    # (who sent this hop, the payload); a frame that will not open does not touch the counters.
    end = at + _AUXILIARY
    if len(data) < end + MIC:
        raise ValueError("short frame")
    eui64, sequence = data[at + 5 : at + 13], data[at + 13]
    key = network.key_numbered(sequence) if network else None
    if key is None or data[at] & 0x38 != _CONTROL:
        raise Undecipherable("key")
    (counter,) = _COUNTER.unpack_from(data, at + 1)
    if counter <= counters.heard.get((sequence, eui64), -1):
        raise Undecipherable("replay")
    seal = bytes((data[at] & ~7 | _LEVEL,))
    try:
        payload = cipher(key).decrypt(
            eui64 + data[at + 1 : at + 5] + _SEAL, data[end:], data[:at] + seal + data[at + 1 : end]
        )
    except InvalidTag as error:
        raise Undecipherable("key") from error
    counters.heard[sequence, eui64] = counter
    return eui64, payload
