"""All that a page can do to the home: the hands on the device, and controls in groups, which the page draws from this
list. Each takes a value as JSON has it and raises Refused or FormError for one that cannot be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from host_tools.sim.homes import HOMES
from host_tools.sim.world import PANELS
from host_tools.web.controls import changes, house, network
from host_tools.web.controls.changes import all_changes, home_name
from host_tools.web.controls.control import Control, Refused, in_words
from host_tools.web.controls.hands import LIGHT, buttons, for_the_record, hands, held_ms

if TYPE_CHECKING:
    from host_tools.web.bench import Bench

__all__ = [
    "LIGHT", "Control", "Refused", "all_changes", "buttons", "for_bench", "for_the_record", "hands", "held_ms",
    "home_name", "in_words", "setting_options",
]  # fmt: skip


def setting_options() -> dict[str, tuple[Any, ...] | None]:
    """What may be chosen for a new run; None for any whole number."""
    return {
        "home": tuple(HOMES), "start_us": None, "seed": None, "panel": tuple(PANELS), "buttons": (3, 1),
        "gas": (True, False), "neighbour": (False, True), "far": (False, True), "ezsp_version": tuple(range(8, 15)),
        "baud": (115200, 57600, 38400, 230400, 460800),
    }  # fmt: skip


def for_bench(bench: Bench) -> list[Control]:
    """All controls of a run, in the order in which the page shows them."""
    parts = (
        house.for_bench,
        changes.for_bench,
        network.for_supplier,
        network.for_hub,
        network.for_air,
        network.for_wire,
    )
    return [one for part in parts for one in part(bench)]
