"""The last step, and the one that lasts: what is read how often, one request at a time, and what silence means.

The poll of the meters is resident. Every other job is a module with `run(rounds, commodity)`, loaded for as long as it
works; it answers in how many seconds it is due again, or None for "this home has none such".
"""

from micropython import const

from inkmeter import home, lazy, metering
from inkmeter.facts import MESSAGE_PRESSED
from inkmeter.log import log, uptime
from inkmeter.radio import HUB, NoReply, NotTrusted
from inkmeter.session import LinkLost
from inkmeter.zcl import ZclError

# Numbers of jobs; from _FIRST on, their place in _NAMES.
POLL = const(0)
TIME = const(1)
LOOK_FOR_GAS = const(2)
PRICE = const(3)
TARIFF = const(5)
MATRIX = const(6)
FACTORS = const(7)
CALENDARS = const(8)
SWITCHES = const(9)
SCHEDULED = const(10)
STRIP = const(11)
MESSAGING = const(12)
DEVICE_MANAGEMENT = const(13)
PREPAYMENT = const(14)
ACCOUNT = const(15)
_PROFILE = const(21)
_COUNT = const(24)
_FIRST = const(3)
_NAMES = const(
    "price status tariff matrix factors calendars switches scheduled strip messaging device_management prepayment "
    "account supplier today costs registers figures profile events friendly"
)
_HELPERS = const("asking commands fields parts timetable price days store calendars")

# Seconds
_SLOWEST_POLL = const(60)
_FAILED_POLL = const(10)
_GAS_POLL = const(300)
_TIME_POLL = const(21600)
_TIME_RETRY = const(300)
_LOOK_FOR_GAS_LONGEST = const(86400)
_FAILED = const(60)
_ABSENT_SOON = const(120)
_ABSENT = const(3600)
_ABSENT_LONGEST = const(86400)
_SPREAD = const(2)
_HEARD = const(15)
_FAILURES_TO_PROBE = const(3)
_FAILURES_TO_LOOK = const(6)
_ABSENCES_SOON = const(3)
_FAILURES_TO_REST = const(3)


class Rounds:
    """Jobs of one session. `_due` holds when each is due, `_what` its number << 8 | its commodity << 7 | failures (or
    absences) in a row. `session.ledger`, where there is one, hears of registers and prices.
    """

    def __init__(self, session):
        self.session = session
        self.ledger = session.ledger
        self.seen = [(0, 0, 0, 0)] * 2  # `profile`'s memory of its search, by commodity
        self.known = [0, 0]  # until when prices to come are known, by commodity: `scheduled`'s
        self._due = []
        self._what = []
        now = uptime()
        self._add(now + (_TIME_RETRY if session.clock.now() is None else _TIME_POLL), TIME, 0)
        for commodity in session.servers:
            self._add(now, POLL, commodity)
            for job in range(PRICE, _COUNT):
                self._add(now, job, commodity)
            self.start(commodity)
        if home.GAS not in session.servers:
            self._add(now + session.look_after, LOOK_FOR_GAS, home.GAS)
            session.look_after = min(2 * session.look_after, _LOOK_FOR_GAS_LONGEST)
        # A list that grew has room for as much again; a copy has not.
        self._due, self._what = self._due[:], self._what[:]

    def _add(self, due, job, commodity):
        self._due.append(due)
        self._what.append(job << 8 | commodity << 7)

    def start(self, commodity):
        """Has everything asked anew: prices at once, the rest one after the other, after the first picture."""
        for job in range(PRICE, _COUNT):
            self.hurry(job, commodity, _SPREAD * (2 * job + commodity) if job > PRICE else 0, _ABSENT)

    def hurry(self, job, commodity, seconds=0, earlier=0):
        """Has a job done in so many seconds, if it is not due earlier (by less than `earlier`: even then); what was
        rested is asked anew.
        """
        for row in range(len(self._what)):
            if self._what[row] >> 7 == job << 1 | commodity:
                self._due[row] = min(self._due[row] + earlier, uptime() + seconds)
                self._what[row] &= ~0x7F

    def _first(self, polls):
        # The row that is due first; a poll that is due goes before all others. -1 for none.
        now = uptime()
        first = -1
        for row in range(len(self._due)):
            poll = self._what[row] >> 8 == POLL
            if poll and self._due[row] <= now:
                return row
            if (not polls or poll) and (first < 0 or self._due[row] < self._due[first]):
                first = row
        return first

    async def run(self):
        """Until some server is to be looked for. Raises LinkLost when the hub is silent too, and what the session's
        check_network does.
        """
        while self.session.doubtful is None:
            row = self._first(False)
            wait = self._due[row] - uptime()
            if self.session.radio.published and (wait > 0 or self._what[row] >> 8 != POLL):
                await lazy.run(("published " + _HELPERS).split(" "), self)
                self.session.home.changed()
            elif wait > 0:
                # Only now, so that the first picture of the readings has some.
                self.session.home.set_stage(home.READING)
                await self.session.wait(wait)
                self._listen_to_the_household()
            else:
                await self._do(row)

    def _listen_to_the_household(self):
        for commodity in self.session.servers:
            if self.session.home.fact(MESSAGE_PRESSED | commodity << 2, uptime()) is not None:
                self.hurry(MESSAGING, commodity)

    async def turn(self):
        """A job awaits this before each of its requests: a poll that is due goes first."""
        row = self._first(True)
        if row >= 0 and self._due[row] <= uptime():
            await self._do(row)

    async def _do(self, row):
        await self.session.check_network()
        job, commodity = self._what[row] >> 8, self._what[row] >> 7 & 1
        failures = self._what[row] & 0x7F
        due = None
        try:
            if job == POLL:
                await metering.poll(self.session, commodity)
                if self.ledger and self.ledger.due:
                    self.ledger.settle()
                due = _GAS_POLL if commodity else self.session.servers[commodity].period
            elif job == TIME:
                unknown = self.session.clock.now() is None
                await metering.set_clock(self.session)
                due = _TIME_RETRY if self.session.clock.now() is None else _TIME_POLL
                if unknown and due == _TIME_POLL:
                    # What hangs on the time is asked for anew.
                    for one in self.session.servers:
                        self.start(one)
            elif job == LOOK_FOR_GAS:
                self.session.doubtful = commodity
                due = 0
            else:
                due = await lazy.run([_NAMES.split(" ")[job - _FIRST]] + _HELPERS.split(" "), self, commodity)
        except (NoReply, ZclError) as error:
            log("meters", "no reading:", error)
            await self._failed(row, job, commodity, failures + 1)
            return
        if due is None:
            # What a home does not have is asked for again, but seldom.
            due = _ABSENT_SOON
            if failures >= _ABSENCES_SOON:
                due = min(_ABSENT << failures - _ABSENCES_SOON, _ABSENT_LONGEST)
            self._again(row, due, min(failures + 1, 9))
        else:
            self._again(row, due, 0)

    def _again(self, row, seconds, failures):
        self._due[row] = uptime() + seconds
        self._what[row] = self._what[row] & ~0x7F | failures
        # A past that is filled in by and by, for days on end, is no news.
        if self._what[row] >> 8 != _PROFILE:
            self.session.home.changed()

    async def _failed(self, row, job, commodity, failures):
        if job > PRICE:
            self._again(row, _FAILED * failures if failures < _FAILURES_TO_REST else _ABSENT, min(failures, 9))
            return
        self._again(row, min(_FAILED_POLL * failures, _SLOWEST_POLL), failures % 60)
        if failures % _FAILURES_TO_PROBE == 0:
            answers = await self._probe()
            if answers and failures % _FAILURES_TO_LOOK == 0 and job == POLL:
                # The hub answers and the meter does not: it may have another address or key by now. If it is the
                # hub that speaks for it, what is secured alone is silent.
                if self.session.servers[commodity].node_id == HUB:
                    raise NotTrusted
                self.session.doubtful = commodity

    async def _probe(self):
        # Is it the meter that is silent, or the hub, or everybody? Whether the hub answers.
        try:
            await metering.set_clock(self.session)
            return True
        except (NoReply, ZclError):
            for commodity, server in self.session.servers.items():
                register = self.session.home.meter(commodity).current_summation_delivered
                if server.node_id != HUB and uptime() - (register.received or -_HEARD) < _HEARD:
                    return False
            raise LinkLost


async def run(session):
    """Reads until the link is lost, or a server is to be looked for."""
    await Rounds(session).run()
