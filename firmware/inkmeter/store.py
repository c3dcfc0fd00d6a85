"""What survives a power cut: one small JSON file, and what jobs keep of a tariff and of the meter's own past, each
replaced whole or not at all.

Keys: "key_with", the EUI-64 of the hub that a link key was agreed with; "meter", the number of the meter that the
household said is theirs.
"""

import json
import os

from micropython import const

from inkmeter.log import log

_FILE = const("state.json")
_NEW = const("state.new")
_LONGEST = const(2048)
_KEPT_NEW = const("kept.new")
_ENOENT = const(2)


def _read():
    # Raises OSError and MemoryError where there is a file that cannot be read now.
    try:
        file = open(_FILE)
    except OSError as error:
        if error.args[0] != _ENOENT:
            raise
        return {}
    with file:
        try:
            state = json.loads(file.read(_LONGEST))
        except ValueError:
            return {}
    return state if isinstance(state, dict) else {}


def load():
    """The stored dict; empty on a first start, and where the file is damaged."""
    try:
        return _read()
    except (OSError, MemoryError):
        return {}


def put(key, value):
    """Stores one value; a key of None forgets everything.

    A full or worn file system is logged; the device goes on with what it knows.
    """
    state = {}
    try:
        if key is not None:
            state = _read()
            state[key] = value
        with open(_NEW, "w") as file:
            json.dump(state, file)
        os.rename(_NEW, _FILE)
    except (OSError, MemoryError) as error:
        log("store", "cannot save:", error)


def keep(name, held):
    """Makes `held` the content of a file, if it is not that already; the flash ages with each write."""
    try:
        with open(name, "rb") as file:
            if file.read() == held:
                return
    except OSError:
        pass
    try:
        with open(_KEPT_NEW, "wb") as file:
            file.write(held)
        os.rename(_KEPT_NEW, name)
    except OSError as error:
        log("store", "cannot save:", error)


def drop(*names):
    """Removes the files that keep() made by these names, of either commodity."""
    for name in names:
        for commodity in range(2):
            try:
                os.remove("%s%d" % (name, commodity))
            except OSError:
                pass
