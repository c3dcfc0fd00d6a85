"""Where a node sends what is for others: an end device to its parent, a router by routes that it discovers on demand
(Zigbee specification, sections 3.4.1, 3.4.2 and 3.6.3). The first route request that arrives decides on the way back.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from host_tools.sim.radio import nwk
from host_tools.sim.radio.nwk import BROADCAST_ROUTERS, Command, Frame, Kind

if TYPE_CHECKING:
    from host_tools.sim.node import Node

_WAIT_S = 0.5
_TRIES = 2
_DEAREST = 7
_LQI_A_STEP = 36


def _short(payload: bytes, at: int) -> int:
    return int.from_bytes(payload[at : at + 2], "little")


class Routing:
    """`children` are the node ids of end devices that this router speaks for, `routes` the next hop by destination."""

    def __init__(self, node: Node) -> None:
        self.children: set[int] = set()
        self.routes: dict[int, int] = {}
        self._node = node
        self._identifier = 0
        self._sought: dict[int, asyncio.Future[None]] = {}

    async def next_hop(self, frame: Frame) -> int | None:
        """Whom a unicast goes to next; None where no way is found."""
        node, destination = self._node, frame.destination
        if frame.radius == 1 or destination in self.children:
            return destination
        if not node.is_router:
            return node.parent_id
        for _ in range(_TRIES):
            if destination in self.routes:
                break
            await self._seek(destination)
        return self.routes.get(destination)

    def forget(self, node_id: int) -> None:
        """A node is not where it was."""
        self.routes.pop(node_id, None)

    async def _seek(self, destination: int) -> None:
        # All that wait for one destination wait together, and go on in their order.
        found = self._sought.get(destination)
        if found is None:
            found = self._sought[destination] = asyncio.get_running_loop().create_future()
            self._identifier = (self._identifier + 1) & 0xFF
            request = bytes([Command.ROUTE_REQUEST, 0, self._identifier]) + destination.to_bytes(2, "little") + b"\x00"
            node = self._node
            node.start(node.send_nwk(node.nwk_frame(
                Kind.COMMAND, BROADCAST_ROUTERS, request, source_eui64=node.eui64
            )))  # fmt: skip
            asyncio.get_running_loop().call_later(_WAIT_S, self._end, destination, found)
        await found

    def _end(self, destination: int, found: asyncio.Future[None]) -> None:
        if not found.done():
            found.set_result(None)
        if self._sought.get(destination) is found:
            del self._sought[destination]

    def on_request(self, frame: Frame, hop: int, lqi: int) -> None:
        """A route request, heard for the first time, from the neighbour `hop`."""
        node, payload = self._node, frame.payload
        if len(payload) < 6:
            return
        cost = min(0xFF, payload[5] + max(1, _DEAREST - lqi // _LQI_A_STEP))
        if frame.source not in self.children:
            self.routes[frame.source] = hop
        wanted = _short(payload, 3)
        if wanted == node.node_id or wanted in self.children:
            self._reply(hop, payload[2], frame.source, wanted, 0)
        elif frame.radius > 1:
            onward = payload[:5] + bytes([cost]) + payload[6:]
            node.start(node.relay(frame._replace(radius=frame.radius - 1, payload=onward)))

    def _reply(self, hop: int, identifier: int, originator: int, responder: int, cost: int) -> None:
        node = self._node
        body = bytes([Command.ROUTE_REPLY, 0, identifier]) + originator.to_bytes(2, "little")
        body += responder.to_bytes(2, "little") + bytes([cost])
        node.start(node.send_nwk(node.nwk_frame(nwk.Kind.COMMAND, hop, body, radius=1)))

    def on_reply(self, frame: Frame, hop: int, lqi: int) -> None:
        """A route reply on its way back to who asked."""
        payload = frame.payload
        if len(payload) < 8:
            return
        originator, responder = _short(payload, 3), _short(payload, 5)
        self.routes[responder] = hop
        if originator == self._node.node_id:
            if found := self._sought.get(responder):
                self._end(responder, found)
        elif originator in self.routes:
            cost = min(0xFF, payload[7] + max(1, _DEAREST - lqi // _LQI_A_STEP))
            self._reply(self.routes[originator], payload[2], originator, responder, cost)
