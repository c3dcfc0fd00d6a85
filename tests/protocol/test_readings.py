"""What is taken for a reading, a price or the time, and for how long."""

from inkmeter import home
from inkmeter.clock import Clock
from inkmeter.metering import put, set_clock


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


def test_how_long_each_reading_is_live():
    for commodity, register in ((home.ELECTRICITY, 180), (home.GAS, 3900)):
        meter = home.Meter(commodity)
        meter.instantaneous_demand.put(1, 1000, 0)
        meter.current_summation_delivered.put(1, 1000, 0)
        assert meter.watts(1060) is not None and meter.watts(1061) is None
        assert meter.current_summation_delivered.current(1000 + register) == 1
        assert meter.current_summation_delivered.state(1001 + register) == home.STALE
    price = home.Price()
    price.rate.put(24500, 1000, 0)
    assert price.rate.current(8200) == 24500 and price.rate.current(8201) is None


def test_a_hub_s_clock_that_is_not_right_is_not_taken():
    for status, taken in (("00", False), ("01", True), ("02", True), ("08", False), ("09", True)):
        session = Answering("180101000000e2804a371c01000018" + status)
        drive(set_clock(session))
        assert (session.clock.now() is not None) == taken, status
    for answer in ("180101000000e2ffffffff0100001801", "180101000000e2804a371c010086", "180101000086010086"):
        session = Answering(answer)
        drive(set_clock(session))
        assert session.clock.now() is None


def test_a_register_in_binary_coded_decimal_is_read_as_one():
    meter = home.Meter(home.ELECTRICITY)
    meter.unit_of_measure = 0x80
    put(meter, {0x250000: 0x1234, 0x250001: 0x12A}, 100, 5000)
    assert meter.current_summation_delivered.value == 1234 and meter.current_summation_received.value is None
