"""What a simulated day costs, by what is counted and not by a clock: a device that wakes for nothing costs battery on a
wall, and time in every test.
"""

import pytest

from host_tools.bench import day

MINUTES = 30


def counts(tell):
    async def story(home):
        await home.pair()
        await home.sleep(120)
        cost = await day.cost(home, MINUTES / 60)
        held = await home.held()
        return cost.wakes, cost.frames, held["ash"]["frames_out"], held["panel"]["partial"]

    return tell(story)


@pytest.mark.slow
def test_half_an_hour_of_reading_wakes_the_device_seldom_and_comes_again_to_the_wake(tell):
    found = counts(tell)
    wakes, frames, *_ = found
    assert wakes <= 5400, f"the device wakes {wakes} times in {MINUTES} minutes: what for?"
    assert frames <= 7300, f"{frames} frames in {MINUTES} minutes"
    assert counts(tell) == found
