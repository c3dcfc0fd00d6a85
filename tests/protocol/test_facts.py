"""Facts: what is known of the home beyond registers and power, and how long it counts."""

from inkmeter import facts, home
from inkmeter.facts import AMBIENT, CREDIT_REMAINING, GAS_SIDE, MESSAGE

MANY = {
    "TIER_REGISTER": 48,
    "BLOCK_REGISTER": 16,
    "BLOCK_THRESHOLD": 15,
    "BLOCK_RATE": 16,
    "TOP_UP": 5,
    "TOP_UP_AT": 5,
}


def test_a_fact_nobody_has_told_is_unknown_and_not_zero():
    one = home.Home()
    assert one.fact(AMBIENT, 100) is None
    assert one.heard(AMBIENT, 100) == home.NEVER
    assert one.heard_at(AMBIENT) is None


def test_a_fact_ages_by_its_number():
    one = home.Home()
    one.put(AMBIENT, 2, 100)
    one.put(CREDIT_REMAINING, 0, 100)
    one.put(MESSAGE, "hello", 100)
    assert one.fact(AMBIENT, 280) == 2
    assert one.fact(AMBIENT, 281) is None
    assert one.heard(AMBIENT, 281) == home.STALE
    assert one.fact(CREDIT_REMAINING, 4000) == 0
    assert one.heard(CREDIT_REMAINING, 4001) == home.STALE
    assert one.fact(MESSAGE, 100 + 10 * 365 * 86400) == "hello"
    assert one.heard_at(AMBIENT) == 100


def test_gas_and_electricity_are_told_apart_and_forgotten_together():
    one = home.Home()
    one.put(CREDIT_REMAINING | GAS_SIDE, 5, 0)
    assert one.fact(CREDIT_REMAINING, 0) is None
    assert one.fact(CREDIT_REMAINING | GAS_SIDE, 0) == 5
    one.forget()
    assert one.heard(CREDIT_REMAINING | GAS_SIDE, 0) == home.NEVER


def test_no_two_facts_share_a_number():
    taken = {}
    for name in dir(facts):
        fact = getattr(facts, name)
        if not name.isupper() or name == "GAS_SIDE":
            continue
        count = MANY.get(name, 1)
        for number in range(fact, fact + 8 * count, 8):
            assert number >> 3 not in taken, (name, taken[number >> 3])
            assert not number & GAS_SIDE, name
            taken[number >> 3] = name
