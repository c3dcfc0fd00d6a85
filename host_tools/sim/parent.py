"""What lets others onto a network: beacons, association, network key and rejoining, at the trust centre itself and at
a router that asks it (Zigbee specification, sections 3.6.1 and 4.6.3). Whom it lets on is its policy's affair.
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

_LEAVES, _LEAVE_AGAIN_S = 6, 5.0


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

    depth = 0

    def __init__(self, node: Node, rng: random.Random, policy: Policy) -> None:
        self._node = node
        self._rng = rng
        self._policy = policy
        self._behind: dict[bytes, int] = {}
        self._changing = False

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
            node.network.extended_pan_id, self._policy.is_open, self._policy.has_room, node.network.update_id,
            depth=self.depth,
        ).encode()  # fmt: skip
        sequence = node.mac.next_sequence()
        await node.mac.send(
            Frame(Kind.BEACON, sequence, beacon, source=node.node_id, source_pan=node.network.pan_id)
        )  # fmt: skip

    def _associate(self, eui64: bytes) -> None:
        # The answer is kept until the device asks for it.
        node = self._node
        if not self._policy.is_open:
            node_id, status = 0xFFFF, AssociationStatus.ACCESS_DENIED
        elif not self._policy.has_room:
            node_id, status = 0xFFFF, AssociationStatus.PAN_AT_CAPACITY
        else:
            node_id, status = node.air.random_address(), AssociationStatus.SUCCESS
        body = bytes([Command.ASSOCIATION_RESPONSE]) + node_id.to_bytes(2, "little") + bytes([status])
        frame = Frame(Kind.COMMAND, 0, body, node.mac.pan_id, eui64, node.eui64, ack_request=True)
        admitted = status is AssociationStatus.SUCCESS
        node.mac.keep(eui64, frame, lambda: self._authenticate(eui64, node_id) if admitted else None)

    def _authenticate(self, eui64: bytes, node_id: int) -> None:
        if self._policy.admit_joiner(eui64, node_id):
            self._node.counters.forget(eui64)
            self.address(eui64, node_id)
            self._send_network_key(eui64, node_id)

    def address(self, eui64: bytes, node_id: int) -> None:
        """Notes the address of a device that is a child of this node, its only one."""
        self._forget(eui64)
        self._node.addresses[node_id] = eui64
        self._node.routing.children.add(node_id)

    def _forget(self, eui64: bytes) -> None:
        node = self._node
        for node_id, known in list(node.addresses.items()):
            if known == eui64:
                del node.addresses[node_id]
                node.routing.children.discard(node_id)
                node.routing.forget(node_id)
        self._behind.pop(eui64, None)

    def _network_key(self, eui64: bytes) -> bytes:
        # An APS frame under the device's own link key.
        node = self._node
        assert node.network
        payload = aps.transport_network_key(node.network.key, node.network.key_sequence, eui64, node.eui64)
        frame = aps.Frame(aps.Kind.COMMAND, node.next_counter(), payload, secured=aps.KeyId.KEY_TRANSPORT)
        return aps.encode(frame, node.eui64, node.keys[eui64])

    def _send_network_key(self, eui64: bytes, node_id: int) -> None:
        # The last hop to a node without the network key is without network security.
        self._node.transmit(node_id, self._network_key(eui64), secured=False)

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
        elif frame.payload[:1] == bytes([nwk.Command.NETWORK_REPORT]) and self._is_about_us(frame.payload):
            self.on_pan_id_conflict()

    def _is_about_us(self, report: bytes) -> bool:
        network = self._node.network
        assert network
        return report[1:] == bytes([nwk.ONE_PAN_ID]) + network.extended_pan_id + network.pan_id.to_bytes(2, "little")

    def _rejoin(self, request: nwk.Frame, eui64: bytes) -> None:
        node_id = self._policy.readmit(eui64, secured=request.secured)
        if node_id is None:
            self._node.discarded["rejoin"] += 1
            return
        self.address(eui64, node_id)
        self._node.start(self._answer_rejoin(request, eui64, node_id))

    async def _answer_rejoin(self, request: nwk.Frame, eui64: bytes, node_id: int) -> None:
        # A trust-centre rejoin is followed by the network key.
        arrived = await self._rejoin_response(request.source, eui64, node_id, secured=request.secured)
        if arrived and not request.secured:
            self._send_network_key(eui64, node_id)

    async def _rejoin_response(self, to: int, eui64: bytes, node_id: int, *, secured: bool) -> bool:
        body = bytes([nwk.Command.REJOIN_RESPONSE]) + node_id.to_bytes(2, "little") + b"\x00"
        return await self._node.send_nwk(self._node.nwk_frame(
            nwk.Kind.COMMAND, to, body, radius=1, destination_eui64=eui64, source_eui64=self._node.eui64,
            secured=secured,
        ))  # fmt: skip

    def readdress(self, node_id: int) -> None:
        """Gives a child another address, unasked: somebody else has the one that it had (section 3.6.1.9.3)."""
        eui64, another = self._node.addresses[node_id], self._node.air.random_address()
        self.address(eui64, another)
        self._node.start(self._rejoin_response(node_id, eui64, another, secured=True))

    def dismiss(self, eui64: bytes, node_id: int) -> None:
        """Tells a child to leave; another's through its parent."""
        node = self._node
        router = self._behind.get(eui64)
        if router is not None:
            remove = bytes([aps.Command.REMOVE_DEVICE]) + eui64
            node.send_command(router, remove, aps.KeyId.DATA, node.key_for(router))
            return
        node.start(self._tell_to_leave(node_id))

    async def _tell_to_leave(self, node_id: int) -> None:
        # Until it has heard it; for a second or two at a time a radio module may do nothing but sums.
        leave = bytes([nwk.Command.LEAVE, nwk.LEAVE_REQUEST])
        for _ in range(_LEAVES):
            if await self._node.send_nwk(self._node.nwk_frame(nwk.Kind.COMMAND, node_id, leave, radius=1)):
                return
            await asyncio.sleep(_LEAVE_AGAIN_S)

    # What routers ask

    def on_aps_command(self, frame: aps.Frame, sender_id: int) -> bool:
        """Update Device, from a router that has let a device associate or rejoin; whether it was one."""
        update = frame.payload
        if frame.secured is not aps.KeyId.DATA or update[:1] != bytes([aps.Command.UPDATE_DEVICE]) or len(update) != 12:
            return False
        eui64, node_id, what = update[1:9], int.from_bytes(update[9:11], "little"), update[11]
        if what == aps.Update.UNSECURED_JOIN:
            if not self._policy.admit_joiner(eui64, node_id):
                return True
            self._node.counters.forget(eui64)
        elif what in (aps.Update.SECURED_REJOIN, aps.Update.TRUST_CENTRE_REJOIN):
            if self._policy.readmit(eui64, secured=what == aps.Update.SECURED_REJOIN) is None:
                self._node.discarded["rejoin"] += 1
                return True
        else:
            return True
        self._forget(eui64)
        self._node.announced(eui64, node_id)
        self._behind[eui64] = sender_id
        if what != aps.Update.SECURED_REJOIN:
            tunnel = bytes([aps.Command.TUNNEL]) + eui64 + self._network_key(eui64)
            self._node.send_command(sender_id, tunnel, None, None)
        return True

    # PAN ids that two networks have (section 3.6.1.13)

    def on_pan_id_conflict(self) -> None:
        """Another network with this one's PAN id has been heard: this one takes another."""
        node = self._node
        if self._changing or node.network is None:
            return
        self._changing = True
        another = node.network.pan_id
        while another == node.network.pan_id:
            another = self._rng.randrange(1, 0xFFFE)
        node.start(self._change_pan_id(another, (node.network.update_id + 1) & 0xFF))

    async def _change_pan_id(self, pan_id: int, update_id: int) -> None:
        node = self._node
        assert node.network
        body = bytes([nwk.Command.NETWORK_UPDATE, nwk.ONE_PAN_ID]) + node.network.extended_pan_id
        body += bytes([update_id]) + pan_id.to_bytes(2, "little")
        await node.send_nwk(node.nwk_frame(nwk.Kind.COMMAND, nwk.BROADCAST_ALL, body))
        await node.change_pan_id(pan_id, update_id)
        self._changing = False

    def permit(self, seconds: int) -> None:
        """Mgmt_Permit_Joining_req: the trust centre goes by its own policy."""


class RouterParent(Parent):
    """The parent's part of a router: what it lets on, the trust centre is told of and decides about.
    `slots` is how many more end devices its radio takes.
    """

    depth = 1

    def __init__(self, node: Node, slots: int) -> None:
        super().__init__(node, random.Random(0), self)
        self.slots = slots
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        return asyncio.get_running_loop().time() < self._open_until

    @property
    def has_room(self) -> bool:
        return self.slots > 0

    def permit(self, seconds: int) -> None:
        """Mgmt_Permit_Joining_req, from the trust centre."""
        self._open_until = asyncio.get_running_loop().time() + seconds

    def admit_joiner(self, eui64: bytes, node_id: int) -> bool:
        """The trust centre is asked, and sends the key if it is to be."""
        self._node.counters.forget(eui64)
        self.address(eui64, node_id)
        self._tell(aps.Update.UNSECURED_JOIN, eui64, node_id)
        return False

    def readmit(self, eui64: bytes, *, secured: bool) -> int | None:
        return None

    def _tell(self, what: aps.Update, eui64: bytes, node_id: int) -> None:
        update = bytes([aps.Command.UPDATE_DEVICE]) + eui64 + node_id.to_bytes(2, "little") + bytes([what])
        self._node.send_command(TRUST_CENTRE, update, aps.KeyId.DATA, self._node.key_for(TRUST_CENTRE))

    def _rejoin(self, request: nwk.Frame, eui64: bytes) -> None:
        self.address(eui64, request.source)
        self._node.start(self._answer_rejoin(request, eui64, request.source))

    async def _answer_rejoin(self, request: nwk.Frame, eui64: bytes, node_id: int) -> None:
        if await self._rejoin_response(request.source, eui64, node_id, secured=request.secured):
            what = aps.Update.SECURED_REJOIN if request.secured else aps.Update.TRUST_CENTRE_REJOIN
            self._tell(what, eui64, node_id)

    def on_nwk_command(self, frame: nwk.Frame) -> None:
        eui64 = self._node.addresses.get(frame.source)
        leaves = frame.payload[:1] == bytes([nwk.Command.LEAVE]) and len(frame.payload) == 2
        if leaves and frame.secured and eui64 and frame.source in self._node.routing.children:
            self._tell(aps.Update.DEVICE_LEFT, eui64, frame.source)
            self._forget(eui64)
        else:
            super().on_nwk_command(frame)

    def on_aps_command(self, frame: aps.Frame, sender_id: int) -> bool:
        """Tunnel and Remove Device, from the trust centre, for a child of this router's."""
        payload, node = frame.payload, self._node
        if sender_id != TRUST_CENTRE or len(payload) < 9:
            return False
        children = {node.addresses[node_id]: node_id for node_id in node.routing.children}
        child = children.get(payload[1:9])
        if payload[0] == aps.Command.TUNNEL and child is not None:
            node.transmit(child, payload[9:], secured=False)
        elif payload[0] == aps.Command.REMOVE_DEVICE and child is not None and frame.secured is not None:
            self.dismiss(payload[1:9], child)
            self._forget(payload[1:9])
        return payload[0] in (aps.Command.TUNNEL, aps.Command.REMOVE_DEVICE)

    def on_pan_id_conflict(self) -> None:
        """The network manager decides; it is told."""
        node = self._node
        assert node.network
        body = bytes([nwk.Command.NETWORK_REPORT, nwk.ONE_PAN_ID]) + node.network.extended_pan_id
        body += node.network.pan_id.to_bytes(2, "little")
        node.start(node.send_nwk(node.nwk_frame(nwk.Kind.COMMAND, TRUST_CENTRE, body)))
