"""The real firmware process in the simulated home: `tell(story)` runs one, on virtual time, from the pairing on."""

import dataclasses

import pytest

from host_tools.sim.portal import Timeline
from host_tools.sim.run import run
from host_tools.sim.world import Settings

# The supplier's back office without its waiting.
QUICK = Timeline(accepted=0.1, matched=0.1, hub_reached=0.1, listed=0.1, window=600, granted=1)


_HEAP_BUDGET = 64 * 1024
_HEAP_PEAK = 80 * 1024


@pytest.fixture
def tell(tmp_path):
    def telling(story, **settings):
        async def within_the_heap(home):
            result = await story(home)
            if home.world.device:
                heap = (await home.held())["heap"]
                assert heap["live_bytes"] <= _HEAP_BUDGET and heap["peak_bytes"] <= _HEAP_PEAK, heap
            return result

        return run(dataclasses.replace(Settings(timeline=QUICK), **settings), tmp_path, within_the_heap)

    return telling
