"""Who serves what: the meters that count, what is taken from them, and whether the household has said yes."""

from inkmeter import discovery, home
from inkmeter.session import LinkLost, Server

OWN, OTHER = bytes(range(8)), bytes(range(8, 16))


def drive(coroutine):
    """Runs a coroutine that never really waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


class Events:
    def __init__(self, events):
        self.events = events

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    async def get(self, wait_ms):
        return self.events.pop(0) if self.events else None


class FakeNcp:
    def __init__(self, *events):
        self.events = [("zigbeeKeyEstablishmentHandler", list(event)) for event in events]

    def expect(self, name):
        return Events(self.events)

    async def do(self, name, *values):
        return []


def test_a_link_key_counts_once_it_is_there_and_with_that_node():
    assert drive(discovery.partner_link_key(FakeNcp((OTHER, 4), (OWN, 1)), OWN))
    assert not drive(discovery.partner_link_key(FakeNcp((OTHER, 1), (OWN, 4)), OWN))
    assert not drive(discovery.partner_link_key(FakeNcp((OTHER, 1)), OWN))
    assert not drive(discovery.partner_link_key(FakeNcp(), OWN))


class FakeRadio:
    """A hub's ZDO: {endpoint: (profile, server clusters)}."""

    def __init__(self, endpoints):
        self.endpoints = endpoints

    def next_sequence(self):
        return 1

    async def exchange(self, node_id, profile, cluster, endpoint, payload, *rest):
        if cluster == 0x0005:
            return bytes((1, 0, 0, 0, len(self.endpoints))) + bytes(sorted(self.endpoints))
        profile, clusters = self.endpoints[payload[3]]
        answer = bytes((1, 0, 0, 0, 0, payload[3], profile & 0xFF, profile >> 8, 1, 5, 0, len(clusters)))
        return answer + b"".join([bytes((c & 0xFF, c >> 8)) for c in clusters]) + b"\x00"


def test_the_hub_s_servers_are_smart_energy_s():
    radio = FakeRadio({1: (0x0109, (0, 10)), 2: (0x0109, (0x0702,)), 3: (0x0104, (0x0702,)), 4: (0x0109, (0x0700,))})
    time_endpoint, servers = drive(discovery.hub_servers(radio))
    assert time_endpoint == 1
    assert [(server.endpoint, server.price_endpoint) for server in servers] == [(2, 4)]


def test_a_meter_without_prices_does_not_take_another_s():
    radio = FakeRadio({1: (0x0109, (0x0702, 0x0700)), 2: (0x0109, (0x0702,))})
    _, servers = drive(discovery.hub_servers(radio))
    assert [(server.endpoint, server.price_endpoint) for server in servers] == [(1, 1), (2, None)]


class AddressTable:
    def __init__(self):
        self.addresses = {}

    async def set_address(self, index, server):
        self.addresses[index] = server


class FakeSession:
    def __init__(self):
        self.radio = None
        self.ncp = AddressTable()
        self.doubtful = None
        self.ledger = None
        self.home = home.Home()
        self.servers = {}
        self.asked = []

    async def wait(self, seconds):
        self.asked.append((self.home.outcome, self.home.detail))
        return len(self.asked) == 2


ELECTRICITY = {
    0x300300: 0, 0x220301: 3, 0x220302: 100, 0x180303: 0x2B, 0x180306: 0x00, 0x20000A: 30, 0x410308: b"21E0047731\x00",
}  # fmt: skip


def identify(session, server, found, patient=True):
    async def read_attributes(radio, node_id, endpoint, cluster, identifiers):
        return found

    kept = discovery.metering.read_attributes
    discovery.metering.read_attributes = read_attributes
    try:
        drive(discovery.identify(session, server, patient))
    finally:
        discovery.metering.read_attributes = kept


def test_a_meter_s_own_scale_and_pace_are_taken():
    session, server = FakeSession(), Server(0x3A51, OWN, 1)
    identify(session, server, ELECTRICITY)
    meter = session.home.meter(home.ELECTRICITY)
    assert (meter.multiplier, meter.divisor, meter.summation_formatting, meter.serial) == (3, 100, 0x2B, "21E0047731")
    assert server.period == 30 and session.servers == {home.ELECTRICITY: server}
    # The NCP's address table: the candidate, and then its own place.
    assert session.ncp.addresses == {3: server, home.ELECTRICITY: server}


def test_a_meter_that_is_doubtful_gives_way():
    session, first, second = FakeSession(), Server(0x3A51, OWN, 1), Server(0x3A52, OWN, 1)
    identify(session, first, ELECTRICITY)
    session.doubtful = home.ELECTRICITY
    identify(session, second, ELECTRICITY)
    assert session.servers == {home.ELECTRICITY: second} and session.ncp.addresses[home.ELECTRICITY] is second


def without(identifier, status):
    """An electricity meter that answers for one attribute with a status."""
    found = dict(ELECTRICITY)
    del found[identifier]
    found[status << 16 | identifier & 0xFFFF] = None
    return found


def test_what_a_meter_does_not_have_has_a_default_and_what_it_cannot_say_now_has_none():
    for identifier in (0x220301, 0x220302, 0x300300, 0x180303):
        session = FakeSession()
        identify(session, Server(0x3A51, OWN, 1), without(identifier, 0x86))
        assert home.ELECTRICITY in session.servers, hex(identifier)
        for status in (0x94, 0x01, 0x7E, 0x41):  # the last: a value of another type
            session = FakeSession()
            try:
                identify(session, Server(0x3A51, OWN, 1), without(identifier, status))
            except ValueError:
                assert session.servers == {} and session.home.meters.get(0, home.Meter(0)).divisor == 1
                continue
            raise AssertionError((hex(identifier), status))
    session = FakeSession()
    identify(session, Server(0x3A51, OWN, 1), without(0x220302, 0x86))
    assert session.home.meter(home.ELECTRICITY).divisor == 1


class FakeLedger:
    def __init__(self):
        self.others = []

    def exchanged(self, commodity):
        self.others.append(commodity)


def test_a_serial_that_cannot_be_told_now_makes_no_other_meter():
    for status in (0x94, 0x01, 0x8F):
        session, server = FakeSession(), Server(0x3A51, OWN, 1)
        session.ledger = FakeLedger()
        identify(session, server, ELECTRICITY)
        session.doubtful = home.ELECTRICITY
        try:
            identify(session, server, without(0x410308, status))
        except ValueError:
            assert session.home.meter(home.ELECTRICITY).serial == "21E0047731" and session.ledger.others == []
            continue
        raise AssertionError(status)
    # One whose string is the invalid one; one that never had any; and one that can never tell it.
    session = FakeSession()
    found = dict(ELECTRICITY)
    found[0x410308] = None
    identify(session, Server(0x3A51, OWN, 1), found)
    assert session.home.meter(home.ELECTRICITY).serial == "" and home.ELECTRICITY in session.servers
    for status, patient in ((0x86, True), (0x94, False)):
        session = FakeSession()
        identify(session, Server(0x3A51, OWN, 1), without(0x410308, status), patient)
        assert session.home.meter(home.ELECTRICITY).serial == "" and home.ELECTRICITY in session.servers


def test_a_meter_that_can_never_tell_its_serial_is_taken_at_the_fourth_try():
    seen = []

    class Patient(FakeSession):
        async def wait(self, seconds):
            seen.append(seconds)
            return True

    async def look(session, patient):
        if not patient:
            session.servers[home.ELECTRICITY] = Server(0x3A51, OWN, 1)
        return True

    kept = discovery.look
    discovery.look = look
    try:
        confirm(Patient(), {"meter": "0001020304050607"})
    finally:
        discovery.look = kept
    assert seen == [20, 20, 20]


def test_the_first_meter_for_a_commodity_stays():
    session, first = FakeSession(), Server(0x3A51, OWN, 1)
    identify(session, first, ELECTRICITY)
    identify(session, Server(0x3A52, OTHER, 1), {0x180306: 0x7F, 0x410308: b"another"})
    assert session.servers == {home.ELECTRICITY: first}
    assert session.home.meter(home.ELECTRICITY).serial == "21E0047731"
    identify(session, Server(0, b"", 3), {0x180306: 0x02})  # water
    identify(session, Server(0, b"", 4), {0x860306: None})
    assert session.servers == {home.ELECTRICITY: first}


def confirm(session, state):
    class Store:
        @staticmethod
        def load():
            return state

        @staticmethod
        def put(key, value):
            state[key] = value

    kept = discovery.store
    discovery.store = Store
    try:
        drive(discovery.run(session))
    finally:
        discovery.store = kept
    return session.asked


def test_the_household_is_asked_once_for_each_meter():
    for state, asked in (({"meter": "4711"}, 0), ({"meter": "4712"}, 2), ({}, 2)):
        session = FakeSession()
        session.servers[home.ELECTRICITY] = Server(0x3A51, OWN, 1)
        session.home.meter(home.ELECTRICITY).serial = "4711"
        assert confirm(session, state) == [("P11", "4711")] * asked
        assert state["meter"] == "4711"


def test_a_meter_without_a_serial_goes_by_its_eui64():
    session = FakeSession()
    session.servers[home.ELECTRICITY] = Server(0x3A51, bytes.fromhex("0A0B0C0D0E0F1011"), 1)
    state = {}
    assert confirm(session, state)[0] == ("P11", "0A0B0C0D0E0F1011")
    assert state == {"meter": "0A0B0C0D0E0F1011"}


def test_a_meter_that_the_hub_speaks_for_goes_by_the_hub_s_eui64():
    session = FakeSession()
    session.servers[home.ELECTRICITY] = Server(0, b"", 1)
    assert confirm(session, {"key_with": "0a0b0c0d0e0f1011"})[0] == ("P11", "0A0B0C0D0E0F1011")


def test_a_hub_that_answers_nothing_is_a_lost_link():
    waits = []

    class Patient(FakeSession):
        async def wait(self, seconds):
            waits.append(seconds)

    async def look(session, patient):
        return False

    kept = discovery.look
    discovery.look = look
    try:
        confirm(Patient(), {})
    except LinkLost:
        assert waits == [20, 20]
        return
    finally:
        discovery.look = kept
    raise AssertionError("nothing was raised")


def test_a_meter_that_does_not_turn_up_is_looked_for_less_often_and_said_to_be_missing():
    waits = []

    class Patient(FakeSession):
        async def wait(self, seconds):
            waits.append((self.home.outcome, seconds))
            if len(waits) == 6:
                self.servers[home.ELECTRICITY] = Server(0x3A51, OWN, 1)
                self.home.meter(home.ELECTRICITY).serial = "4711"

    async def look(session, patient):
        return True

    kept = discovery.look
    discovery.look = look
    try:
        confirm(Patient(), {"meter": "4711"})
    finally:
        discovery.look = kept
    assert waits == [(None, 20)] * 3 + [(None, 300)] + [("P08", 300)] * 2
