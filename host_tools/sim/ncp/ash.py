"""The NCP's side of ASH (UG101): windows, timers, rejects and failures as an EmberZNet NCP has them.

Frames and their CRC are bellows'; what an NCP does with them is written here from UG101.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections import deque
from collections.abc import Callable

from bellows.ash import (
    RESERVED_BYTES,
    AckFrame,
    DataFrame,
    ErrorFrame,
    NakFrame,
    ParsingError,
    Reserved,
    RStackFrame,
    RstFrame,
    parse_frame,
)
from bellows.types import NcpResetCode

TX_K = 5
ACK_INITIAL_S, ACK_MIN_S, ACK_MAX_S = 1.6, 0.4, 3.2
MAX_TIMEOUTS = 3
REMOTE_NOT_READY_S = 1.0
LONGEST_DATA = 220
_RESERVED = frozenset(map(int, RESERVED_BYTES))
# The escape first, as the others bring it in.
_STUFFED = [
    (bytes([one]), bytes([Reserved.ESCAPE, one ^ 0x20]))
    for one in sorted(_RESERVED, key=lambda one: one != Reserved.ESCAPE)
]
_CANCEL, _FLAG = bytes([Reserved.CANCEL]), bytes([Reserved.FLAG])
# A boot loader's prompt and whatever a UART makes of its pins' first moments.
BOOT_NOISE = b"\x00\xff\x00\r\nGecko Bootloader v2.00.01\r\n1. upload gbl\r\n\xf0\x7d\x13\x7e\x11BL > \xc1\x02\x7e\x00"


@dataclasses.dataclass(eq=False)
class _Outgoing:
    payload: bytes
    is_callback: bool


class NcpAsh:
    """ASH on the NCP.

    `write(bytes)` goes to the UART, `on_frame(bytes)` gets each EZSP frame, `on_reset()` is told that the
    NCP reboots. RSTACK follows `reboot_s` later.
    """

    def __init__(
        self, write: Callable[[bytes], None], on_frame: Callable[[bytes], None], on_reset: Callable[[], None],
        *, reboot_s: float = 1.0,
    ) -> None:  # fmt: skip
        self._write = write
        self._on_frame = on_frame
        self._on_reset = on_reset
        self.reboot_s = reboot_s
        self.frames_in = self.frames_out = self.retransmissions = self.errors = 0
        self._queue: deque[_Outgoing] = deque()
        self._sent: deque[_Outgoing] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._booting: asyncio.TimerHandle | None = None
        self._remote_ready: asyncio.TimerHandle | None = None
        self._buffer = bytearray()
        self._escaped = self._damaged = False
        self.failed: NcpResetCode | None = None
        self.boot_noise = False
        self._clear()

    def _clear(self) -> None:
        self._queue.clear()
        self._sent.clear()
        for timer in (self._timer, self._booting, self._remote_ready):
            if timer:
                timer.cancel()
        self._timer = self._booting = self._remote_ready = None
        self.connected = False
        self._rx_next = self._tx_next = 0
        self._rejecting = False
        self._ack_wait = ACK_INITIAL_S
        self._timeouts = 0
        self._sent_at = 0.0
        self._resending = False

    # Restarts

    def reboot(self, code: NcpResetCode, *, delay_s: float | None = None) -> None:
        """Restarts the NCP; when it is up again it says so, or says ERROR after a fault of its own."""
        self._clear()
        self.failed = None
        self._on_reset()
        if self.boot_noise:
            self._write(BOOT_NOISE)
        loop = asyncio.get_running_loop()
        self._booting = loop.call_later(self.reboot_s if delay_s is None else delay_s, self._booted, code)

    def _booted(self, code: NcpResetCode) -> None:
        self._booting = None
        faults = {NcpResetCode.RESET_UNKNOWN_REASON, NcpResetCode.RESET_WATCHDOG, NcpResetCode.RESET_ASSERT}
        if code in faults:
            self._fail(code)
            return
        self.connected = True
        self._put(RStackFrame(version=2, reset_code=code), cancel=True)

    def give_up(self, code: NcpResetCode) -> None:
        """Gives the link up with an ERROR frame, as after a fault of the NCP's own."""
        self._fail(code)

    def _fail(self, code: NcpResetCode) -> None:
        self._clear()
        self.failed = code
        self._put(ErrorFrame(version=2, reset_code=code), cancel=True)

    # Bytes in

    def receive(self, data: bytes) -> None:
        """Takes bytes from the UART."""
        for byte in data:
            if byte not in _RESERVED:
                if len(self._buffer) > LONGEST_DATA + 3:
                    self._damaged = True
                    continue
                self._buffer.append(byte ^ 0x20 if self._escaped else byte)
                self._escaped = False
            elif byte == Reserved.FLAG:
                frame, damaged = bytes(self._buffer), self._damaged
                self._restart_frame()
                if frame or damaged:
                    self._frame(frame, damaged)
            elif byte == Reserved.CANCEL:
                self._restart_frame()
            elif byte == Reserved.SUBSTITUTE:
                self._damaged = True
            elif byte == Reserved.ESCAPE:
                self._escaped = True

    def _restart_frame(self) -> None:
        self._buffer.clear()
        self._escaped = self._damaged = False

    def _frame(self, data: bytes, damaged: bool) -> None:
        try:
            if damaged or len(data) < 3:
                raise ParsingError("damaged")
            frame = parse_frame(data)
            if isinstance(frame, DataFrame) and len(frame.ezsp_frame) < 3:
                raise ParsingError("short")
        except Exception:  # bellows raises whatever its types do
            self.errors += 1
            if self.connected and not (data and data[0] & 0x80):
                self._reject()
            return
        if isinstance(frame, RstFrame):
            self.reboot(NcpResetCode.RESET_SOFTWARE)
        elif self.failed is not None:
            self._put(ErrorFrame(version=2, reset_code=self.failed), cancel=True)
        elif self.connected and isinstance(frame, DataFrame | AckFrame | NakFrame):
            self._linked(frame)

    def _linked(self, frame: DataFrame | AckFrame | NakFrame) -> None:
        acknowledged = (frame.ack_num - (self._tx_next - len(self._sent))) % 8
        if acknowledged > len(self._sent):
            self.errors += 1
            if isinstance(frame, DataFrame):
                self._reject()
            return
        if acknowledged:
            self._acknowledge(acknowledged)
        if isinstance(frame, DataFrame):
            self._data(frame)
        else:
            self._set_remote_ready(not frame.ncp_ready)  # bellows' name; the bit means "not ready"
            if isinstance(frame, NakFrame):
                self._resend()
        self._pump()

    def _data(self, frame: DataFrame) -> None:
        if frame.frm_num == self._rx_next:
            self._rx_next = (self._rx_next + 1) % 8
            self._rejecting = False
            self.frames_in += 1
            sent = self.frames_out
            self._on_frame(bytes(frame.ezsp_frame))
            self._pump()
            # The acknowledgement rides on a response that is ready at once, else it goes alone.
            if self.frames_out == sent:
                self._put_ack()
        elif frame.re_tx:
            self._put_ack()
        else:
            self._reject()

    def _reject(self) -> None:
        if not self._rejecting:
            self._rejecting = True
            self._put(NakFrame(res=0, ncp_ready=0, ack_num=self._rx_next))

    def _set_remote_ready(self, ready: bool) -> None:
        if self._remote_ready:
            self._remote_ready.cancel()
            self._remote_ready = None
        if not ready:
            loop = asyncio.get_running_loop()
            self._remote_ready = loop.call_later(REMOTE_NOT_READY_S, self._host_must_be_ready)

    def _host_must_be_ready(self) -> None:
        self._remote_ready = None
        self._pump()

    # Acknowledgements and timers

    def _acknowledge(self, count: int) -> None:
        if not self._resending:
            elapsed = asyncio.get_running_loop().time() - self._sent_at
            self._ack_wait = min(max(self._ack_wait * 7 / 8 + elapsed / 2, ACK_MIN_S), ACK_MAX_S)
        for _ in range(count):
            self._sent.popleft()
        self._timeouts = 0
        self._resending = False
        self._start_timer()

    def _start_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._sent:
            loop = asyncio.get_running_loop()
            self._sent_at = loop.time()
            self._timer = loop.call_later(self._ack_wait, self._expired)

    def _expired(self) -> None:
        self._timer = None
        self._timeouts += 1
        if self._timeouts > MAX_TIMEOUTS:
            self._fail(NcpResetCode.ERROR_EXCEEDED_MAXIMUM_ACK_TIMEOUT_COUNT)
            return
        self._ack_wait = min(self._ack_wait * 2, ACK_MAX_S)
        self._resend()

    def _resend(self) -> None:
        if not self._sent:
            return
        self._resending = True
        first = self._tx_next - len(self._sent)
        for offset, outgoing in enumerate(self._sent):
            self.retransmissions += 1
            self._put_data((first + offset) % 8, outgoing.payload, again=True)
        self._start_timer()

    # Frames out

    def send(self, payload: bytes, *, is_callback: bool) -> None:
        """Queues an EZSP frame for the host. Callbacks wait while the host says that it is not ready."""
        if self.connected:
            self._queue.append(_Outgoing(payload, is_callback))
            self._pump()

    def _pump(self) -> None:
        while self._queue and len(self._sent) < TX_K:
            held = self._remote_ready is not None
            ready = next((o for o in self._queue if not (held and o.is_callback)), None)
            if ready is None:
                return
            self._queue.remove(ready)
            self._put_data(self._tx_next, ready.payload, again=False)
            self._tx_next = (self._tx_next + 1) % 8
            self._sent.append(ready)
            if self._timer is None:
                self._start_timer()

    def _put_data(self, number: int, payload: bytes, *, again: bool) -> None:
        self.frames_out += 1
        self._put(DataFrame(frm_num=number, re_tx=again, ack_num=self._rx_next, ezsp_frame=payload))

    def _put_ack(self) -> None:
        self._put(AckFrame(res=0, ncp_ready=0, ack_num=self._rx_next))

    def _put(self, frame, *, cancel: bool = False) -> None:
        out = frame.to_bytes()
        for plain, stuffed in _STUFFED:
            out = out.replace(plain, stuffed)
        self._write((_CANCEL if cancel else b"") + out + _FLAG)
