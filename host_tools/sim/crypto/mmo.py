"""AES-MMO, the hash of Zigbee, and what is made with it (Zigbee specification, annex B.6; SE 1.4, 5.4.8)."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 16


def aes(key: bytes, block: bytes) -> bytes:
    """One block of AES-128."""
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)


def aes_mmo(message: bytes, start: bytes = bytes(16), *, already: int = 0) -> bytes:
    """Matyas-Meyer-Oseas with AES-128; `already` octets were hashed into `start` before."""
    bits = 8 * (already + len(message))
    if bits < 1 << 16:
        padded = message + b"\x80" + bytes(-(len(message) + 3) % _BLOCK) + bits.to_bytes(2, "big")
    else:
        padded = message + b"\x80" + bytes(-(len(message) + 7) % _BLOCK) + bits.to_bytes(4, "big") + bytes(2)
    digest = start
    for at in range(0, len(padded), _BLOCK):
        block = padded[at : at + _BLOCK]
        digest = bytes(a ^ b for a, b in zip(aes(digest, block), block, strict=True))
    return digest


def hmac_mmo(key: bytes, message: bytes) -> bytes:
    """HMAC with AES-MMO and a 16-octet key: Zigbee's keyed hash."""
    inner = aes_mmo(bytes(k ^ 0x36 for k in key) + message)
    return aes_mmo(bytes(k ^ 0x5C for k in key) + inner)


def crc_x25(data: bytes) -> int:
    """CRC-16/X-25, of install codes."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc ^ 0xFFFF


def with_crc(code: bytes) -> bytes:
    """An install code with its CRC behind it, as labels have it."""
    return code + crc_x25(code).to_bytes(2, "little")


def link_key(code_with_crc: bytes) -> bytes:
    """The preconfigured link key of an install code."""
    return aes_mmo(code_with_crc)
