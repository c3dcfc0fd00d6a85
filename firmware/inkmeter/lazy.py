"""Modules that are needed for minutes in a device's life: loaded when used, and out of the heap again."""

import gc
import sys

# On the device, modules lie side by side and not in a package.
_PACKAGE = __name__[: __name__.rfind(".") + 1]


def _full(name):
    return _PACKAGE + name if _PACKAGE else name.replace(".", "_")


class module:  # noqa: N801, used as a statement: `with module("join") as join:`
    """Loads a module of this package for the length of a with block, and takes its `helpers` out with it, as far as
    they were not there before.
    """

    def __init__(self, name, *helpers):
        self.names = [one for one in (name,) + helpers if _full(one) not in sys.modules]
        self.name = _full(name)

    def __enter__(self):
        gc.collect()
        __import__(self.name)
        return sys.modules[self.name]

    def __exit__(self, *exc):
        for name in self.names:
            name = _full(name)
            sys.modules.pop(name, None)
            parent, _, name = name.rpartition(".")
            if parent and hasattr(sys.modules[parent], name):
                delattr(sys.modules[parent], name)
        gc.collect()
