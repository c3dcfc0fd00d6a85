"""What is taken for a reading, a price or the time, and for how long."""

from inkmeter import home
from inkmeter.clock import Clock
from inkmeter.metering import read_price
from inkmeter.zcl import ZclError


def test_another_household_s_readings_and_prices_are_forgotten():
    one = home.Home()
    one.meter(home.ELECTRICITY).current_summation_delivered.put(5, 1000, 0)
    one.price(home.ELECTRICITY).rate.put(24500, 1000, 0)
    one.forget()
    assert one.meter(home.ELECTRICITY).current_summation_delivered.value is None
    assert one.price(home.ELECTRICITY).rate.value is None


class Answering:
    """A radio, and a session around it, that gets the same answer to every request."""

    node_id, price_endpoint, time_endpoint = 0, 1, 1

    def __init__(self, answer):
        self.answer = bytes.fromhex(answer)
        self.radio = self
        self.clock = Clock()

    def next_sequence(self):
        return 1

    async def request(self, node_id, endpoint, cluster, frame):
        return self.answer


def drive(coroutine):
    """Runs a coroutine that never really waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value


def test_another_command_is_no_price():
    payload = "00000000804a371c804a371c013a03514100000000a00580250000"
    radio = Answering("190100" + "00" + payload)
    assert drive(read_price(radio, radio)).rate == 9600
    for answer in ("190101" + "00" + payload, "190106" + "00" + payload):
        radio = Answering(answer)
        try:
            drive(read_price(radio, radio))
        except ZclError:
            continue
        raise AssertionError(answer)
    radio = Answering("18010b008b")
    assert drive(read_price(radio, radio)) is None
