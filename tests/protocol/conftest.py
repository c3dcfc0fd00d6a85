"""On CPython: what a test puts in a module's place is gone when it ends. MicroPython runs each file by itself."""

import sys
import types

import pytest


@pytest.fixture(autouse=True)
def no_doubles_left():
    before = dict(sys.modules)
    yield
    for name, module in list(sys.modules.items()):
        if name.startswith("inkmeter.") and not isinstance(module, types.ModuleType):
            if isinstance(before.get(name), types.ModuleType):
                sys.modules[name] = before[name]
            else:
                del sys.modules[name]
