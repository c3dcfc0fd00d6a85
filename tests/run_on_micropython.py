"""Runs test files on MicroPython: every function that begins with `test_`, and a line for each that fails.

    micropython run_on_micropython.py <folder of the firmware> <test file> ...

The files are the ones that pytest runs on CPython: plain functions with plain asserts.
"""

import sys

sys.path.insert(0, sys.argv[1])

failed = passed = 0
for path in sys.argv[2:]:
    folder, _, name = path.rpartition("/")
    sys.path.insert(1, folder)
    module = __import__(name[: -len(".py")])
    sys.path.pop(1)
    for name in dir(module):
        if name.startswith("test_"):
            try:
                getattr(module, name)()
                passed += 1
            except Exception as error:
                failed += 1
                print("FAILED", path, name)
                sys.print_exception(error)
print(passed, "passed,", failed, "failed")
sys.exit(1 if failed else 0)
