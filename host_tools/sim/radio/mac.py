"""The MAC of one node: access to the channel, acknowledgements, indirect delivery (IEEE 802.15.4-2003, section 7.5)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from host_tools.sim.air import OCTET_S
from host_tools.sim.radio.ieee802154 import BROADCAST, Address, Command, Frame, Kind, decode

if TYPE_CHECKING:
    from host_tools.sim.node import Node

TURNAROUND_S = 192e-6
ACK_WAIT_S = 864e-6 + 11 * OCTET_S
RESPONSE_WAIT_S = 0.492  # macResponseWaitTime: 32 superframe durations
INDIRECT_S = 7.68  # macTransactionPersistenceTime
_RETRIES = 3
_BACKOFFS = 4
_MIN_EXPONENT, _MAX_EXPONENT = 3, 5


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
        self._acknowledged: tuple[int, asyncio.Future[bool]] | None = None
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
            data = frame.encode()
            for _ in range(1 + _RETRIES):
                if not await self._access() or not self.node.powered:
                    return False
                if not frame.ack_request:
                    await asyncio.sleep(self.node.air.transmit(self, data))
                    return True
                if await self._acknowledge(frame.sequence, data):
                    return True
            return False

    async def _access(self) -> bool:
        # Unslotted CSMA-CA.
        for attempt in range(1 + _BACKOFFS):
            await asyncio.sleep(self.node.air.backoff_s(min(_MIN_EXPONENT + attempt, _MAX_EXPONENT)))
            if not self.node.air.is_busy(self.channel):
                return True
        return False

    async def _acknowledge(self, sequence: int, data: bytes) -> bool:
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._acknowledged = sequence, done
        airtime = self.node.air.transmit(self, data)
        timer = asyncio.get_running_loop().call_later(
            airtime + ACK_WAIT_S, lambda: done.done() or done.set_result(False)
        )
        try:
            return await done
        finally:
            timer.cancel()
            self._acknowledged = None

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

    def hear(self, data: bytes, rssi: int) -> None:
        if not self.listening or not self.node.powered:
            return
        frame = decode(data)
        if frame.kind is Kind.ACK:
            waiting = self._acknowledged
            if waiting and waiting[0] == frame.sequence and not waiting[1].done():
                waiting[1].set_result(True)
            return
        if not self._is_for_me(frame):
            return
        if frame.ack_request and frame.destination != BROADCAST:
            self._answer(frame)
        if frame.source is not None and frame.kind is Kind.DATA and frame.ack_request:
            if self._last.get(frame.source) == frame.sequence:
                return  # its acknowledgement was lost
            self._last[frame.source] = frame.sequence
        if frame.kind is Kind.COMMAND and frame.payload[:1] == bytes([Command.DATA_REQUEST]):
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
        answer = Frame(Kind.ACK, frame.sequence, pending=pending).encode()
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
        if await self.send(dataclasses.replace(frame, sequence=self.next_sequence())):
            delivered()
