"""The Zigbee stack behind EZSP: an end device that scans, joins, talks, agrees on keys and loses its way."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from typing import Any

import bellows.types as t

from host_tools.sim import aps
from host_tools.sim.air import Air
from host_tools.sim.crypto.mmo import aes_mmo
from host_tools.sim.end_device import EndDevice
from host_tools.sim.ncp.cbke import CbkeEngine
from host_tools.sim.ncp.coordinator import COORDINATOR, END_DEVICE, Coordinator, Formed
from host_tools.sim.ncp.tokens import Tokens
from host_tools.sim.node import APS_SECURITY, EXTENDED_HEADER, LONGEST_PAYLOAD, Endpoint, Message
from host_tools.sim.radio import nwk
from host_tools.sim.radio.ieee802154 import Frame
from host_tools.sim.radio.nwk import TRUST_CENTRE, Network

EMBER, EZSP = t.EmberStatus, t.EzspStatus
LINK_KEY_WAIT_S = 5.0
_GET_KEY_FROM_INSTALL_CODE = 0x2000
_HAVE_PRECONFIGURED_KEY = 0x0100
_APS_ENCRYPTION, _APS_RETRY, _APS_FRAGMENT = 0x0020, 0x0040, 0x8000
_BLOCK_SENDERS = 8
_WINDOW_SIZE = 0x1C  # of the configuration


class State:
    NONE, JOINING, JOINED, NO_PARENT = range(4)


class LeaveReason:
    NONE, NWK_LEAVE, APS_REMOVE = 0, 1, 2
    APPLICATION = 0xFF


@dataclasses.dataclass
class Flash:
    """What an NCP remembers without power."""

    network: Network | None = None
    node_id: int = 0xFFFE
    trust_centre: bytes | None = None
    keys: dict[bytes, aps.LinkKey] = dataclasses.field(default_factory=dict)
    counters: nwk.Counters = dataclasses.field(default_factory=nwk.Counters)
    leave_reason: int = LeaveReason.NONE
    formed: Formed | None = None


class Stack(EndDevice):
    """`callback(name, **values)` pushes EZSP callbacks. Commands are the methods that begin with `do_`; each
    takes the command's values by name and returns the response's.
    """

    def __init__(self, air: Air, tokens: Tokens, rng: random.Random) -> None:
        super().__init__(air, tokens.eui64)
        self.tokens = tokens
        self.rng = rng
        self.flash = Flash()
        self.callback = lambda name, **values: None
        self.cbke = CbkeEngine(self)
        self.coordinator = Coordinator(self)
        self.unsupported_install_code = False
        self.reset()

    # Power

    def reset(self) -> None:
        """A restart of the NCP: what is not in flash is gone."""
        for task in list(self._tasks):
            task.cancel()
        self.state = State.NONE
        self.off()
        self.keys, self.counters = self.flash.keys, self.flash.counters
        self.endpoints = {}
        self.configuration: dict[int, int] = {}
        self.values: dict[int, bytes] = {}
        self.policies: dict[int, int] = {}
        self._table: dict[int, list] = {}
        self.security: bytes | None = None
        self.security_state: Any = None
        self._alive: asyncio.Task | None = None
        self._awaiting_link_key: dict[bytes, asyncio.Future[None]] = {}
        self._extended_pan_id = bytes(8)
        self._initialised = False
        self._preconfigured: bytes | None = None
        self._blocks: dict[tuple[int, int], Message] = {}
        self.cbke.reset()
        self.coordinator.reset()

    def run(self, name: str, values: dict[str, Any]) -> dict[str, Any] | None:
        """One EZSP command; None for one that this build of the stack does not have."""
        for part in (self, self.cbke, self.coordinator):
            command = getattr(part, f"do_{name}", None)
            if command:
                return command(**values)
        return None

    def _status(self, status: EMBER) -> None:
        self.callback("stackStatusHandler", status=status)

    # Configuration

    def do_customFrame(self, payload=b"", **rest):
        # For makers' own extensions, of which a plain NCP has none.
        return {"status": EMBER.LIBRARY_NOT_PRESENT, "reply": b""}

    def do_nop(self):
        return {}

    def do_echo(self, data):
        return {"echo": data}

    def do_getConfigurationValue(self, configId):
        return {"status": EZSP.SUCCESS, "value": self.configuration.get(configId, 0)}

    def do_setConfigurationValue(self, configId, value):
        if self._initialised:
            return {"status": EZSP.ERROR_INVALID_CALL}
        self.configuration[configId] = value
        return {"status": EZSP.SUCCESS}

    def do_getValue(self, valueId):
        if valueId == t.EzspValueId.VALUE_VERSION_INFO:
            return {"status": EZSP.SUCCESS, "value": bytes([0, 0, 7, 4, 1, 0, 0xAA])}
        return {"status": EZSP.SUCCESS, "value": self.values.get(valueId, b"\x00")}

    def do_setValue(self, valueId, value):
        self.values[valueId] = bytes(value)
        return {"status": EZSP.SUCCESS}

    def do_getExtendedValue(self, valueId, characteristics):
        kinds = t.EzspExtendedValueId
        if valueId == kinds.EXTENDED_VALUE_LAST_LEAVE_REASON:
            return {"status": EZSP.SUCCESS, "value": bytes([self.flash.leave_reason, 0, 0])}
        if valueId == kinds.EXTENDED_VALUE_ENDPOINT_FLAGS:
            known = characteristics in self.endpoints
            return {"status": EZSP.SUCCESS if known else EZSP.ERROR_INVALID_ID, "value": bytes([known, 0])}
        if valueId == kinds.EXTENDED_VALUE_GET_SOURCE_ROUTE_OVERHEAD:
            return {"status": EZSP.SUCCESS, "value": b"\x00"}
        return {"status": EZSP.ERROR_INVALID_ID, "value": b""}

    def do_setPolicy(self, policyId, decisionId):
        self.policies[policyId] = decisionId
        return {"status": EZSP.SUCCESS}

    def do_getPolicy(self, policyId):
        return {"status": EZSP.SUCCESS, "decisionId": self.policies.get(policyId, 0)}

    def do_addEndpoint(
        self, endpoint, profileId, deviceId, deviceVersion, inputClusterCount, outputClusterCount,
        inputClusterList, outputClusterList,
    ):  # fmt: skip
        if self._initialised:
            return {"status": EZSP.ERROR_INVALID_CALL}
        # bellows' list type takes all that is left; the counts tell where it divides.
        clusters = [int(c) for c in [*inputClusterList, *outputClusterList]]
        if len(clusters) != inputClusterCount + outputClusterCount:
            return {"status": EZSP.ERROR_INVALID_VALUE}
        self.endpoints[endpoint] = Endpoint(
            deviceId, tuple(clusters[:inputClusterCount]), tuple(clusters[inputClusterCount:]), int(profileId)
        )
        return {"status": EZSP.SUCCESS}

    def do_getEui64(self):
        return {"eui64": t.EUI64(self.eui64)}

    def do_getNodeId(self):
        return {"nodeId": self.node_id}

    def do_getMfgToken(self, tokenId):
        return {"tokenData": self.tokens.manufacturing(tokenId)}

    def do_setManufacturerCode(self, code):
        return {"status": EMBER.SUCCESS}

    def do_getLibraryStatus(self, libraryId):
        present = {
            0x06: 1 in self.tokens.identities,
            0x0D: 2 in self.tokens.identities,
            0x0F: True,
            0x0B: True,
        }
        return {"status": 0x80 if present.get(libraryId) else 0x00}

    def do_aesMmoHash(self, context, finalize, data):
        digest = aes_mmo(bytes(data), bytes(context.result), already=context.length)
        done = t.EmberAesMmoHashContext(result=t.FixedList[t.uint8_t, 16](digest), length=context.length + len(data))
        return {"status": EMBER.SUCCESS if finalize else EMBER.INVALID_CALL, "returnContext": done}

    # The network

    def do_networkState(self):
        return {"status": self.state}

    def do_networkInit(self, networkInitBitmask):
        self._initialised = True
        if self.flash.network is None:
            return {"status": EMBER.NOT_JOINED}
        if self.flash.formed:
            self.coordinator.start()
            return {"status": EMBER.SUCCESS}
        self.network = self.flash.network
        self.node_id = self.flash.node_id
        if self.flash.trust_centre:
            self.addresses[TRUST_CENTRE] = self.flash.trust_centre
        self.state = State.NO_PARENT
        self.start(self._come_back())
        return {"status": EMBER.SUCCESS}

    async def _come_back(self) -> None:
        await self._find_and_rejoin(True, 0)

    def do_setInitialSecurityState(self, state):
        key: bytes | None = bytes(state.preconfiguredKey.serialize())
        if state.bitmask & _GET_KEY_FROM_INSTALL_CODE:
            key = None if self.unsupported_install_code else self.tokens.install_key()
        elif not state.bitmask & _HAVE_PRECONFIGURED_KEY:
            key = None
        if key is None:
            return {"status": EMBER.SECURITY_CONFIGURATION_INVALID}
        self.security, self.security_state = key, state
        return {"status": EMBER.SUCCESS}

    def do_startScan(self, scanType, channelMask, duration):
        if self.state == State.JOINING:
            return {"status": EMBER.INVALID_CALL}
        energy = scanType == t.EzspNetworkScanType.ENERGY_SCAN
        self.start(self._energy_scan(int(channelMask), int(duration)) if energy else self._scan(int(channelMask)))
        return {"status": EMBER.SUCCESS}

    async def _energy_scan(self, mask: int, duration: int) -> None:
        for channel in (c for c in range(11, 27) if mask >> c & 1):
            await asyncio.sleep(0.01536 * ((1 << duration) + 1))
            self.callback("energyScanResultHandler", channel=channel, maxRssiValue=self.air.energy(self, channel))
        self.callback("scanCompleteHandler", channel=0, status=EMBER.SUCCESS)

    async def _scan(self, mask: int) -> None:
        await self.scan(mask, self._found)
        self.callback("scanCompleteHandler", channel=0, status=EMBER.SUCCESS)

    def _found(self, heard) -> None:
        found = t.EmberZigbeeNetwork(
            channel=heard.channel, panId=heard.pan_id, extendedPanId=t.ExtendedPanId(heard.beacon.extended_pan_id),
            allowingJoin=heard.beacon.permits_association, stackProfile=heard.beacon.stack_profile,
            nwkUpdateId=heard.beacon.update_id,
        )  # fmt: skip
        self.callback("networkFoundHandler", networkFound=found, lqi=self.air.lqi(heard.rssi), rssi=heard.rssi)

    def do_joinNetwork(self, nodeType, parameters):
        if self.state != State.NONE or not self._initialised:
            return {"status": EMBER.INVALID_CALL}
        if self.security is None:
            return {"status": EMBER.SECURITY_STATE_NOT_SET}
        self.state = State.JOINING
        self.start(self._join(bytes(parameters.extendedPanId.serialize()), parameters.radioChannel, parameters.panId))
        return {"status": EMBER.SUCCESS}

    async def _join(self, extended_pan_id: bytes, channel: int, pan_id: int) -> None:
        assert self.security
        parent = self._best_parent(extended_pan_id, joining=True)
        if not await self.associate(channel, int(pan_id), parent.source if parent else TRUST_CENTRE):
            self._failed_to_join(EMBER.JOIN_FAILED)
            return
        self._extended_pan_id = extended_pan_id
        self._preconfigured = self.security
        authenticated = await self.authenticate()
        self._preconfigured = None
        hub = self.addresses.get(TRUST_CENTRE)
        if not authenticated or hub is None:
            self._failed_to_join(EMBER.NO_NETWORK_KEY_RECEIVED)
            return
        self.flash.trust_centre = hub
        self._joined()

    def _failed_to_join(self, status: EMBER) -> None:
        self.state = State.NONE
        self.off()
        self._status(status)

    def up(self) -> None:
        """A coordinator's network is up; said after the answer to the command that started it."""
        self.state = State.JOINED
        asyncio.get_running_loop().call_soon(self._status, EMBER.NETWORK_UP)

    def _joined(self, status: EMBER = EMBER.NETWORK_UP) -> None:
        self.state = State.JOINED
        self.flash.network = self.network
        self.flash.node_id = self.node_id
        self.announce()
        if self._alive:
            self._alive.cancel()
        self._alive = self.start(self._stay())
        self._status(status)

    def readdressed(self, node_id: int) -> None:
        super().readdressed(node_id)
        self.flash.node_id = node_id
        self._status(EMBER.NODE_ID_CHANGED)

    def network_changed(self) -> None:
        self.flash.network = self.network
        self._status(EMBER.PAN_ID_CHANGED)

    async def _stay(self) -> None:
        await self.keep_alive()
        if self.state == State.JOINED:
            self.state = State.NO_PARENT
            self._status(EMBER.NETWORK_DOWN)

    def do_findAndRejoinNetwork(self, haveCurrentNetworkKey, channelMask, reason=0xFF, nodeType=3):
        if self.flash.network is None:
            return {"status": EMBER.NOT_JOINED}
        self.state = State.NO_PARENT
        self.start(self._find_and_rejoin(bool(haveCurrentNetworkKey), channelMask))
        return {"status": EMBER.SUCCESS}

    async def _find_and_rejoin(self, secured: bool, channels: int) -> None:
        network = self.flash.network
        assert network
        self._extended_pan_id = network.extended_pan_id
        if self.flash.trust_centre:
            self.addresses[TRUST_CENTRE] = self.flash.trust_centre
        if await self.rejoin(network, self.flash.node_id, secured=secured, channels=channels):
            same = self.addresses[TRUST_CENTRE] == self.flash.trust_centre
            self.flash.trust_centre = self.addresses[TRUST_CENTRE]
            self._joined(EMBER.NETWORK_UP if same else EMBER.TRUST_CENTER_EUI_HAS_CHANGED)
        else:
            self._status(EMBER.MOVE_FAILED)

    def do_leaveNetwork(self, options=0):
        if self.flash.network is None:
            return {"status": EMBER.INVALID_CALL}
        self.start(self._go())
        return {"status": EMBER.SUCCESS}

    async def _go(self) -> None:
        if not self.coordinator.active and self.state == State.JOINED:
            leave = bytes([nwk.Command.LEAVE, 0])
            await self.send_nwk(self.nwk_frame(nwk.Kind.COMMAND, self.parent_id, leave, radius=1))
        self._leave(LeaveReason.APPLICATION)

    def _leave(self, reason: int) -> None:
        self.forget_network(reason)
        self._status(EMBER.NETWORK_DOWN)

    def forget_network(self, reason: int = LeaveReason.NONE) -> None:
        """The frame counter outlives a network: it may be the same one that is joined next."""
        self.flash = Flash(leave_reason=reason, counters=self.counters)
        self.keys = self.flash.keys
        self.coordinator.active = False
        self.off()
        self.state = State.NONE

    def do_getNetworkParameters(self):
        network = self.flash.network or Network(0xFFFF, bytes(8), 0, b"")
        parameters = t.EmberNetworkParameters(
            extendedPanId=t.ExtendedPanId(network.extended_pan_id), panId=network.pan_id, radioTxPower=8,
            radioChannel=network.channel, joinMethod=0, nwkManagerId=0, nwkUpdateId=network.update_id, channels=0,
        )  # fmt: skip
        status = EMBER.SUCCESS if self.flash.network else EMBER.NOT_JOINED
        return {
            "status": status,
            "nodeType": COORDINATOR if self.flash.formed else END_DEVICE,
            "parameters": parameters,
        }

    # Addresses

    def do_lookupEui64ByNodeId(self, nodeId):
        known = self.addresses.get(nodeId)
        return {"status": EMBER.SUCCESS if known else EMBER.ERR_FATAL, "eui64": t.EUI64(known or bytes(8))}

    def _address(self, index: int) -> tuple[bytes, int]:
        eui64, node_id = self._table.get(index, (b"\xff" * 8, None))
        return eui64, 0xFFFF if node_id is None else node_id

    def do_getAddressTableRemoteNodeId(self, index):
        return {"nodeId": self._address(index)[1]}

    def do_getAddressTableRemoteEui64(self, index):
        return {"eui64": t.EUI64(self._address(index)[0])}

    def do_getAddressTableInfo(self, index):
        eui64, node_id = self._address(index)
        status = EMBER.SUCCESS if index in self._table else EMBER.NOT_FOUND
        return {"status": status, "nwk": node_id, "eui64": t.EUI64(eui64)}

    def do_setAddressTableInfo(self, index, eui64, nwk):
        self._table[index] = [bytes(eui64.serialize()), int(nwk)]
        self.addresses[int(nwk)] = bytes(eui64.serialize())
        return {"status": EMBER.SUCCESS}

    def do_setAddressTableRemoteEui64(self, index, eui64):
        self._table[index] = [bytes(eui64.serialize()), None]
        return {"status": EMBER.SUCCESS}

    def do_setAddressTableRemoteNodeId(self, index, nwk):
        if index in self._table:
            self._table[index][1] = int(nwk)
            self.addresses[int(nwk)] = self._table[index][0]
        return {}

    # Messages

    def do_sendUnicast(self, message_type, nwk, aps_frame, message_tag, message):
        refusal = self._cannot_send(aps_frame, message)
        if not refusal and aps_frame.options & _APS_ENCRYPTION:
            key = self.key_for(int(nwk))
            if key is None:
                refusal = EMBER.APS_ENCRYPTION_ERROR
            elif not key.authorised:
                refusal = EMBER.KEY_NOT_AUTHORIZED
        if refusal:
            return {"status": refusal, "sequence": 0}
        # The host names the number of a message's later blocks: that which the first one got.
        later = aps_frame.options & _APS_FRAGMENT and aps_frame.groupId & 0xFF
        sequence = int(aps_frame.sequence) if later else self.next_counter()
        self.start(self._send_unicast(message_type, int(nwk), aps_frame, message_tag, bytes(message), sequence))
        return {"status": EMBER.SUCCESS, "sequence": sequence}

    def _cannot_send(self, aps_frame, message: bytes) -> EMBER | None:
        if self.state != State.JOINED:
            return EMBER.NETWORK_DOWN
        room = LONGEST_PAYLOAD - (APS_SECURITY if aps_frame.options & _APS_ENCRYPTION else 0)
        if len(message) > room - (EXTENDED_HEADER if aps_frame.options & _APS_FRAGMENT else 0):
            return EMBER.MESSAGE_TOO_LONG
        return None

    async def _send_unicast(self, message_type, to: int, frame, tag: int, payload: bytes, sequence: int) -> None:
        if frame.options & _APS_FRAGMENT:
            delivered = await self._send_block(to, frame, payload, sequence)
        else:
            delivered = await self._send_message(to, frame, payload, sequence)
        frame.sequence = sequence
        self.callback(
            "messageSentHandler", message_type=message_type, nwk=to, aps_frame=frame,
            message_tag=tag, message=b"", status=EMBER.SUCCESS if delivered else EMBER.DELIVERY_FAILED,
        )  # fmt: skip

    async def _send_message(self, to: int, frame, payload: bytes, sequence: int) -> bool:
        return await self.send(
            to, frame.clusterId, payload, profile=frame.profileId, source=frame.sourceEndpoint,
            destination=frame.destinationEndpoint, secure=bool(frame.options & _APS_ENCRYPTION),
            counter=sequence, ack=bool(frame.options & _APS_RETRY),
        )  # fmt: skip

    async def _send_block(self, to: int, frame, payload: bytes, sequence: int) -> bool:
        secured = aps.KeyId.DATA if frame.options & _APS_ENCRYPTION else None
        number, count = frame.groupId & 0xFF, frame.groupId >> 8
        block = aps.Frame(
            aps.Kind.DATA, sequence, payload, frame.profileId, frame.clusterId, frame.sourceEndpoint,
            frame.destinationEndpoint, ack_request=True, secured=secured, block=number, blocks=0 if number else count,
        )  # fmt: skip
        window = self.configuration.get(_WINDOW_SIZE) or 1
        return await self.send_frames(to, [block], self.key_for(to) if secured else None, number - number % window) == 1

    def do_sendReply(self, nwk, aps_frame, message):
        # For the blocks of a long message: the number of the window's first, and which of them have come. Hosts differ
        # in whether they swap the endpoints.
        incoming = self._blocks.get((int(nwk), int(aps_frame.sequence)))
        if incoming is None or not aps_frame.options & _APS_FRAGMENT:
            return {"status": EMBER.INVALID_CALL}
        self.acknowledge_blocks(incoming, aps_frame.groupId & 0xFF, aps_frame.groupId >> 8)
        return {"status": EMBER.SUCCESS}

    def on_block(self, message: Message) -> None:
        """The host puts long messages together, and acknowledges them."""
        self._blocks.pop((message.sender_id, message.frame.counter), None)
        self._blocks[message.sender_id, message.frame.counter] = message
        if len(self._blocks) > _BLOCK_SENDERS:
            del self._blocks[next(iter(self._blocks))]
        self._deliver(message)

    def do_sendBroadcast(self, nwk, aps_frame, radius, message_tag, message, alias=0xFFFF, sequence=0):
        refusal = self._cannot_send(aps_frame, message)
        if refusal:
            return {"status": refusal, "sequence": 0}
        counter = self.next_counter()
        self.start(
            self.send(
                int(nwk), aps_frame.clusterId, bytes(message), profile=aps_frame.profileId,
                source=aps_frame.sourceEndpoint, destination=aps_frame.destinationEndpoint, counter=counter,
            )
        )  # fmt: skip
        return {"status": EMBER.SUCCESS, "sequence": counter}

    def take(self, nwk_frame: nwk.Frame, rssi: int) -> None:
        if self.state != State.JOINED and not self._awaiting_key:
            return
        before = self._key_of_a_stranger(nwk_frame)
        super().take(nwk_frame, rssi)
        if before is not None and self._awaiting_key and not self._awaiting_key.done():
            self.keys.clear()
            self.keys.update(before)

    def _key_of_a_stranger(self, nwk_frame: nwk.Frame) -> dict[bytes, aps.LinkKey] | None:
        # The trust centre names itself in its first word. It knows the preconfigured key; a new one, after a swap, the
        # hash of the link key that the old one had (Smart Energy, section 5.4.2.2.3). What was there before, if this
        # may be such a word.
        named = aps.named_source(nwk_frame.payload)
        old = self.keys.get(self.flash.trust_centre or b"")
        if not self._awaiting_key or not named or nwk_frame.source != self.parent_id:
            return None
        if not self._preconfigured and (named in self.keys or not old):
            return None
        before = dict(self.keys)
        self.keys[named] = aps.LinkKey(self._preconfigured or aes_mmo(old.key))  # type: ignore[union-attr]
        return before

    def on_mac_command(self, frame: Frame) -> None:
        if self.coordinator.active:
            self.coordinator.parent.on_mac_command(frame)
        else:
            super().on_mac_command(frame)

    def accepts_unsecured(self, frame: nwk.Frame) -> bool:
        if self.coordinator.active:
            return self.coordinator.parent.accepts_unsecured(frame)
        return super().accepts_unsecured(frame)

    @property
    def is_router(self) -> bool:
        """A coordinator routes, an end device does not."""
        return self.coordinator.active

    def on_nwk_command(self, frame: nwk.Frame) -> None:
        if self.coordinator.active:
            self.coordinator.on_nwk_command(frame)
            return
        # An end device leaves at its parent's word, and that has to be under the network key.
        leave = len(frame.payload) == 2 and frame.payload[0] == nwk.Command.LEAVE
        if leave and frame.secured and frame.source == self.parent_id and frame.payload[1] & nwk.LEAVE_REQUEST:
            self._leave(LeaveReason.NWK_LEAVE)
        super().on_nwk_command(frame)

    def on_zdo(self, message: Message) -> None:
        super().on_zdo(message)
        if message.frame.cluster & 0x8000:
            self._to_host(message)

    def on_message(self, message: Message) -> None:
        if message.frame.destination in self.endpoints or message.broadcast:
            self._to_host(message)

    def _to_host(self, message: Message) -> None:
        frame = message.frame
        options = (_APS_ENCRYPTION if message.secured else 0) | (_APS_RETRY if frame.ack_request else 0)
        group = 0
        if frame.block is not None:
            options |= _APS_FRAGMENT
            group = frame.blocks << 8 | frame.block
        aps_frame = t.EmberApsFrame(
            profileId=frame.profile, clusterId=frame.cluster, sourceEndpoint=frame.source,
            destinationEndpoint=frame.destination, options=options, groupId=group, sequence=frame.counter,
        )  # fmt: skip
        self.callback(
            "incomingMessageHandler", message_type=4 if message.broadcast else 0, aps_frame=aps_frame,
            nwk=message.sender_id, eui64=t.EUI64(message.sender_eui64 or bytes(8)), binding_index=0xFF,
            address_index=0xFF, lqi=message.lqi, rssi=message.rssi, timestamp=0, message=frame.payload,
        )  # fmt: skip

    # Keys

    def do_requestLinkKey(self, partner):
        eui64 = bytes(partner.serialize())
        key = self.key_for(TRUST_CENTRE)
        if self.state != State.JOINED or key is None:
            return {"status": EMBER.NETWORK_DOWN}
        if not key.authorised:
            return {"status": EMBER.KEY_NOT_AUTHORIZED}
        self.start(self._request_link_key(eui64, key))
        return {"status": EMBER.SUCCESS}

    async def _request_link_key(self, partner: bytes, key: aps.LinkKey) -> None:
        got: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaiting_link_key[partner] = got
        self.send_command(TRUST_CENTRE, bytes([aps.Command.REQUEST_KEY, 0x02]) + partner, aps.KeyId.DATA, key)
        try:
            await asyncio.wait_for(got, LINK_KEY_WAIT_S)
            status = t.EmberKeyStatus.APP_LINK_KEY_ESTABLISHED
        except TimeoutError:
            status = t.EmberKeyStatus.KEY_ESTABLISHMENT_TIMEOUT
        finally:
            self._awaiting_link_key.pop(partner, None)
        self.callback("zigbeeKeyEstablishmentHandler", partner=t.EUI64(partner), status=status)

    def on_command(self, frame: aps.Frame, sender: bytes | None, sender_id: int) -> None:
        payload = frame.payload
        if sender_id not in (TRUST_CENTRE, self.parent_id) or not payload or sender is None:
            return
        if aps.transports(payload, aps.KeyType.STANDARD_NETWORK) and len(payload) == 35:
            if self._awaiting_key and payload[19:27] == self.eui64 and frame.secured is aps.KeyId.KEY_TRANSPORT:
                self.addresses[TRUST_CENTRE] = sender
                self.take_network_key(payload, self._extended_pan_id)
        elif sender_id != TRUST_CENTRE:
            return
        elif aps.transports(payload, aps.KeyType.APPLICATION_LINK) and frame.secured is aps.KeyId.KEY_LOAD:
            self._take_link_key(payload)
        elif payload[:9] == bytes([aps.Command.REMOVE_DEVICE]) + self.eui64 and frame.secured is not None:
            self._leave(LeaveReason.APS_REMOVE)

    def _take_link_key(self, payload: bytes) -> None:
        partner = payload[18:26]
        self.keys[partner] = aps.LinkKey(payload[2:18], authorised=True)
        waiting = self._awaiting_link_key.get(partner)
        if waiting and not waiting.done():
            waiting.set_result(None)
