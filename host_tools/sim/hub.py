"""The comms hub: trust centre, key-establishment responder, time server and gas mirror (SE 1.4, GBCS)."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import Callable

from zigpy.zdo.types import ZDOCmd

from host_tools.sim import aps
from host_tools.sim.air import Air
from host_tools.sim.crypto import mmo
from host_tools.sim.crypto.cbke import Identity
from host_tools.sim.gas import CLUSTERS, GasMirror
from host_tools.sim.key_responder import KeyResponder
from host_tools.sim.node import BROADCAST_S, Endpoint, Message, Node
from host_tools.sim.parent import Parent
from host_tools.sim.radio import nwk
from host_tools.sim.radio.nwk import TRUST_CENTRE, Network
from host_tools.sim.zcl_server import Attribute, ZclServer

BASIC, TIME, METERING, KEY_ESTABLISHMENT = 0x0000, 0x000A, 0x0702, 0x0800
_CHF, _GPF = 1, 2
_LONGEST_PERMIT_S = 254


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
    radio lets associate. `on_log` hears that devices have gone from the log, or come back to it.
    """

    is_router = True

    def __init__(
        self, air: Air, eui64: bytes, rng: random.Random, identities: dict[int, Identity], mirror: GasMirror | None,
        *, channel: int, pan_id: int, position: tuple[float, float] = (0.0, 0.0),
        extended_pan_id: bytes | None = None,
    ) -> None:  # fmt: skip
        super().__init__(air, eui64, position=position)
        self._rng = rng
        self.node_id = TRUST_CENTRE
        self.network = Network(pan_id, extended_pan_id or eui64, channel, rng.randbytes(16))
        air.keys[self.network.key] = "network key"
        self.members: list[Node] = []
        self.log: dict[bytes, Entry] = {}
        self._restored: set[bytes] = set()
        self.on_log: Callable[[], None] = lambda: None
        self.log_size = 3
        self.child_slots = 6
        self.open_to_all = False
        self.clock_offset_s = 0
        self.clock_set = True
        self.parent: Parent = Parent(self, rng, self)
        self.responder = KeyResponder(self, rng, identities)
        self.mirror = mirror
        self.endpoints[_CHF] = Endpoint(0x0508, (BASIC, TIME, KEY_ESTABLISHMENT), (KEY_ESTABLISHMENT,))
        self.attributes[_CHF] = {
            BASIC: {0x0000: Attribute(0x20, 8), 0x0007: Attribute(0x30, 1)},
            TIME: {
                0x0000: Attribute(0xE2, self._if_set(self.utc)),
                0x0001: Attribute(0x18, lambda: 0x09 if self.clock_set else 0x00),
                0x0002: Attribute(0x2B, 0),
                0x0006: Attribute(0x23, self._if_set(self.utc)),
                0x0007: Attribute(0x23, self._if_set(self.utc)),
            },
            KEY_ESTABLISHMENT: {0x0000: Attribute(0x31, lambda: self.responder.suites)},
        }
        if mirror:
            self.fit_gas(mirror)

    def fit_gas(self, mirror: GasMirror) -> None:
        """Opens the endpoint of the gas mirror."""
        self.mirror = mirror
        self.endpoints[_GPF] = Endpoint(0x0501, CLUSTERS)
        self.attributes[_GPF] = mirror.attributes
        for (cluster, command), handler in mirror.commands.items():
            self.commands[_GPF, cluster, command] = handler
        mirror.gas.longest = lambda: self.longest
        mirror.gas.publish = lambda cluster, answers: self.publish(_GPF, cluster, answers)

    def displays(self) -> list[int]:
        return [
            entry.node_id for entry in self.log.values()
            if entry.meters_granted and entry.node_id is not None and self._vouched(entry.eui64)
        ]  # fmt: skip

    def _if_set(self, value):
        return lambda: value() if self.clock_set else None

    def dismiss(self, node: Node) -> None:
        """Takes a meter off the network."""
        self.members.remove(node)
        self.addresses.pop(node.node_id, None)
        self.keys.pop(node.eui64, None)
        node.powered = False

    @property
    def channel(self) -> int:
        """The channel that it works on."""
        return self.mac.channel

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
        self.start(self._open_routers(until))
        if known:
            known.window_until = until
            if not self._vouched(eui64):
                known.install_key = install_key
            return
        self.log[eui64] = Entry(eui64, install_key, until)

    async def _open_routers(self, until: float) -> None:
        # They permit joining for as long as they are told, at most 254 s at a time.
        left = until - asyncio.get_running_loop().time()
        while left >= 1 and self.is_open:
            await self._permit(min(_LONGEST_PERMIT_S, int(left)))
            await asyncio.sleep(min(_LONGEST_PERMIT_S - 14, left))
            left = until - asyncio.get_running_loop().time()

    async def _permit(self, seconds: int) -> None:
        body = bytes([self.next_counter(), seconds, 1])
        await self.send(
            nwk.BROADCAST_ROUTERS, ZDOCmd.Mgmt_Permit_Joining_req, body, profile=0, source=0, destination=0
        )  # fmt: skip

    def grant_meters(self, eui64: bytes) -> None:
        """Lets a device read the meters (GBCS CS03B)."""
        if eui64 in self.log:
            self.log[eui64].meters_granted = True

    def remove(self, eui64: bytes) -> None:
        """Takes a device out of the log and off the network, and closes if it was open for that one alone."""
        was_open = self.is_open
        entry = self.log.pop(eui64, None)
        if entry and entry.node_id is not None:
            self.parent.dismiss(eui64, entry.node_id)
        self.responder.forget(eui64)
        self.keys.pop(eui64, None)
        if was_open and not self.is_open:
            self.start(self._permit(0))
        self.on_log()

    def _vouched(self, eui64: bytes) -> bool:
        key = self.keys.get(eui64)
        return key is not None and key.authorised

    # Joining

    @property
    def is_open(self) -> bool:
        """Whether its beacons permit joining: during anybody's window."""
        now = asyncio.get_running_loop().time()
        return self.open_to_all or any(entry.window_until > now for entry in self.log.values())

    @property
    def has_room(self) -> bool:
        return self.child_slots > 0

    def admit_joiner(self, eui64: bytes, node_id: int) -> bool:
        """The network key goes to devices of the log, under their own key; others wait in vain."""
        entry = self.log.get(eui64)
        if entry is None or entry.window_until <= asyncio.get_running_loop().time():
            return False
        if not self._vouched(eui64):
            self.keys[eui64] = aps.LinkKey(entry.install_key)
            self.air.keys[entry.install_key] = "link key, from the install code"
        entry.node_id = node_id
        return True

    def readmit(self, eui64: bytes, *, secured: bool) -> int | None:
        """Secured, whoever is in the log; by the trust centre, who has agreed on a key before."""
        entry = self.log.get(eui64)
        trusted = secured or self._vouched(eui64) or eui64 in self._restored
        return entry.node_id if entry and trusted else None

    def announced(self, eui64: bytes, node_id: int) -> None:
        super().announced(eui64, node_id)
        if eui64 in self.log and self.addresses.get(node_id) == eui64:
            self.log[eui64].node_id = node_id

    # Keys between devices

    def on_command(self, frame: aps.Frame, sender: bytes | None, sender_id: int) -> None:
        asked = frame.payload
        if sender is None:
            return
        if frame.secured is aps.KeyId.DATA and asked[:2] == bytes([aps.Command.REQUEST_KEY, 0x02]) and len(asked) == 10:
            self._introduce(sender, asked[2:])

    def _introduce(self, one: bytes, other: bytes) -> None:
        # A link key for two devices, both of which have finished key establishment.
        entry = self.log.get(one)
        if not (entry and entry.meters_granted and self._vouched(one) and self._vouched(other)):
            return
        shared = self._rng.randbytes(16)
        self.air.keys[shared] = "link key between two devices"
        ids = {eui64: node_id for node_id, eui64 in self.addresses.items()}
        for eui64, partner, initiator in ((other, one, False), (one, other, True)):
            payload = aps.transport_link_key(shared, partner, initiator)
            self.send_command(ids[eui64], payload, aps.KeyId.KEY_LOAD, self.keys[eui64])

    def trust(self, node: Node, node_id: int) -> None:
        """Installs a meter: it has joined and agreed on a key long ago."""
        key = self._rng.randbytes(16)
        self.air.keys[key] = "link key, agreed"
        node.network = dataclasses.replace(self.network, others={})
        node.node_id = node_id
        self.members.append(node)
        self.addresses[node_id] = node.eui64
        if node.is_router:
            self.routing.routes[node_id] = node_id
            node.routing.routes[self.node_id] = self.node_id
        else:
            self.routing.children.add(node_id)
        node.addresses[self.node_id] = self.eui64
        self.keys[node.eui64] = aps.LinkKey(key, authorised=True)
        node.keys[self.eui64] = aps.LinkKey(key, authorised=True)

    # The life of a network

    def rotate_key(self, *, one_by_one: bool = False) -> None:
        """Hands out a new network key, to all at once or to each under its link key, and switches to it."""
        self.start(self._rotate_key(one_by_one))

    async def _rotate_key(self, one_by_one: bool) -> None:
        assert self.network
        sequence, key = (self.network.key_sequence + 1) & 0xFF, self._rng.randbytes(16)
        self.network.others[sequence] = key
        self.air.keys[key] = "network key"
        if one_by_one:
            for node_id, eui64 in self.addresses.items():
                if eui64 in self.keys:
                    payload = aps.transport_network_key(key, sequence, eui64, self.eui64)
                    self.send_command(node_id, payload, aps.KeyId.KEY_TRANSPORT, self.keys[eui64])
        else:
            payload = aps.transport_network_key(key, sequence, bytes(8), self.eui64)
            self.send_command(nwk.BROADCAST_RX_ON, payload, None, None)
        await asyncio.sleep(BROADCAST_S)
        self.send_command(nwk.BROADCAST_RX_ON, bytes([aps.Command.SWITCH_KEY, sequence]), None, None)
        await asyncio.sleep(1)
        self.network.switch(sequence)
        for node in self.members:
            # A meter that was without power has rejoined by the trust centre by the time that it matters.
            if node.network and node.network.key_sequence != sequence:
                node.network = dataclasses.replace(self.network, others={})

    def move(self, *, channel: int | None = None, pan_id: int | None = None) -> None:
        """Another channel or PAN id, from one moment to the next; the meters follow, a display has to find it."""
        assert self.network
        for node in (self, *self.members):
            assert node.network
            node.network = dataclasses.replace(
                node.network, channel=channel or self.network.channel, pan_id=pan_id or self.network.pan_id,
                update_id=self.network.update_id + 1,
            )  # fmt: skip

    def forget_counters(self) -> None:
        """Its outgoing frame counters begin anew, as after a repair that lost them. The meters have got over it."""
        self.counters.sent.clear()
        for key in self.keys.values():
            key.sent = 0
        for node in self.members:
            node.counters.forget(self.eui64)
            node.keys[self.eui64].heard = -1

    def restore(self, old: Hub) -> None:
        """Takes over the log of the hub that it replaces, with a hash of each device's link key (SE 1.4, 5.4.2.2.3)."""
        for eui64, entry in old.log.items():
            if eui64 in old.keys and entry.node_id is not None:
                hashed = mmo.aes_mmo(old.keys[eui64].key)
                self.log[eui64] = dataclasses.replace(entry, window_until=0.0)
                self.keys[eui64] = aps.LinkKey(hashed)
                self.air.keys[hashed] = "link key, hashed"
                self.parent.address(eui64, entry.node_id)
                self._restored.add(eui64)
        self.on_log()

    # Messages

    def may_read(self, message: Message) -> bool:
        if message.frame.destination != _GPF:
            return True
        entry = self.log.get(message.sender_eui64 or b"")
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
