"""Modules that are needed for minutes in a device's life: loaded when used, and out of the heap again."""

import gc
import sys


class module:  # noqa: N801, used as a statement: `with module("join") as join:`
    """Loads inkmeter.<name> for the length of a with block, and takes its `helpers` out with it."""

    def __init__(self, name, *helpers):
        self.names = (name,) + helpers

    def __enter__(self):
        gc.collect()
        name = "inkmeter." + self.names[0]
        __import__(name)
        return sys.modules[name]

    def __exit__(self, *exc):
        for name in self.names:
            name = "inkmeter." + name
            sys.modules.pop(name, None)
            parent, _, name = name.rpartition(".")
            if hasattr(sys.modules[parent], name):
                delattr(sys.modules[parent], name)
        gc.collect()
