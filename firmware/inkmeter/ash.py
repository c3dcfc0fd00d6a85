"""ASH version 2, the host's side of the UART link to the radio module (Silicon Labs UG101).

Bytes in, bytes out, time passed in; nothing here touches a UART or a clock.

    ash = Ash(deliver)                 # deliver(payload): each EZSP frame, once and in order
    ash.reset()
    ash.receive(buffer, count, now)    # whatever came from the UART
    ash.tick(now)                      # when deadline(now) has passed
    while (frame := ash.output(now)) is not None:
        uart.write(frame)

Every `now` is a `time.ticks_ms()` value, and every span is in milliseconds.
"""

from time import ticks_diff

from micropython import const

# States
RESETTING = const(0)  # RST sent or about to be; everything but RSTACK is ignored
CONNECTED = const(1)
_FAILED = const(2)  # only reset() leads out; `code` says why

# `code` in _FAILED: what the NCP said in RSTACK or ERROR, or one of the host's own
_GAVE_UP = const(0x151)  # the NCP acknowledged nothing, four times over
NO_RSTACK = const(0x152)  # the NCP answered none of the resets

MAX_PAYLOAD = const(131)  # longest EZSP frame sent: calculateSmacs283k1 and a full sendUnicast fit
_MAX_RECEIVED = const(223)  # control, 220 of data, CRC: the longest frame any NCP sends

_FLAG = const(0x7E)
_ESCAPE = const(0x7D)
_XON = const(0x11)
_XOFF = const(0x13)
_SUBSTITUTE = const(0x18)
_CANCEL = const(0x1A)

_RST = const(0xC0)
_RSTACK = const(0xC1)
_ERROR = const(0xC2)
_ACK = const(0x80)
_NAK = const(0xA0)
_NOT_READY = const(0x08)
_RETRANSMITTED = const(0x08)

_VERSION = const(2)
_ACK_INITIAL = const(800)
_ACK_MIN = const(400)
_ACK_MAX = const(2400)
_ACK_TIMEOUTS = const(4)
_RSTACK_WAIT = const(2500)
_RESET_TRIES = const(5)
_NOT_READY_REFRESH = const(480)
_XOFF_LIMIT = const(1000)  # an XOFF with no XON after it was noise

_RESET_FRAME = const(b"\x1a\xc0\x38\xbc\x7e")
_RESERVED = const(b"\x7e\x7d\x11\x13\x18\x1a")


def crc_ccitt(data, count):
    """CRC-16 with polynomial 0x1021, begun at 0xFFFF, over the first `count` bytes; 0 over a whole frame."""
    crc = 0xFFFF
    for i in range(count):
        crc = (crc >> 8 | crc << 8) & 0xFFFF ^ data[i]
        crc ^= (crc & 0xFF) >> 4
        crc ^= crc << 12 & 0xFFFF
        crc ^= (crc & 0xFF) << 5
    return crc


def randomise(data, start, end):
    """XORs data[start:end] with the sequence that restarts in every frame; its own inverse (UG101, 4.3)."""
    r = 0x42
    for i in range(start, end):
        data[i] ^= r
        r = (r >> 1) ^ 0xB8 if r & 1 else r >> 1


class Ash:
    """One ASH link. `deliver(memoryview)` gets each payload and answers False where it has no room for it;
    the view is good only during the call.

    `state` and `code` tell how the link is. Counters, for diagnosis: `frames_in`, `frames_out`,
    `retransmissions`, `discarded` (frames with a wrong CRC, length or number, duplicates included).
    """

    def __init__(self, deliver):
        self._deliver = deliver
        self.frames_in = 0
        self.frames_out = 0
        self.retransmissions = 0
        self.discarded = 0
        self._rx = bytearray(_MAX_RECEIVED)
        self._tx = bytearray(2 * (MAX_PAYLOAD + 3) + 1)
        # The EZSP frame to be sent, which its author writes in place; see send().
        self.payload = bytearray(MAX_PAYLOAD)
        self.fail(NO_RSTACK)

    def _clear(self, state):
        self.state = state
        self._ready = True
        self._count = 0  # bytes of the frame being received
        self._escaped = False
        self._damaged = False
        self._xoff_at = None
        self._rx_next = 0  # number of the DATA frame expected
        self._tx_next = 0  # number of the next new DATA frame
        self._rejecting = False
        self._ack_due = False
        self._nak_due = False
        self._not_ready_at = None
        # The payload waiting or unacknowledged; one at a time, as EZSP allows one command.
        self._length = 0
        self._sends = 0  # how often it went out
        self._send_due = False
        self._timeouts = 0  # in a row
        self._sent_at = 0  # the payload, or the reset
        self._ack_wait = _ACK_INITIAL

    def fail(self, code):
        """Gives the link up; `code` says why."""
        self._clear(_FAILED)
        self.code = code

    def reset(self):
        """Drops whatever was under way and begins the reset handshake; `state` tells how it ends."""
        self._clear(RESETTING)
        self._send_due = True

    def busy(self):
        """Whether a payload is on its way; it must stay as it is until it is acknowledged."""
        return self._length > 0

    def send(self, count):
        """Takes the first `count` bytes of `payload` as the next DATA frame. Not to be called while busy."""
        self._length = count
        self._send_due = True

    def set_ready(self, ready):
        """Not ready: asks the NCP to hold callbacks back (command responses still come)."""
        if ready != self._ready:
            self._ready = ready
            self._not_ready_at = None
            self._ack_due = True

    # Receiving

    def receive(self, data, count, now):
        """Takes in `count` bytes from the UART. A frame may come whole, in pieces or with others."""
        rx = self._rx
        for i in range(count):
            b = data[i]
            if b not in _RESERVED:
                if self._escaped:
                    b ^= 0x20
                    self._escaped = False
                if self._count < _MAX_RECEIVED:
                    rx[self._count] = b
                    self._count += 1
                else:
                    self._damaged = True
            elif b == _ESCAPE:
                self._escaped = True
            elif b == _XON:
                self._xoff_at = None
            elif b == _XOFF:
                self._xoff_at = now
            elif b == _SUBSTITUTE:
                self._damaged = True
            else:
                n = self._count
                damaged = self._damaged
                self._count = 0
                self._damaged = self._escaped = False
                if b == _FLAG and (n or damaged):
                    self._frame(n, damaged, now)

    def _frame(self, n, damaged, now):
        rx = self._rx
        control = rx[0] if n else 0
        if damaged or n < 3 or crc_ccitt(rx, n):
            self._reject(control)
        elif self.state == RESETTING:
            if control == _RSTACK and n == 5 and rx[1] == _VERSION:
                self._clear(CONNECTED)
                self.code = rx[2]
                self._ack_due = True
        elif self.state != CONNECTED:
            pass
        elif (control == _RSTACK or control == _ERROR) and n == 5:
            self.fail(rx[2])
        elif control < _ACK and n >= 6:
            self._data(control, n, now)
        elif control & 0xC0 == _ACK and n == 3:
            if not self._acknowledged(control & 7, now):
                self.discarded += 1
            elif control & 0x20 and self._length:
                self._send_due = True
        else:
            self._reject(control)

    def _data(self, control, n, now):
        acknowledged = self._acknowledged(control & 7, now)
        if acknowledged and control >> 4 & 7 == self._rx_next:
            randomise(self._rx, 1, n - 2)
            # The acknowledgement goes out with the next output(), before anything the payload gives rise to.
            self._deliver(memoryview(self._rx)[1 : n - 2])
            self.frames_in += 1
            self._rx_next = self._rx_next + 1 & 7
            self._rejecting = self._nak_due = False
            self._ack_due = True
            return
        if acknowledged and control & _RETRANSMITTED:
            self.discarded += 1
            self._ack_due = True
            return
        self._reject(control)

    def _reject(self, control):
        self.discarded += 1
        if self.state == CONNECTED and control < _ACK and not self._rejecting:
            self._rejecting = self._nak_due = True

    def _acknowledged(self, number, now):
        # False for a number that acknowledges what was never sent.
        if not self._sends:
            return number == self._tx_next
        if number == self._tx_next:
            if self._sends == 1:
                self._adapt(self._ack_wait * 7 // 8 + ticks_diff(now, self._sent_at) // 2)
            self._length = self._sends = self._timeouts = 0
            self._send_due = False
            return True
        return number == (self._tx_next - 1 & 7)

    def _adapt(self, wait):
        self._ack_wait = min(max(wait, _ACK_MIN), _ACK_MAX)

    # Time

    def deadline(self, now):
        """Milliseconds until tick() is due, 0 at the least; -1 where nothing waits for time."""
        until = -1
        for since, span in (
            (self._sent_at if self._waiting() else None, self._wait()),
            (self._not_ready_at, _NOT_READY_REFRESH),
            (self._xoff_at, _XOFF_LIMIT),
        ):
            if since is not None:
                left = max(span - ticks_diff(now, since), 0)
                until = left if until < 0 else min(until, left)
        return until

    def _waiting(self):
        return not self._send_due and (self._sends or self.state == RESETTING)

    def _wait(self):
        return self._ack_wait if self.state == CONNECTED else _RSTACK_WAIT

    def tick(self, now):
        """Does what time asks for: another reset, a retransmission, a repeated not-ready."""
        if self._xoff_at is not None and ticks_diff(now, self._xoff_at) >= _XOFF_LIMIT:
            self._xoff_at = None
        if self._not_ready_at is not None and ticks_diff(now, self._not_ready_at) >= _NOT_READY_REFRESH:
            self._not_ready_at = None
            self._ack_due = True
        if not self._waiting() or ticks_diff(now, self._sent_at) < self._wait():
            return
        self._timeouts += 1
        self._send_due = True
        if self.state == RESETTING:
            if self._timeouts >= _RESET_TRIES:
                self.fail(NO_RSTACK)
        elif self._timeouts >= _ACK_TIMEOUTS:
            self.fail(_GAVE_UP)
        else:
            self._adapt(self._ack_wait * 2)

    # Sending

    def output(self, now):
        """The next bytes for the UART, good until the next call; None when there are none."""
        if self.state == RESETTING and self._send_due:
            self._send_due = False
            self._sent_at = now
            return _RESET_FRAME
        if self.state != CONNECTED or self._xoff_at is not None:
            return None
        # A DATA frame acknowledges too, but cannot say "not ready".
        if self._nak_due or (self._ack_due and not (self._ready and self._send_due)):
            control = (_NAK if self._nak_due else _ACK) | self._rx_next
            self._nak_due = self._ack_due = False
            if not self._ready:
                control |= _NOT_READY
                self._not_ready_at = now
            return self._encode(control, 0)
        if not self._send_due:
            return None
        number = self._tx_next
        if self._sends:
            number = number - 1 & 7
            self.retransmissions += 1
        else:
            self._tx_next = number + 1 & 7
        control = number << 4 | self._rx_next | (_RETRANSMITTED if self._sends else 0)
        self._sends += 1
        self._send_due = self._ack_due = False
        self._sent_at = now
        self.frames_out += 1
        return self._encode(control, self._length)

    def _encode(self, control, count):
        tx = self._tx
        tx[0] = control
        tx[1 : count + 1] = memoryview(self.payload)[:count]
        randomise(tx, 1, count + 1)
        n = count + 3
        crc = crc_ccitt(tx, count + 1)
        tx[n - 2] = crc >> 8
        tx[n - 1] = crc & 0xFF
        # Stuffed from the back, in place.
        out = n
        for i in range(n):
            if tx[i] in _RESERVED:
                out += 1
        end = out + 1
        tx[out] = _FLAG
        while out > n:
            n -= 1
            out -= 1
            tx[out] = tx[n]
            if tx[n] in _RESERVED:
                tx[out] ^= 0x20
                out -= 1
                tx[out] = _ESCAPE
        return memoryview(tx)[:end]
