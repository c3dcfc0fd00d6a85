"""The life of a meter network: every scenario of `inkmeter scenarios`, with the real firmware."""

import pytest

from host_tools.sim.scenarios import SCENARIOS

# Half a minute each; the others take seconds.
LONG = {"hub-off-for-a-day", "hub-swapped-and-unknown-there"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in SCENARIOS]
)
def test_scenario(tell, name):
    one = SCENARIOS[name]
    assert one.about.endswith(".")
    tell(one.story, **one.settings)
