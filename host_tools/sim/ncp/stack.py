"""The Zigbee stack behind EZSP: an end device that scans, joins, talks, agrees on keys and loses its way."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from typing import Any

import bellows.types as t

from host_tools.sim import aps
from host_tools.sim.air import TRUST_CENTRE, Air, Network
from host_tools.sim.crypto.mmo import aes_mmo
from host_tools.sim.ncp.cbke import CbkeEngine
from host_tools.sim.ncp.tokens import Tokens
from host_tools.sim.node import Endpoint, Message, Node

EMBER, EZSP = t.EmberStatus, t.EzspStatus
ASSOCIATION_S = 0.6
NETWORK_KEY_WAIT_S = 5.0
CHANNEL_SCAN_S = 0.1382  # an active scan of duration 3
LINK_KEY_WAIT_S = 5.0
KEEP_ALIVE_S = 60.0
KEEP_ALIVES_MISSED = 3
_GET_KEY_FROM_INSTALL_CODE = 0x2000
_HAVE_PRECONFIGURED_KEY = 0x0100
_APS_ENCRYPTION, _APS_RETRY = 0x0020, 0x0040
_LONGEST_MESSAGE = 82
_DEVICE_ANNOUNCE = 0x0013


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
    leave_reason: int = LeaveReason.NONE


class Stack(Node):
    """`callback(name, **values)` pushes EZSP callbacks. Commands are the methods that begin with `do_`; each
    takes the command's values by name and returns the response's.
    """

    def __init__(self, air: Air, tokens: Tokens, rng: random.Random, *, rssi: int = -60) -> None:
        super().__init__(air, tokens.eui64, rssi=rssi)
        self.tokens = tokens
        self.rng = rng
        self.flash = Flash()
        self.callback = lambda name, **values: None
        self.cbke = CbkeEngine(self)
        self.unsupported_install_code = False
        self.reset()

    # Power

    def reset(self) -> None:
        """A restart of the NCP: what is not in flash is gone."""
        for task in list(self._tasks):
            task.cancel()
        self.state = State.NONE
        self.network = None
        self.node_id = 0xFFFE
        self.keys = self.flash.keys
        self.addresses = {}
        self.endpoints = {}
        self.configuration: dict[int, int] = {}
        self.values: dict[int, bytes] = {}
        self.policies: dict[int, int] = {}
        self._table: dict[int, list] = {}
        self._security: tuple[int, bytes] | None = None
        self._awaiting_key: asyncio.Future[None] | None = None
        self._awaiting_link_key: dict[bytes, asyncio.Future[None]] = {}
        self._initialised = False
        self.cbke.reset()

    def run(self, name: str, values: dict[str, Any]) -> dict[str, Any] | None:
        """One EZSP command; None for one that this build of the stack does not have."""
        command = getattr(self, f"do_{name}", None) or getattr(self.cbke, f"do_{name}", None)
        return command(**values) if command else None

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
        if valueId == t.EzspExtendedValueId.EXTENDED_VALUE_LAST_LEAVE_REASON:
            return {"status": EZSP.SUCCESS, "value": bytes([self.flash.leave_reason])}
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
            deviceId, tuple(clusters[:inputClusterCount]), tuple(clusters[inputClusterCount:])
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
        self.network = self.flash.network
        self.node_id = self.flash.node_id
        if self.flash.trust_centre:
            self.addresses[TRUST_CENTRE] = self.flash.trust_centre
        self.state = State.NO_PARENT
        self.start(self._come_back())
        return {"status": EMBER.SUCCESS}

    async def _come_back(self) -> None:
        if await self._rejoin(secured=True, channels=0):
            self._joined()
        else:
            self._status(EMBER.MOVE_FAILED)

    def do_setInitialSecurityState(self, state):
        key: bytes | None = bytes(state.preconfiguredKey.serialize())
        if state.bitmask & _GET_KEY_FROM_INSTALL_CODE:
            key = None if self.unsupported_install_code else self.tokens.install_key()
        elif not state.bitmask & _HAVE_PRECONFIGURED_KEY:
            key = None
        if key is None:
            return {"status": EMBER.SECURITY_CONFIGURATION_INVALID}
        self._security = (state.bitmask, key)
        return {"status": EMBER.SUCCESS}

    def do_startScan(self, scanType, channelMask, duration):
        if self.state == State.JOINING:
            return {"status": EMBER.INVALID_CALL}
        self.start(self._scan(int(channelMask)))
        return {"status": EMBER.SUCCESS}

    async def _scan(self, mask: int) -> None:
        for channel in (c for c in range(11, 27) if mask >> c & 1):
            await asyncio.sleep(CHANNEL_SCAN_S)
            for hub in self.air.hubs_heard(self, channel):
                lqi, rssi = self.air.lqi(hub)
                found = t.EmberZigbeeNetwork(
                    channel=channel, panId=hub.network.pan_id,
                    extendedPanId=t.ExtendedPanId(hub.network.extended_pan_id),
                    allowingJoin=hub.is_open, stackProfile=2, nwkUpdateId=hub.network.update_id,
                )  # fmt: skip
                self.callback("networkFoundHandler", networkFound=found, lqi=lqi, rssi=rssi)
        self.callback("scanCompleteHandler", channel=0, status=EMBER.SUCCESS)

    def do_joinNetwork(self, nodeType, parameters):
        if self.state != State.NONE or not self._initialised:
            return {"status": EMBER.INVALID_CALL}
        if self._security is None:
            return {"status": EMBER.SECURITY_STATE_NOT_SET}
        self.state = State.JOINING
        self.start(self._join(bytes(parameters.extendedPanId.serialize()), parameters.radioChannel))
        return {"status": EMBER.SUCCESS}

    async def _join(self, extended_pan_id: bytes, channel: int) -> None:
        assert self._security
        hub = next(
            (h for h in self.air.hubs_heard(self, channel) if h.network.extended_pan_id == extended_pan_id),
            None,
        )
        node_id = await hub.associate(self) if hub else None
        if hub is None or node_id is None:
            await asyncio.sleep(ASSOCIATION_S)
            self._failed_to_join(EMBER.JOIN_FAILED)
            return
        self.node_id = node_id
        self.addresses = {TRUST_CENTRE: hub.eui64}
        self.keys[hub.eui64] = aps.LinkKey(self._security[1])
        self._awaiting_key = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait_for(self._awaiting_key, NETWORK_KEY_WAIT_S)
        except TimeoutError:
            self.keys.pop(hub.eui64, None)
            self._failed_to_join(EMBER.NO_NETWORK_KEY_RECEIVED)
            return
        finally:
            self._awaiting_key = None
        self.flash.trust_centre = hub.eui64
        self._joined()

    def _failed_to_join(self, status: EMBER) -> None:
        self.state = State.NONE
        self.network = None
        self.node_id = 0xFFFE
        self.addresses = {}
        self._status(status)

    def _joined(self) -> None:
        self.state = State.JOINED
        self.flash.network = self.network
        self.flash.node_id = self.node_id
        announce = bytes([self.next_counter()]) + self.node_id.to_bytes(2, "little") + self.eui64 + b"\x8c"
        self.start(self.send(0xFFFD, _DEVICE_ANNOUNCE, announce, profile=0, source=0, destination=0))
        self.start(self._keep_alive())
        self._status(EMBER.NETWORK_UP)

    async def _keep_alive(self) -> None:
        # An end device asks its parent whether it is still there.
        missed = 0
        while missed < KEEP_ALIVES_MISSED:
            await asyncio.sleep(KEEP_ALIVE_S)
            if self.state != State.JOINED:
                return
            parent = next((h for h in self.air.hubs if h.eui64 == self.flash.trust_centre), None)
            missed = 0 if parent and self.air.connects(self, parent) else missed + 1
        self.state = State.NO_PARENT
        self._status(EMBER.NETWORK_DOWN)

    def do_findAndRejoinNetwork(self, haveCurrentNetworkKey, channelMask, reason=0xFF, nodeType=3):
        if self.flash.network is None:
            return {"status": EMBER.NOT_JOINED}
        self.state = State.NO_PARENT
        self.start(self._find_and_rejoin(bool(haveCurrentNetworkKey), channelMask))
        return {"status": EMBER.SUCCESS}

    async def _find_and_rejoin(self, secured: bool, channels: int) -> None:
        if await self._rejoin(secured=secured, channels=channels):
            self._joined()
        else:
            self._status(EMBER.MOVE_FAILED)

    async def _rejoin(self, *, secured: bool, channels: int) -> bool:
        network = self.flash.network
        assert network
        mask = channels or 1 << network.channel
        hub = None
        for channel in (c for c in range(11, 27) if mask >> c & 1):
            await asyncio.sleep(CHANNEL_SCAN_S)
            heard = self.air.hubs_heard(self, channel)
            hub = hub or next((h for h in heard if h.network.extended_pan_id == network.extended_pan_id), None)
        if hub is None:
            return False
        self.network = network
        if not secured:
            self._awaiting_key = asyncio.get_running_loop().create_future()
        node_id = await hub.rejoin(self, secured=secured)
        if node_id is None:
            self._awaiting_key = None
            return False
        if not secured:
            try:
                await asyncio.wait_for(self._awaiting_key, NETWORK_KEY_WAIT_S)
            except TimeoutError:
                return False
            finally:
                self._awaiting_key = None
        else:
            self.network = dataclasses.replace(network, channel=hub.channel)
        self.node_id = node_id
        return True

    def do_leaveNetwork(self, options=0):
        if self.flash.network is None:
            return {"status": EMBER.INVALID_CALL}
        self._leave(LeaveReason.APPLICATION)
        return {"status": EMBER.SUCCESS}

    def _leave(self, reason: int) -> None:
        self.flash = Flash(leave_reason=reason)
        self.keys = self.flash.keys
        self.network = None
        self.addresses = {}
        self.state = State.NONE
        self._status(EMBER.NETWORK_DOWN)

    def do_getNetworkParameters(self):
        network = self.flash.network or Network(0xFFFF, bytes(8), 0, b"")
        parameters = t.EmberNetworkParameters(
            extendedPanId=t.ExtendedPanId(network.extended_pan_id), panId=network.pan_id, radioTxPower=8,
            radioChannel=network.channel, joinMethod=0, nwkManagerId=0, nwkUpdateId=network.update_id, channels=0,
        )  # fmt: skip
        status = EMBER.SUCCESS if self.flash.network else EMBER.NOT_JOINED
        return {"status": status, "nodeType": 3, "parameters": parameters}

    # Addresses

    def do_lookupEui64ByNodeId(self, nodeId):
        known = self.addresses.get(nodeId)
        return {"status": EMBER.SUCCESS if known else EMBER.ERR_FATAL, "eui64": t.EUI64(known or bytes(8))}

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
        sequence = self.next_counter()
        self.start(self._send_unicast(message_type, int(nwk), aps_frame, message_tag, bytes(message), sequence))
        return {"status": EMBER.SUCCESS, "sequence": sequence}

    def _cannot_send(self, aps_frame, message: bytes) -> EMBER | None:
        if self.state != State.JOINED:
            return EMBER.NETWORK_DOWN
        if len(message) > _LONGEST_MESSAGE - (9 if aps_frame.options & _APS_ENCRYPTION else 0):
            return EMBER.MESSAGE_TOO_LONG
        return None

    async def _send_unicast(self, message_type, to: int, frame, tag: int, payload: bytes, sequence: int) -> None:
        delivered = await self.send(
            to, frame.clusterId, payload, profile=frame.profileId, source=frame.sourceEndpoint,
            destination=frame.destinationEndpoint, secure=bool(frame.options & _APS_ENCRYPTION),
            counter=sequence, ack=bool(frame.options & _APS_RETRY),
        )  # fmt: skip
        self.callback(
            "messageSentHandler", message_type=message_type, nwk=to, aps_frame=frame.replace(sequence=sequence),
            message_tag=tag, message=b"", status=EMBER.SUCCESS if delivered else EMBER.DELIVERY_FAILED,
        )  # fmt: skip

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

    def hear(self, data: bytes, sender: Node, network_key: bytes, broadcast: bool) -> None:
        if self.state == State.JOINED and not self.cbke.radio_off:
            super().hear(data, sender, network_key, broadcast)

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
        aps_frame = t.EmberApsFrame(
            profileId=frame.profile, clusterId=frame.cluster, sourceEndpoint=frame.source,
            destinationEndpoint=frame.destination, options=options, groupId=0, sequence=frame.counter,
        )  # fmt: skip
        self.callback(
            "incomingMessageHandler", message_type=4 if message.broadcast else 0, aps_frame=aps_frame,
            nwk=message.sender_id, eui64=t.EUI64(message.sender.eui64), binding_index=0xFF, address_index=0xFF,
            lqi=message.lqi, rssi=message.rssi, timestamp=0, message=frame.payload,
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

    def on_command(self, frame: aps.Frame, sender: Node, sender_id: int) -> None:
        payload = frame.payload
        if sender_id != TRUST_CENTRE or frame.secured is None or not payload:
            return
        if payload[0] == aps.Command.TRANSPORT_KEY and len(payload) > 1:
            if payload[1] == aps.KeyType.STANDARD_NETWORK and frame.secured is aps.KeyId.KEY_TRANSPORT:
                self._take_network_key(payload, sender)
            elif payload[1] == aps.KeyType.APPLICATION_LINK and frame.secured is aps.KeyId.KEY_LOAD:
                self._take_link_key(payload)
        elif payload[0] == aps.Command.REMOVE_DEVICE and payload[1:9] == self.eui64:
            self._leave(LeaveReason.APS_REMOVE)

    def _take_network_key(self, payload: bytes, hub: Node) -> None:
        if payload[19:27] != self.eui64 or hub.network is None:
            return
        known = hub.network
        self.network = Network(
            known.pan_id, known.extended_pan_id, known.channel, payload[2:18], payload[18], known.update_id
        )
        if self._awaiting_key and not self._awaiting_key.done():
            self._awaiting_key.set_result(None)

    def _take_link_key(self, payload: bytes) -> None:
        partner = payload[18:26]
        self.keys[partner] = aps.LinkKey(payload[2:18], authorised=True)
        waiting = self._awaiting_link_key.get(partner)
        if waiting and not waiting.done():
            waiting.set_result(None)
