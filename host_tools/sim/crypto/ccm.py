"""AES-128 CCM* with a MIC of 32 bits, as network and link keys use it. The cipher is the library `cryptography`."""

from __future__ import annotations

import functools

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

MIC = 4
__all__ = ["MIC", "InvalidTag", "cipher"]


@functools.lru_cache(256)
def cipher(key: bytes) -> AESCCM:
    """The cipher under a key: making it costs as much as a frame."""
    return AESCCM(key, tag_length=MIC)
