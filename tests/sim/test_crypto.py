"""The simulator's key-establishment arithmetic: the specification's vectors, and OpenSSL for the curves."""

import ctypes
import ctypes.util
import itertools
import json
import random
from pathlib import Path

import pytest

from host_tools.sim.crypto import mmo
from host_tools.sim.crypto.cbke import SUITES, Authority, Ephemeral, Identity, agree, scalar
from host_tools.sim.crypto.curves import SECT163K1, SECT283K1, Curve

VECTORS = Path(__file__).parent.parent / "vectors"
CBKE = json.loads((VECTORS / "cbke.json").read_text())
INSTALL_CODES = json.loads((VECTORS / "install-codes.json").read_text())["vectors"]
CURVES = (SECT163K1, SECT283K1)
_NIDS = {"sect163k1": 721, "sect283k1": 729}


def party(suite: int, name: str) -> tuple[Identity, Ephemeral, dict]:
    vectors = CBKE[f"suite_{suite}"]
    one = vectors[name]
    identity = Identity(
        SUITES[suite], bytes.fromhex(one["certificate"]), int(one["private_key"], 16),
        bytes.fromhex(vectors["ca_public_key"]),
    )  # fmt: skip
    return identity, Ephemeral(SUITES[suite].curve, int(one["ephemeral_private_key"], 16)), one


@pytest.mark.parametrize("suite", (1, 2))
@pytest.mark.parametrize("name", ("initiator", "responder"))
def test_certificates_give_public_keys(suite, name):
    identity, ephemeral, one = party(suite, name)
    curve = identity.suite.curve
    public = identity.suite.public_key(identity.certificate, identity.ca_public_key)
    assert curve.compress(public).hex() == one["public_key"]
    assert curve.times(identity.private_key, curve.generator) == public
    assert ephemeral.public.hex() == one["ephemeral_public_key"]
    assert identity.eui64.hex() == one["eui64"]


@pytest.mark.parametrize("suite", (1, 2))
def test_both_sides_agree_as_the_specification_says(suite):
    vectors = CBKE[f"suite_{suite}"]
    u, u_ephemeral, _ = party(suite, "initiator")
    v, v_ephemeral, _ = party(suite, "responder")
    one = agree(u, u_ephemeral, v.certificate, v_ephemeral.public, initiator=True)
    assert one == agree(v, v_ephemeral, u.certificate, u_ephemeral.public, initiator=False)
    assert one.z.hex() == vectors["Z"]
    assert one.mac_key.hex() == vectors["mac_key"]
    assert one.link_key.hex() == vectors["key_data"]
    assert one.initiator_smac.hex() == vectors["macu"]
    assert one.responder_smac.hex() == vectors["macv"]


@pytest.mark.parametrize("suite", (1, 2))
def test_an_authority_of_our_own_certifies_keys_that_agree(suite):
    rng = random.Random(suite)
    authority = Authority(SUITES[suite], b"TESTTEST", rng)
    curve = SUITES[suite].curve
    u, v = (authority.certify(rng.randbytes(8)) for _ in range(2))
    u_ephemeral, v_ephemeral = (Ephemeral(curve, scalar(curve, rng)) for _ in range(2))
    one = agree(u, u_ephemeral, v.certificate, v_ephemeral.public, initiator=True)
    assert one == agree(v, v_ephemeral, u.certificate, u_ephemeral.public, initiator=False)
    stranger = Authority(SUITES[suite], b"TESTTEST", rng).certify(u.eui64)
    other = agree(stranger, u_ephemeral, v.certificate, v_ephemeral.public, initiator=True)
    assert other.link_key != one.link_key and other.initiator_smac != one.initiator_smac


@pytest.mark.parametrize("vector", INSTALL_CODES, ids=lambda vector: vector["code"])
def test_install_codes(vector):
    code = bytes.fromhex(vector["code"])
    assert mmo.with_crc(code)[-2:].hex().upper() == vector["crc"]
    assert mmo.link_key(mmo.with_crc(code)).hex().upper() == vector["link_key"]


def test_aes_mmo():
    assert mmo.aes_mmo(b"\xc0").hex().upper() == "AE3A102A28D43EE0D4A09E22788B206C"
    assert mmo.aes_mmo(bytes(range(0xC0, 0xD0))).hex().upper() == "A7977E88BC0B61E8210827109A228F2D"
    for length, digest in (
        (8191, "24EC2FE75BBFFCB34789BC0610E7F165"),
        (8192, "DC6B0687F09F8607131C170B3BD31591"),
        (8201, "72C9B15E178AA843E4A16C58E33643A3"),
        (8202, "BC9828D59B2AA323DAF20BE5F2E66511"),
    ):
        assert mmo.aes_mmo(bytes(i % 256 for i in range(length))).hex().upper() == digest
    assert mmo.hmac_mmo(bytes(range(0x40, 0x50)), b"\xc0").hex().upper() == "4512807BF94CB3400F0E2C25FB76E999"


class OpenSsl:
    """Point arithmetic of the system's libcrypto."""

    def __init__(self, curve: Curve) -> None:
        name = ctypes.util.find_library("crypto")
        assert name, "OpenSSL's libcrypto is not installed"
        self.lib = ctypes.CDLL(name)
        for function in ("EC_GROUP_new_by_curve_name", "EC_POINT_new", "BN_new", "BN_bin2bn"):
            getattr(self.lib, function).restype = ctypes.c_void_p
        self.lib.EC_POINT_point2oct.restype = ctypes.c_size_t
        self.curve = curve
        self.group = ctypes.c_void_p(self.lib.EC_GROUP_new_by_curve_name(_NIDS[curve.name]))
        assert self.group.value, f"this OpenSSL has no {curve.name}"

    def _number(self, value: int) -> ctypes.c_void_p:
        raw = value.to_bytes(64, "big")
        return ctypes.c_void_p(self.lib.BN_bin2bn(raw, len(raw), None))

    def _point(self, compressed: bytes) -> ctypes.c_void_p:
        point = ctypes.c_void_p(self.lib.EC_POINT_new(self.group))
        assert self.lib.EC_POINT_oct2point(self.group, point, compressed, ctypes.c_size_t(len(compressed)), None) == 1
        return point

    def _octets(self, point: ctypes.c_void_p) -> bytes:
        buffer = ctypes.create_string_buffer(100)
        length = self.lib.EC_POINT_point2oct(self.group, point, 2, buffer, ctypes.c_size_t(100), None)
        return buffer.raw[:length]

    def times(self, value: int, compressed: bytes) -> bytes:
        out = ctypes.c_void_p(self.lib.EC_POINT_new(self.group))
        assert self.lib.EC_POINT_mul(self.group, out, None, self._point(compressed), self._number(value), None) == 1
        return self._octets(out)

    def add(self, a: bytes, b: bytes) -> bytes:
        out = ctypes.c_void_p(self.lib.EC_POINT_new(self.group))
        assert self.lib.EC_POINT_add(self.group, out, self._point(a), self._point(b), None) == 1
        return self._octets(out)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_the_curves_against_openssl(curve):
    openssl = OpenSsl(curve)
    rng = random.Random(curve.name)
    generator = curve.compress(curve.generator)
    points = [curve.times(scalar(curve, rng), curve.generator) for _ in range(6)]
    for point in points:
        assert curve.holds(point)
        compressed = curve.compress(point)
        assert curve.decompress(compressed) == point
        for value in (1, 2, 3, curve.order - 1, scalar(curve, rng), rng.randrange(1 << 128)):
            assert curve.compress(curve.times(value, point)) == openssl.times(value, compressed)
            assert curve.compress(curve.times(value, curve.generator)) == openssl.times(value, generator)
    for a, b in itertools.pairwise(points):
        assert curve.compress(curve.add(a, b)) == openssl.add(curve.compress(a), curve.compress(b))
        assert curve.compress(curve.add(a, a)) == openssl.add(curve.compress(a), curve.compress(a))


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_the_group(curve):
    x, y = curve.generator
    assert curve.holds(curve.generator) and not curve.holds((x, y ^ 1))
    assert curve.times(curve.order, curve.generator) is None
    assert curve.add(curve.generator, (x, x ^ y)) is None
    assert curve.add(None, curve.generator) == curve.generator
    assert curve.times(0, curve.generator) is None
    for element in (1, 2, x, y):
        assert curve.multiply(element, curve.invert(element)) == 1
        assert curve.square(element) == curve.multiply(element, element)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_octets_that_are_no_point(curve):
    good = curve.compress(curve.generator)
    rng = random.Random(1)
    refused = 0
    for data in (
        b"",
        good[:-1],
        good + b"\x00",
        b"\x04" + good[1:],
        b"\x02" + bytes(curve.octets),
        b"\x03" + b"\xff" * curve.octets,
    ):
        with pytest.raises(ValueError):
            curve.decompress(data)
    for _ in range(40):
        try:
            assert curve.holds(
                curve.decompress(b"\x02" + (rng.getrandbits(curve.degree)).to_bytes(curve.octets, "big"))
            )
        except ValueError:
            refused += 1
    assert 5 < refused < 35
