"""The step back onto a network that was lost: secured, then by the trust centre, here and on all channels.

The keys are kept; starting afresh is for when the hub has said "leave", or the household that it has another one.
"""

from micropython import const

from inkmeter.log import log, uptime
from inkmeter.ncp import Refused
from inkmeter.session import LinkLost, Removed

_ALL_CHANNELS = const(0x07FFF800)  # 11 to 26
_NO_BEACONS = const(0x0018)
_MOVE_FAILED = const(0x0C06)

# haveCurrentNetworkKey, channels (0 is the present one), how long to wait in ms
_LADDER = const(
    (
        (1, 0, 15000),
        (1, _ALL_CHANNELS, 30000),
        (0, 0, 15000),
        (0, _ALL_CHANNELS, 30000),
    )
)
# Seconds
_PAUSE_FIRST = const(60)
_PAUSE_LONGEST = const(900)
_LOOK_ROUND = const(5)
# A press has the hub looked for at once. If that is in vain after an hour, or after a day by itself, the next press
# means that there is another hub. Sooner it might be a press too many, and it costs the keys.
_OFFER_ON_PRESS = const(3600)
_OFFER = const(86400)


async def _rejoin(session, secured, channels, wait_ms):
    # One rung; True once the network is up again.
    log(
        "recovery",
        "rejoining,",
        "secured" if secured else "by the trust centre,",
        "all channels" if channels else "here",
    )
    with session.ncp.expect("stackStatusHandler") as events:
        await session.ncp.do("findAndRejoinNetwork", secured, channels)
        while True:
            event = await events.get(wait_ms)
            if session.network_up:
                return True
            if event is None or event[1][0] == _MOVE_FAILED or event[1][0] == _NO_BEACONS:
                return False


async def _climb(session):
    for secured, channels, wait_ms in _LADDER:
        try:
            if await _rejoin(session, secured, channels, wait_ms):
                return True
        except Refused as refused:
            log("recovery", "not tried:", refused)
    return False


async def run(session):
    """Until back on the network. Raises Removed when the NCP has been told to forget it, and LinkLost once the
    household has said that it is to be left (the NCP holds but one network's keys), or has reset the device.
    """
    home = session.home
    pause = _PAUSE_FIRST
    began = uptime()
    pressed = False
    while not session.network_up:
        if not session.joined:
            raise LinkLost
        lost = uptime() - began
        home.set_stage(home.stage, "H04" if lost >= _OFFER else "H01")
        if await _climb(session):
            break
        if not await session.belongs():
            raise Removed
        if pressed and lost >= _OFFER_ON_PRESS:
            home.set_stage(home.stage, "H04")
        left = pause
        pause = min(2 * pause, _PAUSE_LONGEST)
        pressed = False
        while left > 0 and not session.network_up and not pressed:
            pressed = await session.pause(_LOOK_ROUND)
            left -= _LOOK_ROUND
        if pressed and home.outcome == "H04":
            log("recovery", "leaving the network at the household's word")
            await session.ncp.do("leaveNetwork")
            session.joined = False
            raise LinkLost
    log("recovery", "back on the network after", uptime() - began, "s")
    home.set_stage(home.stage)
