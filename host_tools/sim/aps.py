"""APS frames and their security (Zigbee specification, sections 2.2.5 and 4.4).

Link keys really encrypt (AES-128 CCM*, 32-bit MIC): whoever has another key hears nothing.
EUI-64s are in air order, least significant octet first, as frames and nonces have them.
"""

from __future__ import annotations

import dataclasses
import enum
import struct
from typing import NamedTuple

from host_tools.sim.crypto.ccm import MIC, InvalidTag, cipher
from host_tools.sim.crypto.mmo import hmac_mmo

_LEVEL = 5  # ENC-MIC-32; goes over the air as 0
_HEADER = struct.Struct("<BBHHBB")
_EXTENDED_HEADER = 0x80
_FIRST_BLOCK, _LATER_BLOCK = 1, 2


class Kind(enum.IntEnum):
    DATA = 0
    COMMAND = 1
    ACK = 2


class KeyId(enum.IntEnum):
    """Which key a frame is secured with: the link key, or one derived from it."""

    DATA = 0
    KEY_TRANSPORT = 2
    KEY_LOAD = 3


class Command(enum.IntEnum):
    TRANSPORT_KEY = 0x05
    UPDATE_DEVICE = 0x06
    REMOVE_DEVICE = 0x07
    REQUEST_KEY = 0x08
    SWITCH_KEY = 0x09
    TUNNEL = 0x0E


class Update(enum.IntEnum):
    """What a router tells the trust centre of a device (Zigbee specification, section 4.4.4)."""

    SECURED_REJOIN = 0
    UNSECURED_JOIN = 1
    DEVICE_LEFT = 2
    TRUST_CENTRE_REJOIN = 3


_KEY_IDS = {int(one): one for one in KeyId}


class KeyType(enum.IntEnum):
    STANDARD_NETWORK = 0x01
    APPLICATION_LINK = 0x03


@dataclasses.dataclass
class LinkKey:
    """A link key with one partner, its frame counters, and whether key establishment has vouched for it."""

    key: bytes
    authorised: bool = False
    sent: int = 0
    heard: int = -1

    def derived(self, key_id: KeyId) -> bytes:
        if key_id is KeyId.KEY_TRANSPORT:
            return hmac_mmo(self.key, b"\x00")
        if key_id is KeyId.KEY_LOAD:
            return hmac_mmo(self.key, b"\x02")
        return self.key


class Frame(NamedTuple):
    """An APS frame in the clear. `secured` is how it came, or is to go: None for without APS security. `block` is the
    number of a fragmented message's block, the first of which says how many there are; of an acknowledgement, that of
    the window's first block, and `ack_bits` which of them have come.
    """

    kind: Kind
    counter: int
    payload: bytes = b""
    profile: int = 0
    cluster: int = 0
    source: int = 0
    destination: int = 0
    ack_request: bool = False
    broadcast: bool = False
    secured: KeyId | None = None
    block: int | None = None
    blocks: int = 0
    ack_bits: int = 0

    def header(self) -> bytes:
        control = self.kind | (0b10 << 2 if self.broadcast else 0)
        control |= 0x20 if self.secured is not None else 0
        control |= 0x40 if self.ack_request else 0
        control |= _EXTENDED_HEADER if self.block is not None else 0
        if self.kind is Kind.COMMAND:
            return bytes([control, self.counter])
        head = _HEADER.pack(control, self.destination, self.cluster, self.profile, self.source, self.counter)
        return head + self._extended_header()

    def _extended_header(self) -> bytes:
        # Section 2.2.5.1.8
        if self.block is None:
            return b""
        kind = _LATER_BLOCK if self.block else _FIRST_BLOCK
        if self.kind is Kind.ACK:
            return bytes([kind, self.block, self.ack_bits])
        return bytes([kind, self.block or self.blocks])


class Undecipherable(Exception):
    """No key, the wrong key, a replay or a damaged frame: silence."""


_EXTENDED_NONCE = 0x20


def _auxiliary(key_id: KeyId, counter: int, source_eui64: bytes) -> bytes:
    # Who has no network key yet may not know its sender either: the key's transport names it.
    extended = key_id is KeyId.KEY_TRANSPORT
    head = bytes([key_id << 3 | (_EXTENDED_NONCE if extended else 0)]) + counter.to_bytes(4, "little")
    return head + (source_eui64 if extended else b"")


def _seal(auxiliary: bytes) -> bytes:
    # The security control as the cipher sees it: with the level that the air does not carry (section 4.4.1.2).
    return bytes([auxiliary[0] & ~7 | _LEVEL]) + auxiliary[1:]


def _nonce(source_eui64: bytes, auxiliary: bytes) -> bytes:
    return source_eui64 + auxiliary[1:5] + _seal(auxiliary)[:1]


def encode(frame: Frame, source_eui64: bytes, key: LinkKey | None) -> bytes:
    """The frame as it goes out; `key` is what it is secured with, if it is."""
    header = frame.header()
    if frame.secured is None:
        return header + frame.payload
    assert key is not None
    auxiliary = _auxiliary(frame.secured, key.sent, source_eui64)
    key.sent += 1
    sealed = cipher(key.derived(frame.secured)).encrypt(
        _nonce(source_eui64, auxiliary), frame.payload, header + _seal(auxiliary)
    )
    return header + auxiliary + sealed


def is_secured(data: bytes) -> bool:
    return bool(data[0] & 0x20)


def named_source(data: bytes) -> bytes | None:
    """The EUI-64 that a secured frame names as its source itself, if it does."""
    if len(data) < 2:
        return None
    at = _header_length(data)
    if len(data) < at + 13 or not is_secured(data) or not data[at] & _EXTENDED_NONCE:
        return None
    return data[at + 5 : at + 13]


def _header_length(data: bytes) -> int:
    if data[0] & 3 == Kind.COMMAND:
        return 2
    if not data[0] & _EXTENDED_HEADER:
        return 8
    if len(data) < 9:
        return 9
    # Control, and where that speaks of blocks a number, and in an acknowledgement which have come.
    return 8 + (1 if not data[8] & 3 else 3 if data[0] & 3 == Kind.ACK else 2)


def decode(data: bytes, source_eui64: bytes | None, key: LinkKey | None) -> Frame:
    """The frame in the clear. Raises Undecipherable; a frame that will not open does not touch the counters."""
    if len(data) < 2:
        raise Undecipherable("short frame")
    control = data[0]
    kind = Kind(control & 3)
    length = _header_length(data)
    if len(data) < length:
        raise Undecipherable("short frame")
    if kind is Kind.COMMAND:
        counter, destination, cluster, profile, source = data[1], 0, 0, 0, 0
    else:
        _, destination, cluster, profile, source, counter = _HEADER.unpack_from(data)
    block, blocks, ack_bits = None, 0, 0
    if length > 9:
        block = data[9]
        if kind is Kind.ACK:
            ack_bits = data[10]
        elif data[8] & 3 == _FIRST_BLOCK:
            block, blocks = 0, block
    secured, payload = _open(data, length, source_eui64, key) if is_secured(data) else (None, data[length:])
    return Frame(
        kind, counter, payload, profile, cluster, source, destination, bool(control & 0x40), bool(control & 0x08),
        secured, block, blocks, ack_bits,
    )  # fmt: skip


def _open(data: bytes, length: int, source_eui64: bytes | None, key: LinkKey | None) -> tuple[KeyId, bytes]:
    end = length + (13 if named_source(data) else 5)
    header, auxiliary, sealed = data[:length], data[length:end], data[end:]
    if key is None or source_eui64 is None or len(sealed) < MIC:
        raise Undecipherable("no key")
    counter = int.from_bytes(auxiliary[1:5], "little")
    if auxiliary[0] >> 3 & 3 not in _KEY_IDS:
        raise Undecipherable("not secured with a link key")
    key_id = _KEY_IDS[auxiliary[0] >> 3 & 3]
    if key_id is KeyId.DATA and counter <= key.heard:
        raise Undecipherable("replay")
    try:
        payload = cipher(key.derived(key_id)).decrypt(
            _nonce(source_eui64, auxiliary), sealed, header + _seal(auxiliary)
        )
    except InvalidTag as error:
        raise Undecipherable("wrong key") from error
    if key_id is KeyId.DATA:
        key.heard = counter
    return key_id, payload


def transport_network_key(network_key: bytes, sequence: int, to: bytes, by: bytes) -> bytes:
    """Payload of a Transport Key command for a network key; EUI-64s in air order."""
    return bytes([Command.TRANSPORT_KEY, KeyType.STANDARD_NETWORK]) + network_key + bytes([sequence]) + to + by


def transport_link_key(key: bytes, partner: bytes, initiator: bool) -> bytes:
    """Payload of a Transport Key command for an application link key with `partner`."""
    return bytes([Command.TRANSPORT_KEY, KeyType.APPLICATION_LINK]) + key + partner + bytes([initiator])


def transports(payload: bytes, kind: KeyType) -> bool:
    """Whether an APS command's payload transports a key of this type."""
    return payload[:2] == bytes([Command.TRANSPORT_KEY, kind])
