"""The life of a meter network: every scenario of `inkmeter scenarios`, with the real firmware."""

import pytest
from slowly import slow

from host_tools.sim.scenarios import SCENARIOS

# A quarter of a minute and more each; the others take seconds.
LONG = ["hub-off-for-a-day", "hub-swapped-and-unknown-there", "house-moved", "counters-reset"]


@pytest.mark.parametrize("name", [*(name for name in SCENARIOS if name not in LONG), *slow(LONG)])
def test_scenario(tell, name):
    one = SCENARIOS[name]
    assert one.about.endswith(".")
    tell(one.story, **one.settings)
