"""A Zigbee node: network frames, APS messages with acknowledgements and link keys, and the ZDO questions that every
node answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import zigpy.types as t
import zigpy.zdo.types as zdo

from host_tools.sim import aps, fragments
from host_tools.sim.air import Air
from host_tools.sim.radio import nwk
from host_tools.sim.radio.ieee802154 import BROADCAST, Beacon, Frame, Kind
from host_tools.sim.radio.mac import Mac
from host_tools.sim.radio.nwk import TRUST_CENTRE, Network
from host_tools.sim.radio.routing import Routing

if TYPE_CHECKING:
    from host_tools.sim.parent import Parent

SMART_ENERGY = 0x0109
APS_ACK_S = 1.6
APS_RETRIES = 3
BROADCAST_S = 9.0  # nwkNetworkBroadcastDeliveryTime
END_DEVICE, _ROUTER = 0x8C, 0x8E  # capabilities: mains power, receiver on when idle, wants an address
LONGEST_PAYLOAD = 82  # a message in one frame, without APS security
APS_SECURITY, EXTENDED_HEADER = 9, 2
BLOCK_DELAY_S = 0.05  # between the blocks of a window
ASSEMBLY_S = APS_ACK_S * APS_RETRIES  # for each block or window
DUPLICATES_S = APS_ACK_S * (APS_RETRIES + 2)


@dataclasses.dataclass
class Endpoint:
    """An endpoint: its device id, server and client clusters, and the profile that they are of."""

    device: int
    servers: tuple[int, ...]
    clients: tuple[int, ...] = ()
    profile: int = SMART_ENERGY


@dataclasses.dataclass(frozen=True)
class Message:
    """An APS data message as its receiver sees it. `sender_eui64` is None where the address is nobody's we know."""

    frame: aps.Frame
    sender_eui64: bytes | None
    sender_id: int
    lqi: int
    rssi: int
    broadcast: bool

    @property
    def secured(self) -> bool:
        return self.frame.secured is not None


class Node:
    """`eui64` is in air order, `position` in metres. `keys` are the link keys by partner, `addresses` the EUI-64s by
    node id. `parent_id` is whom an end device talks through, `parent` what lets others onto the network by way of this
    node. `discarded` counts what was not believed, by reason.
    """

    is_router = False

    def __init__(self, air: Air, eui64: bytes, *, position: tuple[float, float] = (0.0, 0.0)) -> None:
        self.air = air
        self.eui64 = eui64
        self.position = position
        self.powered = True
        self.in_range = True
        self.mac = Mac(self, self._on_mac)
        self.parent_id = TRUST_CENTRE
        self.parent: Parent | None = None
        self.routing = Routing(self)
        self.counters = nwk.Counters()
        self.keys: dict[bytes, aps.LinkKey] = {}
        self.addresses: dict[int, bytes] = {}
        self.endpoints: dict[int, Endpoint] = {}
        self.discarded: Counter[str] = Counter()
        self._network: Network | None = None
        self._counter = 0
        self._nwk_sequence = 0
        self.window_size = 1  # Smart Energy: each block of a long message is acknowledged
        self._acks: dict[tuple[int, int, int | None], asyncio.Future[int]] = {}
        self._assemblies: dict[tuple[int, int], fragments.Assembly] = {}
        self._recent: dict[tuple[int, int], float] = {}
        self._conflicts: dict[int, float] = {}
        self._broadcasts: dict[tuple[int, int], float] = {}
        self._tasks: set[asyncio.Task] = set()
        self._sending = asyncio.Lock()
        air.nodes.append(self)

    @property
    def network(self) -> Network | None:
        return self._network

    @network.setter
    def network(self, network: Network | None) -> None:
        self._network = network
        self.mac.pan_id = network.pan_id if network else BROADCAST
        if network:
            self.mac.channel = network.channel

    @property
    def node_id(self) -> int:
        return self.mac.short

    @node_id.setter
    def node_id(self, node_id: int) -> None:
        self.mac.short = node_id

    # Sending

    def next_counter(self) -> int:
        self._counter = (self._counter + 1) & 0xFF
        return self._counter

    def start(self, coroutine) -> asyncio.Task:
        """Runs something of this node's beside what it does already."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # A fault of the simulator's must not pass for a silent radio.
            self.air.fault = error

    def key_for(self, node_id: int) -> aps.LinkKey | None:
        eui64 = self.addresses.get(node_id)
        return self.keys.get(eui64) if eui64 else None

    async def send(
        self, to: int, cluster: int, payload: bytes, *, profile: int = SMART_ENERGY, source: int = 1,
        destination: int = 1, secure: bool = False, counter: int | None = None, ack: bool = True,
    ) -> bool:  # fmt: skip
        """Sends a data message; True once it is acknowledged, False after all retries."""
        counter = self.next_counter() if counter is None else counter
        broadcast = to >= 0xFFF8
        frame = aps.Frame(
            aps.Kind.DATA, counter, payload, profile, cluster, source, destination,
            ack_request=ack and not broadcast, broadcast=broadcast,
            secured=aps.KeyId.DATA if secure else None,
        )  # fmt: skip
        if to == self.node_id:
            loop_back = Message(frame, self.eui64, to, 255, 0, False)
            asyncio.get_running_loop().call_soon(self._deliver, loop_back)
            return True
        key = self.key_for(to) if secure else None
        if secure and key is None:
            return False
        if not frame.ack_request:
            self.transmit(to, aps.encode(frame, self.eui64, key))
            return True
        if len(payload) > self._room(secure):
            return await self._send_in_blocks(to, frame, key)
        return await self.send_frames(to, [frame], key, None) == 1

    @staticmethod
    def _room(secure: bool) -> int:
        return LONGEST_PAYLOAD - (APS_SECURITY if secure else 0)

    async def _send_in_blocks(self, to: int, frame: aps.Frame, key: aps.LinkKey | None) -> bool:
        cut = fragments.cut(frame.payload, self._room(frame.secured is not None) - EXTENDED_HEADER)
        blocks = [
            frame._replace(payload=part, block=number, blocks=len(cut) if number == 0 else 0)
            for number, part in enumerate(cut)
        ]
        for base in range(0, len(blocks), self.window_size):
            window = blocks[base : base + self.window_size]
            if await self.send_frames(to, window, key, base) < len(window):
                return False
        return True

    async def send_frames(self, to: int, frames: list[aps.Frame], key: aps.LinkKey | None, base: int | None) -> int:
        """Sends a frame, or the window of blocks that begins at `base`, until all are acknowledged or all retries are
        used up; how many are.
        """
        waits_for = to, frames[0].counter, base
        left = list(frames)
        for _ in range(1 + APS_RETRIES):
            done = self._acks.setdefault(waits_for, asyncio.get_running_loop().create_future())
            for place, frame in enumerate(left):
                if place:
                    await asyncio.sleep(BLOCK_DELAY_S)
                self.transmit(to, aps.encode(frame, self.eui64, key))
            try:
                bits = await asyncio.wait_for(asyncio.shield(done), APS_ACK_S)
            except TimeoutError:
                continue
            finally:
                if self._acks.get(waits_for) is done:
                    del self._acks[waits_for]
            left = [frame for frame in left if base is not None and not bits >> (frame.block or 0) - base & 1]
            if not left:
                break
        return len(frames) - len(left)

    def transmit(self, to: int, data: bytes, *, secured: bool = True) -> None:
        """Sends an APS frame in a network frame."""
        self.start(self.send_nwk(self.nwk_frame(nwk.Kind.DATA, to, data, secured=secured)))

    def nwk_frame(self, kind: nwk.Kind, to: int, payload: bytes, **fields) -> nwk.Frame:
        self._nwk_sequence = (self._nwk_sequence + 1) & 0xFF
        return nwk.Frame(kind, to, self.node_id, self._nwk_sequence, payload, **fields)

    async def send_nwk(self, frame: nwk.Frame) -> bool:
        """Sends a network frame to its next hop; whether that has it."""
        next_hop = BROADCAST if frame.is_broadcast else await self.routing.next_hop(frame)
        if next_hop is None:
            return False
        # One after the other: a frame that overtook another would make that one a replay.
        async with self._sending:
            await asyncio.sleep(self.air.processing_s())
            if (self.network is None and frame.secured) or not self.powered:
                return False
            payload = nwk.encode(frame, self.network, self.eui64, self.counters)
            arrived = await self.mac.data(next_hop, payload)
        if not arrived:
            self.routing.forget(frame.destination)
        return arrived

    def send_command(self, to: int, payload: bytes, key_id: aps.KeyId | None, key: aps.LinkKey | None) -> None:
        """Sends an APS command: these are not acknowledged."""
        frame = aps.Frame(
            aps.Kind.COMMAND, self.next_counter(), payload, secured=key_id, broadcast=to >= 0xFFF8
        )  # fmt: skip
        self.transmit(to, aps.encode(frame, self.eui64, key))

    # Hearing

    def _on_mac(self, frame: Frame, rssi: int) -> None:
        if frame.kind is Kind.DATA:
            self._on_nwk(frame.payload, rssi, frame.source if isinstance(frame.source, int) else BROADCAST)
        elif frame.kind is Kind.BEACON:
            self.on_beacon(frame, rssi)
        elif frame.payload:
            self.on_mac_command(frame)

    def on_beacon(self, frame: Frame, rssi: int) -> None:
        """A beacon, of any PAN."""
        if self.parent and self.network and frame.source_pan == self.network.pan_id:
            with contextlib.suppress(ValueError):
                if Beacon.decode(frame.payload).extended_pan_id != self.network.extended_pan_id:
                    self.parent.on_pan_id_conflict()

    def on_mac_command(self, frame: Frame) -> None:
        """A MAC command other than a data request."""
        if self.parent:
            self.parent.on_mac_command(frame)

    def _on_nwk(self, data: bytes, rssi: int, hop: int) -> None:
        try:
            frame, _ = nwk.decode(data, self.network, self.counters)
        except (nwk.Undecipherable, ValueError) as error:
            self.discarded[f"network frame: {error}"] += 1
            return
        if not frame.secured and not self.accepts_unsecured(frame):
            self.discarded["network frame without security"] += 1
            return
        command = frame.payload[0] if frame.kind is nwk.Kind.COMMAND and frame.payload else None
        if frame.is_broadcast:
            if not self._is_new(frame):
                return
            if command == nwk.Command.ROUTE_REQUEST:
                if self.is_router:
                    self.routing.on_request(frame, hop, self.air.lqi(rssi))
                return
            if self.is_router and frame.radius > 1:
                self.start(self.relay(frame._replace(radius=frame.radius - 1)))
        elif frame.destination != self.node_id:
            if self.is_router and frame.radius > 1 and frame.secured:
                self.start(self.send_nwk(frame._replace(radius=frame.radius - 1)))
            return
        if command == nwk.Command.ROUTE_REPLY:
            self.routing.on_reply(frame, hop, self.air.lqi(rssi))
        elif frame.kind is nwk.Kind.COMMAND:
            self._on_network_affairs(frame)
            self.on_nwk_command(frame)
        else:
            self.take(frame, rssi)

    def accepts_unsecured(self, frame: nwk.Frame) -> bool:
        """Whether a network frame without security may count now."""
        return self.parent is not None and self.parent.accepts_unsecured(frame)

    def _is_new(self, frame: nwk.Frame) -> bool:
        # Each broadcast counts once, however many relay it.
        now = asyncio.get_running_loop().time()
        since = self._broadcasts.get((frame.source, frame.sequence))
        self._broadcasts[frame.source, frame.sequence] = now
        return frame.source != self.node_id and (since is None or now - since > BROADCAST_S)

    async def relay(self, frame: nwk.Frame) -> None:
        """Passes a broadcast on."""
        await asyncio.sleep(self.air.backoff_s(7))
        await self.send_nwk(frame)

    def on_nwk_command(self, frame: nwk.Frame) -> None:
        """A network command for this node."""
        if self.parent:
            self.parent.on_nwk_command(frame)

    def _on_network_affairs(self, frame: nwk.Frame) -> None:
        payload, network = frame.payload, self.network
        if not frame.secured or network is None:
            return
        if payload[:2] == bytes([nwk.Command.NETWORK_STATUS, nwk.ADDRESS_CONFLICT]) and len(payload) == 4:
            self._on_address_conflict(int.from_bytes(payload[2:], "little"), said=True)
        update = bytes([nwk.Command.NETWORK_UPDATE, nwk.ONE_PAN_ID]) + network.extended_pan_id
        if payload[:10] == update and len(payload) == 13 and frame.source == TRUST_CENTRE:
            self.start(self.change_pan_id(int.from_bytes(payload[11:], "little"), payload[10]))

    async def change_pan_id(self, pan_id: int, update_id: int) -> None:
        """Takes another PAN id, once all have been told (Zigbee specification, section 3.6.1.13)."""
        await asyncio.sleep(BROADCAST_S)
        if self.network and self.network.update_id != update_id:
            self.network = dataclasses.replace(self.network, pan_id=pan_id, update_id=update_id)
            self.network_changed()

    def network_changed(self) -> None:
        """The network has another PAN id from now on."""

    # Addresses that two nodes have (section 3.6.1.9)

    def _on_address_conflict(self, node_id: int, *, said: bool) -> None:
        now = asyncio.get_running_loop().time()
        since = self._conflicts.get(node_id)
        self._conflicts[node_id] = now
        if not self.is_router or (since is not None and now - since < BROADCAST_S):
            return
        if not said:
            body = bytes([nwk.Command.NETWORK_STATUS, nwk.ADDRESS_CONFLICT]) + node_id.to_bytes(2, "little")
            self.start(self.send_nwk(self.nwk_frame(nwk.Kind.COMMAND, nwk.BROADCAST_RX_ON, body)))
        if node_id in self.routing.children and self.parent:
            self.parent.readdress(node_id)
        elif node_id == self.node_id != TRUST_CENTRE:
            self.node_id = self.air.random_address()
            self.announce()

    def announce(self) -> None:
        """Device_annce, to all that listen."""
        capability = _ROUTER if self.is_router else END_DEVICE
        body = bytes([self.next_counter()]) + self.node_id.to_bytes(2, "little") + self.eui64 + bytes([capability])
        self.start(
            self.send(nwk.BROADCAST_RX_ON, zdo.ZDOCmd.Device_annce, body, profile=0, source=0, destination=0)
        )  # fmt: skip

    def announced(self, eui64: bytes, node_id: int) -> None:
        """A node has said which address it has."""
        known = self.addresses.get(node_id)
        if (self.is_router and known not in (None, eui64)) or (node_id == self.node_id and eui64 != self.eui64):
            self._on_address_conflict(node_id, said=False)
            if node_id in self.routing.children:
                return
        self.routing.forget(node_id)
        self.addresses[node_id] = eui64

    def take(self, nwk_frame: nwk.Frame, rssi: int) -> None:
        """An APS frame in a network frame."""
        data, sender_id, broadcast = nwk_frame.payload, nwk_frame.source, nwk_frame.is_broadcast
        # The trust centre's, who may speak through a parent; or the sender's.
        eui64 = aps.named_source(data) or self.addresses.get(sender_id)
        key = self.keys.get(eui64) if eui64 else None
        try:
            frame = aps.decode(data, eui64, key)
        except (aps.Undecipherable, ValueError) as error:
            self.discarded[f"APS frame: {error}"] += 1
            return
        # Data under a key that key establishment has not vouched for does not count, nor is it acknowledged.
        if frame.secured is aps.KeyId.DATA and key and not key.authorised:
            self.discarded["APS frame: a key that nobody vouched for"] += 1
            return
        if frame.kind is aps.Kind.COMMAND:
            taken = self._follow_key(frame, sender_id) or (self.parent and self.parent.on_aps_command(frame, sender_id))
            if not taken:
                self.on_command(frame, eui64, sender_id)
            return
        if frame.kind is aps.Kind.ACK:
            done = self._acks.get((sender_id, frame.counter, frame.block))
            if done and not done.done():
                done.set_result(frame.ack_bits)
            return
        message = Message(frame, eui64, sender_id, self.air.lqi(rssi), rssi, broadcast)
        if frame.block is not None:
            self.on_block(message)
            return
        if frame.ack_request:
            answer = frame._replace(
                kind=aps.Kind.ACK, payload=b"", source=frame.destination, destination=frame.source,
                ack_request=False,
            )  # fmt: skip
            self.transmit(sender_id, aps.encode(answer, self.eui64, key))
        # A counter comes round again: it is a duplicate's only for as long as its sender may retry.
        now = asyncio.get_running_loop().time()
        since = self._recent.pop((sender_id, frame.counter), None)
        self._recent[sender_id, frame.counter] = now
        if since is not None and now - since < DUPLICATES_S and not broadcast:
            return
        self._deliver(message)

    def on_block(self, message: Message) -> None:
        """A block of a long message."""
        frame, loop = message.frame, asyncio.get_running_loop()
        for old, assembly in list(self._assemblies.items()):
            if assembly.until < loop.time():
                self.discarded["message: not all of its blocks came"] += not assembly.whole
                del self._assemblies[old]
        which = message.sender_id, frame.counter
        if which not in self._assemblies:
            if frame.block is None or frame.block >= self.window_size:
                return
            self._assemblies[which] = fragments.Assembly(self.window_size, 0.0)
        assembly = self._assemblies[which]
        assembly.until = loop.time() + ASSEMBLY_S
        try:
            due, whole = assembly.take(frame)
        except ValueError as error:
            self.discarded[f"message: {error}"] += 1
            del self._assemblies[which]
            return
        if due:
            self.acknowledge_blocks(message, *due)
        if whole is not None:
            self._deliver(dataclasses.replace(message, frame=frame._replace(payload=whole, block=None)))

    def acknowledge_blocks(self, message: Message, base: int, bits: int) -> None:
        """Tells a message's sender which blocks have come of the window that begins at `base`."""
        frame = message.frame
        answer = frame._replace(
            kind=aps.Kind.ACK, payload=b"", source=frame.destination, destination=frame.source,
            ack_request=False, block=base, ack_bits=bits,
        )  # fmt: skip
        key = self.key_for(message.sender_id) if message.secured else None
        self.transmit(message.sender_id, aps.encode(answer, self.eui64, key))

    def _deliver(self, message: Message) -> None:
        if message.frame.profile == 0:
            self.on_zdo(message)
        else:
            self.on_message(message)

    def _follow_key(self, frame: aps.Frame, sender_id: int) -> bool:
        # The next network key counts from the switch on. To all it comes under the present one alone, to one node
        # under its link key too (Zigbee specification, section 4.4.10).
        payload = frame.payload
        if sender_id != nwk.TRUST_CENTRE or self.network is None or not payload:
            return False
        if payload[0] == aps.Command.SWITCH_KEY and len(payload) == 2:
            self.network.switch(payload[1])
            return True
        if not aps.transports(payload, aps.KeyType.STANDARD_NETWORK) or len(payload) != 35:
            return False
        for_all = payload[19:27] == bytes(8)
        if for_all or (payload[19:27] == self.eui64 and frame.secured is aps.KeyId.KEY_TRANSPORT):
            self.network.others[payload[18]] = payload[2:18]
        return for_all

    def on_command(self, frame: aps.Frame, sender: bytes | None, sender_id: int) -> None:
        """An APS command; `sender` is an EUI-64."""

    def on_message(self, message: Message) -> None:
        """A data message of an application profile."""

    # ZDO

    def on_zdo(self, message: Message) -> None:
        """A ZDO message; requests are answered here."""
        payload = message.frame.payload
        if message.frame.cluster == zdo.ZDOCmd.Device_annce and len(payload) >= 11:
            self.announced(payload[3:11], int.from_bytes(payload[1:3], "little"))
        elif message.frame.cluster == zdo.ZDOCmd.Mgmt_Permit_Joining_req and len(payload) == 3 and self.parent:
            self.parent.permit(payload[1])
        answer = self._zdo_answers().get(message.frame.cluster)
        if answer is None or not message.frame.payload:
            return
        sequence, payload = message.frame.payload[:1], message.frame.payload[1:]
        names, types = zdo.CLUSTERS[zdo.ZDOCmd(message.frame.cluster)]
        try:
            values, _ = t.deserialize(payload, types)
        except ValueError:
            return
        response = answer(**dict(zip(names, values, strict=True)))
        if response is None:
            return
        cluster = zdo.ZDOCmd(message.frame.cluster | 0x8000)
        body = sequence + t.serialize(response, zdo.CLUSTERS[cluster][1][: len(response)])
        self.start(self.send(message.sender_id, cluster, body, profile=0, source=0, destination=0))

    def _zdo_answers(self) -> dict[int, Callable]:
        return {
            zdo.ZDOCmd.IEEE_addr_req: self._ieee_address,
            zdo.ZDOCmd.Active_EP_req: self._active_endpoints,
            zdo.ZDOCmd.Simple_Desc_req: self._simple_descriptor,
            zdo.ZDOCmd.Match_Desc_req: self._match_descriptor,
            zdo.ZDOCmd.Node_Desc_req: self._node_descriptor,
        }

    def _ieee_address(self, NWKAddrOfInterest, RequestType, StartIndex=0):
        if NWKAddrOfInterest != self.node_id:
            return None
        return [zdo.Status.SUCCESS, t.EUI64(self.eui64), t.NWK(self.node_id)]

    def _active_endpoints(self, NWKAddrOfInterest):
        if NWKAddrOfInterest != self.node_id:
            return None
        return [zdo.Status.SUCCESS, t.NWK(self.node_id), t.LVList[t.uint8_t](self.endpoints)]

    def _node_descriptor(self, NWKAddrOfInterest):
        if NWKAddrOfInterest != self.node_id:
            return None
        kind = zdo.LogicalType.Coordinator if self.node_id == nwk.TRUST_CENTRE else zdo.LogicalType.EndDevice
        descriptor = zdo.NodeDescriptor(
            logical_type=kind, complex_descriptor_available=0, user_descriptor_available=0, reserved=0, aps_flags=0,
            frequency_band=zdo.NodeDescriptor.FrequencyBand.Freq2400MHz, mac_capability_flags=0x8C,
            manufacturer_code=0x1049, maximum_buffer_size=82, maximum_incoming_transfer_size=128,
            server_mask=0x2C00, maximum_outgoing_transfer_size=128,
            descriptor_capability_field=zdo.NodeDescriptor.DescriptorCapability.NONE,
        )  # fmt: skip
        return [zdo.Status.SUCCESS, t.NWK(self.node_id), descriptor]

    def _simple_descriptor(self, NWKAddrOfInterest, EndPoint):
        endpoint = self.endpoints.get(EndPoint)
        if NWKAddrOfInterest != self.node_id:
            return None
        if endpoint is None:
            return [zdo.Status.INVALID_EP, t.NWK(self.node_id), None]
        descriptor = zdo.SizePrefixedSimpleDescriptor(
            endpoint=EndPoint, profile=endpoint.profile, device_type=endpoint.device, device_version=0,
            input_clusters=endpoint.servers, output_clusters=endpoint.clients,
        )  # fmt: skip
        return [zdo.Status.SUCCESS, t.NWK(self.node_id), descriptor]

    def _match_descriptor(self, NWKAddrOfInterest, ProfileID, InClusterList, OutClusterList):
        if NWKAddrOfInterest not in (self.node_id, 0xFFFD, 0xFFFF):
            return None
        found = [
            number
            for number, endpoint in self.endpoints.items()
            if endpoint.profile == ProfileID
            and (set(InClusterList) & set(endpoint.servers) or set(OutClusterList) & set(endpoint.clients))
        ]
        # Who was asked alone answers with an empty list, who was asked with all others not at all.
        if not found and NWKAddrOfInterest != self.node_id:
            return None
        return [zdo.Status.SUCCESS, t.NWK(self.node_id), t.LVList[t.uint8_t](found)]
