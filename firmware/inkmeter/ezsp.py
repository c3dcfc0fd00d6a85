"""EZSP, versions 8 to 14: commands to bytes, bytes to responses and callbacks (Silicon Labs UG100, UG600).

What a version changes stands in one table; nothing outside this module asks which version it is.

    ezsp = Ezsp()
    count = ezsp.encode("networkInit", (3,), buffer)
    callback, name, values = ezsp.decode(payload)

Statuses come out as sl_status_t numbers whatever the version: EmberStatus by a table, an EzspStatus other than
SUCCESS as 0xF000 and its number.
"""

from micropython import const

OLDEST = const(8)
NEWEST = const(14)

_VERSION_COMMAND = const(0x00)
_INVALID_COMMAND = const(0x58)
_INCOMING_MESSAGE = const(0x45)
_MESSAGE_SENT = const(0x3F)
_CALLBACK = const(0x18)
_TRUNCATED = const(0x02)

# Letters of the table below
_OCTETS = const(35)  # #
_NOTHING = const(45)  # -
_CONSTANT = const(61)  # =
_LENGTH = const(76)  # L
_SL_STATUS = const(83)  # S
_SIGNED = const(98)  # b
_EZSP_STATUS = const(101)  # e
_EMBER_STATUS = const(115)  # s

# One row of ezsp.tbl, which stays in flash: first version it holds for, @identifier, name, what is sent, what comes
# back ("-": nothing).
# A later row of the same name replaces an earlier one; "!" takes a command away.
#   B H I b   unsigned 8, 16, 32 and signed 8 bits      #NN  NN bytes      L  length byte and bytes
#   R  all the rest     =XX  that byte, not given by the caller
#   e  EzspStatus       s  EmberStatus                      S  sl_status_t, also before version 14
# From version 14 on, e and s are sl_status_t too.
_TABLE = const("ezsp.tbl")
_KNOWN_ROWS = const(6)

# EmberStatus of versions 8 to 13, then sl_status_t of 14, high and low byte (Silicon Labs sl_status.h).
_EMBER = const(
    b"\x00\x00\x00\x01\x00\x01\x02\x00\x21\x03\x00\x2d\x18\x00\x19\x31\x00\x3f\x40\x00\x40\x46\x00\x3b"
    b"\x66\x0c\x02\x70\x00\x02\x72\x0c\x03\x74\x00\x38\x90\x00\x15\x91\x00\x16\x93\x00\x17\x94\x00\x17"
    b"\x96\x0c\x06\x99\x0c\x07\x9a\x0c\x16\x9b\x0c\x17\x9c\x0c\x18\x9d\x0c\x19\xa1\x00\x04\xa6\x0c\x0a"
    b"\xa8\x0c\x0b\xab\x00\x18\xac\x0c\x1a\xad\x0c\x1b\xae\x0c\x1c\xaf\x0c\x1d\xb4\x00\x1c\xb5\x00\x0e"
    b"\xb7\x00\x23\xba\x00\x05\xbb\x0c\x0e\xbc\x0c\x10\xbd\x00\x23\xbf\x0c\x11"
)


def from_ember(code):
    """The sl_status_t of an EmberStatus; 0xE000 and the code itself for one that is not in the table."""
    for i in range(0, len(_EMBER), 3):
        if _EMBER[i] == code:
            return _EMBER[i + 1] << 8 | _EMBER[i + 2]
    return 0xE000 | code


class EzspError(Exception):
    """The NCP refused a command with invalidCommand. args: the command's name, the EzspStatus reason."""


class FrameError(Exception):
    """A frame that is too short, or answers nothing that was asked."""


class Ezsp:
    """Encodes one command at a time and decodes what comes back.

    `version` is 0 until the NCP has named its own.
    """

    def __init__(self):
        self.version = 0
        self._sequence = 0xFF
        self._name = ""
        self._id = -1
        self._receives = b""
        self._known = {}  # rows used lately, by key

    def encode_version(self, version, buffer):
        """The version command: in the legacy form, which any NCP understands, until `version` is set."""
        self._begin("version", _VERSION_COMMAND, b"BBH")
        buffer[0] = self._sequence
        if not self.version:
            buffer[1] = buffer[2] = 0
            buffer[3] = version
            return 4
        buffer[1], buffer[2], buffer[3], buffer[4], buffer[5] = 0, 1, 0, 0, version
        return 6

    def has(self, name):
        """Whether this version has the named command."""
        row = self._row(b" " + name.encode() + b" ")
        return row is not None and row[3] != b"!"

    def encode(self, name, values, buffer):
        """Writes the named command into `buffer`; returns the number of bytes.

        Raises EzspError where this version of EZSP has no such command, ValueError where the values do
        not fit it.
        """
        row = self._row(b" " + name.encode() + b" ")
        if row is None or row[3] == b"!":
            raise EzspError(name, 0x31)
        self._begin(name, int(row[1][1:], 16), row[4])
        buffer[0], buffer[1], buffer[2] = self._sequence, 0, 1
        buffer[3], buffer[4] = self._id & 0xFF, self._id >> 8
        return self._pack(row[3], values, buffer)

    def _begin(self, name, frame_id, form):
        self._sequence = self._sequence + 1 & 0xFF
        self._name = name
        self._id = frame_id
        self._receives = form

    def decode(self, frame):
        """(is it a callback, its name, its values) of one frame; the name is None for an unknown callback.

        Two callbacks have one order for all versions: incomingMessageHandler gives type, profile, cluster,
        source and destination endpoint, options, group, APS counter, sender, LQI, RSSI, message;
        messageSentHandler gives tag and status.

        Raises FrameError for a frame that is damaged or out of place, EzspError for invalidCommand.
        """
        if len(frame) < 3:
            raise FrameError
        if frame[2] & 3 == 1 and len(frame) >= 5:
            frame_id, start = frame[3] | frame[4] << 8, 5
        else:
            frame_id, start = frame[2], 3
        if frame[1] & _CALLBACK:
            return self._callback(frame, frame_id, start)
        if frame[0] != self._sequence or self._id < 0:
            raise FrameError
        if frame_id == _INVALID_COMMAND:
            self._id = -1
            raise EzspError(self._name, frame[start] if len(frame) > start else 0)
        if frame_id != self._id or frame[1] & _TRUNCATED:
            raise FrameError
        values = self._unpack(self._receives, frame, start)
        self._id = -1
        return False, self._name, values

    def _callback(self, frame, frame_id, start):
        row = self._row(b" @%02X " % frame_id)
        if row is None:
            return True, None, []
        v = self._unpack(row[4], frame, start)
        late = self.version >= 14
        if frame_id == _MESSAGE_SENT:
            v = [v[10], v[0]] if late else [v[9], v[10]]
        elif frame_id == _INCOMING_MESSAGE:
            v = v[:8] + ([v[8], v[12], v[13], v[15]] if late else [v[10], v[8], v[9], v[13]])
        return True, row[2].decode(), v

    def _row(self, key):
        # The last row with this key that holds for the version.
        known = b"%d%s" % (self.version, key)
        row = self._known.get(known)
        if row is None:
            if len(self._known) >= _KNOWN_ROWS:
                self._known = {}
            row = self._known[known] = self._find(key)
        return row.split(b" ") if row else None

    def _find(self, key):
        found = b""
        with open(__file__[: __file__.rfind("/") + 1] + _TABLE, "rb") as table:
            for row in table:
                if key in row and int(row[: row.find(b" ")]) <= self.version:
                    found = row.rstrip()
        return found

    def _pack(self, form, values, buffer):
        n = 5
        at = i = 0
        while i < len(form):
            code = form[i]
            digits = form[i + 1 : i + 3]
            i += 1
            if code == _CONSTANT:
                buffer[n] = int(digits, 16)
                n += 1
                i += 2
                continue
            if code == _NOTHING:
                break
            if at >= len(values):
                raise ValueError(self._name)
            value = values[at]
            at += 1
            size = _SIZES.get(code)
            if size:
                for _ in range(size):
                    buffer[n] = value & 0xFF
                    value >>= 8
                    n += 1
                continue
            size = len(value)
            if code == _OCTETS:
                i += 2
                if size != int(digits):
                    raise ValueError(self._name)
            elif code == _LENGTH:
                buffer[n] = size
                n += 1
            buffer[n : n + size] = value
            n += size
        if at != len(values):
            raise ValueError(self._name)
        return n

    def _unpack(self, form, frame, n):
        values = []
        i = 0
        while i < len(form):
            code = form[i]
            i += 1
            size = _SIZES.get(code)
            if code == _OCTETS:
                size = int(form[i : i + 2])
                i += 2
            elif code == _LENGTH:
                size = frame[n] if n < len(frame) else 1
                n += 1
            elif code == _NOTHING:
                break
            elif size is None:
                # A status. startScan answers with 32 bits from version 9 on, whatever its documentation says.
                size = 4 if self.version >= 14 or (code == _SL_STATUS and len(frame) - n >= 4) else 1
            end = n + size
            if end > len(frame):
                raise FrameError
            if code == _OCTETS or code == _LENGTH:
                value = bytes(frame[n:end])
            else:
                value = int.from_bytes(frame[n:end], "little")
                if code == _SIGNED and value > 127:
                    value -= 256
                elif size == 1 and code == _EMBER_STATUS:
                    value = from_ember(value)
                elif size == 1 and code == _EZSP_STATUS and value:
                    value |= 0xF000
            values.append(value)
            n = end
        return values


_SIZES = {66: 1, 72: 2, 73: 4, 98: 1}  # B H I b
