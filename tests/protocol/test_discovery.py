"""Who serves what: the meters that count, what is taken from them, and whether the household has said yes."""

from inkmeter import discovery

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
