"""The step from no network to being on one: show the code, listen for hubs, knock where one has opened.

Smart Energy, section 5.5: at once, then every minute or so, then less often; a press on OK begins anew. Nothing is
sent to a hub that has not opened.
"""

import os

from micropython import const

from inkmeter import home, install_code, store
from inkmeter.ezsp import EzspError
from inkmeter.log import log, uptime
from inkmeter.ncp import Refused

_NETWORK_UP = const(0x0015)
_NOT_JOINED = const(0x0017)  # EmberStatus JOIN_FAILED: no association
_NO_NETWORK_KEY_RECEIVED = const(0x0C1B)

_ALL_CHANNELS = const(0x07FFF800)  # 11 to 26
_ACTIVE_SCAN = const(1)
_SCAN_DURATION = const(3)  # 138 ms a channel
_SCAN_WAIT = const(15000)
_JOIN_WAIT = const(30000)
_END_DEVICE = const(3)  # receiver on when idle
_MAC_ASSOCIATION = const(0)
_TX_POWER = const(8)
_ZIGBEE_PRO = const(2)

# setInitialSecurityState
_KEY_FROM_INSTALL_CODE = const(0x2800)  # GET_PRECONFIGURED_KEY_FROM_INSTALL_CODE | REQUIRE_ENCRYPTED_KEY
_KEY_FROM_HOST = const(0x0900)  # HAVE_PRECONFIGURED_KEY | REQUIRE_ENCRYPTED_KEY

_MFG_INSTALLATION_CODE = const(0x0A)
_WEAK_LQI = const(60)
_REFUSALS_TO_BLAME_CODE = const(3)

# Seconds
_SCAN_EVERY = const(60)
_SCAN_SPREAD = const(15)
_SCAN_OFTEN_FOR = const(900)
# Section 5.5.5.1 has an hour. A supplier may open the hub for five minutes, on a day that nobody can foresee.
_SCAN_SELDOM = const(240)
_BETWEEN_SCANS = const(1)
_LOOK_AGAIN = const(60)

_HUBS = const(16)
_SCANS_AT_ONCE = const(3)  # after a press


class Hub:
    """A network heard in a scan."""

    def __init__(self, values):
        self.channel, self.pan_id, self.extended_pan_id, self.open, _, self.update_id, self.lqi, _ = values


async def scan(ncp):
    """The Zigbee PRO networks in range, the open ones and of those the strongest first. Raises Refused, NcpLost."""
    hubs = []  # no longer than a street's worth, whoever sends beacons
    with ncp.expect("networkFoundHandler", "scanCompleteHandler") as events:
        await ncp.do("startScan", _ACTIVE_SCAN, _ALL_CHANNELS, _SCAN_DURATION)
        while True:
            event = await events.get(_SCAN_WAIT)
            if event is None or event[0] == "scanCompleteHandler":
                break
            hub = Hub(event[1])
            is_zigbee_pro = event[1][4] == _ZIGBEE_PRO
            if is_zigbee_pro and all([known.extended_pan_id != hub.extended_pan_id for known in hubs]):
                hubs.append(hub)
                hubs.sort(key=lambda hub: (not hub.open, -hub.lqi))
                del hubs[_HUBS:]
    return hubs


async def _set_security(ncp, install_code):
    # The NCP makes the link key from its own token; one without install-code support is given the key.
    try:
        await ncp.do("setInitialSecurityState", _KEY_FROM_INSTALL_CODE, bytes(16), bytes(16), 0, bytes(8))
        return
    except (Refused, EzspError):
        log("pairing", "the NCP makes no key from its install code; making it here")
    key, _ = await ncp.do("aesMmoHash", bytes(16), 0, 1, install_code)
    await ncp.do("setInitialSecurityState", _KEY_FROM_HOST, key, bytes(16), 0, bytes(8))


async def join(ncp, hub, install_code):
    """Tries one hub; returns the sl_status_t that the attempt ended with, NETWORK_UP for success."""
    log("pairing", "trying a hub on channel %d PAN %04x of link quality %d" % (hub.channel, hub.pan_id, hub.lqi))
    await _set_security(ncp, install_code)
    with ncp.expect("stackStatusHandler") as events:
        try:
            await ncp.do(
                "joinNetwork", _END_DEVICE, hub.extended_pan_id, hub.pan_id, _TX_POWER, hub.channel,
                _MAC_ASSOCIATION, 0, hub.update_id, _ALL_CHANNELS,
            )  # fmt: skip
        except Refused as refused:
            return refused.args[1]
        event = await events.get(_JOIN_WAIT)
    outcome = event[1][0] if event else _NO_NETWORK_KEY_RECEIVED
    if outcome != _NETWORK_UP:
        log("pairing", "ended with status 0x%04x" % outcome)
    return outcome


def verdict(hubs, outcomes, failures, was_open):
    """The outcome code for a round in which no hub let us in.

    `hubs` are those heard, `outcomes` {extended PAN id: status} of those tried, `failures` {extended PAN id: how
    often no key came}, `was_open` whether a hub that has closed since was open before.
    """
    if not hubs:
        return "P01"
    if not outcomes:
        return "P03" if was_open else "P02"
    everyone_open = all([hub.open for hub in hubs])
    if _NOT_JOINED in outcomes.values():
        weak = all([hub.lqi < _WEAK_LQI for hub in hubs if outcomes.get(hub.extended_pan_id) == _NOT_JOINED])
        # With others still closed it may be a neighbour's that is full.
        return "P01" if weak else "P07" if everyone_open else "P02"
    if _NO_NETWORK_KEY_RECEIVED not in outcomes.values():
        return "P02"
    # No key came that could be read. With every hub open that is the code; with others still closed it may
    # be a neighbour's pairing, until the same hub has refused three times.
    return "P04" if everyone_open or max(failures.values()) >= _REFUSALS_TO_BLAME_CODE else "P02"


async def run(session):
    """Until some hub lets us in. What belonged to an earlier household is forgotten."""
    session.servers = {}
    session.home.forget()
    code = await _own_code(session)
    session.home.install_code = code
    session.home.set_stage(home.WAITING_SUPPLIER, "P02")
    try:
        await _knock(session, code)
    finally:
        session.home.install_code = b""
    session.joined = True
    log("pairing", "joined the network")


async def _own_code(session):
    # The install code of the NCP's token, once it is whole.
    while True:
        (token,) = await session.ncp.command("getMfgToken", _MFG_INSTALLATION_CODE)
        try:
            return install_code.from_token(token)
        except install_code.DamagedCode as damaged:
            log("pairing", damaged)
            session.home.set_stage(home.START, "P05")
            await session.pause(_LOOK_AGAIN)


async def _knock(session, code):
    began = uptime()
    at_once = 0
    failures = {}
    was_open = False
    while True:
        hubs = await scan(session.ncp)
        outcomes = {}
        for hub in hubs:
            if hub.open:
                session.home.set_stage(home.JOINING)
                if store.load():
                    store.put(None, None)
                outcome = await join(session.ncp, hub, code)
                if outcome == _NETWORK_UP:
                    return
                outcomes[hub.extended_pan_id] = outcome
                if outcome == _NO_NETWORK_KEY_RECEIVED:
                    failures[hub.extended_pan_id] = failures.get(hub.extended_pan_id, 0) + 1
        outcome = verdict(hubs, outcomes, failures, was_open)
        if len(failures) > _HUBS:
            failures.clear()
        was_open = was_open or bool(outcomes)
        log("pairing", "not let in:", outcome, "hubs heard:", len(hubs), "of them open:", len(outcomes))
        session.home.set_stage(home.WAITING_SUPPLIER, outcome)
        wait = _SCAN_EVERY if uptime() - began < _SCAN_OFTEN_FOR else _SCAN_SELDOM
        # Spread out, so that a street of these does not act in step after a power cut.
        wait += os.urandom(1)[0] % (2 * _SCAN_SPREAD + 1) - _SCAN_SPREAD
        if at_once:
            at_once -= 1
            wait = _BETWEEN_SCANS
        if await session.pause(wait):
            at_once = _SCANS_AT_ONCE - 1
            began = uptime()
