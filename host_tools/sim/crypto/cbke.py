"""Certificate-based key establishment: ECQV certificates and the ECMQV exchange (SE 1.4, annex C).

Checked against the specification's vectors for both suites (tests/sim/test_crypto.py).
"""

from __future__ import annotations

import dataclasses
import random

from host_tools.sim.crypto.curves import SECT163K1, SECT283K1, Curve, Point
from host_tools.sim.crypto.mmo import aes_mmo, hmac_mmo


@dataclasses.dataclass(frozen=True)
class Suite:
    """What a suite's certificates look like: octets, and where issuer, subject and point are in them."""

    number: int
    curve: Curve
    certificate_octets: int
    issuer: slice
    subject: slice
    point: slice

    def public_key(self, certificate: bytes, ca_public_key: bytes) -> Point:
        """The subject's public key: hash(certificate) * reconstruction point + the CA's key. ValueError if
        the certificate holds no point.
        """
        if len(certificate) != self.certificate_octets:
            raise ValueError("not a certificate of this suite")
        curve = self.curve
        e = int.from_bytes(aes_mmo(certificate), "big")
        point = curve.decompress(certificate[self.point])
        return curve.add(curve.times(e, point), curve.decompress(ca_public_key))


SUITE_1 = Suite(1, SECT163K1, 48, slice(30, 38), slice(22, 30), slice(0, 22))
SUITE_2 = Suite(2, SECT283K1, 74, slice(11, 19), slice(28, 36), slice(37, 74))
SUITES = {1: SUITE_1, 2: SUITE_2}


def scalar(curve: Curve, rng: random.Random) -> int:
    """A private key."""
    return rng.randrange(1, curve.order)


@dataclasses.dataclass(frozen=True)
class Identity:
    """A certificate and the private key that belongs to it."""

    suite: Suite
    certificate: bytes
    private_key: int
    ca_public_key: bytes

    @property
    def eui64(self) -> bytes:
        """The certificate's subject, big-endian."""
        return self.certificate[self.suite.subject]


class Authority:
    """A certificate authority of a suite."""

    def __init__(self, suite: Suite, issuer: bytes, rng: random.Random) -> None:
        self.suite = suite
        self.issuer = issuer
        self._rng = rng
        self._private = scalar(suite.curve, rng)
        self.public_key = suite.curve.compress(suite.curve.times(self._private, suite.curve.generator))

    def certify(self, eui64: bytes) -> Identity:
        """A certificate for a device (EUI-64 big-endian), valid for ever."""
        curve = self.suite.curve
        k = scalar(curve, self._rng)
        point = curve.compress(curve.times(k, curve.generator))
        if self.suite.number == 1:
            certificate = point + eui64 + self.issuer + bytes.fromhex("01090006000000000000")
        else:
            serial = self._rng.randbytes(8)
            valid_from = (1_388_534_400).to_bytes(5, "big")  # 2014
            certificate = b"\x00" + serial + b"\x0d\x08" + self.issuer + valid_from + b"\xff" * 4
            certificate += eui64 + b"\x88" + point
        e = int.from_bytes(aes_mmo(certificate), "big")
        private = (e * k + self._private) % curve.order
        return Identity(self.suite, certificate, private, self.public_key)


@dataclasses.dataclass(frozen=True)
class Agreement:
    """What both sides have when they have talked: the link key, and what each must show of it."""

    z: bytes
    mac_key: bytes
    link_key: bytes
    initiator_smac: bytes
    responder_smac: bytes


class Ephemeral:
    """One side's short-lived key pair."""

    def __init__(self, curve: Curve, private: int) -> None:
        self.private = private
        self.public = curve.compress(curve.times(private, curve.generator))


def _associate(curve: Curve, public: bytes) -> int:
    # The half-length value of a public key's x (avf).
    half = (curve.order.bit_length() + 1) // 2
    x = int.from_bytes(public[1:], "big")
    return x & (1 << half) - 1 | 1 << half


def agree(
    own: Identity,
    ephemeral: Ephemeral,
    partner_certificate: bytes,
    partner_ephemeral: bytes,
    *,
    initiator: bool,
) -> Agreement:
    """ECMQV, the key derivation and both confirmations. Raises ValueError for points that are none."""
    suite = own.suite
    curve = suite.curve
    partner_static = suite.public_key(partner_certificate, own.ca_public_key)
    partner_point = curve.decompress(partner_ephemeral)
    if curve.times(curve.cofactor, partner_point) is None:
        raise ValueError("a point of small order")
    s = (ephemeral.private + _associate(curve, ephemeral.public) * own.private_key) % curve.order
    theirs = curve.add(partner_point, curve.times(_associate(curve, partner_ephemeral), partner_static))
    shared = curve.times(curve.cofactor * s, theirs)
    if shared is None:
        raise ValueError("no shared secret")
    z = shared[0].to_bytes(curve.octets, "big")
    mac_key = aes_mmo(z + (1).to_bytes(4, "big"))
    link_key = aes_mmo(z + (2).to_bytes(4, "big"))
    u_id, v_id = own.eui64, partner_certificate[suite.subject]
    u_point, v_point = ephemeral.public, partner_ephemeral
    if not initiator:
        u_id, v_id, u_point, v_point = v_id, u_id, v_point, u_point
    return Agreement(
        z, mac_key, link_key,
        hmac_mmo(mac_key, b"\x02" + u_id + v_id + u_point + v_point),
        hmac_mmo(mac_key, b"\x03" + v_id + u_id + v_point + u_point),
    )  # fmt: skip
