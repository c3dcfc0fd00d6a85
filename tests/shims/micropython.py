"""What the firmware imports of MicroPython's own, for CPython."""


def const(value):
    return value
