"""The life of a meter network: every scenario of `inkmeter scenarios`, with the real firmware."""

import pytest

from host_tools.sim.scenarios import SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(tell, name):
    one = SCENARIOS[name]
    assert one.about.endswith(".")
    tell(one.story, **one.settings)
