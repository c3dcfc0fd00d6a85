"""What lets others onto a network: a coordinator's beacons, association, network key and rejoining (Zigbee
specification, sections 3.6.1 and 4.6.3). Whom it lets on is its policy's affair.
"""

from __future__ import annotations

import asyncio
import random
from typing import Protocol

from host_tools.sim import aps
from host_tools.sim.node import Node
from host_tools.sim.radio import nwk
from host_tools.sim.radio.ieee802154 import AssociationStatus, Beacon, Command, Frame, Kind
from host_tools.sim.radio.nwk import TRUST_CENTRE


class Policy(Protocol):
    """Who may join."""

    @property
    def is_open(self) -> bool:
        """Whether beacons permit joining."""

    @property
    def has_room(self) -> bool:
        """Whether the radio takes one more."""

    def admit_joiner(self, eui64: bytes, node_id: int) -> bool:
        """Whether a device that has associated gets the network key; its link key is then in the node's `keys`."""

    def readmit(self, eui64: bytes, *, secured: bool) -> int | None:
        """The address of a device that may rejoin."""


class Parent:
    """The parent's part of a node that is its network's trust centre."""

    def __init__(self, node: Node, rng: random.Random, policy: Policy) -> None:
        self._node = node
        self._rng = rng
        self._policy = policy

    def on_mac_command(self, frame: Frame) -> None:
        if frame.payload[0] == Command.BEACON_REQUEST:
            self._node.start(self._beacon())
        elif frame.payload[0] == Command.ASSOCIATION_REQUEST and isinstance(frame.source, bytes):
            self._associate(frame.source)

    async def _beacon(self) -> None:
        node = self._node
        await asyncio.sleep(node.air.processing_s())
        if node.network is None:
            return
        beacon = Beacon(
            node.network.extended_pan_id, self._policy.is_open, self._policy.has_room, node.network.update_id
        ).encode()  # fmt: skip
        sequence = node.mac.next_sequence()
        await node.mac.send(
            Frame(Kind.BEACON, sequence, beacon, source=TRUST_CENTRE, source_pan=node.network.pan_id)
        )  # fmt: skip

    def _associate(self, eui64: bytes) -> None:
        # The answer is kept until the device asks for it.
        if not self._policy.is_open:
            node_id, status = 0xFFFF, AssociationStatus.ACCESS_DENIED
        elif not self._policy.has_room:
            node_id, status = 0xFFFF, AssociationStatus.PAN_AT_CAPACITY
        else:
            node_id, status = self._rng.randrange(0x0001, 0xFFF0), AssociationStatus.SUCCESS
        body = bytes([Command.ASSOCIATION_RESPONSE]) + node_id.to_bytes(2, "little") + bytes([status])
        node = self._node
        frame = Frame(Kind.COMMAND, 0, body, node.mac.pan_id, eui64, node.eui64, ack_request=True)
        admitted = status is AssociationStatus.SUCCESS
        node.mac.keep(eui64, frame, lambda: self._authenticate(eui64, node_id) if admitted else None)

    def _authenticate(self, eui64: bytes, node_id: int) -> None:
        if self._policy.admit_joiner(eui64, node_id):
            self._node.counters.forget(eui64)
            self.address(eui64, node_id)
            self._send_network_key(eui64, node_id)

    def address(self, eui64: bytes, node_id: int) -> None:
        """Notes a device's address, its only one."""
        node = self._node
        node.addresses = {known: one for known, one in node.addresses.items() if one != eui64}
        node.addresses[node_id] = eui64

    def _send_network_key(self, eui64: bytes, node_id: int) -> None:
        # The last hop to a node without the network key is without network security.
        node = self._node
        assert node.network
        payload = aps.transport_network_key(node.network.key, node.network.key_sequence, eui64, node.eui64)
        frame = aps.Frame(aps.Kind.COMMAND, node.next_counter(), payload, secured=aps.KeyId.KEY_TRANSPORT)
        node.transmit(node_id, aps.encode(frame, node.eui64, node.keys[eui64]), secured=False)

    @staticmethod
    def accepts_unsecured(frame: nwk.Frame) -> bool:
        """A rejoin request may come without network security."""
        rejoins = frame.payload[:1] == bytes([nwk.Command.REJOIN_REQUEST])
        return frame.kind is nwk.Kind.COMMAND and rejoins

    def on_nwk_command(self, frame: nwk.Frame) -> None:
        node = self._node
        if frame.payload[:1] == bytes([nwk.Command.REJOIN_REQUEST]) and frame.source_eui64:
            self._rejoin(frame, frame.source_eui64)
        elif frame.payload[:1] == bytes([nwk.Command.END_DEVICE_TIMEOUT_REQUEST]) and len(frame.payload) == 3:
            # Success; both ways of keeping alive will do.
            answer = bytes([nwk.Command.END_DEVICE_TIMEOUT_RESPONSE, 0x00, 0x03])
            node.start(node.send_nwk(node.nwk_frame(nwk.Kind.COMMAND, frame.source, answer, radius=1)))

    def _rejoin(self, request: nwk.Frame, eui64: bytes) -> None:
        node_id = self._policy.readmit(eui64, secured=request.secured)
        if node_id is None:
            self._node.discarded["rejoin"] += 1
            return
        body = bytes([nwk.Command.REJOIN_RESPONSE]) + node_id.to_bytes(2, "little") + b"\x00"
        answer = self._node.nwk_frame(
            nwk.Kind.COMMAND, request.source, body, radius=1, destination_eui64=eui64,
            source_eui64=self._node.eui64, secured=request.secured,
        )  # fmt: skip
        self._node.start(self._answer_rejoin(answer, eui64, node_id))

    async def _answer_rejoin(self, answer: nwk.Frame, eui64: bytes, node_id: int) -> None:
        # A trust-centre rejoin is followed by the network key.
        if await self._node.send_nwk(answer) and not answer.secured:
            self._send_network_key(eui64, node_id)

    def dismiss(self, node_id: int) -> None:
        """Tells a child to leave; a router's would be removed through its parent."""
        leave = bytes([nwk.Command.LEAVE, nwk.LEAVE_REQUEST])
        node = self._node
        node.start(node.send_nwk(node.nwk_frame(nwk.Kind.COMMAND, node_id, leave, radius=1)))
