"""A QR code of version 3, error correction M, alphanumeric: 29 modules a side, up to 61 characters (ISO/IEC 18004).

One size fits a device's label (EUI-64 and install code are 57 characters); a general encoder would take a
third of the heap. One mask serves for all: a reader must know any of the eight.
"""

from micropython import const

SIZE = const(29)
_ALPHABET = const("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
_DATA = const(44)  # codewords
_CORRECTION = const(26)
_LONGEST = const(61)
_FORMAT = const(0x5412)  # level M, mask 0, with its BCH code and the standard's XOR
_ALIGNMENT = const(22)


def _multiply(a, b):
    # In GF(256) with the polynomial 0x11D.
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0x100:
            a ^= 0x11D
        b >>= 1
    return product


def _generator():
    polynomial = bytearray(_CORRECTION)
    polynomial[-1] = 1
    root = 1
    for _ in range(_CORRECTION):
        for i in range(_CORRECTION):
            polynomial[i] = _multiply(polynomial[i], root)
            if i + 1 < _CORRECTION:
                polynomial[i] ^= polynomial[i + 1]
        root = _multiply(root, 2)
    return polynomial


def _codewords(text):
    # Mode and count, pairs of characters in 11 bits, a last one in 6; then padding and Reed-Solomon.
    words = bytearray(_DATA + _CORRECTION)
    at = 0

    def put(value, bits):
        nonlocal at
        for i in range(bits - 1, -1, -1):
            if value >> i & 1:
                words[at >> 3] |= 0x80 >> (at & 7)
            at += 1

    put(0b0010, 4)
    put(len(text), 9)
    for i in range(0, len(text) - 1, 2):
        put(_ALPHABET.index(text[i : i + 1]) * 45 + _ALPHABET.index(text[i + 1 : i + 2]), 11)
    if len(text) & 1:
        put(_ALPHABET.index(text[-1:]), 6)
    filled = min(at + 4, _DATA * 8) + 7 >> 3
    for i in range(filled, _DATA):
        words[i] = 0x11 if (i - filled) & 1 else 0xEC
    generator = _generator()
    remainder = bytearray(_CORRECTION)
    for i in range(_DATA):
        factor = words[i] ^ remainder[0]
        for j in range(_CORRECTION - 1):
            remainder[j] = remainder[j + 1] ^ _multiply(generator[j], factor)
        remainder[-1] = _multiply(generator[-1], factor)
    words[_DATA:] = remainder
    return words


def _function(row, column):
    # The colour of a module that carries no data, or None.
    for r, c in ((row, column), (row, SIZE - 1 - column), (SIZE - 1 - row, column)):
        if r < 8 and c < 8:
            if r == 7 or c == 7:
                return 0
            ring = max(abs(r - 3), abs(c - 3))
            return 0 if ring == 2 else 1
    if row == 6 or column == 6:
        return (row + column + 1) & 1
    if abs(row - _ALIGNMENT) < 3 and abs(column - _ALIGNMENT) < 3:
        return max(abs(row - _ALIGNMENT), abs(column - _ALIGNMENT)) & 1 ^ 1
    if row == SIZE - 8 and column == 8:
        return 1
    # Format information, twice.
    if column == 8 and (row < 9 or row > SIZE - 8):
        i = row if row < 6 else (row - 1 if row < 9 else row - SIZE + 15)
        return _FORMAT >> i & 1
    if row == 8 and (column < 9 or column > SIZE - 9):
        i = 14 - column if column < 6 else (15 - column if column < 9 else SIZE - 1 - column)
        return _FORMAT >> i & 1
    return None


def matrix(text):
    """29 integers, one a row, bit 28 leftmost, 1 for black. Raises ValueError for a text that does not fit."""
    if len(text) > _LONGEST:
        raise ValueError("too long for this QR code")
    words = _codewords(text)
    rows = [0] * SIZE
    at = 0
    column = SIZE - 1
    upwards = True
    while column > 0:
        if column == 6:
            column -= 1
        for step in range(SIZE):
            row = SIZE - 1 - step if upwards else step
            for c in (column, column - 1):
                if _function(row, c) is None:
                    bit = words[at >> 3] >> (7 - (at & 7)) & 1 if at < len(words) * 8 else 0
                    at += 1
                    rows[row] |= (bit ^ (row + c + 1 & 1)) << SIZE - 1 - c
        upwards = not upwards
        column -= 2
    for row in range(SIZE):
        for c in range(SIZE):
            if _function(row, c):
                rows[row] |= 1 << SIZE - 1 - c
    return rows
