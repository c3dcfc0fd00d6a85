"""What the display says of today against what the meter counted since midnight, wherever it was not there to see it."""

import pytest
from inkmeter.ledger import ESTIMATED, MISSING, PARTIAL
from slowly import slow

from host_tools.sim.changes import change
from host_tools.sim.supply import to_us
from host_tools.sim.truth import truths

UNSURE = MISSING | PARTIAL | ESTIMATED
BST = 3600
SEEN_LATE = 40  # Wh: what 11 kW use in 12 s


def midnight_before(now):
    """The British midnight before a time in summer."""
    return (now + BST) // 86_400 * 86_400 - BST


def used_today(home):
    """Wh through the meter since midnight."""
    now = home.clock.utc
    midnight = midnight_before(now)
    supply = home.world.meter.supply
    return supply.register(to_us(now)) - supply.register(to_us(midnight))


async def watch(home, minutes):
    """Looks each minute; [(minute, what the display says more than the truth, whether it says that it is not sure)]."""
    seen = []
    for minute in range(minutes):
        await home.sleep(60)
        today = (await home.held())["today"][0]
        seen.append((minute, today[0] - used_today(home), bool(today[3] & UNSURE)))
    return seen


def right_in_the_end(seen, by):
    """Whether nothing that it was sure of was wrong, and it was sure of all from some minute on."""
    wrong = [one for one in seen if abs(one[1]) > SEEN_LATE and not one[2]]
    assert not wrong, wrong
    assert not any(unsure for minute, _, unsure in seen if minute >= by), seen


def test_in_a_new_home(tell):
    async def story(home):
        home.world.household.set_load("car", 7200)
        await home.pair()
        home.clock.call_later(600, home.world.household.set_load, "car", 0)
        seen = await watch(home, 70)
        assert seen[0][2]
        right_in_the_end(seen, 45)

    tell(story)


@pytest.mark.parametrize("name", ["demo", *slow(["credit-flat", "economy-7"])])
def test_what_it_cost_on_the_first_day_is_known_in_minutes(tell, name):
    # The tariff began before the display came, and the meter says when: what the day cost before that is no secret.
    async def story(home):
        await home.pair()
        await home.sleep(300)
        for _ in range(20):
            await home.sleep(120)
            now = home.clock.utc
            pence = float(truths(home.world)["import"].pence(midnight_before(now), now))
            _, _, cost, flags = (await home.held())["today"][0]
            # It is not sure of the half-hour in which it came.
            assert abs(cost / 1000 - pence) < (10 if flags & UNSURE else 2), pence
        assert not flags & UNSURE

    tell(story, home=name)


@pytest.mark.slow
@pytest.mark.parametrize("early", [True, False])
def test_after_hours_without_power(tell, early):
    async def story(home):
        await home.pair()
        await home.sleep(2700)
        home.power_off()
        await home.sleep(60)
        if early:
            home.world.household.set_load("car", 7200)
            await home.sleep(3000)
            home.world.household.set_load("car", 0)
            await home.sleep(1200)
        else:
            await home.sleep(3000)
            home.world.household.set_load("car", 7200)
            await home.sleep(1200)
        home.power_on()
        await home.sleep(120)
        home.world.household.set_load("car", 0)
        seen = await watch(home, 60)
        assert seen[0][2]
        # The register tells the sum even before the log has told of the half-hours; not all of it before this day.
        assert all(abs(more) <= SEEN_LATE for minute, more, _ in seen if minute >= 5), seen
        right_in_the_end(seen, 40)

    tell(story)


@pytest.mark.slow
def test_after_an_exchange_within_a_half_hour(tell):
    async def story(home):
        await home.pair()
        await home.sleep(2000)
        home.world.household.set_load("car", 7200)
        old = home.world.meter.supply
        await home.sleep(1000)
        change(home.world, "meter-exchange")
        fitted = home.clock.utc
        home.world.household.set_load("car", 0)
        await home.until_shows("Is this your meter?", 900)
        home.press()
        await home.sleep(4800)
        today = (await home.held())["today"][0]
        midnight = (fitted + BST) // 86_400 * 86_400 - BST
        before = old.register(to_us(fitted)) - old.register(to_us(midnight))
        now = home.world.meter.supply.register(to_us(home.clock.utc))
        assert abs(today[0] - before - now) <= SEEN_LATE or today[3] & UNSURE, (today, before, now)
        assert abs(today[0] - before - now) <= 2 * SEEN_LATE, (today, before, now)

    tell(story)
