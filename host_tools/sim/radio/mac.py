"""The MAC of one node: access to the channel, acknowledgements, indirect delivery (IEEE 802.15.4-2003, section 7.5)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from host_tools.sim.air import OCTET_S
from host_tools.sim.radio.ieee802154 import BROADCAST, Address, Command, Frame, Kind, acknowledgement

if TYPE_CHECKING:
    from host_tools.sim.node import Node

TURNAROUND_S = 192e-6
ACK_WAIT_S = 864e-6 + 11 * OCTET_S
RESPONSE_WAIT_S = 0.492  # macResponseWaitTime: 32 superframe durations
INDIRECT_S = 7.68  # macTransactionPersistenceTime
_RETRIES = 3
_BACKOFFS = 4
_DATA_REQUEST = bytes([Command.DATA_REQUEST])
_MIN_EXPONENT, _MAX_EXPONENT = 3, 5


class _Sending:
    """One frame on its way out: unslotted CSMA-CA, and again until it is acknowledged. `done` gets whether it arrived.

    Timers that call each other, as most of what happens in a simulated home happens here.
    """

    def __init__(self, mac: Mac, frame: Frame) -> None:
        self._mac = mac
        self._loop = asyncio.get_running_loop()
        self._data = frame.encode()
        self._sequence = frame.sequence if frame.ack_request else None
        self._out = False  # and waits for its acknowledgement
        self._tries = 0
        self.done: asyncio.Future[bool] = self._loop.create_future()
        self._try()

    def _try(self) -> None:
        self._out = False
        self._tries += 1
        self._backoffs = 0
        self._back_off()

    def _back_off(self) -> None:
        exponent = min(_MIN_EXPONENT + self._backoffs, _MAX_EXPONENT)
        self._timer = self._loop.call_later(self._mac.node.air.backoff_s(exponent), self._access)

    def _access(self) -> None:
        mac = self._mac
        if mac.node.air.is_busy(mac.channel):
            self._backoffs += 1
            if self._backoffs > _BACKOFFS:
                self._finish(False)
            else:
                self._back_off()
        elif not mac.node.powered:
            self._finish(False)
        else:
            airtime = mac.node.air.transmit(mac, self._data)
            if self._sequence is None:
                self._timer = self._loop.call_later(airtime, self._finish, True)
            else:
                self._out = True
                self._timer = self._loop.call_later(airtime + ACK_WAIT_S, self._missed)

    def _missed(self) -> None:
        if self._tries > _RETRIES:
            self._finish(False)
        else:
            self._try()

    def acknowledged(self, sequence: int) -> None:
        """An acknowledgement has been heard."""
        if self._out and sequence == self._sequence:
            self._timer.cancel()
            self._finish(True)

    def _finish(self, arrived: bool) -> None:
        self._out = False
        if not self.done.done():
            self.done.set_result(arrived)

    def end(self) -> None:
        """Nobody waits for it any more."""
        self._out = False
        self._timer.cancel()


class Mac:
    """`on_frame(frame, rssi)` gets each beacon, command and data frame for this node, acknowledged already."""

    def __init__(self, node: Node, on_frame: Callable[[Frame, int], None]) -> None:
        self.node = node
        self.channel = 0
        self.pan_id = BROADCAST
        self.short = BROADCAST
        self.listening = True
        self._on_frame = on_frame
        self._sequence = 0
        self._lock = asyncio.Lock()
        self._sending: _Sending | None = None
        self._last: dict[Address, int] = {}
        self._indirect: dict[bytes, tuple[float, Frame, Callable[[], None]]] = {}
        node.air.macs.append(self)

    def next_sequence(self) -> int:
        self._sequence = (self._sequence + 1) & 0xFF
        return self._sequence

    # Sending

    async def send(self, frame: Frame) -> bool:
        """Sends a frame; True once it is acknowledged (or out, where no acknowledgement is asked for)."""
        async with self._lock:
            sending = self._sending = _Sending(self, frame)
            try:
                return await sending.done
            finally:
                sending.end()
                self._sending = None

    async def data(self, destination: Address, payload: bytes) -> bool:
        """A data frame on this node's own PAN."""
        return await self.send(
            Frame(
                Kind.DATA, self.next_sequence(), payload, self.pan_id, destination, self.short,
                ack_request=destination != BROADCAST,
            )
        )  # fmt: skip

    def keep(self, destination: bytes, frame: Frame, delivered: Callable[[], None]) -> None:
        """Keeps a frame until its receiver asks for it; calls `delivered()` once it has been acknowledged."""
        self._indirect[destination] = asyncio.get_running_loop().time() + INDIRECT_S, frame, delivered

    # Hearing

    def hear(self, frame: Frame, rssi: int) -> None:
        """A frame on this node's channel, for whomever it may be."""
        if not self.listening or not self.node.powered:
            return
        if frame.kind is Kind.ACK:
            if self._sending:
                self._sending.acknowledged(frame.sequence)
            return
        if not self._is_for_me(frame):
            return
        if frame.ack_request and frame.destination != BROADCAST:
            self._answer(frame)
        if frame.source is not None and frame.kind is Kind.DATA and frame.ack_request:
            if self._last.get(frame.source) == frame.sequence:
                return  # its acknowledgement was lost
            self._last[frame.source] = frame.sequence
        if frame.kind is Kind.COMMAND and frame.payload[:1] == _DATA_REQUEST:
            self._deliver(frame)
        else:
            self._on_frame(frame, rssi)

    def _is_for_me(self, frame: Frame) -> bool:
        if frame.destination is None:
            return frame.kind is Kind.BEACON
        if frame.pan not in (self.pan_id, BROADCAST):
            return False
        return frame.destination in (BROADCAST, self.short, self.node.eui64)

    def _answer(self, frame: Frame) -> None:
        pending = frame.kind is Kind.COMMAND and isinstance(frame.source, bytes) and self._waits_for(frame.source)
        answer = acknowledgement(frame.sequence, pending=pending)
        asyncio.get_running_loop().call_later(TURNAROUND_S, self._transmit_ack, answer)

    def _transmit_ack(self, answer: bytes) -> None:
        if self.node.powered:
            self.node.air.transmit(self, answer)

    def _waits_for(self, receiver: bytes) -> bool:
        kept = self._indirect.get(receiver)
        return kept is not None and kept[0] > asyncio.get_running_loop().time()

    def _deliver(self, request: Frame) -> None:
        if isinstance(request.source, bytes) and self._waits_for(request.source):
            _, frame, delivered = self._indirect.pop(request.source)
            self.node.start(self._hand_over(frame, delivered))

    async def _hand_over(self, frame: Frame, delivered: Callable[[], None]) -> None:
        if await self.send(frame._replace(sequence=self.next_sequence())):
            delivered()
