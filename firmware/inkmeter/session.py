"""From a radio module that knows nothing to readings, and back again after whatever goes wrong.

One task, run(): bring the NCP up, join, agree on a key, find the meters, read them. Each step is a module
with a `run(session)`, in memory only while it runs; it ends by itself, or with an exception that says which
step to go back to.
"""

import asyncio

from micropython import const

from inkmeter import lazy
from inkmeter.ezsp import EzspError
from inkmeter.log import log, uptime
from inkmeter.ncp import NcpLost, Refused, UnsupportedNcp
from inkmeter.radio import NotTrusted

_NETWORK_UP = const(0x0015)
_NETWORK_DOWN = const(0x0016)
_MOVE_FAILED = const(0x0C06)
_TRUST_CENTER_EUI_HAS_CHANGED = const(0x0C10)
_TRUST_CENTER_SWAPPED_OUT_EUI_HAS_NOT_CHANGED = const(0x0C11)
_NO_NETWORK = const(0)
_RADIO_DEAD = const(0x100)  # codes of `inkmeter.ash` above this: the host gave up, nobody is there

# Seconds
_NCP_RETRY = const(5)
_NCP_RETRY_LONGEST = const(60)
_LONG_WELL = const(600)
_AGREE_AGAIN = const(30)
_AGREE_AGAIN_LONGEST = const(21600)
_REMOVED_NOTICE = const(600)
_UNSUPPORTED_NOTICE = const(3600)
_LOOK_ROUND = const(5)
_DEFAULT_POLL = const(10)
_LOOK_FIRST = const(300)
_FAULTS_TO_SAY = const(3)


class LinkLost(Exception):
    """The network is out of reach; the keys for it are still good."""


class Removed(Exception):
    """The NCP has no network any more. args: the outcome's code, where it was not the hub that told it to leave."""


class Server:
    """A Metering server: where it is, where its prices are, seconds between two polls. `eui64` is big-endian,
    b"" for the hub.
    """

    def __init__(self, node_id, eui64, endpoint, price_endpoint=None):
        self.node_id = node_id
        self.eui64 = eui64
        self.endpoint = endpoint
        self.price_endpoint = price_endpoint
        self.period = _DEFAULT_POLL


class Session:
    """`pressed(ms)` waits for the OK button and says whether it came; `reset_ncp()` pulses the NCP's reset pin.

    `network_up` is the NCP's last word. `servers` are the metering servers by commodity, `time_endpoint` the
    hub's clock; both are empty until the meters have been found. `doubtful` is the commodity whose server is to be
    looked for again, `look_after` the seconds until one that is missing is looked for. `ledger`, where there is
    one, hears of registers and prices.
    """

    def __init__(self, ncp, radio, home, clock, pressed, reset_ncp, ledger=None):
        self.ncp = ncp
        self.reset_ncp = reset_ncp
        self.radio = radio
        self.home = home
        self.clock = clock
        self.pressed = pressed
        self.ledger = ledger
        self.servers = {}
        self.time_endpoint = None
        self.joined = False
        self.network_up = False
        self.doubtful = None
        self.look_after = _LOOK_FIRST
        self._agree_again = _AGREE_AGAIN
        self._agree_from = 0

    def callback(self, name, values):
        """Sees every callback of the NCP's."""
        if name == "stackStatusHandler":
            code = values[0]
            if code in (
                _NETWORK_UP,
                _TRUST_CENTER_EUI_HAS_CHANGED,
                _TRUST_CENTER_SWAPPED_OUT_EUI_HAS_NOT_CHANGED,
            ):
                self.network_up = True
            elif code == _NETWORK_DOWN or code == _MOVE_FAILED:
                self.network_up = False
        else:
            self.radio.callback(name, values)

    async def run(self):
        """For ever."""
        delay = _NCP_RETRY
        faults = 0
        while True:
            began = uptime()
            try:
                await self._step("startup")
                await self._live()
            except (NcpLost, Refused, EzspError) as fault:
                if uptime() - began > _LONG_WELL:
                    delay = _NCP_RETRY
                    faults = 0
                faults += 1
                # A restart of the NCP's own is no reason to wait; one after the other, silence and refusals are.
                alive = isinstance(fault, NcpLost) and fault.args[0] <= _RADIO_DEAD
                if not alive or faults >= _FAULTS_TO_SAY:
                    log("ncp", "is of no use:", fault)
                    self.home.set_stage(self.home.stage, "N01")
                    await self.reset_ncp()
                    await asyncio.sleep(delay)
                    delay = min(2 * delay, _NCP_RETRY_LONGEST)
            except UnsupportedNcp as unknown:
                log("ncp", "speaks EZSP", unknown.args[0], "which is not known here")
                self.home.set_stage(self.home.stage, "N02", "EZSP %d" % unknown.args[0])
                await self.pressed(_UNSUPPORTED_NOTICE * 1000)

    async def _live(self):
        while True:
            try:
                if not self.joined:
                    await self._step("pairing", "install_code", "store")
                elif not self.network_up:
                    await self._step("recovery")
                await self._step("key_agreement", "key_establishment", "zdo", "store")
                await self._step("discovery", "zdo", "store")
                await self._step("rounds", "metering")
            except LinkLost:
                self.network_up = False
            except NotTrusted:
                if uptime() < self._agree_from:
                    # Not for ever one agreement after the other: what can be read without is read meanwhile.
                    await self.pause(_AGREE_AGAIN)
                    continue
                log("session", "the link key is not good any more")
                _forget_the_key()
                self._agree_from = uptime() + self._agree_again
                self._agree_again = min(2 * self._agree_again, _AGREE_AGAIN_LONGEST)
            except Removed as removed:
                log("session", "off the network")
                self.joined = False
                self.home.set_stage(0, removed.args[0] if removed.args else "H02")
                await self.pause(_REMOVED_NOTICE)

    def _step(self, *names):
        return lazy.run(names, self)

    async def pause(self, seconds):
        """Waits, or ends at once with True on a press. Raises NcpLost."""
        while seconds > 0:
            self.ncp.check()
            if await self.pressed(min(seconds, _LOOK_ROUND) * 1000):
                return True
            seconds -= _LOOK_ROUND
        self.ncp.check()
        return False

    async def wait(self, seconds):
        """pause() that raises LinkLost or Removed when the network goes."""
        while seconds > 0:
            await self.check_network()
            if await self.pause(min(seconds, _LOOK_ROUND)):
                return True
            seconds -= _LOOK_ROUND
        await self.check_network()
        return False

    async def check_network(self):
        """Raises NcpLost, LinkLost or Removed unless all is well."""
        self.ncp.check()
        if not self.network_up:
            # Where it is we who have left, nobody has removed us.
            if not self.joined or await self.belongs():
                raise LinkLost
            raise Removed

    async def belongs(self):
        """Whether the NCP still has a network to go back to."""
        (state,) = await self.ncp.command("networkState")
        return state != _NO_NETWORK


def _forget_the_key():
    with lazy.module("store") as store:
        store.put("key_with", None)
