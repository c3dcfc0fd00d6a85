"""The firmware in homes that are not the demonstration's: what they offer, and say unasked, does it no harm."""

import pytest

from host_tools.sim.changes import change
from host_tools.sim.portal import Timeline
from host_tools.sim.run import run
from host_tools.sim.scenarios import fresh
from host_tools.sim.world import Settings

QUICK = Timeline(accepted=0.1, matched=0.1, hub_reached=0.1, listed=0.1, granted=1)
ALL = ("message:?Please call us", "new-price:20", "price-at-midnight", "tamper", "change-of-tenancy")


@pytest.mark.parametrize(
    "name", ["agile", "half-hour-tiers", "blocks", "export-mpan", "prepaid-in-emergency", "no-prices"]
)  # fmt: skip
def test_it_reads_on(name, tmp_path):
    async def story(home):
        await home.pair()
        for words in ALL:
            change(home.world, words)
            await home.sleep(5)
        await fresh(home, 60)
        meter = home.world.meter
        held = await home.held()
        register = held["meters"]["0"]["current_summation_delivered"]["value"]
        assert 4_631_207 <= register <= meter.registers["current_summation_delivered"]
        assert not any(held["restarts"].values())
        assert held["heap"]["live_bytes"] <= 64 * 1024, held["heap"]

    run(Settings(home=name, timeline=QUICK), tmp_path, story)
