"""Captures of the air for Wireshark: a pcap file of IEEE 802.15.4 frames, and the keys that open them."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from host_tools.sim.air import Air
    from host_tools.sim.radio.mac import Mac

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
    """Writes each frame of an air as it goes out, as if heard at `place` (in metres); to be closed."""

    def __init__(
        self, path: Path, air: Air, now_us: Callable[[], int], place: tuple[float, float] = (0.0, 0.0)
    ) -> None:
        self.frames = 0
        self._air = air
        self._now_us = now_us
        self._place = place
        self._file: BinaryIO = path.open("wb")
        self._file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, LINKTYPE_IEEE802_15_4_TAP))
        air.taps.append(self._write)

    def _write(self, sender: Mac, frame: bytes) -> None:
        now_us, channel = self._now_us(), sender.channel
        rssi = self._air.rssi(sender.node.position, self._place)
        fields = _tlv(_FCS_TYPE, bytes([_FCS_16_BIT])) + _tlv(_RSS, struct.pack("<f", rssi))
        fields += _tlv(_CHANNEL, struct.pack("<HB", channel, 0)) + _tlv(_LQI, bytes([self._air.lqi(rssi)]))
        packet = struct.pack("<BBH", 0, 0, 4 + len(fields)) + fields + frame + frame_check_sequence(frame)
        head = struct.pack("<IIII", now_us // 1_000_000, now_us % 1_000_000, len(packet), len(packet))
        self._file.write(head + packet)
        self.frames += 1

    def flush(self) -> None:
        """Has all that was heard so far in the file."""
        self._file.flush()

    def close(self) -> None:
        self._air.taps.remove(self._write)
        self._file.close()


def keys_text(keys: dict[bytes, str]) -> str:
    """The keys ({key: what it is for}) in the form of Wireshark's preference file `zigbee_pc_keys`."""
    return "".join(f'"{key.hex()}","Normal","{label}"\n' for key, label in keys.items())


def write_keys(path: Path, keys: dict[bytes, str]) -> None:
    """Writes that file."""
    path.write_text(keys_text(keys))


@contextlib.contextmanager
def capturing(air: Air, now_us: Callable[[], int], pcap: Path | None, keys: Path | None) -> Iterator[None]:
    """Captures an air for the length of a with block, where a path is given; the keys are written at its end."""
    capture = Capture(pcap, air, now_us) if pcap else None
    try:
        yield
    finally:
        if capture:
            capture.close()
        if keys:
            write_keys(keys, air.keys)
