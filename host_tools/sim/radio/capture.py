"""Captures of the air for Wireshark: a pcap file of IEEE 802.15.4 frames, and the keys that open them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

LINKTYPE_IEEE802_15_4_TAP = 283
_FCS_TYPE, _RSS, _CHANNEL, _LQI = 0, 1, 3, 10
_FCS_16_BIT = 1
_TABLE = [0] * 256
for _octet in range(256):
    _value = _octet
    for _ in range(8):
        _value = _value >> 1 ^ (0x8408 if _value & 1 else 0)
    _TABLE[_octet] = _value


def frame_check_sequence(frame: bytes) -> bytes:
    """The FCS of IEEE 802.15.4-2003, section 7.2.1.8."""
    value = 0
    for octet in frame:
        value = value >> 8 ^ _TABLE[(value ^ octet) & 0xFF]
    return value.to_bytes(2, "little")


def _tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("<HH", kind, len(value)) + value + bytes(-len(value) % 4)


class Capture:
    """Writes each frame as it goes out; to be closed."""

    def __init__(self, path: Path) -> None:
        self.frames = 0
        self._file: BinaryIO = path.open("wb")
        self._file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, LINKTYPE_IEEE802_15_4_TAP))

    def write(self, now_us: int, channel: int, rssi: int, lqi: int, frame: bytes) -> None:
        """`rssi` in dBm and `lqi` are those at the display's place."""
        fields = _tlv(_FCS_TYPE, bytes([_FCS_16_BIT])) + _tlv(_RSS, struct.pack("<f", rssi))
        fields += _tlv(_CHANNEL, struct.pack("<HB", channel, 0)) + _tlv(_LQI, bytes([lqi]))
        packet = struct.pack("<BBH", 0, 0, 4 + len(fields)) + fields + frame + frame_check_sequence(frame)
        head = struct.pack("<IIII", now_us // 1_000_000, now_us % 1_000_000, len(packet), len(packet))
        self._file.write(head + packet)
        self.frames += 1

    def close(self) -> None:
        self._file.close()


def write_keys(path: Path, keys: dict[bytes, str]) -> None:
    """The keys ({key: what it is for}) in the form of Wireshark's preference file `zigbee_pc_keys`."""
    path.write_text("".join(f'"{key.hex()}","Normal","{label}"\n' for key, label in keys.items()))
