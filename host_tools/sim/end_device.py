"""An end device's way onto a network and back: scanning, association, rejoining, keep-alive (Zigbee specification,
sections 2.5 and 3.6.1).
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses

from host_tools.sim.node import END_DEVICE, Node
from host_tools.sim.radio import nwk
from host_tools.sim.radio.ieee802154 import BROADCAST, AssociationStatus, Beacon, Command, Frame, Kind
from host_tools.sim.radio.mac import RESPONSE_WAIT_S
from host_tools.sim.radio.nwk import TRUST_CENTRE, Network

CHANNEL_SCAN_S = 0.1382  # an active scan of duration 3
NETWORK_KEY_WAIT_S = 5.0
REJOIN_WAIT_S = 2.0
KEEP_ALIVE_S = 60.0
KEEP_ALIVES_MISSED = 3
_WEAK_DBM = -92
_TIMEOUT_256_MIN = 8
_UNSET = 0xFFFE


@dataclasses.dataclass(frozen=True)
class Heard:
    """A beacon heard in a scan, of a network that some node of it, `source`, may let others onto."""

    channel: int
    pan_id: int
    beacon: Beacon
    rssi: int
    source: int = TRUST_CENTRE


class EndDevice(Node):
    """The receiver is on all the time; the parent is the hub or a router."""

    def __init__(self, air, eui64: bytes, **kwargs) -> None:
        super().__init__(air, eui64, **kwargs)
        self._heard: dict[tuple[bytes, int], Heard] = {}
        self._association: asyncio.Future[tuple[int, int, bytes]] | None = None
        self._awaiting_key: asyncio.Future[None] | None = None
        self._awaiting_rejoin: asyncio.Future[int] | None = None

    # Scanning

    async def scan(self, mask: int, on_heard=lambda heard: None) -> list[Heard]:
        """The networks that answer a beacon request, channel by channel, each as its strongest node has it; open if
        any of its nodes is.
        """
        home = self.mac.channel
        self._heard = {}
        networks: list[Heard] = []
        for channel in (c for c in range(11, 27) if mask >> c & 1):
            self.mac.channel = channel
            request = Frame(
                Kind.COMMAND, self.mac.next_sequence(), bytes([Command.BEACON_REQUEST]), BROADCAST, BROADCAST
            )  # fmt: skip
            await self.mac.send(request)
            await asyncio.sleep(CHANNEL_SCAN_S)
            found = self._networks(channel)
            networks += found
            for one in found:
                on_heard(one)
        self.mac.channel = home
        return networks

    def _networks(self, channel: int) -> list[Heard]:
        by_name: dict[bytes, list[Heard]] = {}
        for heard in self._heard.values():
            if heard.channel == channel:
                by_name.setdefault(heard.beacon.extended_pan_id, []).append(heard)
        networks = []
        for nodes in by_name.values():
            strongest = max(nodes, key=lambda one: one.rssi)
            is_open = any(one.beacon.permits_association for one in nodes)
            beacon = dataclasses.replace(strongest.beacon, permits_association=is_open)
            networks.append(dataclasses.replace(strongest, beacon=beacon))
        return networks

    def _best_parent(self, extended_pan_id: bytes, *, joining: bool) -> Heard | None:
        # The one nearest to the trust centre of those that are heard well enough (section 3.6.1.4.1.1).
        nodes = [
            one
            for (name, _), one in self._heard.items()
            if name == extended_pan_id
            and (one.beacon.permits_association if joining else one.beacon.has_room or one.source == self.parent_id)
        ]

        def order(one: Heard) -> tuple[bool, bool, int, int]:
            return not one.beacon.has_room, one.rssi < _WEAK_DBM, one.beacon.depth, -one.rssi

        return min(nodes, key=order, default=None)

    def on_beacon(self, frame: Frame, rssi: int) -> None:
        with contextlib.suppress(ValueError):
            beacon = Beacon.decode(frame.payload)
            if frame.source_pan is not None and isinstance(frame.source, int):
                heard = Heard(self.mac.channel, frame.source_pan, beacon, rssi, frame.source)
                self._heard.setdefault((beacon.extended_pan_id, frame.source), heard)

    # Joining

    async def associate(self, channel: int, pan_id: int, parent_id: int = TRUST_CENTRE) -> bool:
        """MAC association with a parent; whether it gave an address. Its EUI-64 is known from then on."""
        self.mac.channel, self.mac.pan_id, self.parent_id = channel, pan_id, parent_id
        loop = asyncio.get_running_loop()
        self._association = loop.create_future()
        try:
            if not await self._mac_command(bytes([Command.ASSOCIATION_REQUEST, END_DEVICE]), source_pan=BROADCAST):
                return False
            await asyncio.sleep(RESPONSE_WAIT_S)
            if not await self._mac_command(bytes([Command.DATA_REQUEST])):
                return False
            node_id, status, parent = await asyncio.wait_for(self._association, RESPONSE_WAIT_S)
        except TimeoutError:
            return False
        finally:
            self._association = None
        if status != AssociationStatus.SUCCESS:
            return False
        self.node_id = node_id
        self.addresses = {parent_id: parent}
        return True

    async def _mac_command(self, payload: bytes, source_pan: int | None = None) -> bool:
        return await self.mac.send(
            Frame(
                Kind.COMMAND, self.mac.next_sequence(), payload, self.mac.pan_id, self.parent_id, self.eui64,
                source_pan, ack_request=True,
            )
        )  # fmt: skip

    def on_mac_command(self, frame: Frame) -> None:
        payload = frame.payload
        waits = self._association
        if payload[0] != Command.ASSOCIATION_RESPONSE or len(payload) != 4 or not isinstance(frame.source, bytes):
            return
        if waits and not waits.done():
            waits.set_result((int.from_bytes(payload[1:3], "little"), payload[3], frame.source))

    async def authenticate(self) -> bool:
        """Waits for the network key; take_network_key() takes it."""
        self._awaiting_key = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait_for(self._awaiting_key, NETWORK_KEY_WAIT_S)
            return True
        except TimeoutError:
            return False
        finally:
            self._awaiting_key = None

    def accepts_unsecured(self, frame: nwk.Frame) -> bool:
        # The last hop to a device that has no network key, and the answer to a rejoin request without one.
        waits = self._awaiting_key or self._awaiting_rejoin
        return waits is not None and frame.source == self.parent_id and not frame.is_broadcast

    def take_network_key(self, payload: bytes, extended_pan_id: bytes) -> None:
        """The first network key, in a Transport Key command whose security has been checked."""
        self.network = Network(self.mac.pan_id, extended_pan_id, self.mac.channel, payload[2:18], payload[18])
        self.counters.forget(payload[27:35])
        if self._awaiting_key and not self._awaiting_key.done():
            self._awaiting_key.set_result(None)

    # Rejoining

    async def rejoin(self, network: Network, node_id: int, *, secured: bool, channels: int) -> bool:
        """Looks for a network by its extended PAN id and rejoins it; where that goes without security, the network
        key is waited for.
        """
        await self.scan(channels or 1 << network.channel)
        found = self._best_parent(network.extended_pan_id, joining=False)
        if found is None:
            return False
        self.network = dataclasses.replace(
            network, pan_id=found.pan_id, channel=found.channel, update_id=found.beacon.update_id
        )  # fmt: skip
        self.node_id, self.parent_id = node_id, found.source
        loop = asyncio.get_running_loop()
        self._awaiting_rejoin = loop.create_future()
        self._awaiting_key = None if secured else loop.create_future()
        frame = self.nwk_frame(
            nwk.Kind.COMMAND, self.parent_id, bytes([nwk.Command.REJOIN_REQUEST, END_DEVICE]),
            radius=1, source_eui64=self.eui64, secured=secured,
        )  # fmt: skip
        try:
            if not await self.send_nwk(frame):
                return False
            self.node_id = await asyncio.wait_for(asyncio.shield(self._awaiting_rejoin), REJOIN_WAIT_S)
            if self._awaiting_key:
                await asyncio.wait_for(asyncio.shield(self._awaiting_key), NETWORK_KEY_WAIT_S)
            return True
        except TimeoutError:
            return False
        finally:
            self._awaiting_rejoin = self._awaiting_key = None

    def on_nwk_command(self, frame: nwk.Frame) -> None:
        payload = frame.payload
        if payload[:1] == bytes([nwk.Command.REJOIN_RESPONSE]) and len(payload) >= 4:
            waits, node_id = self._awaiting_rejoin, int.from_bytes(payload[1:3], "little")
            if frame.destination_eui64 != self.eui64 or payload[3] != 0:
                return
            if waits and not waits.done():
                waits.set_result(node_id)
            elif waits is None and frame.secured and frame.source == self.parent_id:
                self.readdressed(node_id)

    def readdressed(self, node_id: int) -> None:
        """The parent has given another address, as somebody else had the old one."""
        self.node_id = node_id
        self.announce()

    # Staying

    async def keep_alive(self) -> None:
        """Tells the parent from time to time that it is there; ends once the parent does not acknowledge any more."""
        missed = 0
        while missed < KEEP_ALIVES_MISSED:
            await asyncio.sleep(KEEP_ALIVE_S)
            request = bytes([nwk.Command.END_DEVICE_TIMEOUT_REQUEST, _TIMEOUT_256_MIN, 0])
            there = await self.send_nwk(self.nwk_frame(nwk.Kind.COMMAND, self.parent_id, request, radius=1))
            missed = 0 if there else missed + 1

    def off(self) -> None:
        """No network."""
        self.network = None
        self.node_id = _UNSET
        self.addresses = {}
