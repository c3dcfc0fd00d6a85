"""Modules that are needed for minutes in a device's life: loaded when used, and out of the heap again."""

import gc
import os
import sys

# On the device, modules lie side by side and not in a package.
_PACKAGE = __name__[: __name__.rfind(".") + 1]


def _full(name):
    return _PACKAGE + name if _PACKAGE else name.replace(".", "_")


class _Shelf:
    """A file system with one module in it, the one that is wanted: MicroPython keeps the path of every module that it
    ever loaded, and so each is at the same one.
    """

    def __init__(self):
        self.files = {}  # the module's path here, and the file that it is
        self.taken = 0  # places that have a module, bit by bit

    def mount(self, *_):
        pass

    def stat(self, path):
        # It is asked for others too: MicroPython looks for a file before it takes a module of its own. Whatever this
        # raises means that there is none, Ctrl-C too, which comes where code branches: this does not branch.
        return os.stat(self.files[path])

    def open(self, path, mode):
        return open(self.files[path], mode)

    def put(self, name):
        """Loads a module; returns its place."""
        place = 0
        while self.taken >> place & 1:
            place += 1
        file = __file__[: __file__.rfind("/") + 1] + name + ".mpy"
        name = "m%d" % place
        self.files = {"/" + name + ".mpy": file}
        __import__(name)
        # Or how much heap is in use would hang on the length of the last one's name.
        self.files = {}
        self.taken |= 1 << place
        return place


if not _PACKAGE:
    import vfs

    _shelf = _Shelf()
    vfs.mount(_shelf, "/m")
    sys.path.append("/m")


class module:  # noqa: N801, used as a statement: `with module("join") as join:`
    """Loads a module of this package for the length of a with block, and takes its `helpers` out with it, as far as
    they were not there before.
    """

    def __init__(self, name, *helpers):
        self.names = [one for one in (name,) + helpers if _full(one) not in sys.modules]
        self.name = _full(name)
        self._place = None

    def __enter__(self):
        gc.collect()
        if _PACKAGE or self.name in sys.modules:
            __import__(self.name)
            return sys.modules[self.name]
        self._place = _shelf.put(self.name)
        return sys.modules["m%d" % self._place]

    def __exit__(self, *exc):
        if self._place is not None:
            sys.modules.pop("m%d" % self._place)
            _shelf.taken ^= 1 << self._place
        for name in self.names:
            name = _full(name)
            sys.modules.pop(name, None)
            parent, _, name = name.rpartition(".")
            if parent and hasattr(sys.modules[parent], name):
                delattr(sys.modules[parent], name)


async def run(names, *arguments):
    """Runs the first of `names`, its `run(*arguments)`, with the others as helpers. A local name of a task that goes on
    would keep a module in the heap: this one's goes with it.
    """
    with module(*names) as task:
        return await task.run(*arguments)
