"""Certificate-based key establishment with the hub, as initiator (Smart Energy 1.4, annex C).

The NCP does the curve arithmetic and keeps the keys; this is the conversation, and what must be checked in it.
Nothing is stored unless both sides have shown that they hold the same key.
"""

from micropython import const

from inkmeter import zdo
from inkmeter.ezsp import EzspError
from inkmeter.log import log
from inkmeter.ncp import Refused
from inkmeter.radio import HUB, KEY_ESTABLISHMENT, SMART_ENERGY, NoReply
from inkmeter.zcl import (
    CLUSTER_SPECIFIC,
    DEFAULT_RESPONSE,
    Header,
    ZclError,
    parse_read_response,
    read_attributes,
)

_OK = const(0x0000)
_IN_PROGRESS = const(0x0005)

_SUITE_163K1 = const(0x0001)
_SUITE_283K1 = const(0x0002)

# Terminate Key Establishment: status
_UNKNOWN_ISSUER = const(0x01)
_BAD_KEY_CONFIRM = const(0x02)
_BAD_MESSAGE = const(0x03)
_NO_RESOURCES = const(0x04)
_UNSUPPORTED_SUITE = const(0x05)
_INVALID_CERTIFICATE = const(0x06)
# and three of our own, for what never comes to a Terminate
_TIMED_OUT = const(0x100)
_NCP_CANNOT = const(0x101)
_NO_CLUSTER = const(0x102)

_INITIATE = const(0x00)
_EPHEMERAL_DATA = const(0x01)
_CONFIRM_KEY_DATA = const(0x02)
_TERMINATE = const(0x03)

_OWN_EPHEMERAL_TIME = const(10)  # seconds that the NCP may take; also told to the partner
_OWN_CONFIRM_TIME = const(15)
_INITIATE_WAIT = const(10000)
_TRANSMISSION = const(2000)  # beyond the partner's own time
_RESERVED_TIME = const(0xFF)

# What differs between the suites: the commands' ending, certificate and point length, where in the
# certificate the issuer and the subject are.
_SUITES = {
    _SUITE_283K1: ("283k1", 74, 37, 11, 28),
    _SUITE_163K1: ("", 48, 22, 30, 22),
}


class Ended(Exception):
    """The exchange came to nothing. args: reason (a Terminate status or one of our own); where it was the partner
    who ended it, also the seconds it asked to wait and the suites it offers (both may be None).
    """


def check_certificate(suite, certificate, own_certificate, eui64):
    """0, or the Terminate status that the partner's certificate earns."""
    _, length, _, issuer, subject = _SUITES[suite]
    if len(certificate) != length:
        return _BAD_MESSAGE
    if certificate[issuer : issuer + 8] != own_certificate[issuer : issuer + 8]:
        return _UNKNOWN_ISSUER
    if certificate[subject : subject + 8] != eui64:
        return _BAD_MESSAGE
    # Suite 2: no extensions, sect283k1, AES-MMO, usable for key agreement.
    if suite == _SUITE_283K1 and (
        certificate[0] or certificate[9] != 0x0D or certificate[10] != 0x08 or not certificate[36] & 0x08
    ):
        return _INVALID_CERTIFICATE
    return 0


def same(a, b):
    """Compares two MACs without telling by its duration where they differ."""
    difference = len(a) ^ len(b)
    for i in range(min(len(a), len(b))):
        difference |= a[i] ^ b[i]
    return difference == 0


class _Exchange:
    def __init__(self, ncp, radio, endpoint, suite):
        self.ncp = ncp
        self.radio = radio
        self.endpoint = endpoint
        self.suite = suite
        self.ending = _SUITES[suite][0]

    def frame(self, command, payload):
        return bytes((CLUSTER_SPECIFIC, self.radio.next_sequence(), command)) + payload

    async def ask(self, command, payload, wait_ms):
        # The partner's answer to one step. Raises Ended for a Terminate, silence or nonsense.
        try:
            reply = await self.radio.request(
                HUB, self.endpoint, KEY_ESTABLISHMENT, self.frame(command, payload), wait_ms
            )
            header = Header(reply)
        except NoReply:
            raise Ended(_TIMED_OUT)
        except ZclError:
            raise Ended(_BAD_MESSAGE)
        body = header.payload
        if header.is_general(DEFAULT_RESPONSE):
            raise Ended(_BAD_MESSAGE, None, None)
        if header.command == _TERMINATE and len(body) >= 4:
            log("keys", "the hub ended it: reason", body[0], "wait", body[1], "s")
            raise Ended(body[0], body[1], body[2] | body[3] << 8)
        if header.command != command:
            raise Ended(_BAD_MESSAGE)
        return body

    async def compute(self, command, handler, seconds, *values):
        # A computation of the NCP's, which says "in progress" and later calls back.
        with self.ncp.expect(handler) as events:
            started = (await self.ncp.command(command, *values))[0]
            if started != _IN_PROGRESS and started != _OK:
                raise Ended(_NCP_CANNOT)
            event = await events.get(seconds * 1000 + 1000)
        if event is None or event[1][0] != _OK:
            raise Ended(_NCP_CANNOT)
        return event[1][1:]

    async def clear(self, store):
        return (await self.ncp.command("clearTemporaryDataMaybeStoreLinkKey" + self.ending, store))[0]

    async def terminate(self, reason):
        payload = bytes((reason, 0, _SUITE_163K1 | _SUITE_283K1, 0))
        try:
            await self.radio.send(HUB, self.endpoint, KEY_ESTABLISHMENT, self.frame(_TERMINATE, payload))
        except NoReply:
            pass

    async def run(self, own_certificate, eui64):
        suite = bytes((self.suite, 0))
        times = bytes((_OWN_EPHEMERAL_TIME, _OWN_CONFIRM_TIME))
        answer = await self.ask(_INITIATE, suite + times + own_certificate, _INITIATE_WAIT)
        if len(answer) < 4 or answer[:2] != suite or _RESERVED_TIME in (answer[2], answer[3]):
            raise Ended(_BAD_MESSAGE)
        ephemeral_wait = answer[2] * 1000 + _TRANSMISSION
        confirm_wait = answer[3] * 1000 + _TRANSMISSION
        certificate = bytes(answer[4:])
        fault = check_certificate(self.suite, certificate, own_certificate, eui64)
        if fault:
            log("keys", "the hub's certificate is not accepted: reason", fault)
            raise Ended(fault)
        (point,) = await self.compute(
            "generateCbkeKeys" + self.ending, "generateCbkeKeysHandler" + self.ending, _OWN_EPHEMERAL_TIME
        )
        answer = await self.ask(_EPHEMERAL_DATA, point, ephemeral_wait)
        if len(answer) != _SUITES[self.suite][2]:
            raise Ended(_BAD_MESSAGE)
        initiator_smac, responder_smac = await self.compute(
            "calculateSmacs" + self.ending, "calculateSmacsHandler" + self.ending, _OWN_CONFIRM_TIME,
            1, certificate, bytes(answer),
        )  # fmt: skip
        answer = await self.ask(_CONFIRM_KEY_DATA, initiator_smac, confirm_wait)
        if not same(answer, responder_smac):
            log("keys", "the hub's confirmation is wrong")
            raise Ended(_BAD_KEY_CONFIRM)
        if await self.clear(1) != _OK:
            raise Ended(_NCP_CANNOT)

    async def establish(self, own_certificate, eui64):
        try:
            await self.run(own_certificate, eui64)
        except EzspError:
            raise Ended(_NCP_CANNOT)
        except Ended as ended:
            await self.clear(0)
            # Out of time, a side gives up in silence; what it found wrong itself, it says.
            if len(ended.args) == 1 and ended.args[0] < _TIMED_OUT:
                await self.terminate(ended.args[0])
            raise


async def own_certificates(ncp):
    """{suite: certificate} of those that the NCP holds."""
    found = {}
    for suite in (_SUITE_283K1, _SUITE_163K1):
        try:
            (found[suite],) = await ncp.do("getCertificate" + _SUITES[suite][0])
        except (Refused, EzspError):
            pass
    return found


async def find_endpoint(radio):
    """The hub's endpoint with the Key Establishment cluster. Raises NoReply, and Ended where it names none."""
    answer = await zdo.ask(radio, HUB, zdo.match_descriptor(HUB, SMART_ENERGY, KEY_ESTABLISHMENT))
    try:
        _, endpoints = zdo.parse_endpoints(answer)
    except ValueError:
        raise Ended(_TIMED_OUT)
    if not endpoints:
        raise Ended(_NO_CLUSTER)
    return endpoints[0]


async def offered_suites(radio, endpoint):
    """The KeyEstablishmentSuite attribute of the hub; both suites where it does not tell."""
    try:
        reply = await radio.request(HUB, endpoint, KEY_ESTABLISHMENT, read_attributes(radio.next_sequence(), (0,)))
        # Its type was another in earlier editions.
        for suites in parse_read_response(Header(reply).payload).values():
            if isinstance(suites, int):
                return suites
    except (NoReply, ZclError):
        pass
    return _SUITE_163K1 | _SUITE_283K1


async def establish(ncp, radio, eui64):
    """Agrees on a link key with the hub, by the best suite both sides have; returns the suite.

    `eui64` is big-endian. Raises Ended, NoReply where the hub does not say where, NcpLost.
    """
    certificates = await own_certificates(ncp)
    endpoint = await find_endpoint(radio)
    offered = await offered_suites(radio, endpoint)
    for suite in (_SUITE_283K1, _SUITE_163K1):
        if not offered & suite or suite not in certificates:
            continue
        log("keys", "suite", suite, "with endpoint", endpoint)
        try:
            await _Exchange(ncp, radio, endpoint, suite).establish(certificates[suite], eui64)
            return suite
        except Ended as ended:
            if ended.args[0] != _UNSUPPORTED_SUITE or len(ended.args) == 1:
                raise
            offered &= (ended.args[2] or 0) & ~suite
    raise Ended(_UNSUPPORTED_SUITE if certificates else _NCP_CANNOT)


# What each end means for the household: reason as above, outcome's code, seconds until the next try, tries before
# the code is shown.
_CONSEQUENCES = const("""
1 P06 3600 1
2 P06 900 1
3 P06 900 3
4 P07 900 3
5 P06 3600 1
6 P06 3600 1
256 P08 300 3
257 P06 900 3
258 P13 0 3
""")
_SOON = const(30)
_TRIES_IN_A_ROW = const(10)
_PAUSE = const(900)


def consequence(reason, wait, tries):
    """(outcome code or None, seconds to wait) after the `tries`-th failure in a row; `wait` is what the partner
    asked for, or None.
    """
    at = _CONSEQUENCES.find("\n%d " % reason) + 1
    # A Terminate status that the documents do not know is taken for a wrong confirmation.
    at = at or _CONSEQUENCES.find("2 P06")
    _, code, own_wait, shown_from = _CONSEQUENCES[at : _CONSEQUENCES.find("\n", at)].split(" ")
    own_wait = int(own_wait)
    if tries < int(shown_from):
        code, own_wait = None, _SOON
    if tries >= _TRIES_IN_A_ROW:
        own_wait = max(own_wait, _PAUSE)
    return code, max(own_wait, wait or 0)
