"""Quantities in integers: a raw register, its multiplier and divisor, and the digits a person sees.

The ESP32's floats hold seven digits; a meter register has more. Sources: ZCL 8, sections 10.4.2.2.4 (formatting).
"""

from micropython import const

# UnitofMeasure without the BCD bit: what a summation and a demand are called.
_SUMMATION_UNITS = const("kWh m3 ft3 ccf gal gal BTU l kPa kPa mcf - MJ kvarh")
_BCD = const(0x80)


def unit_name(unit_of_measure):
    """What a summation in this UnitofMeasure is counted in; '' where it is unknown or has no name."""
    if unit_of_measure is None:
        return ""
    names = _SUMMATION_UNITS.split(" ")
    unit_of_measure &= 0x7F
    return names[unit_of_measure] if unit_of_measure < len(names) else ""


def from_bcd(raw):
    """The number that a binary-coded-decimal register shows; None where a nibble is no digit."""
    value = 0
    scale = 1
    while raw:
        if raw & 15 > 9:
            return None
        value += (raw & 15) * scale
        scale *= 10
        raw >>= 4
    return value


def plain(raw, unit_of_measure):
    """A register's or a demand's value as a binary number, whichever way the meter writes it; None stays None."""
    if raw is None or unit_of_measure is None or not unit_of_measure & _BCD:
        return raw
    value = from_bcd(abs(raw))
    return -value if value and raw < 0 else value


def scale(raw, multiplier, divisor, digits):
    """raw * multiplier / divisor in units of 10**-digits, rounded towards zero as a register shows it."""
    value = raw * (multiplier or 1) * 10**digits
    divisor = divisor or 1
    return value // divisor if value >= 0 else -(-value // divisor)


def decimal(value, digits, width=0):
    """'12.345' for (12345, 3); zeros to the left up to `width` digits before the point."""
    sign = "-" if value < 0 else ""
    whole, part = divmod(abs(value), 10**digits)
    text = str(whole)
    text = sign + "0" * (width - len(text)) + text
    if digits:
        part = str(part)
        text += "." + "0" * (digits - len(part)) + part
    return text


def summation(raw, multiplier, divisor, formatting):
    """A register as SummationFormatting has it: bits 0-2 digits to the right of the point, 3-6 to the left,
    7 no leading zeros. Without a formatting, three digits to the right.
    """
    if formatting is None:
        formatting = 0x83
    digits = formatting & 7
    width = 0 if formatting & 0x80 else formatting >> 3 & 15
    return decimal(scale(raw, multiplier, divisor, digits), digits, width)
