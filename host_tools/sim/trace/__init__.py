"""What goes on in the home, decoded: who said what to whom, layer by layer, and what it means.

Frames are noted as they pass and decoded when somebody looks. Types are zigpy's and bellows'; the headers below them
are the simulator's own. Keys, install codes and certificates' private halves are named, never shown.
"""

from host_tools.sim.trace.trace import Row, Trace, as_dicts

__all__ = ["Row", "Trace", "as_dicts"]
