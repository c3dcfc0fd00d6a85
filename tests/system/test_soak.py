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
        live, least = [], []
        for _ in range(3 * 24):
            heaps = []
            for _ in range(20):
                await home.sleep(180)
                held = await home.held()
                heaps.append(held["heap"])
            assert held["stage"] == 6 and held["outcome"] is None and not any(held["restarts"].values()), held
            live.append(held["heap"]["live_bytes"])
            least.append(min(heap["now_bytes"] for heap in heaps if heap["now_bytes"]))
        # The first half-hours bring what is kept from then on. What happens to be in flight is in the most
        # that was ever in use, and not in the least of many looks.
        assert min(least[-24:]) <= min(least[3:27]), least
        assert max(live[-24:]) - max(live[3:27]) <= 0, live
        assert home.world.panel.complaints == []

    tell(story)
