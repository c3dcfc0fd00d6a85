"""The two binary Koblitz curves of Smart Energy, sect163k1 and sect283k1 (SEC 2), on Python's integers.

y² + xy = x³ + ax² + b over GF(2^m). A point is (x, y), or None for infinity. Not constant in time: this is a
simulator. OpenSSL is the referee (tests/sim/test_curves.py).
"""

from __future__ import annotations

import dataclasses

Point = tuple[int, int] | None

# Spreads the bits of an octet out: squaring in GF(2^m) is that, and a reduction.
_SPREAD = [sum(1 << 2 * bit for bit in range(8) if octet >> bit & 1) for octet in range(256)]


@dataclasses.dataclass(frozen=True)
class Curve:
    """`polynomial` defines the field, `order` and `cofactor` the group that `generator` makes."""

    name: str
    degree: int
    polynomial: int
    a: int
    b: int
    generator: tuple[int, int]
    order: int
    cofactor: int

    @property
    def octets(self) -> int:
        """Octets of a field element, or of a scalar."""
        return (self.degree + 7) // 8

    # The field

    def reduce(self, value: int) -> int:
        tail = self.polynomial ^ 1 << self.degree
        mask = (1 << self.degree) - 1
        while value > mask:
            high, value = value >> self.degree, value & mask
            shift = 0
            rest = tail
            while rest:
                if rest & 1:
                    value ^= high << shift
                rest >>= 1
                shift += 1
        return value

    def multiply(self, x: int, y: int) -> int:
        # Four bits of y at a time, from a table of x's multiples.
        table = [0] * 16
        for i in range(1, 16):
            table[i] = table[i >> 1] << 1 ^ (x if i & 1 else 0)
        product = 0
        for shift in range((y.bit_length() + 3) & ~3, -1, -4):
            product = product << 4 ^ table[y >> shift & 15]
        return self.reduce(product)

    def square(self, x: int) -> int:
        spread = b"".join(_SPREAD[o].to_bytes(2, "little") for o in x.to_bytes(self.octets, "little"))
        return self.reduce(int.from_bytes(spread, "little"))

    def invert(self, x: int) -> int:
        """By the extended Euclidean algorithm. Raises ZeroDivisionError for 0."""
        if not x:
            raise ZeroDivisionError("0 has no inverse")
        u, v, g, h = x, self.polynomial, 1, 0
        while u != 1:
            shift = u.bit_length() - v.bit_length()
            if shift < 0:
                u, v, g, h, shift = v, u, h, g, -shift
            u ^= v << shift
            g ^= h << shift
        return self.reduce(g)

    # The group

    def holds(self, point: Point) -> bool:
        """Whether a point is on the curve."""
        if point is None:
            return True
        x, y = point
        if not (0 <= x < 1 << self.degree and 0 <= y < 1 << self.degree):
            return False
        xx = self.square(x)
        left = self.square(y) ^ self.multiply(x, y)
        return left == self.multiply(xx, x) ^ (xx if self.a else 0) ^ self.b

    def add(self, p: Point, q: Point) -> Point:
        if p is None:
            return q
        if q is None:
            return p
        (x1, y1), (x2, y2) = p, q
        if x1 == x2:
            return self.double(p) if y1 == y2 else None
        slope = self.multiply(y1 ^ y2, self.invert(x1 ^ x2))
        x3 = self.square(slope) ^ slope ^ x1 ^ x2 ^ self.a
        return x3, self.multiply(slope, x1 ^ x3) ^ x3 ^ y1

    def double(self, p: Point) -> Point:
        if p is None or p[0] == 0:
            return None
        x, y = p
        slope = x ^ self.multiply(y, self.invert(x))
        x3 = self.square(slope) ^ slope ^ self.a
        return x3, self.square(x) ^ self.multiply(slope ^ 1, x3)

    def times(self, scalar: int, p: Point) -> Point:
        """scalar * p, by doubling in López-Dahab coordinates (one inversion in all)."""
        if p is None or scalar == 0:
            return None
        x2, y2 = p
        x, y, z = 1, 0, 0  # infinity
        for bit in bin(scalar)[2:]:
            x, y, z = self._double_projective(x, y, z)
            if bit == "1":
                x, y, z = self._add_mixed(x, y, z, x2, y2)
        if z == 0:
            return None
        inverse = self.invert(z)
        return self.multiply(x, inverse), self.multiply(y, self.square(inverse))

    def _double_projective(self, x: int, y: int, z: int) -> tuple[int, int, int]:
        # x = X/Z, y = Y/Z²; Hankerson, Menezes, Vanstone, "Guide to ECC", algorithm 3.24's formulas.
        if z == 0:
            return x, y, z
        xx, zz = self.square(x), self.square(z)
        z4b = self.multiply(self.b, self.square(zz)) if self.b != 1 else self.square(zz)
        z3 = self.multiply(xx, zz)
        x3 = self.square(xx) ^ z4b
        y3 = self.multiply(z4b, z3) ^ self.multiply(x3, (z3 if self.a else 0) ^ self.square(y) ^ z4b)
        return x3, y3, z3

    def _add_mixed(self, x1: int, y1: int, z1: int, x2: int, y2: int) -> tuple[int, int, int]:
        # Projective plus affine, algorithm 3.25's formulas.
        if z1 == 0:
            return x2, y2, 1
        zz = self.square(z1)
        a = self.multiply(y2, zz) ^ y1
        b = self.multiply(x2, z1) ^ x1
        if b == 0:
            if a == 0:
                return self._double_projective(x2, y2, 1)
            return 1, 0, 0
        c = self.multiply(z1, b)
        d = self.multiply(self.square(b), c ^ (zz if self.a else 0))
        z3 = self.square(c)
        e = self.multiply(a, c)
        x3 = self.square(a) ^ d ^ e
        f = x3 ^ self.multiply(x2, z3)
        g = self.multiply(x2 ^ y2, self.square(z3))
        return x3, self.multiply(e ^ z3, f) ^ g, z3

    # Octet strings (SEC 1, 2.3)

    def compress(self, p: Point) -> bytes:
        """1 + `octets` octets. Raises ValueError for infinity, which has no such form."""
        if p is None:
            raise ValueError("infinity")
        x, y = p
        bit = self.multiply(y, self.invert(x)) & 1 if x else 0
        return bytes([2 + bit]) + x.to_bytes(self.octets, "big")

    def decompress(self, data: bytes) -> tuple[int, int]:
        """Raises ValueError for octets that are no point of the curve."""
        if len(data) != 1 + self.octets or data[0] not in (2, 3):
            raise ValueError("not a compressed point")
        x = int.from_bytes(data[1:], "big")
        if not 0 < x < 1 << self.degree:
            raise ValueError("not a field element")
        inverse = self.invert(x)
        beta = x ^ self.a ^ self.multiply(self.b, self.square(inverse))
        z = beta  # half-trace
        for _ in range((self.degree - 1) // 2):
            z = self.square(self.square(z)) ^ beta
        if self.square(z) ^ z != beta:
            raise ValueError("not on the curve")
        if z & 1 != data[0] & 1:
            z ^= 1
        return x, self.multiply(x, z)


def _polynomial(*exponents: int) -> int:
    return sum(1 << e for e in exponents)


SECT163K1 = Curve(
    "sect163k1", 163, _polynomial(163, 7, 6, 3, 0), 1, 1,
    (0x02FE13C0537BBC11ACAA07D793DE4E6D5E5C94EEE8, 0x0289070FB05D38FF58321F2E800536D538CCDAA3D9),
    0x04000000000000000000020108A2E0CC0D99F8A5EF, 2,
)  # fmt: skip
SECT283K1 = Curve(
    "sect283k1", 283, _polynomial(283, 12, 7, 5, 0), 0, 1,
    (
        0x0503213F78CA44883F1A3B8162F188E553CD265F23C1567A16876913B0C2AC2458492836,
        0x01CCDA380F1C9E318D90F95D07E5426FE87E45C0E8184698E45962364E34116177DD2259,
    ),
    0x01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE9AE2ED07577265DFF7F94451E061E163C61, 4,
)  # fmt: skip
