"""The jobs that read groups of attributes: what becomes of each value, and what a home that has none of it gets."""

from answering import EPOCH, ESME, GPF, Home, string, u
from inkmeter import facts

METERING, PRICE, PREPAYMENT, MANAGEMENT = 0x0702, 0x0700, 0x0705, 0x0708


def test_supply_block_and_ambient():
    session = Home()
    session.radio.attributes[ESME, METERING] = {
        0x0014: (0x30, b"\x02"),
        0x0200: (0x18, b"\x04"),
        0x0020: (0x30, b"\x02"),
        0x000E: (0x30, b"\x02"),
        0x000C: (0x25, u(94_152, 6)),
        0x0207: (0x30, b"\x01"),
    }
    session.home.put(facts.BLOCK_THRESHOLD + 8, 120_000, session.now)
    assert session.job("status") == 60
    for fact, value in (
        (facts.SUPPLY_STATUS, 2),
        (facts.METER_STATUS, 4),
        (facts.ACTIVE_TIER, 2),
        (facts.BLOCK, 2),
        (facts.BLOCK_USED, 94_152),
        (facts.BLOCK_LEFT, 25_848),
        (facts.AMBIENT, 1),
    ):
        assert session.fact(fact) == value, fact
    # The last block has no end; what the meter does not know any more is unknown.
    session.radio.attributes[ESME, METERING][0x000E] = (0x30, b"\x03")
    session.radio.attributes[ESME, METERING][0x0014] = (0x30, b"\xff")
    session.radio.attributes[ESME, METERING][0x0200] = 0x86
    session.job("status")
    assert session.fact(facts.BLOCK_LEFT) is None and session.fact(facts.SUPPLY_STATUS) is None
    assert session.fact(facts.METER_STATUS) is None


def test_values_of_another_type_are_unknown_and_what_there_is_none_of_takes_no_room():
    session = Home()
    session.radio.attributes[ESME, METERING] = {0x0014: (0x20, b"\x02"), 0x0200: (0x18, b"\x00")}
    assert session.job("status") == 60
    assert session.home.heard_at(facts.SUPPLY_STATUS) is None and session.fact(facts.METER_STATUS) == 0
    assert len(session.home.told) == 3
    for name in "status today costs registers prepayment account supplier tariff factors matrix figures".split(" "):
        for attributes in ({}, None):
            empty = Home(gas=True)
            if attributes is not None:
                for cluster in (METERING, PRICE, PREPAYMENT, MANAGEMENT):
                    empty.radio.attributes[ESME, cluster] = empty.radio.attributes[GPF, cluster] = attributes
            for commodity in (0, 1):
                answer = empty.job(name, commodity)
                assert answer is None or (name == "account" and answer == 21600), (name, answer)
            assert empty.home.told == [], name


def test_today_of_electricity_and_of_gas_in_kwh():
    session = Home(gas=True)
    session.radio.attributes[ESME, METERING] = {
        0x0401: (0x22, u(7971, 3)),
        0x0402: (0x22, u(15, 3)),
        0x0430: (0x22, b"\xff\xff\xff"),
        0x0440: (0x23, u(72_764, 4)),
    }
    session.radio.attributes[GPF, METERING] = {
        0x0401: (0x22, u(1, 3)),
        0x0C01: (0x22, u(39_452, 3)),
        0x0C30: (0x22, u(89_589, 3)),
        0x0C40: (0x23, u(278_708, 4)),
    }
    assert session.job("today") == 120 and session.job("today", 1) == 900
    assert [session.fact(fact) for fact in (facts.TODAY, facts.TODAY_SENT, facts.THIS_WEEK, facts.THIS_MONTH)] == [
        7971,
        15,
        None,
        72_764,
    ]
    assert [session.fact(fact, 1) for fact in (facts.TODAY, facts.THIS_WEEK, facts.THIS_MONTH)] == [
        39_452,
        89_589,
        278_708,
    ]


def test_energy_in_binary_coded_decimal():
    session = Home()
    session.home.meter(0).unit_of_measure = 0x80
    session.radio.attributes[ESME, METERING] = {0x0401: (0x22, u(0x7971, 3)), 0x0440: (0x23, u(0x12AB, 4))}
    session.job("today")
    assert session.fact(facts.TODAY) == 7971 and session.fact(facts.THIS_MONTH) is None


def test_costs_by_the_meter_s_own_scale():
    for factor, raw, cost in ((1, 123_012, 123_012), (0, 1_230_129, 123_012), (4, 123, 123_000), (6, 2, 200_000)):
        session = Home()
        session.radio.attributes[ESME, PREPAYMENT] = {0x051C: (0x25, u(raw, 6)), 0x0502: (0x30, bytes((factor,)))}
        assert session.job("costs") == 300
        assert session.fact(facts.COST_TODAY) == cost, factor
    for scale in ((0x30, b"\xff"), (0x30, b"\x0d"), 0x86):
        session = Home()
        session.radio.attributes[ESME, PREPAYMENT] = {0x051C: (0x25, u(5, 6)), 0x0502: scale}
        session.job("costs")
        assert session.fact(facts.COST_TODAY) is None
    session = Home()
    session.radio.attributes[ESME, METERING] = {
        0x0A00: (0x23, u(3_500_000, 4)),
        0x0A01: (0xE2, u(EPOCH, 4)),
        0x0A04: (0x18, b"\x50"),
    }
    session.job("costs")
    assert session.fact(facts.BILL_TO_DATE) == 3_500_000 and session.fact(facts.BILL_AT) == EPOCH


def test_registers_by_tier_and_block():
    session = Home()
    held = {}
    for tier in range(1, 49):
        held[0x0100 + 2 * (tier - 1)] = (0x25, u({1: 3_280_630, 2: 1_350_768, 7: 5}.get(tier, 0), 6))
    held[0x0700] = (0x25, u(90_000, 6))
    session.radio.attributes[ESME, METERING] = held
    session.home.put(facts.TIERS, 3, session.now)
    assert session.job("registers") == 900
    assert [session.fact(facts.TIER_REGISTER + 8 * i) for i in range(3)] == [3_280_630, 1_350_768, 0]
    assert session.home.heard_at(facts.TIER_REGISTER + 8 * 3) is None
    assert session.fact(facts.TIER_REGISTER + 8 * 6) == 5
    assert session.fact(facts.BLOCK_REGISTER) == 90_000
    # Tiers 1 to 18, and blocks 1 to 12: a group that counts nothing ends the search.
    assert len(session.radio.asked) == 5


def prepaid():
    session = Home()
    session.radio.attributes[ESME, PREPAYMENT] = {
        0x0000: (0x19, u(0x0497, 2)),
        0x0001: (0x2B, u(-950_000, 4)),
        0x0002: (0x2B, u(50_000, 4)),
        0x0003: (0x18, b"\x34"),
        0x0004: (0xE2, u(EPOCH + 5, 4)),
        0x0005: (0x2B, u(120_000, 4)),
        0x0010: (0x23, u(1_000_000, 4)),
        0x0011: (0x23, u(200_000, 4)),
        0x0021: (0x23, u(25_000_000, 4)),
        0x0022: (0x23, u(10_000_000, 4)),
        0x0031: (0x23, u(200_000, 4)),
        0x0034: (0x21, u(90, 2)),
        0x0035: (0xE2, u(EPOCH + 9000, 4)),
        0x0040: (0x2B, u(-1_000_000, 4)),
        0x0100: (0xE2, u(EPOCH - 100, 4)),
        0x0101: (0x2B, u(1_000_000, 4)),
        0x0110: (0xE2, u(EPOCH - 90_000, 4)),
        0x0111: (0x2B, u(500_000, 4)),
        0x0211: (0x23, u(4_200_000, 4)),
        0x0216: (0x30, b"\x01"),
        0x0217: (0x23, u(50_000, 4)),
        0x0221: (0x23, u(0, 4)),
        0x0226: (0x30, b"\x03"),
        0x0227: (0x23, u(99, 4)),
        0x0231: (0x23, u(1_000_000, 4)),
        0x0400: (0x19, u(0x0002, 2)),
    }
    return session


def test_an_account_that_is_paid_beforehand():
    session = prepaid()
    assert session.job("prepayment") == 60
    assert session.job("account") == 900
    assert session.job("friendly") == 900
    for fact, value in (
        (facts.PREPAID, 2),
        (facts.CREDIT_REMAINING, -950_000),
        (facts.EMERGENCY_CREDIT, 50_000),
        (facts.CREDIT_STATUS, 0x34),
        (facts.CREDIT_AT, EPOCH + 5),
        (facts.ACCUMULATED_DEBT, 120_000),
        (facts.CREDIT_ALARMS, 2),
        (facts.EMERGENCY_LIMIT, 1_000_000),
        (facts.EMERGENCY_THRESHOLD, 200_000),
        (facts.MOST_CREDIT, 25_000_000),
        (facts.MOST_TOP_UP, 10_000_000),
        (facts.LOW_CREDIT, 200_000),
        (facts.CUT_OFF, -1_000_000),
        (facts.FRIENDLY_FROM, EPOCH + 9000),
        (facts.FRIENDLY_UNTIL, EPOCH + session.now + 5400),
        (facts.LAST_TOP_UP, 1_000_000),
        (facts.LAST_TOP_UP_AT, EPOCH - 100),
        (facts.TOP_UP + 8, 500_000),
        (facts.TOP_UP_AT + 8, EPOCH - 90_000),
        (facts.DEBT, 5_200_000),
        (facts.DEBT_RATE, 350_000),
    ):
        assert session.fact(fact) == value, (hex(fact), session.fact(fact))


def test_a_top_up_shows_in_the_balance_and_is_looked_up():
    session = prepaid()
    session.home.put(facts.LOW_CREDIT, 5, session.now)
    for credit, hurried in ((-950_000, False), (-960_000, False), (40_000, True)):
        session.radio.attributes[ESME, PREPAYMENT][0x0001] = (0x2B, u(credit, 4))
        told = session.rounds()
        for row in range(len(told._due)):
            told._due[row] = session.now + 5000
        session.job("prepayment", 0, told)
        assert (session.now in told._due) == hurried, credit


def top_up_log(*entries, index=0, total=1):
    body = bytes((index, total))
    for when, amount in entries:
        body += string(b"70810000000000000001") + u(amount, 4) + u(when, 4)
    return body


def test_top_ups_from_the_log_where_there_are_no_attributes():
    session = prepaid()
    held = session.radio.attributes[ESME, PREPAYMENT]
    log = [(1, 2_000_000), (EPOCH - 5, 1_000_000), (EPOCH - 9, -300), (EPOCH - 7, 500_000)]
    session.radio.commands[ESME, PREPAYMENT, 8] = [
        (5, top_up_log(*log[:3], total=2)), (5, top_up_log(*log[3:], index=1, total=2)),
    ]  # fmt: skip
    session.job("prepayment")
    session.job("account")
    assert session.fact(facts.TOP_UP) == 1_000_000  # the attribute
    assert not [one for one in session.radio.asked if one[2] == 8]
    session.home.forget_facts()
    for identifier in (0x0100, 0x0101, 0x0110, 0x0111):
        del held[identifier]
    session.job("prepayment")
    session.job("account")
    asked = [one for one in session.radio.asked if one[2] == 8]
    assert asked == [(ESME, PREPAYMENT, 8, u(EPOCH + session.now, 4) + b"\x05")]
    found = [(session.fact(facts.TOP_UP_AT + 8 * n), session.fact(facts.TOP_UP + 8 * n)) for n in range(4)]
    assert found == [(EPOCH - 5, 1_000_000), (EPOCH - 7, 500_000), (EPOCH - 9, -300), (1, 2_000_000)]
    assert session.fact(facts.LAST_TOP_UP) == 1_000_000 and session.fact(facts.LAST_TOP_UP_AT) == EPOCH - 5
    # No log either, or one that is cut.
    session.radio.commands[ESME, PREPAYMENT, 8] = 0x8B
    assert session.job("account") == 900
    whole = top_up_log(*log)
    for length in range(3, len(whole)):
        if (length - 2) % 29:
            session.radio.commands[ESME, PREPAYMENT, 8] = [(5, whole[:length])]
            try:
                session.job("account")
            except ValueError:
                continue
            raise AssertionError(length)


def test_money_has_the_price_cluster_s_digits():
    session = prepaid()
    session.home.put(facts.PRICE_DIGITS, 2, session.now)
    session.job("prepayment")
    assert session.fact(facts.CREDIT_REMAINING) == -950_000_000


def test_an_account_that_is_paid_afterwards_is_asked_for_seldom():
    session = prepaid()
    session.radio.attributes[ESME, PREPAYMENT][0x0000] = (0x19, u(0x0C94, 2))
    assert session.job("prepayment") == 1800 and session.job("account") == 21600
    assert session.home.heard_at(facts.DEBT) is None


def test_who_supplies_the_home():
    session = Home()
    session.radio.attributes[ESME, MANAGEMENT] = {
        0x0101: (0x41, string(b"Ynni Gw\xc5\xb7r")),
        0x0102: (0x41, string(b"0330\x00111\xff")),
        0x0300: (0x30, b"\x01"),
        0x0400: (0x23, u(500, 4)),
        0x0401: (0x23, u(2000, 4)),
    }
    assert session.job("supplier") == 3600
    assert session.fact(facts.SUPPLIER_NAME) == "Ynni Gw\u0177r"
    assert session.fact(facts.SUPPLIER_CONTACT) == "0330 111"
    assert (session.fact(facts.LOW_MEDIUM_W), session.fact(facts.MEDIUM_HIGH_W)) == (500, 2000)
    session.radio.attributes[ESME, MANAGEMENT][0x0101] = (0x41, b"\x00")
    session.job("supplier")
    assert session.fact(facts.SUPPLIER_NAME) is None


def test_what_turns_gas_into_kwh():
    session = Home(gas=True)
    session.radio.attributes[GPF, PRICE] = {
        0x0302: (0x23, u(102_264, 4)),
        0x0303: (0x18, b"\x50"),
        0x0304: (0x23, u(400, 4)),
        0x0305: (0x30, b"\x01"),
        0x0306: (0x18, b"\x10"),
        0x0620: (0x23, u(183, 4)),
        0x0621: (0x30, b"\x01"),
        0x0622: (0x18, b"\x30"),
    }
    assert session.job("factors", 1) == 21600
    assert session.fact(facts.CALORIFIC_VALUE, 1) == 40_000 and session.fact(facts.CONVERSION_FACTOR, 1) == 102_264
    assert session.fact(facts.CO2, 1) == 183 and session.ledger.factors == (40_000, 102_264)
    # By commands, where there are no attributes: GBCS's own examples. The default of the documents is no factor.
    session = Home(gas=True)
    session.radio.commands[GPF, PRICE, 4] = [(2, bytes.fromhex("804a371c00000000788f010050"))]
    session.radio.commands[GPF, PRICE, 5] = [(3, bytes.fromhex("804a371c00000000900100000110"))]
    assert session.job("factors", 1) == 21600 and session.ledger.factors == (40_000, 102_264)
    session = Home(gas=True)
    session.radio.attributes[GPF, PRICE] = {0x0302: (0x23, u(0x10000000, 4)), 0x0303: (0x18, b"\x70")}
    assert session.job("factors", 1) is None and session.ledger.factors is None


def test_what_an_exported_kwh_earns():
    session = Home()
    session.home.put(facts.PRICE_DIGITS, 5, session.now)
    session.radio.attributes[ESME, PRICE] = {0x8410: (0x23, u(15_000, 4))}
    assert session.job("factors") == 21600
    assert session.fact(facts.EXPORT_RATE) == 15_000
    assert session.ledger.rates == [(2, EPOCH + session.now, 15_000, None)]


def test_a_calorific_value_that_no_fuel_gas_has_is_unknown():
    factors = Home().module("factors")
    assert factors.calorific_value(39_500, 1, 0x30) == 39_500
    for raw, digit in ((39_500, 0x00), (39_500, 0x20), (39_500, 0x50), (0xFFFFFFFE, 0x00), (0, 0x30)):
        assert factors.calorific_value(raw, 1, digit) is None, (raw, digit)


def test_periods_that_are_over():
    session = Home(gas=True)
    session.radio.attributes[ESME, METERING] = {
        0x0403: (0x22, u(7000, 3)),
        0x0404: (0x22, u(11, 3)),
        0x0420: (0x22, u(6000, 3)),
        0x042C: (0x22, u(1000, 3)),
        0x0432: (0x22, u(50_000, 3)),
        0x0442: (0x23, u(200_000, 4)),
        0x045A: (0x23, u(300_000, 4)),
    }
    session.radio.attributes[ESME, PREPAYMENT] = {
        0x0502: (0x30, b"\x01"),
        0x051E: (0x25, u(200_123, 6)),
        0x0520: (0x25, u(180_000, 6)),
        0x055A: (0x25, b"\xff" * 6),
    }
    # The gas meter has not spoken since April.
    april = 25 * 365 + 7 + 31 + 28 + 31 + 29
    session.radio.attributes[GPF, METERING] = {
        0x0007: (0xE2, u(april * 86400 + 84_600, 4)),
        0x0C03: (0x22, u(30_000, 3)),
        0x0C42: (0x23, u(900_000, 4)),
    }
    assert 0 < session.job("figures") <= 21600
    session.job("figures", 1)
    history = session.module("history")
    assert history.own(history.DAY, 0) == (7000, 11, 200_123)
    assert history.own(history.DAY, 1) == (6000, None, 180_000)
    assert history.own(history.DAY, 7) == (1000, None, None)
    assert history.own(history.WEEK, 0) == (50_000, None, None)
    assert history.own(history.MONTH, 12) == (300_000, None, None)
    assert history.own(history.DAY, 0, 1) == (30_000, None, None)
    # By the day: what was read once is of the days that it was read for, however long ago.
    today = (EPOCH + session.now) // 86400
    assert history.own(history.DAY, 0, 0, today) == (7000, 11, 200_123)
    assert history.own(history.DAY, 0, 0, today + 1) == (None, None, None)
    assert history.own(history.DAY, 1, 0, today + 1) == (7000, 11, 200_123)
    assert history.own(history.DAY, 7, 0, today + 1)[0] is None and history.own(history.DAY, 8, 0, today + 1)[0] == 1000
    # Which months and weeks they are is known of the day on which they were read.
    last_month, monday = 303, 9256  # April 2025, Monday 5 May 2025
    assert history.kept(0) == [
        (True, last_month, 200_000, None),
        (True, last_month - 12, 300_000, None),
        (False, monday - 7, 50_000, None),
    ]
    assert history.kept(1) == [(True, last_month - 1, 900_000, None)]
    del session.radio.attributes[GPF, METERING][0x0007]
    session.job("figures", 1)
    assert history.kept(1) == [], "whose month that is nobody knows"
    # Of figures that were read over midnight, or without the time, nobody knows which days they are of.
    for known in (True, False):
        session.clock.known = known
        session.now += 86400 - (EPOCH + session.now) % 86400 - 1
        session.radio.takes = 1
        session.job("figures")
        session.clock.known = True
        today = (EPOCH + session.now) // 86400
        for back in range(9):
            assert history.own(history.DAY, back, 0, today) == (None, None, None)
        assert history.kept(0) == []
    assert history.own(history.MONTH, 0, 1) == (900_000, None, None)


def test_the_tariff_by_attributes():
    session = Home()
    session.radio.attributes[ESME, PRICE] = {
        0x0301: (0x23, u(5380, 4)),
        0x0610: (0x41, string(b"Economy 7")),
        0x0611: (0x20, b"\x02"),
        0x0612: (0x20, b"\x00"),
        0x0617: (0x18, b"\x40"),
        0x0410: (0x23, u(2987, 4)),
        0x0420: (0x23, u(-1312, 4)),
    }
    assert session.job("tariff") == 21600
    assert session.fact(facts.STANDING_CHARGE) == 53_800 and session.fact(facts.TARIFF_LABEL) == "Economy 7"
    assert session.ledger.standing == {0: 53_800}
    assert session.module("timetable").tiers() == [29_870, -13_120]
    # Rates that are others than those of which it is known since when they hold.
    session.home.put(facts.TARIFF_FROM, 5, session.now)
    assert session.job("tariff") == 21600 and session.fact(facts.TARIFF_FROM) == 5
    session.radio.attributes[ESME, PRICE][0x0420] = (0x23, u(1400, 4))
    assert session.job("tariff") == 21600 and session.fact(facts.TARIFF_FROM) is None


def test_blocks_by_attributes_in_the_meter_s_units():
    session = Home()
    session.radio.attributes[ESME, PRICE] = {
        0x0301: (0x23, u(0, 4)),
        0x0612: (0x20, b"\x02"),
        0x0617: (0x18, b"\x50"),
        0x0100: (0x25, u(90, 6)),
        0x0101: (0x25, u(120, 6)),
        0x0202: (0x22, u(1, 3)),
        0x0203: (0x22, u(1, 3)),
        0x0400: (0x23, u(31_200, 4)),
        0x0401: (0x23, u(22_400, 4)),
        0x0402: (0x23, u(27_900, 4)),
    }
    session.job("tariff")
    assert [session.fact(facts.BLOCK_THRESHOLD + 8 * i) for i in range(3)] == [90_000, 120_000, None]
    assert [session.fact(facts.BLOCK_RATE + 8 * i) for i in range(3)] == [31_200, 22_400, 27_900]


def test_the_tariff_by_commands():
    session = Home()
    information = "00000000804a371c010000000000000000000400003a0350c1570000ff010000e80300"
    matrix = bytes.fromhex("00000000804a371c0000000001000000")
    session.radio.commands[ESME, PRICE, 6] = [(4, bytes.fromhex(information))]
    session.radio.commands[ESME, PRICE, 7] = lambda asked: (
        [
            (5, matrix + b"\x00\x02\x01\x01" + u(9600, 4) + b"\x02" + u(10_200, 4)),
            (5, matrix + b"\x01\x02\x01\x03" + u(10_750, 4) + b"\x04" + u(11_000, 4)),
        ]
        if asked == u(1, 4)
        else 0x8B
    )
    assert session.job("matrix") == 21600
    assert session.fact(facts.STANDING_CHARGE) == 22_465 and session.fact(facts.TIERS) == 4
    assert session.module("timetable").tiers() == [9600, 10_200, 10_750, 11_000]
    assert session.radio.published == []


def test_since_when_the_tariff_s_rates_hold():
    def matrix(start, part):
        return bytes.fromhex("00000000804a371c") + u(start, 4) + u(1, 4) + bytes((part, 2, 1, 1 + part)) + u(9600, 4)

    # In a tariff that began at 500 prices may be newer; 0 is "now"; with blocks prices hang on more than the time.
    for start, starts, blocks, wanted in (
        (500, (500, 500), 0, 500), (500, (500, 900), 0, 900), (900, (500, 500), 0, 900), (500, (500, 0), 0, None),
        (0, (500, 500), 0, None), (500, (500, 500), 2, None),
    ):  # fmt: skip
        session = Home()
        information = bytes.fromhex("00000000804a371c01000000") + u(start, 4) + b"\x00\x00\x02" + bytes((blocks,))
        session.radio.commands[ESME, PRICE, 6] = [
            (4, information + bytes.fromhex("003a0350c1570000ff010000e80300"))
        ]  # fmt: skip
        session.radio.commands[ESME, PRICE, 7] = [(5, matrix(one, part)) for part, one in enumerate(starts)]
        assert session.job("matrix") == 21600
        assert session.module("timetable").tiers() == [9600, 9600]
        assert session.fact(facts.TARIFF_FROM) == wanted


def test_thresholds_by_commands_in_the_meter_s_units():
    head = bytes.fromhex("00000000804a371c010000000000000000000102003a035000000000ff")
    for scale, wanted in ((u(1, 3) + u(1, 3), 90_000), (u(1, 3) + u(1000, 3), 90), (b"\xff" * 6, 90), (b"", 90)):
        session = Home()
        session.radio.commands[ESME, PRICE, 6] = [(4, head + scale)]
        which = bytes.fromhex("00000000804a371c0000000001000000") + b"\x00\x01"
        session.radio.commands[ESME, PRICE, 7] = [(5, which + b"\x00\x00" + u(9600, 4) + b"\x01" + u(10_200, 4))]
        session.radio.commands[ESME, PRICE, 8] = [(6, which + b"\x01\x02" + u(90, 6) + u(120, 6))]
        session.job("matrix")
        assert session.fact(facts.BLOCK_THRESHOLD) == wanted, scale


def test_every_truncation_of_the_tariff_s_commands_is_an_error():
    session = Home()
    matrix = session.module("matrix")
    zcl = matrix.zcl
    for decode, payload, needed in (
        (matrix.tariff_information, "00000000804a371c010000000000000000000400003a0350c1570000ff010000e80300", 28),
        (
            lambda one: matrix.price_matrix([one]),
            "00000000804a371c0000000001000000000101018025000002d827000003fe29000004f82a0000",
            None,
        ),
        (
            lambda one: matrix.block_thresholds([one]),
            "00000000804a371c90888138010000000001010340420f00000080841e000000c0c62d000000",
            38,
        ),
    ):
        payload = bytes.fromhex(payload)
        decode(payload)
        for length in range(needed or len(payload)):
            try:
                decode(payload[:length])
            except zcl.ZclError:
                continue
            assert needed is None and length >= 19 and (length - 19) % 5 == 0, (decode, length)
    ends = matrix.block_thresholds([payload])
    assert ends == [1_000_000, 2_000_000, 3_000_000]
