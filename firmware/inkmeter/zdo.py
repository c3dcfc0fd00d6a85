"""Zigbee Device Objects: the requests a CAD makes and their answers (Zigbee specification, section 2.4).

A request is a tuple of its cluster and of its payload after the transaction sequence number. Parsers take an
answer whole and raise ValueError if it is cut short.
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


async def ask(radio, node_id, request, wait_ms=5000):
    """Sends a request; returns the answer, or the list of answers to one that went to node None: everybody.

    Raises NoReply, NcpLost.
    """
    sequence = radio.next_sequence()
    return await radio.exchange(node_id, 0, request[0], 0, bytes((sequence,)) + request[1], sequence, False, wait_ms)


def _checked(answer, size):
    # Whether the answer is a success; one of at least so many octets.
    if len(answer) < 2 or (answer[1] == _SUCCESS and len(answer) < size):
        raise ValueError("short ZDO answer")
    return answer[1] == _SUCCESS


def parse_endpoints(answer):
    """(node id, endpoints as bytes) of a Match_Desc_rsp or Active_EP_rsp; endpoints empty where it failed."""
    if not _checked(answer, 5):
        return None, b""
    if len(answer) < 5 + answer[4]:
        raise ValueError("short ZDO answer")
    return answer[2] | answer[3] << 8, answer[5 : 5 + answer[4]]


def parse_ieee_address(answer):
    """EUI-64 in air order of an IEEE_addr_rsp, or None where it failed."""
    return answer[2:10] if _checked(answer, 12) else None


def parse_simple_descriptor(answer):
    """(profile, device id, server clusters as a tuple) of a Simple_Desc_rsp, or None where it failed."""
    if not _checked(answer, 13):
        return None
    if len(answer) < 12 + 2 * answer[11]:
        raise ValueError("short ZDO answer")
    clusters = tuple([answer[12 + 2 * i] | answer[13 + 2 * i] << 8 for i in range(answer[11])])
    return answer[6] | answer[7] << 8, answer[8] | answer[9] << 8, clusters
