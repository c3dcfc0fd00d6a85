"""Messages over the air: requests and their answers, and the one place that sends.

A CAD only reads. `_PERMITTED` is all that may leave this device; `_transmit` is the only function that puts
a message on the air, and it raises NotPermitted for anything else, whoever asks.
"""

import asyncio

from micropython import const

from inkmeter import lazy, zcl
from inkmeter.log import log, uptime
from inkmeter.ncp import NcpLost, Refused

_ENDPOINT = const(1)
SMART_ENERGY = const(0x0109)
HUB = const(0x0000)  # the comms hub is the trust centre and has its NWK address

BASIC = const(0x0000)
TIME = const(0x000A)
PRICE = const(0x0700)
METERING = const(0x0702)
MESSAGING = const(0x0703)
PREPAYMENT = const(0x0705)
CALENDAR = const(0x0707)
DEVICE_MANAGEMENT = const(0x0708)
EVENTS = const(0x0709)
KEY_ESTABLISHMENT = const(0x0800)

# Clusters of which attributes may be read.
_READABLE = const((BASIC, TIME, PRICE, METERING, PREPAYMENT, DEVICE_MANAGEMENT, KEY_ESTABLISHMENT))
# Cluster-specific commands that may be sent: for each cluster << 16 the bits of its commands' numbers.
_PERMITTED = const(
    (
        # Get Current Price, Get Scheduled Prices, Price Acknowledgement (of `may_confirm` alone)
        PRICE << 16 | 1 << 0x00 | 1 << 0x01 | 1 << 0x02
        # Get Conversion Factor, Get Calorific Value, Get Tariff Information
        | 1 << 0x04 | 1 << 0x05 | 1 << 0x06
        # Get Price Matrix, Get Block Thresholds, Get CO2 Value
        | 1 << 0x07 | 1 << 0x08 | 1 << 0x09,
        # Get Profile, Get Sampled Data
        METERING << 16 | 1 << 0x00 | 1 << 0x08,
        # Get Last Message, Message Confirmation (of `may_confirm` alone)
        MESSAGING << 16 | 1 << 0x00 | 1 << 0x01,
        # Get Top Up Log
        PREPAYMENT << 16 | 1 << 0x08,
        # Get Calendar, Get Day Profiles, Get Week Profiles, Get Seasons, Get Special Days
        CALENDAR << 16 | 1 << 0x00 | 1 << 0x01 | 1 << 0x02 | 1 << 0x03 | 1 << 0x04,
        # Get Change of Tenancy, Get Change of Supplier
        DEVICE_MANAGEMENT << 16 | 1 << 0x00 | 1 << 0x01,
        # Get Event Log
        EVENTS << 16 | 1 << 0x00,
        # Initiate Key Establishment, Ephemeral Data, Confirm Key Data, Terminate Key Establishment
        KEY_ESTABLISHMENT << 16 | 1 << 0x00 | 1 << 0x01 | 1 << 0x02 | 1 << 0x03,
    )
)  # fmt: skip
_MOST_COMMANDS = const(16)
# What is no question: cluster << 8 | command.
_CONFIRMATIONS = const((PRICE << 8 | 0x02, MESSAGING << 8 | 0x01))
# IEEE_addr_req, Simple_Desc_req, Active_EP_req, Match_Desc_req
_PERMITTED_ZDO = const((0x0001, 0x0004, 0x0005, 0x0006))

# The clusters that are open before key establishment (Smart Energy, section 5.4.6).
_UNSECURED = const((BASIC, TIME, KEY_ESTABLISHMENT))

_APS_ENCRYPTION = const(0x0020)
_APS_OPTIONS = const(0x0140)  # retry, enable route discovery
_FRAGMENT = const(0x8000)
_RX_ON_WHEN_IDLE = const(0xFFFD)
_RADIUS = const(11)  # concentrator radius of Smart Energy
_REPLY_WAIT = const(5000)
_STEP = const(0x100)
_TERMINATE = const(0x03)
_INBOX = const(4)
_ANSWERS = const(8)  # to a broadcast
_PUBLISHED = const(8)
_ZDO_RESPONSE = const(0x8000)
_OK = const(0x0000)
_APS_ENCRYPTION_ERROR = const(0x0C0A)  # no key for this node
KEY_NOT_AUTHORIZED = const(0x0C0E)


class NotPermitted(Exception):
    """A message that a read-only device does not send. args: profile, cluster."""


class NoReply(Exception):
    """Nobody answered, or the message did not get there. args: the cluster, why."""


class NotTrusted(Exception):
    """There is no link key with the hub, or not one that both sides hold and have confirmed."""


class Radio:
    """Requests over an Ncp. callback() is to be given the NCP's callbacks; serve() is a long-lived task.

    `published` holds the messages of servers that nobody waits for, under a link key alone: what they publish unasked,
    and the further parts of long answers. `may_confirm` is the beginning (8 octets, as on the air) of the one command
    that is no question and may pass now: a Message Confirmation's id and time, because the household has pressed OK, or
    a Price Acknowledgement's provider and event, because the server asks for it.
    """

    def __init__(self, ncp):
        self.ncp = ncp
        self.discarded = 0
        self.published = []
        self.may_confirm = None
        self.signal = None  # (LQI, RSSI in dBm) of the last message
        self.heard = None  # the uptime of it
        self._sequence = 0
        self._lock = asyncio.Lock()
        self._event = asyncio.Event()
        # Node id (None: anybody), profile, cluster, sequence (or step of a key establishment), secured
        self._wanted = None
        self._reply = None
        self._replies = []
        self._tag = 0  # the request's; other messages go out with 0
        self._inbox = []
        self._inbox_event = asyncio.Event()
        self.blocks = None  # of inkmeter.blocks

    def next_sequence(self):
        self._sequence = self._sequence + 1 & 0xFF
        return self._sequence

    # Sending

    def _permit(self, profile, cluster, payload):
        if profile == 0:
            if cluster in _PERMITTED_ZDO:
                return
        elif profile == SMART_ENERGY and len(payload) >= 3 and not payload[0] & zcl.MANUFACTURER_SPECIFIC:
            command = payload[2]
            if payload[0] & zcl.CLUSTER_SPECIFIC:
                if cluster << 8 | command in _CONFIRMATIONS and payload[3:11] != self.may_confirm:
                    command = _MOST_COMMANDS
                for one in _PERMITTED:
                    if one >> 16 == cluster and command < _MOST_COMMANDS and one >> command & 1:
                        return
            elif command == zcl.READ_ATTRIBUTES and cluster in _READABLE:
                return
            elif command == zcl.READ_ATTRIBUTES_RESPONSE or command == zcl.DEFAULT_RESPONSE:
                return
        raise NotPermitted(profile, cluster)

    async def _transmit(self, node_id, profile, cluster, endpoint, payload, secure, tag=0):
        self._permit(profile, cluster, payload)
        options = _APS_OPTIONS | (_APS_ENCRYPTION if secure else 0)
        source = _ENDPOINT if profile else 0
        aps = (profile, cluster, source, endpoint, 0 if node_id is None else options, 0, 0)
        try:
            if node_id is None:
                await self.ncp.do("sendBroadcast", _RX_ON_WHEN_IDLE, *aps, _RADIUS, tag, payload)
            else:
                await self.ncp.do("sendUnicast", 0, node_id, *aps, tag, payload)
        except Refused as refused:
            if node_id == HUB and refused.args[1] in (_APS_ENCRYPTION_ERROR, KEY_NOT_AUTHORIZED):
                raise NotTrusted
            raise NoReply(cluster, "refused 0x%04x" % refused.args[1])

    async def send(self, node_id, endpoint, cluster, frame):
        """Sends a Smart Energy message to which no answer is awaited."""
        await self._transmit(node_id, SMART_ENERGY, cluster, endpoint, frame, cluster not in _UNSECURED)

    async def request(self, node_id, endpoint, cluster, frame, wait_ms=_REPLY_WAIT):
        """Sends a ZCL frame to a server and returns the frame that answers it.

        Clusters other than the open ones go out under the APS link key, and an answer without it does not
        count. Raises NoReply, NcpLost.
        """
        sequence = frame[1]
        if cluster == KEY_ESTABLISHMENT and frame[0] & zcl.CLUSTER_SPECIFIC:
            sequence = _STEP | frame[2]
        secure = cluster not in _UNSECURED
        return await self.exchange(node_id, SMART_ENERGY, cluster, endpoint, frame, sequence, secure, wait_ms)

    async def exchange(self, node_id, profile, cluster, endpoint, frame, sequence, secure, wait_ms):
        """request() with everything said. A node id of None asks all that listen (profile 0 alone), and returns
        the list of their answers.
        """
        async with self._lock:
            self._event.clear()
            self._reply = None
            self._replies = []
            self._wanted = (
                node_id,
                profile,
                cluster if profile else cluster | _ZDO_RESPONSE,
                sequence,
                secure,
            )
            self._tag = self._tag % 255 + 1
            fault = "not delivered"
            try:
                await self._transmit(node_id, profile, cluster, endpoint, frame, secure, self._tag)
                await asyncio.wait_for_ms(self._event.wait(), wait_ms)
            except asyncio.TimeoutError:
                fault = "nobody answers"
            finally:
                self._wanted = None
            self.ncp.check()
            if node_id is None:
                return self._replies
            if self._reply is None:
                raise NoReply(cluster, fault)
            return self._reply

    # Receiving

    def callback(self, name, values):
        if name == "incomingMessageHandler":
            self._incoming(values)
        elif name == "messageSentHandler":
            tag, outcome = values
            if outcome != _OK:
                if tag & 0xFF == self._tag and self._wanted and self._wanted[0] is not None:
                    self._event.set()

    def lost(self):
        """The NCP is gone: whoever waits for an answer is told."""
        self._event.set()

    def _incoming(self, message):
        _, profile, cluster, _, _, options, _, _, sender, _, _, payload = message
        self.signal = message[9:11]
        self.heard = uptime()
        wanted = self._wanted
        block = options & _FRAGMENT
        if len(payload) < 3 and not block:
            self.discarded += 1
        elif wanted and not block and self._matches(wanted, profile, cluster, payload):
            if wanted[0] is None:
                if len(self._replies) < _ANSWERS:
                    self._replies.append(payload)
            elif sender == wanted[0] and (options & _APS_ENCRYPTION or not wanted[4]) and self._reply is None:
                self._reply = payload
                self._event.set()
            else:
                self._publish(message)
        elif len(self._inbox) < _INBOX and (block or (profile == SMART_ENERGY and not payload[0] & zcl.FROM_SERVER)):
            self._inbox.append(message)
            self._inbox_event.set()
            self.ncp.ash.set_ready(len(self._inbox) < _INBOX - 1)
        elif block:
            self.discarded += 1
        else:
            self._publish(message)

    def _publish(self, message):
        payload = message[11]
        if (
            message[1] == SMART_ENERGY
            and message[5] & _APS_ENCRYPTION
            and payload[0] & 0x0F == zcl.CLUSTER_SPECIFIC | zcl.FROM_SERVER
            and message[2] != KEY_ESTABLISHMENT
            and len(self.published) < _PUBLISHED
        ):
            self.published.append(message)
        else:
            self.discarded += 1

    @staticmethod
    def _matches(wanted, profile, cluster, payload):
        if profile != wanted[1] or cluster != wanted[2]:
            return False
        if not profile:
            return payload[0] == wanted[3]
        if not payload[0] & zcl.FROM_SERVER or payload[0] & zcl.MANUFACTURER_SPECIFIC:
            return False
        if wanted[3] < _STEP:
            return payload[1] == wanted[3]
        # The partner may end a key establishment in a message of its own, with a number of its own.
        if payload[0] & zcl.CLUSTER_SPECIFIC:
            return payload[2] == wanted[3] & 0xFF or payload[2] == _TERMINATE
        return payload[2] == zcl.DEFAULT_RESPONSE

    # Serving

    async def serve(self):
        """Answers what others ask of this device."""
        while True:
            if not self._inbox:
                self._inbox_event.clear()
                await self._inbox_event.wait()
            message = self._inbox.pop(0)
            self.ncp.ash.set_ready(True)
            try:
                if message[5] & _FRAGMENT:
                    await lazy.run(("blocks",), message, self)
                    continue
                answer = _answer(message)
                if answer:
                    _, _, cluster, source, _, options, _, _, sender, _, _, _ = message
                    await self._transmit(sender, SMART_ENERGY, cluster, source, answer, options & _APS_ENCRYPTION)
            except (zcl.ZclError, NoReply, NotTrusted, NcpLost, Refused) as error:
                self.discarded += 1
                log("radio", "unanswered:", error)


def _answer(message):
    with lazy.module("responder") as responder:
        return responder.answer(message)
