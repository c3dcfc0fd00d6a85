"""Stand-ins for the tests of the jobs: servers that answer by tables, and a home whose time is moved by waiting."""

import asyncio
import os
import sys

from inkmeter import home, lazy, log, metering, rounds
from inkmeter.radio import NoReply, NotTrusted
from inkmeter.session import LinkLost, Server

# The rounds' jobs and what they load: inkmeter.rounds
_JOBS = (
    "price status tariff matrix factors calendars switches scheduled strip messaging device_management prepayment "
    "account supplier today costs registers figures profile events friendly asking commands fields parts timetable "
    "days store"
)
EPOCH = 800_000_000  # UTC at uptime 0
ESME, GPF = 0x3A51, 0x0000


def u(value, size):
    return (value & (1 << 8 * size) - 1).to_bytes(size, "little")


def string(text):
    return bytes((len(text),)) + text


class Radio:
    """Answers for all servers. `attributes` is {(node, cluster): {identifier: (type, octets) or a status}}, `commands`
    {(node, cluster, command): [(command, payload), ...] or a status}, each of which may be a function of the payload;
    a cluster in `silent` says nothing. `asked` lists (node, cluster, what).
    """

    def __init__(self, session):
        self.session = session
        self.attributes = {}
        self.commands = {}
        self.silent = set()
        self.asked = []
        self.sent = []
        self.published = []
        self.discarded = 0
        self.may_confirm = None
        self.takes = 0
        self._sequence = 0

    def next_sequence(self):
        self._sequence = (self._sequence + 1) & 0xFF
        return self._sequence

    async def send(self, node_id, endpoint, cluster, frame):
        self.sent.append((node_id, endpoint, cluster, bytes(frame)))

    async def request(self, node_id, endpoint, cluster, frame):
        frame = bytes(frame)
        self.session.now += self.takes
        if frame[0] & 3:
            self.asked.append((node_id, cluster, frame[2], frame[3:]))
        else:
            self.asked.append((node_id, cluster, "read"))
        if (node_id, cluster) in self.silent:
            raise NoReply(cluster, "nobody answers")
        if frame[0] & 3:
            return self._command(node_id, endpoint, cluster, frame)
        held = self.attributes.get((node_id, cluster))
        if held is None:
            return bytes((0x18, frame[1], 0x0B, 0x00, 0xC3))
        answer = bytes((0x18, frame[1], 0x01))
        for at in range(3, len(frame), 2):
            value = held.get(frame[at] | frame[at + 1] << 8, 0x86)
            if callable(value):
                value = value()
            record = bytes((value,)) if isinstance(value, int) else bytes((0, value[0])) + value[1]
            if len(answer) + 2 + len(record) > 73:
                break
            answer += frame[at : at + 2] + record
        return answer

    def _command(self, node_id, endpoint, cluster, frame):
        answers = self.commands.get((node_id, cluster, frame[2]), 0x81)
        if callable(answers):
            answers = answers(frame[3:])
        if isinstance(answers, int):
            return bytes((0x18, frame[1], 0x0B, frame[2], answers))
        first = None
        for number, payload in answers:
            body = bytes((0x09, frame[1], number)) + payload
            if first is None:
                first = body
            else:
                self.publish(cluster, body, node_id, endpoint)
        return first

    def publish(self, cluster, body, node_id=ESME, endpoint=1):
        """Something that comes unasked."""
        self.published.append([0, 0x0109, cluster, endpoint, 1, 0x20, 0, 9, node_id, 200, -50, body])


class Utc:
    def __init__(self, session):
        self.session = session
        self.known = True

    def now(self):
        return EPOCH + self.session.now if self.known else None

    def set(self, utc):
        pass


class Ledger:
    """Takes what it is told."""

    due = False

    def __init__(self):
        self.books = [[0x3FFFFFFF], [0x3FFFFFFF]]  # each half-hour is closed that is over
        self.registers = []
        self.rates = []
        self.standing = {}
        self.factors = None
        self.forgotten = 0
        self.since = 0

    def register(self, commodity, utc, delivered, received):
        self.registers.append((commodity, utc, delivered, received))

    def rate(self, commodity, utc, rate, until):
        self.rates.append((commodity, utc, rate, until))

    def standing_charge(self, commodity, a_day, since=None):
        self.standing[commodity] = a_day

    def gas_factors(self, calorific_value, conversion_factor):
        self.factors = calorific_value, conversion_factor

    def forget(self):
        self.forgotten += 1

    def holds(self, before):
        return before > self.since


class NoCollection:
    """Jobs by the thousand: the garbage of each can wait."""

    @staticmethod
    def collect():
        pass


class Enough(Exception):
    pass


class Home:
    """A session with an electricity meter of its own, and gas at the hub where `gas`."""

    def __init__(self, gas=False):
        self.now = 1000
        self.until = None
        self.home = home.Home()
        self.clock = Utc(self)
        self.radio = Radio(self)
        self.ledger = Ledger()
        self.servers = {home.ELECTRICITY: Server(ESME, bytes(8), 1, 1)}
        if gas:
            self.servers[home.GAS] = Server(GPF, b"", 2, 2)
        for commodity in self.servers:
            meter = self.home.meter(commodity)
            meter.divisor = 1000
            meter.unit_of_measure = commodity
        self.time_endpoint = None
        self.doubtful = None
        self.look_after = 300
        for name in "slots0 slots1 tiers0 tiers1 figures0 figures1 calendar0 calendar1 state.json".split(" "):
            try:
                os.remove(name)
            except OSError:
                pass

    async def wait(self, seconds):
        self.now += seconds
        if self.until is not None and self.now > self.until:
            raise Enough

    async def check_network(self):
        pass

    def timed(self, call, *args):
        """Calls with the home's time for the device's; jobs are loaded meanwhile, and keep it."""
        _forget(*_JOBS.split(" "))
        kept = log.uptime, rounds.uptime, metering.uptime, lazy.gc
        log.uptime = rounds.uptime = metering.uptime = lambda: self.now
        lazy.gc = NoCollection
        try:
            return call(*args)
        finally:
            log.uptime, rounds.uptime, metering.uptime, lazy.gc = kept

    def run(self, seconds):
        """The rounds, for so many seconds. Returns what they end with, None where they end by themselves."""
        self.until = self.now + seconds
        try:
            self.timed(drive, rounds.run(self))
        except (Enough, LinkLost, NotTrusted) as end:
            return type(end)

    def rounds(self):
        return self.timed(rounds.Rounds, self)

    def module(self, name):
        """A module as the device loads it: anew, with the time of the test."""
        return self.timed(_fresh, name)

    def job(self, name, commodity=0, told=None):
        """One turn of a job by itself, with no poll due. Returns what it answers."""
        self.told = told = told or self.rounds()
        for row in range(len(told._due)):
            if told._what[row] >> 8 == rounds.POLL:
                told._due[row] = self.now + 1_000_000
        return self.timed(drive, self.module(name).run(told, commodity))

    def heard(self, told=None):
        """Deals with the oldest message that came unasked."""
        self.told = told = told or self.rounds()
        return self.timed(drive, self.module("published").run(told))

    def fact(self, fact, commodity=0):
        return self.home.fact(fact | commodity << 2, self.now)


def drive(coroutine):
    """Runs a coroutine that lets others have their turn at most, and never really waits."""
    kept = asyncio.sleep_ms
    asyncio.sleep_ms = _turn
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    finally:
        asyncio.sleep_ms = kept
    raise AssertionError("it waits")


async def _turn(milliseconds):
    assert milliseconds == 0


def _forget(*names):
    # What another test has loaded has the time of that test.
    for name in names:
        sys.modules.pop("inkmeter." + name, None)
        if hasattr(sys.modules["inkmeter"], name):
            delattr(sys.modules["inkmeter"], name)


def _fresh(name):
    _forget(name)
    __import__("inkmeter." + name)
    return sys.modules["inkmeter." + name]
