"""What the meters have noticed, newest first: the file of `inkmeter.events`."""

import struct

from micropython import const

from inkmeter import words as w
from inkmeter.people import UNKNOWN

_FILE = const("books/noticed")
_LAYOUT = const(">IHBB")
_HEAD = const(4)
_RECORD = const(8)
_KEPT = const(8)


def draw(page):
    page.title(page.say(w.EVENTS))
    page.rule()
    held = b""
    try:
        with open(_FILE, "rb") as file:
            held = file.read(_HEAD + _RECORD * _KEPT)
    except OSError:
        pass
    rows = []
    for at in range(_HEAD, len(held) - _RECORD + 1, _RECORD):
        when, number, commodity, kind = struct.unpack_from(_LAYOUT, held, at)
        what = page.say(w.EVENT_0 + kind, ("0x%04x" % number)[2:])
        if commodity:
            of = page.say(w.GAS) + ": "
            what = of + what.replace(";", ";" + of)
        at_time = page.when(when) if when else UNKNOWN
        if page.large and " " in at_time:
            # The day alone, where its time does not fit.
            day, _, rest = at_time.partition(" ")
            at_time += ";" + (day if ":" in rest else rest)
        rows.append((what, at_time))
    return "rows", rows
