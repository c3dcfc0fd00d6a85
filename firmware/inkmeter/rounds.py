"""The last step, and the one that lasts: what is read how often, one request at a time, and what silence means."""

from micropython import const

from inkmeter import home, metering
from inkmeter.lazy import module
from inkmeter.log import log, uptime
from inkmeter.radio import NoReply
from inkmeter.session import LinkLost
from inkmeter.zcl import ZclError

# Seconds
_SLOWEST_POLL = const(60)
_FAILED_POLL = const(10)
_GAS_POLL = const(300)
_PRICE_POLL = const(1800)
_PRICE_RETRY = const(120)
_TIME_POLL = const(21600)
_LOOK_FOR_GAS = const(300)
_FAILURES_TO_PROBE = const(3)


class Rounds:
    """Jobs of one session; each job is [when it is due, what, whose]."""

    def __init__(self, session):
        self.session = session
        self.failures = 0
        self.jobs = []
        for commodity in session.servers:
            self._add(commodity)
        self.jobs.append([uptime() + _TIME_POLL, self._time, None])
        if home.GAS not in session.servers:
            self.jobs.append([uptime() + _LOOK_FOR_GAS, self._look_for_gas, None])

    def _add(self, commodity):
        self.jobs.append([uptime(), self._poll, commodity])
        if self.session.servers[commodity].price_endpoint is not None:
            self.jobs.append([uptime(), self._price, commodity])

    async def run(self):
        """For ever. Raises LinkLost when the hub is silent too, and what the session's check_network does."""
        while True:
            job = min(self.jobs, key=lambda job: job[0])
            wait = job[0] - uptime()
            if wait > 0:
                # Only now, so that the first picture of the readings has some.
                self.session.home.set_stage(home.READING)
                await self.session.wait(wait)
                continue
            await self.session.check_network()
            try:
                job[0] = uptime() + await job[1](job[2])
                self.failures = 0
            except (NoReply, ZclError) as error:
                self.failures += 1
                log("meters", "no reading:", error)
                job[0] = uptime() + min(_FAILED_POLL * self.failures, _SLOWEST_POLL)
                if self.failures % _FAILURES_TO_PROBE == 0:
                    await self._probe()
            self.session.home.changed()

    # Each job answers in how many seconds it is due again.

    async def _poll(self, commodity):
        server = self.session.servers[commodity]
        await metering.poll(self.session.radio, server, self.session.home.meter(commodity), self.session.clock)
        return _GAS_POLL if commodity == home.GAS else server.period

    async def _price(self, commodity):
        published = await metering.read_price(self.session.radio, self.session.servers[commodity])
        if published is None:
            return _PRICE_RETRY
        price = self.session.home.price(commodity)
        utc = self.session.clock.now()
        price.rate.put(published.rate, uptime(), utc)
        price.currency = published.currency
        price.tier = published.tier
        price.label = published.label
        if published.end is None or utc is None:
            return _PRICE_POLL
        return max(min(published.end - utc, _PRICE_POLL), 1)

    async def _time(self, _):
        await metering.set_clock(self.session)
        return _TIME_POLL

    async def _look_for_gas(self, _):
        with module("discovery", "zdo", "store") as discovery:
            await discovery.look(self.session)
        if home.GAS not in self.session.servers:
            return _LOOK_FOR_GAS
        self._add(home.GAS)
        return _TIME_POLL

    async def _probe(self):
        # Is it the meter that is silent, or everybody?
        try:
            await metering.set_clock(self.session)
        except (NoReply, ZclError):
            raise LinkLost


async def run(session):
    """Reads until the link is lost."""
    await Rounds(session).run()
