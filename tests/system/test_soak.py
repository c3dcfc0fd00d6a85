"""What only many runs or long ones show."""

import random

import pytest

from host_tools.demo import demo
from host_tools.sim.world import Settings


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 124))
def test_the_demonstration_with_many_seeds(seed, tmp_path):
    draw = random.Random(seed)
    settings = Settings(seed=seed, ezsp_version=draw.randrange(8, 15), panel=draw.choice(("2.9", "2.13")))
    assert demo(settings, tmp_path)


@pytest.mark.slow
def test_three_days_leave_the_heap_as_it_was(tell):
    async def story(home):
        await home.pair()
        live = []
        for _ in range(3 * 24):
            await home.sleep(3600)
            held = await home.held()
            live.append(held["heap"]["live_bytes"])
            assert held["stage"] == 6 and held["outcome"] is None and not any(held["restarts"].values()), held
        # The first half-hours bring what is kept from then on; what is in flight when it is asked makes 100 bytes.
        assert max(live[-24:]) - max(live[3:27]) <= 0, live
        assert home.world.panel.complaints == []

    tell(story)
