"""The log: one line an event, in words, on the console. No key, install code or password ever goes in."""

from time import ticks_diff, ticks_ms

_last = ticks_ms()
_milliseconds = 0
_seconds = 0


def uptime():
    """Whole seconds since the firmware started. Must be called at least once in six days."""
    global _last, _milliseconds, _seconds
    now = ticks_ms()
    _milliseconds += ticks_diff(now, _last)
    _last = now
    _seconds += _milliseconds // 1000
    _milliseconds %= 1000
    return _seconds


def log(area, *words):
    """Prints seconds since start, the area (a word) and the words."""
    print("[%6d.%03d]" % (uptime(), _milliseconds), area + ":", *words)
