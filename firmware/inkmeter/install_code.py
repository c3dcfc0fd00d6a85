"""Install codes: the NCP's token, its CRC, and how a person reads it (Smart Energy, section 5.4.8.1)."""


class DamagedCode(ValueError):
    """The code is not there, or its CRC does not agree with it."""


def crc_x25(data):
    """CRC-16/X-25 of the code; it follows the code low octet first."""
    crc = 0xFFFF
    for b in data:
        crc ^= b
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc ^ 0xFFFF


def from_token(token):
    """The code with its CRC from the manufacturing token INSTALLATION_CODE: 8, 10, 14 or 18 octets.

    The token is flags, 16 octets of code (a shorter one to the left) and the CRC, all low octet first.
    Raises DamagedCode.
    """
    if len(token) < 20 or token[0] & 1:
        raise DamagedCode("no install code")
    size = (6, 8, 12, 16)[token[0] >> 1 & 3]
    code = bytes(token[2 : 2 + size])
    if crc_x25(code) != token[18] | token[19] << 8:
        raise DamagedCode("install code and CRC do not agree")
    return code + bytes(token[18:20])


def groups(octets):
    """Upper-case hexadecimal in groups of four, as labels and forms have it: 'ABCD 0123'."""
    text = ""
    for i in range(len(octets)):
        if i and not i & 1:
            text += " "
        text += "%02X" % octets[i]
    return text


def label(eui64, code):
    """The text of the QR code, as Zigbee labels have it: EUI-64 and install code without spaces."""
    return "Z:%s$I:%s" % (groups(eui64).replace(" ", ""), groups(code).replace(" ", ""))
