"""The comms hub: trust centre, key-establishment responder, time server and gas mirror (SE 1.4, GBCS)."""

from __future__ import annotations

import asyncio
import dataclasses
import random

from host_tools.sim import aps
from host_tools.sim.air import TRUST_CENTRE, Air, Network
from host_tools.sim.crypto import mmo
from host_tools.sim.crypto.cbke import Identity
from host_tools.sim.gas import GasMirror
from host_tools.sim.key_responder import KeyResponder
from host_tools.sim.node import Endpoint, Message, Node
from host_tools.sim.zcl_server import Attribute, ZclServer

BASIC, TIME, PRICE, METERING, KEY_ESTABLISHMENT = 0x0000, 0x000A, 0x0700, 0x0702, 0x0800
PAN_AT_CAPACITY = 0x01
_CHF, _GPF = 1, 2


@dataclasses.dataclass
class Entry:
    """A device in the hub's log. `window_until` is when its join window closes, in loop time."""

    eui64: bytes
    install_key: bytes
    window_until: float
    node_id: int | None = None
    meters_granted: bool = False


class LogFull(Exception):
    """The hub's device log takes no more devices."""


class Hub(ZclServer):
    """The hub of one home. `log_size` is how many consumer devices its log holds, `child_slots` how many its
    radio lets associate.
    """

    def __init__(
        self, air: Air, eui64: bytes, rng: random.Random, identities: dict[int, Identity], mirror: GasMirror | None,
        *, channel: int, pan_id: int, rssi: int = -55,
    ) -> None:  # fmt: skip
        super().__init__(air, eui64, rssi=rssi)
        self._rng = rng
        self.channel = channel
        self.node_id = TRUST_CENTRE
        self.network = Network(pan_id, eui64, channel, rng.randbytes(16))
        self.log: dict[bytes, Entry] = {}
        self.log_size = 3
        self.child_slots = 6
        self.open_to_all = False
        self.clock_offset_s = 0
        self.responder = KeyResponder(self, rng, identities)
        self.mirror = mirror
        self.endpoints[_CHF] = Endpoint(0x0508, (BASIC, TIME, KEY_ESTABLISHMENT), (KEY_ESTABLISHMENT,))
        self.attributes[_CHF] = {
            BASIC: {0x0000: Attribute(0x20, 8), 0x0007: Attribute(0x30, 1)},
            TIME: {
                0x0000: Attribute(0xE2, self.utc),
                0x0001: Attribute(0x18, 0x09),
                0x0007: Attribute(0x23, self.utc),
            },
            KEY_ESTABLISHMENT: {0x0000: Attribute(0x31, lambda: self.responder.suites)},
        }
        if mirror:
            self.endpoints[_GPF] = Endpoint(0x0501, (METERING, PRICE))
            self.attributes[_GPF] = mirror.attributes
            self.commands[_GPF, PRICE, 0x00] = mirror.tariff.get_current_price
        air.hubs.append(self)

    def utc(self) -> int:
        """Zigbee UTC by the hub's own clock."""
        return asyncio.get_running_loop().utc + self.clock_offset_s

    # The device log, as the supplier's commands change it (GBCS CCS01, CCS02)

    def admit(self, eui64: bytes, code: bytes, window_s: float) -> None:
        """Puts a device (EUI-64 in air order, install code without CRC) into the log and opens for it.

        Raises LogFull.
        """
        known = self.log.get(eui64)
        if known is None and len(self.log) >= self.log_size:
            raise LogFull
        until = asyncio.get_running_loop().time() + window_s
        install_key = mmo.link_key(mmo.with_crc(code))
        if known:
            known.window_until = until
            if not self._vouched(eui64):
                known.install_key = install_key
            return
        self.log[eui64] = Entry(eui64, install_key, until)

    def grant_meters(self, eui64: bytes) -> None:
        """Lets a device read the meters (GBCS CS03B)."""
        if eui64 in self.log:
            self.log[eui64].meters_granted = True

    def remove(self, eui64: bytes) -> None:
        """Takes a device out of the log and off the network."""
        entry = self.log.pop(eui64, None)
        key = self.keys.get(eui64)
        if entry and entry.node_id is not None and key:
            self.send_command(entry.node_id, bytes([aps.Command.REMOVE_DEVICE]) + eui64, aps.KeyId.DATA, key)
        self.keys.pop(eui64, None)

    def _vouched(self, eui64: bytes) -> bool:
        key = self.keys.get(eui64)
        return key is not None and key.authorised

    # Joining

    @property
    def is_open(self) -> bool:
        """Whether its beacons permit joining: during anybody's window."""
        now = asyncio.get_running_loop().time()
        return self.open_to_all or any(entry.window_until > now for entry in self.log.values())

    async def associate(self, node: Node) -> int | None:
        """MAC association: the node id given, or None where there is no room."""
        await asyncio.sleep(self.air.latency_s() * 4)
        if not self.is_open or self.child_slots <= 0:
            return None
        node_id = self._rng.randrange(0x0001, 0xFFF0)
        self.start(self._authenticate(node, node_id))
        return node_id

    async def _authenticate(self, node: Node, node_id: int) -> None:
        # The network key goes to devices of the log, under their own key; others wait in vain.
        await asyncio.sleep(self.air.latency_s() * 2)
        entry = self.log.get(node.eui64)
        if entry is None or entry.window_until <= asyncio.get_running_loop().time():
            return
        if not self._vouched(node.eui64):
            self.keys[node.eui64] = aps.LinkKey(entry.install_key)
        entry.node_id = node_id
        self.addresses[node_id] = node.eui64
        self._send_network_key(node, node_id)

    def _send_network_key(self, node: Node, node_id: int) -> None:
        assert self.network
        key = self.keys[node.eui64]
        payload = aps.transport_network_key(self.network.key, self.network.key_sequence, node.eui64, self.eui64)
        frame = aps.Frame(aps.Kind.COMMAND, self.next_counter(), payload, secured=aps.KeyId.KEY_TRANSPORT)
        data = aps.encode(frame, self.eui64, key)
        # The last hop to a node without the network key is without network security.
        if self.air.connects(self, node):
            asyncio.get_running_loop().call_later(self.air.latency_s(), node.take, data, self, self.node_id, False)

    async def rejoin(self, node: Node, *, secured: bool) -> int | None:
        """NWK rejoin: the node id, or None. A trust-centre rejoin is followed by the network key."""
        await asyncio.sleep(self.air.latency_s() * 4)
        entry = self.log.get(node.eui64)
        if entry is None or entry.node_id is None:
            return None
        if secured:
            same = node.network and self.network and node.network.key == self.network.key
            return entry.node_id if same else None
        if not self._vouched(node.eui64):
            return None
        self._send_network_key(node, entry.node_id)
        return entry.node_id

    # Keys between devices

    def on_command(self, frame: aps.Frame, sender: Node, sender_id: int) -> None:
        asked = frame.payload
        if frame.secured is aps.KeyId.DATA and asked[:2] == bytes([aps.Command.REQUEST_KEY, 0x02]) and len(asked) == 10:
            self._introduce(sender.eui64, asked[2:])

    def _introduce(self, one: bytes, other: bytes) -> None:
        # A link key for two devices, both of which have finished key establishment.
        entry = self.log.get(one)
        if not (entry and entry.meters_granted and self._vouched(one) and self._vouched(other)):
            return
        shared = self._rng.randbytes(16)
        ids = {eui64: node_id for node_id, eui64 in self.addresses.items()}
        for eui64, partner, initiator in ((other, one, False), (one, other, True)):
            payload = aps.transport_link_key(shared, partner, initiator)
            self.send_command(ids[eui64], payload, aps.KeyId.KEY_LOAD, self.keys[eui64])

    def trust(self, node: Node, node_id: int) -> None:
        """Installs a meter: it has joined and agreed on a key long ago."""
        key = self._rng.randbytes(16)
        node.network = self.network
        node.node_id = node_id
        self.addresses[node_id] = node.eui64
        node.addresses[self.node_id] = self.eui64
        self.keys[node.eui64] = aps.LinkKey(key, authorised=True)
        node.keys[self.eui64] = aps.LinkKey(key, authorised=True)

    # Messages

    def may_read(self, message: Message) -> bool:
        if message.frame.destination != _GPF:
            return True
        entry = self.log.get(message.sender.eui64)
        return entry is not None and entry.meters_granted

    def on_message(self, message: Message) -> None:
        frame = message.frame
        if frame.cluster == KEY_ESTABLISHMENT and frame.payload and frame.payload[0] & 0x03 == 0x01:
            self.responder.on_message(message)
        else:
            super().on_message(message)

    def on_client_message(self, message: Message, header, payload: bytes) -> None:
        if self.mirror and message.frame.cluster == METERING and message.secured:
            self.mirror.on_report(header, payload)
