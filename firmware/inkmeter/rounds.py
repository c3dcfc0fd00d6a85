"""The last step, and the one that lasts: what is read how often, one request at a time, and what silence means."""

from micropython import const

from inkmeter import home, metering
from inkmeter.log import log, uptime
from inkmeter.radio import HUB, NoReply, NotTrusted
from inkmeter.session import LinkLost
from inkmeter.zcl import ZclError

# Seconds
_SLOWEST_POLL = const(60)
_FAILED_POLL = const(10)
_GAS_POLL = const(300)
_PRICE_POLL = const(1800)
_PRICE_RETRY = const(120)
_PRICE_SOON = const(30)
_TIME_POLL = const(21600)
_LOOK_FOR_GAS_LONGEST = const(86400)
_FAILURES_TO_PROBE = const(3)
_FAILURES_TO_LOOK = const(6)


class Rounds:
    """Jobs of one session; each job is [when it is due, what, whose, failures in a row]."""

    def __init__(self, session):
        self.session = session
        now = uptime()
        self.jobs = [[now + _TIME_POLL, self._time, None, 0]]
        for commodity, server in session.servers.items():
            self.jobs.append([now, self._poll, commodity, 0])
            if server.price_endpoint is not None:
                self.jobs.append([now, self._price, commodity, 0])
        if home.GAS not in session.servers:
            self.jobs.append([now + session.look_after, self._look_for_gas, home.GAS, 0])
            session.look_after = min(2 * session.look_after, _LOOK_FOR_GAS_LONGEST)

    async def run(self):
        """Until some server is to be looked for. Raises LinkLost when the hub is silent too, and what the session's
        check_network does.
        """
        while self.session.doubtful is None:
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
                job[3] = 0
            except (NoReply, ZclError) as error:
                log("meters", "no reading:", error)
                await self._failed(job)
            self.session.home.changed()

    async def _failed(self, job):
        job[3] += 1
        job[0] = uptime() + min(_FAILED_POLL * job[3], _SLOWEST_POLL)
        if job[3] % _FAILURES_TO_PROBE == 0:
            await self._probe()
            if job[3] % _FAILURES_TO_LOOK == 0 and job[1] == self._poll:
                # The hub answers and the meter does not: it may have another address or key by now. If it is the
                # hub that speaks for it, what is secured alone is silent.
                if self.session.servers[job[2]].node_id == HUB:
                    raise NotTrusted
                self.session.doubtful = job[2]

    # Each job answers in how many seconds it is due again.

    async def _poll(self, commodity):
        server = self.session.servers[commodity]
        await metering.poll(self.session.radio, server, self.session.home.meter(commodity), self.session.clock)
        return _GAS_POLL if commodity == home.GAS else server.period

    async def _price(self, commodity):
        published = await metering.read_price(self.session.radio, self.session.servers[commodity])
        price = self.session.home.price(commodity)
        utc = self.session.clock.now()
        if published is None:
            price.rate.put(None, uptime(), utc)
            return _PRICE_RETRY
        price.rate.put(published.rate, uptime(), utc)
        price.currency = published.currency
        price.tier = published.tier
        price.label = published.label
        price.rate.max_age = home.PRICE_AGE
        if published.end is None or utc is None:
            return _PRICE_POLL
        left = published.end - utc
        if left <= 0:
            price.rate.put(None, uptime(), utc)
        price.rate.max_age = max(min(left, home.PRICE_AGE), 0)
        # The meter's clock may be behind the hub's, and the price that it calls current over.
        return _PRICE_RETRY if left < _PRICE_SOON else min(left, _PRICE_POLL)

    async def _time(self, _):
        await metering.set_clock(self.session)
        return _TIME_POLL

    async def _look_for_gas(self, commodity):
        self.session.doubtful = commodity
        return 0

    async def _probe(self):
        # Is it the meter that is silent, or everybody?
        try:
            await metering.set_clock(self.session)
        except (NoReply, ZclError):
            raise LinkLost


async def run(session):
    """Reads until the link is lost, or a server is to be looked for."""
    await Rounds(session).run()
