"""Reading round after round: how often what is asked, and what silence leads to."""

from answering import EPOCH, ESME, GPF, Enough, Home, u
from inkmeter import home, rounds
from inkmeter.radio import NotTrusted
from inkmeter.session import LinkLost

METERING, PRICE, TIME = 0x0702, 0x0700, 0x000A
PROFILE = 21


def reading(session, gas=False):
    """Gives a home's servers their registers, and the hub its clock."""
    session.time_endpoint = 1
    session.radio.attributes[ESME, METERING] = {
        0x0000: (0x25, u(5_072_076, 6)),
        0x0001: (0x25, u(12, 6)),
        0x0400: (0x2A, u(2547, 3)),
    }
    session.radio.attributes[GPF, TIME] = {0x0000: lambda: (0xE2, u(EPOCH + session.now, 4)), 0x0001: (0x18, b"\x02")}
    if gas:
        session.radio.attributes[GPF, METERING] = {
            0x0000: (0x25, u(2_282_363, 6)),
            0x0007: lambda: (0xE2, u(EPOCH + session.now - 60, 4)),
        }
    return session


def priced(session, rate=24500, start=0, minutes=0xFFFF, node=ESME):
    def publish(_):
        now = EPOCH + session.now
        body = u(1, 4) + b"\x02E7" + u(9, 4) + u(now, 4) + b"\x00" + u(826, 2) + b"\x51\x11"
        return [(0, body + u(start, 4) + u(minutes, 2) + u(rate, 4))]

    session.radio.commands[node, PRICE, 0] = publish


def alone(session, *jobs):
    """Rounds of a few jobs only, by their numbers."""
    told = session.rounds()
    kept = [row for row in range(len(told._what)) if told._what[row] >> 8 in jobs]
    told._due, told._what = [told._due[row] for row in kept], [told._what[row] for row in kept]
    return told


def run(session, seconds, *jobs):
    """What the rounds of these jobs end with; [(when, node, cluster, what)] of what was asked."""
    asked = []
    request = session.radio.request

    async def asking(node_id, endpoint, cluster, frame):
        asked.append((session.now, node_id, cluster, frame[2] if frame[0] & 3 else "read"))
        return await request(node_id, endpoint, cluster, frame)

    session.radio.request = asking
    session.until = session.now + seconds
    told = alone(session, *jobs)
    end = None
    try:
        session.timed(lambda: told.run().send(None))
    except StopIteration:
        pass
    except (Enough, LinkLost, NotTrusted) as error:
        end = type(error)
    session.radio.request = request
    return end, asked


def times(asked, node, cluster):
    return [when for when, whom, what, _ in asked if (whom, what) == (node, cluster)]


def gaps(found):
    return [found[i + 1] - found[i] for i in range(len(found) - 1)]


def test_how_often_the_meters_are_read_and_the_clock_is_set():
    session = reading(Home(gas=True), gas=True)
    session.servers[home.ELECTRICITY].period = 30
    end, asked = run(session, 22000, rounds.POLL, rounds.TIME)
    assert end is Enough
    assert set(gaps(times(asked, ESME, METERING))) == {30}
    assert set(gaps(times(asked, GPF, METERING))) == {300}
    assert times(asked, GPF, TIME) == [1000 + 21600]


def test_gas_that_is_missing_is_looked_for_and_less_and_less_often():
    session = reading(Home())
    for due in (300, 600, 1200):
        began = session.now
        assert session.run(10000) is None and session.doubtful == home.GAS and session.now - began == due
        session.doubtful = None
    session.look_after = 80000
    session.run(100)
    assert session.look_after == 86400


def test_a_silent_meter_is_asked_less_and_less_often_and_then_looked_for():
    session = reading(Home(gas=True), gas=True)
    session.radio.silent.add((ESME, METERING))
    end, asked = run(session, 1000, rounds.POLL)
    assert end is None
    assert gaps(times(asked, ESME, METERING)) == [10, 20, 30, 40, 50]
    assert times(asked, GPF, TIME) == [1030, 1150]  # the hub, at each third failure
    assert session.doubtful == home.ELECTRICITY


def test_a_hub_that_answers_nothing_secured_has_another_key():
    session = reading(Home(gas=True), gas=True)
    session.servers[home.ELECTRICITY].node_id = 0
    session.radio.silent.add((GPF, METERING))
    assert run(session, 1000, rounds.POLL)[0] is NotTrusted and session.doubtful is None


def test_a_hub_that_is_silent_too_is_a_lost_link():
    session = reading(Home(gas=True), gas=True)
    session.radio.silent |= {(ESME, METERING), (GPF, TIME)}
    assert run(session, 600, rounds.POLL)[0] is LinkLost
    assert session.now == 1030


def test_while_the_electricity_meter_answers_the_link_is_not_lost():
    session = reading(Home(gas=True), gas=True)
    session.radio.silent |= {(GPF, METERING), (GPF, TIME)}
    end, asked = run(session, 900, rounds.POLL)
    assert end is Enough
    assert len(times(asked, ESME, METERING)) >= 90 and len(times(asked, GPF, METERING)) >= 10


def test_a_price_is_asked_for_again_when_it_ends_and_holds_no_longer():
    session = reading(Home(gas=True), gas=True)
    priced(session, 24500, EPOCH + 1000, 10)
    _, asked = run(session, 4000, rounds.PRICE)
    assert times(asked, ESME, PRICE)[1] == 1600
    session = reading(Home(gas=True), gas=True)
    priced(session)
    _, asked = run(session, 4000, rounds.PRICE)
    assert gaps(times(asked, ESME, PRICE)) == [1800, 1800]
    session = reading(Home(gas=True), gas=True)
    priced(session, 24500, EPOCH + 1000, 10)
    run(session, 100, rounds.PRICE)
    rate = session.home.price(home.ELECTRICITY).rate
    assert rate.current(1600) == 24500 and rate.current(1601) is None


def test_a_price_that_is_over_is_unknown_and_not_asked_for_all_the_time():
    session = reading(Home())
    priced(session, 24500, EPOCH + 400, 5)
    _, asked = run(session, 290, rounds.PRICE)
    assert gaps(times(asked, ESME, PRICE)) == [120, 120]
    assert session.home.price(home.ELECTRICITY).rate.value is None
    session = reading(Home())
    session.radio.commands[ESME, PRICE, 0] = 0x8B
    _, asked = run(session, 100000, rounds.PRICE)
    assert gaps(times(asked, ESME, PRICE))[:6] == [120, 120, 120, 3600, 7200, 14400]
    assert session.home.price(home.ELECTRICITY).rate.value is None
    session = reading(Home())
    priced(session, 24500, EPOCH + 945, 1)
    _, asked = run(session, 100, rounds.PRICE)
    assert len(asked) == 1


def test_a_price_that_is_not_known_is_not_nought():
    session = reading(Home())
    priced(session, 0xFFFFFFFF)
    run(session, 100, rounds.PRICE)
    rate = session.home.price(home.ELECTRICITY).rate
    assert rate.value is None and rate.state(1000) == home.LIVE


def test_a_price_at_a_server_that_has_none_is_not_asked_for():
    session = reading(Home())
    session.servers[home.ELECTRICITY].price_endpoint = None
    _, asked = run(session, 1000, rounds.PRICE)
    assert asked == []
    assert session.home.price(home.ELECTRICITY).rate.state(1000) == home.NEVER


def test_a_poll_waits_for_no_more_than_one_request():
    session = reading(Home(gas=True), gas=True)
    session.radio.takes = 3  # seconds each
    session.servers[home.ELECTRICITY].period = 10
    _, asked = run(session, 600, rounds.POLL, *range(rounds.PRICE, 24))
    polls = [when for when, node, cluster, what in asked if (node, cluster) == (ESME, METERING)]
    polled = times([one for one in asked if one[3] == "read"], ESME, METERING)
    assert len(asked) > len(polls)
    # Due 10 s after the last poll was answered; one other request, the gas poll and itself may come first.
    moving = [when for when in polled]
    assert max(gaps(moving)) <= 10 + 3 * 3, gaps(moving)


def test_what_a_home_does_not_have_is_asked_for_seldom():
    session = reading(Home(gas=True), gas=True)
    _, asked = run(session, 86400, *range(rounds.PRICE, 24))
    counts = {}
    for when, node, cluster, what in asked:
        if when > 1000 + 600:
            counts[node, cluster, what] = counts.get((node, cluster, what), 0) + 1
    # One meter, one hub, a day: the registers are looked for group by group, the rest a handful of times.
    assert max(counts.values()) <= 60, counts
    assert sum(counts.values()) < 400, counts


def test_a_job_that_gets_no_answer_rests_and_is_no_reason_to_look_for_the_hub():
    session = reading(Home(gas=True), gas=True)
    session.radio.silent.add((ESME, 0x0705))
    end, asked = run(session, 5000, rounds.POLL, rounds.PREPAYMENT)
    assert end is Enough and times(asked, GPF, TIME) == []
    assert gaps(times(asked, ESME, 0x0705)) == [60, 120, 3600]


def test_the_hub_s_clock_is_asked_soon_again_while_it_does_not_know():
    session = reading(Home())
    session.clock.known = False
    session.radio.attributes[GPF, TIME][0x0001] = (0x18, b"\x00")
    end, asked = run(session, 1000, rounds.TIME)
    assert end is Enough and gaps([1000] + times(asked, GPF, TIME)) == [300, 300, 300]


def test_all_is_asked_anew_once_the_time_is_known():
    session = reading(Home())
    session.clock.known = False

    def known(utc):
        session.clock.known = True

    session.clock.set = known
    priced(session)
    _, asked = run(session, 1000, rounds.TIME, rounds.PRICE)
    assert times(asked, ESME, PRICE) == [1000, 1300]


def test_hurry_brings_a_job_forward_and_never_back():
    session = reading(Home())
    told = alone(session, rounds.TARIFF)
    told._due[0], told._what[0] = 9000, told._what[0] | 3
    session.timed(told.hurry, rounds.TARIFF, 0, 60)
    assert told._due == [1060] and told._what[0] & 0x7F == 0
    session.timed(told.hurry, rounds.TARIFF, 0, 500)
    session.timed(told.hurry, rounds.TARIFF, 1, 0)
    assert told._due == [1060]


def test_a_poll_that_is_due_goes_before_what_has_waited_longer():
    session = reading(Home())
    told = alone(session, rounds.POLL, rounds.TARIFF)
    poll = 0 if told._what[0] >> 8 == rounds.POLL else 1
    told._due[poll], told._due[1 - poll] = 990, 500
    assert session.timed(told._first, False) == poll
    told._due[poll] = 1001
    assert session.timed(told._first, False) == 1 - poll and session.timed(told._first, True) == poll


def test_the_ledger_hears_of_each_good_poll_in_wh_and_litres():
    session = reading(Home(gas=True), gas=True)
    run(session, 5, rounds.POLL)
    now = EPOCH + 1000
    assert sorted(session.ledger.registers) == [(0, now, 5_072_076, 12), (1, now - 60, 2_282_363, None)]
    session = reading(Home(gas=True), gas=True)
    session.radio.attributes[ESME, METERING][0x0000] = (0x25, b"\xff" * 6)
    session.radio.attributes[GPF, METERING][0x0007] = 0x86
    run(session, 5, rounds.POLL)
    assert session.ledger.registers == []
    # 1/100 kWh, cubic feet, and no time yet
    session = reading(Home(gas=True), gas=True)
    session.home.meter(0).divisor = 100
    session.home.meter(1).unit_of_measure = 2
    run(session, 5, rounds.POLL)
    assert session.ledger.registers == [(0, now, 50_720_760, 120)]
    session = reading(Home())
    session.clock.known = False
    run(session, 5, rounds.POLL)
    assert session.ledger.registers == []


def test_a_past_that_is_filled_in_is_no_news():
    session = reading(Home())
    told = []
    session.home.notify = lambda: told.append(session.now)
    run(session, 100, rounds.POLL)
    assert len(told) >= 10
    told.clear()
    end, _ = run(session, 7300, PROFILE)
    assert end is Enough and not told
