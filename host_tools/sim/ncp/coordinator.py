"""The NCP as a coordinator: it forms a network and is its trust centre (UG100, network and security frames)."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Any

import bellows.types as t

from host_tools.sim import aps
from host_tools.sim.parent import Parent
from host_tools.sim.radio import nwk
from host_tools.sim.radio.nwk import TRUST_CENTRE, Network

if TYPE_CHECKING:
    from host_tools.sim.ncp.stack import Stack

EMBER = t.EmberStatus
COORDINATOR, END_DEVICE = 1, 3
WELL_KNOWN_KEY = b"ZigBeeAlliance09"
_ALLOW_JOINS, _INSTALL_CODES_ONLY = 0x0001, 0x0010
_TRUST_CENTRE_POLICY = 0x00
_HAVE_NETWORK_KEY = 0x0200


@dataclasses.dataclass
class Formed:
    """What a coordinator remembers without power."""

    link_key: bytes
    bitmask: int
    children: dict[bytes, int] = dataclasses.field(default_factory=dict)


class Coordinator:
    """The commands of a coordinator, and the policy that its Parent asks."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.parent = Parent(stack, stack.rng, self)
        self.reset()

    def reset(self) -> None:
        self.active = False
        self._open_until = 0.0
        self._transient: dict[bytes, bytes] = {}

    # Policy

    @property
    def is_open(self) -> bool:
        return asyncio.get_running_loop().time() < self._open_until

    @property
    def has_room(self) -> bool:
        formed = self._stack.flash.formed
        return formed is not None and len(formed.children) < self._stack.configuration.get(0x11, 6)

    def admit_joiner(self, eui64: bytes, node_id: int) -> bool:
        stack = self._stack
        assert stack.flash.formed
        decision = stack.policies.get(_TRUST_CENTRE_POLICY, 0)
        key = self._transient.get(eui64)
        admitted = bool(decision & _ALLOW_JOINS) and (key is not None or not decision & _INSTALL_CODES_ONLY)
        if admitted:
            stack.keys[eui64] = aps.LinkKey(key or WELL_KNOWN_KEY, authorised=True)
            stack.air.keys[stack.keys[eui64].key] = "link key, transient"
            stack.flash.formed.children[eui64] = node_id
        stack.callback(
            "trustCenterJoinHandler", newNodeId=node_id, newNodeEui64=t.EUI64(eui64),
            status=t.EmberDeviceUpdate.STANDARD_SECURITY_UNSECURED_JOIN,
            policyDecision=t.EmberJoinDecision.USE_PRECONFIGURED_KEY if admitted else t.EmberJoinDecision.DENY_JOIN,
            parentOfNewNodeId=TRUST_CENTRE,
        )  # fmt: skip
        return admitted

    def readmit(self, eui64: bytes, *, secured: bool) -> int | None:
        formed = self._stack.flash.formed
        return formed.children.get(eui64) if formed else None

    def on_nwk_command(self, frame: nwk.Frame) -> None:
        eui64 = self._stack.addresses.get(frame.source)
        leaves = frame.payload[:1] == bytes([nwk.Command.LEAVE]) and not frame.payload[1] & nwk.LEAVE_REQUEST
        if not leaves or eui64 is None or self._stack.flash.formed is None:
            self.parent.on_nwk_command(frame)
            return
        self._stack.flash.formed.children.pop(eui64, None)
        self._stack.callback(
            "trustCenterJoinHandler", newNodeId=frame.source, newNodeEui64=t.EUI64(eui64),
            status=t.EmberDeviceUpdate.DEVICE_LEFT, policyDecision=t.EmberJoinDecision.NO_ACTION,
            parentOfNewNodeId=TRUST_CENTRE,
        )  # fmt: skip

    # The network

    def do_formNetwork(self, parameters) -> dict[str, Any]:
        stack = self._stack
        if stack.flash.network is not None or stack.security is None:
            return {"status": EMBER.INVALID_CALL if stack.flash.network else EMBER.SECURITY_STATE_NOT_SET}
        security = stack.security_state
        key = bytes(security.networkKey.serialize())
        if not security.bitmask & _HAVE_NETWORK_KEY:
            key = stack.rng.randbytes(16)
        stack.flash.network = Network(
            int(parameters.panId), bytes(parameters.extendedPanId.serialize()), parameters.radioChannel, key,
            security.networkKeySequenceNumber if security.bitmask & _HAVE_NETWORK_KEY else 0,
            parameters.nwkUpdateId,
        )  # fmt: skip
        stack.flash.node_id = TRUST_CENTRE
        stack.flash.trust_centre = stack.eui64
        stack.flash.formed = Formed(stack.security, int(security.bitmask))
        stack.air.keys[key] = "network key"
        self.start()
        return {"status": EMBER.SUCCESS}

    def start(self) -> None:
        """Goes on the air with the network that the flash holds."""
        stack = self._stack
        self.active = True
        stack.network = stack.flash.network
        stack.node_id = TRUST_CENTRE
        stack.addresses = {node_id: eui64 for eui64, node_id in stack.flash.formed.children.items()}
        stack.routing.children = set(stack.addresses)
        stack.up()

    def do_permitJoining(self, duration) -> dict[str, Any]:
        if not self.active:
            return {"status": EMBER.INVALID_CALL}
        now = asyncio.get_running_loop().time()
        self._open_until = float("inf") if duration == 0xFF else now + int(duration)
        return {"status": EMBER.SUCCESS}

    def do_tokenFactoryReset(self, excludeOutgoingFC=False, excludeBootCounter=False) -> dict[str, Any]:
        self._stack.forget_network()
        return {}

    def do_clearKeyTable(self) -> dict[str, Any]:
        self._stack.keys.clear()
        return {"status": EMBER.SUCCESS}

    def do_clearTransientLinkKeys(self) -> dict[str, Any]:
        self._transient.clear()
        return {}

    def do_importTransientKey(self, eui64, plaintext_key, flags=0) -> dict[str, Any]:
        self._transient[bytes(eui64.serialize())] = bytes(plaintext_key.serialize())
        return {"status": EMBER.SUCCESS}

    def do_addTransientLinkKey(self, partner, transientKey) -> dict[str, Any]:
        return self.do_importTransientKey(partner, transientKey)

    # What a host asks to know

    def do_getCurrentSecurityState(self) -> dict[str, Any]:
        formed = self._stack.flash.formed
        state = t.EmberCurrentSecurityState(
            bitmask=formed.bitmask if formed else 0,
            trustCenterLongAddress=t.EUI64(self._stack.flash.trust_centre or bytes(8)),
        )  # fmt: skip
        return {"status": EMBER.SUCCESS if self._stack.flash.network else EMBER.NOT_JOINED, "state": state}

    def do_exportKey(self, context) -> dict[str, Any]:
        stack = self._stack
        kinds = t.SecurityManagerKeyType
        key = None
        if stack.flash.network and context.core_key_type == kinds.NETWORK:
            key = stack.flash.network.key
        elif stack.flash.formed and context.core_key_type == kinds.TC_LINK:
            key = stack.flash.formed.link_key
        status = EMBER.SUCCESS if key else EMBER.NOT_FOUND
        return {"key": t.KeyData(key or bytes(16)), "status": status, "context": context}

    def do_getNetworkKeyInfo(self) -> dict[str, Any]:
        network = self._stack.flash.network
        sequence = network.key_sequence if network else 0
        info = t.SecurityManagerNetworkKeyInfo(
            network_key_set=network is not None, alternate_network_key_set=bool(network and network.others),
            network_key_sequence_number=sequence, alt_network_key_sequence_number=0,
            network_key_frame_counter=max(self._stack.counters.sent.get(sequence, 0), 0),
        )  # fmt: skip
        return {"status": EMBER.SUCCESS, "network_key_info": info}

    def do_getKey(self, keyType) -> dict[str, Any]:
        stack = self._stack
        network, formed = stack.flash.network, stack.flash.formed
        value, sequence = None, 0
        if network and keyType == t.EmberKeyType.CURRENT_NETWORK_KEY:
            value, sequence = network.key, network.key_sequence
        elif formed and keyType == t.EmberKeyType.TRUST_CENTER_LINK_KEY:
            value = formed.link_key
        key = t.EmberKeyStruct(
            bitmask=t.EmberKeyStructBitmask.KEY_HAS_SEQUENCE_NUMBER
            | t.EmberKeyStructBitmask.KEY_HAS_OUTGOING_FRAME_COUNTER,
            type=keyType, key=t.KeyData(value or bytes(16)), sequenceNumber=sequence,
            outgoingFrameCounter=max(stack.counters.sent.get(sequence, 0), 0), incomingFrameCounter=0,
            partnerEUI64=t.EUI64(b"\xff" * 8),
        )  # fmt: skip
        return {"status": EMBER.SUCCESS if value else EMBER.NOT_FOUND, "keyStruct": key}

    def do_getChildData(self, index) -> dict[str, Any]:
        formed = self._stack.flash.formed
        children = list(formed.children.items()) if formed else []
        there = index < len(children)
        eui64, node_id = children[index] if there else (bytes(8), 0xFFFF)
        fields = {"eui64": t.EUI64(eui64), "type": END_DEVICE, "id": node_id, "phy": 0, "power": 0, "timeout": 0}
        return {
            "status": EMBER.SUCCESS if there else EMBER.NOT_JOINED,
            "childData": t.EmberChildDataV7(**fields), "child_data": t.EmberChildDataV10(**fields, timeout_remaining=0),
        }  # fmt: skip

    def do_getParentChildParameters(self) -> dict[str, Any]:
        formed = self._stack.flash.formed
        return {"childCount": len(formed.children) if formed else 0, "parentEui64": t.EUI64(bytes(8)),
                "parentNodeId": 0xFFFF}  # fmt: skip

    # The table of link keys, in the order in which they came

    def _key(self, index: int) -> tuple[bytes, aps.LinkKey] | None:
        keys = list(self._stack.keys.items())
        return keys[index] if index < len(keys) else None

    def do_exportLinkKeyByIndex(self, index) -> dict[str, Any]:
        eui64, key = self._key(index) or (bytes(8), aps.LinkKey(bytes(16)))
        data = t.SecurityManagerAPSKeyMetadata(
            bitmask=0, outgoing_frame_counter=key.sent, incoming_frame_counter=max(key.heard, 0), ttl_in_seconds=0
        )  # fmt: skip
        status = EMBER.SUCCESS if self._key(index) else EMBER.TABLE_ENTRY_ERASED
        context = t.SecurityManagerContextV13(
            core_key_type=t.SecurityManagerKeyType.APP_LINK, key_index=index, derived_type=0, eui64=t.EUI64(eui64),
            multi_network_index=0, flags=0, psa_key_alg_permission=0,
        )  # fmt: skip
        return {"eui64": t.EUI64(eui64), "plaintext_key": t.KeyData(key.key), "key_data": data, "status": status,
                "context": context}  # fmt: skip

    def do_getKeyTableEntry(self, index) -> dict[str, Any]:
        eui64, key = self._key(index) or (bytes(8), aps.LinkKey(bytes(16)))
        struct = t.EmberKeyStruct(
            bitmask=t.EmberKeyStructBitmask.KEY_HAS_PARTNER_EUI64, type=t.EmberKeyType.APPLICATION_LINK_KEY,
            key=t.KeyData(key.key), outgoingFrameCounter=key.sent, incomingFrameCounter=max(key.heard, 0),
            sequenceNumber=0, partnerEUI64=t.EUI64(eui64),
        )  # fmt: skip
        return {"status": EMBER.SUCCESS if self._key(index) else EMBER.TABLE_ENTRY_ERASED, "keyStruct": struct}

    def do_importLinkKey(self, index, address, key) -> dict[str, Any]:
        self._stack.keys[bytes(address.serialize())] = aps.LinkKey(bytes(key.serialize()), authorised=True)
        return {"status": EMBER.SUCCESS}

    def do_addOrUpdateKeyTableEntry(self, address, linkKey, keyData) -> dict[str, Any]:
        return self.do_importLinkKey(0, address, keyData)

    def do_findKeyTableEntry(self, address, linkKey) -> dict[str, Any]:
        keys = list(self._stack.keys)
        eui64 = bytes(address.serialize())
        return {"index": keys.index(eui64) if eui64 in keys else 0xFF}

    def do_eraseKeyTableEntry(self, index) -> dict[str, Any]:
        found = self._key(index)
        if found:
            del self._stack.keys[found[0]]
        return {"status": EMBER.SUCCESS if found else EMBER.INDEX_OUT_OF_RANGE}

    def do_lookupNodeIdByEui64(self, eui64) -> dict[str, Any]:
        wanted = bytes(eui64.serialize())
        found = next((one for one, known in self._stack.addresses.items() if known == wanted), 0xFFFF)
        return {"status": EMBER.SUCCESS if found != 0xFFFF else EMBER.NOT_FOUND, "nodeId": found}

    def do_gpSinkTableClearAll(self) -> dict[str, Any]:
        return {}

    def do_clearStoredBeacons(self) -> dict[str, Any]:
        return {}

    def do_getExtendedTimeout(self, remoteEui64) -> dict[str, Any]:
        return {"extendedTimeout": True}

    def do_setExtendedTimeout(self, remoteEui64, extendedTimeout) -> dict[str, Any]:
        return {}

    def do_setConcentrator(self, on, **rest) -> dict[str, Any]:
        return {"status": EMBER.SUCCESS}

    def do_setSourceRouteDiscoveryMode(self, mode) -> dict[str, Any]:
        return {"remainingTime": 0}

    def do_setRadioPower(self, power) -> dict[str, Any]:
        return {"status": EMBER.SUCCESS}

    def do_setMulticastTableEntry(self, index, value) -> dict[str, Any]:
        return {"status": EMBER.SUCCESS}

    def do_getMulticastTableEntry(self, index) -> dict[str, Any]:
        return {"status": EMBER.SUCCESS, "value": t.EmberMulticastTableEntry(multicastId=0, endpoint=0, networkIndex=0)}

    def do_readAndClearCounters(self) -> dict[str, Any]:
        return {"values": t.FixedList[t.uint16_t, 41]([0] * 41)}

    def do_readCounters(self) -> dict[str, Any]:
        return self.do_readAndClearCounters()
