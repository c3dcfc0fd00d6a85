"""Fields of Smart Energy commands and attributes: numbers, texts, money. Bytes in, values out."""

from micropython import const

from inkmeter import units, zcl

_MONEY_DIGITS = const(5)


def money(raw, digits):
    """An amount in 1/100,000 of the currency unit, of one with `digits` to the right of the point (below 0: zeros to
    its left). None stays None.
    """
    if raw is None or digits is None:
        return None
    return units.scale(raw, 1, 10**digits, _MONEY_DIGITS) if digits >= 0 else raw * 10 ** (_MONEY_DIGITS - digits)


def rate(raw, digits):
    """money() of a price or a credit: where the documents' are unsigned, one below 0 comes as its two's complement."""
    if raw is not None and raw >= 1 << 31:
        raw -= 1 << 32
    return money(raw, digits)


def text(raw):
    """An octet or character string as text: UTF-8 where it is that, else its ASCII; control characters are blanks."""
    raw = bytes([32 if c < 32 or c == 127 else c for c in raw])
    try:
        return raw.decode().strip()
    except UnicodeError:
        return bytes([c for c in raw if c < 127]).decode().strip()


def string_at(payload, at):
    """(text, where the next thing begins) of an octet string within a command. Raises ZclError."""
    if at >= len(payload):
        raise zcl.ZclError("short string")
    size = payload[at] if payload[at] != 0xFF else 0
    end = at + 1 + size
    if end > len(payload):
        raise zcl.ZclError("short string")
    return text(payload[at + 1 : end]), end


def number(payload, at, size):
    """A little-endian number within a command; None for all ones. Raises ZclError where it is cut."""
    if at + size > len(payload):
        raise zcl.ZclError("short command")
    value = int.from_bytes(payload[at : at + size], "little")
    return None if value == (1 << 8 * size) - 1 else value
