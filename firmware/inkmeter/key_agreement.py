"""The step from being on the network to being trusted there, and what to do when it fails."""

from micropython import const

from inkmeter import home, store, zdo
from inkmeter.key_establishment import Ended, consequence, establish
from inkmeter.log import log
from inkmeter.ncp import Refused
from inkmeter.radio import HUB, NoReply
from inkmeter.session import LinkLost, Removed

_HUB_RETRY = const(20)  # seconds
_SILENCES = const(3)


async def _hub(session):
    # Big-endian. The NCP knows it from joining; one that does not is helped by asking the hub.
    try:
        (eui64,) = await session.ncp.do("lookupEui64ByNodeId", HUB)
    except Refused:
        eui64 = None
    silences = 0
    while eui64 is None:
        if silences >= _SILENCES:
            raise LinkLost
        try:
            answer = await zdo.ask(session.radio, HUB, zdo.ieee_address(HUB))
            eui64 = zdo.parse_ieee_address(answer)
        except (NoReply, ValueError):
            silences += 1
        if eui64 is None:
            session.home.set_stage(home.KEY_EXCHANGE, "P12")
            await session.wait(_HUB_RETRY)
    return bytes(reversed(eui64))


async def run(session):
    """Until there is a link key that both sides have confirmed; at once where there is one already.

    Raises LinkLost where the hub answers nothing at all, Removed where it is no smart meters' hub: such a network is
    left.
    """
    eui64 = await _hub(session)
    name = "".join(["%02x" % b for b in eui64])
    if store.load().get("key_with") == name:
        return
    session.home.set_stage(home.KEY_EXCHANGE)
    tries = silences = 0
    while True:
        tries += 1
        try:
            suite = await establish(session.ncp, session.radio, eui64)
            break
        except NoReply:
            silences += 1
            if silences >= _SILENCES:
                raise LinkLost
            await session.wait(_HUB_RETRY)
        except Ended as ended:
            silences = 0
            reason = ended.args[0]
            code, wait = consequence(reason, ended.args[1] if len(ended.args) > 1 else None, tries)
            if code == "P13":
                await session.ncp.do("leaveNetwork")
                raise Removed(code)
            log("keys", "try number", tries, "failed, reason", reason, "next try in s:", wait)
            session.home.set_stage(home.KEY_EXCHANGE, code)
            await session.wait(wait)
            session.home.set_stage(home.KEY_EXCHANGE)
    log("keys", "agreed, suite", suite)
    store.put("key_with", name)
