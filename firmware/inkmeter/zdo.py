"""Zigbee Device Objects: the requests a CAD makes and their answers (Zigbee specification, section 2.4).

A request is a tuple of its cluster and of its payload after the transaction sequence number. Parsers take an
answer from its status on and raise ValueError if it is cut short.
"""

from micropython import const

_IEEE_ADDR_REQ = const(0x0001)
_SIMPLE_DESC_REQ = const(0x0004)
_ACTIVE_EP_REQ = const(0x0005)
_MATCH_DESC_REQ = const(0x0006)

_SUCCESS = const(0x00)


def _address(node_id):
    return bytes((node_id & 0xFF, node_id >> 8))


def match_descriptor(node_id, profile, cluster):
    """Match_Desc_req: who serves this cluster?"""
    wanted = (profile & 0xFF, profile >> 8, 1, cluster & 0xFF, cluster >> 8, 0)
    return _MATCH_DESC_REQ, _address(node_id) + bytes(wanted)


def active_endpoints(node_id):
    """Active_EP_req"""
    return _ACTIVE_EP_REQ, _address(node_id)


def simple_descriptor(node_id, endpoint):
    """Simple_Desc_req"""
    return _SIMPLE_DESC_REQ, _address(node_id) + bytes((endpoint,))


def ieee_address(node_id):
    """IEEE_addr_req for a single device"""
    return _IEEE_ADDR_REQ, _address(node_id) + b"\x00\x00"


def _checked(payload, size):
    if len(payload) < 1 or (payload[0] == _SUCCESS and len(payload) < size):
        raise ValueError("short ZDO answer")
    return payload[0] == _SUCCESS


def parse_endpoints(payload):
    """(node id, endpoints as bytes) of a Match_Desc_rsp or Active_EP_rsp; endpoints empty where it failed."""
    if not _checked(payload, 4):
        return None, b""
    node_id = payload[1] | payload[2] << 8
    count = payload[3]
    if len(payload) < 4 + count:
        raise ValueError("short ZDO answer")
    return node_id, bytes(payload[4 : 4 + count])


def parse_ieee_address(payload):
    """(EUI-64 in air order, node id) of an IEEE_addr_rsp, or None where it failed."""
    if not _checked(payload, 11):
        return None
    return bytes(payload[1:9]), payload[9] | payload[10] << 8


def parse_simple_descriptor(payload):
    """(profile, device id, server clusters as a tuple) of a Simple_Desc_rsp, or None where it failed."""
    if not _checked(payload, 12):
        return None
    profile = payload[5] | payload[6] << 8
    device = payload[7] | payload[8] << 8
    count = payload[10]
    if len(payload) < 11 + 2 * count:
        raise ValueError("short ZDO answer")
    clusters = tuple([payload[11 + 2 * i] | payload[12 + 2 * i] << 8 for i in range(count)])
    return profile, device, clusters
