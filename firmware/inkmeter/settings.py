"""The household's choices and its PIN, in one small file that is replaced whole or not at all.

The PIN is there as a salted hash. A try is counted in the file before it is looked at, so that cutting the power
gains nothing; from the fifth wrong one on each costs a longer wait, which begins again with each start of the device.
"""

import hashlib
import os

from micropython import const

from inkmeter.log import log

# Rows of the settings' list
LANGUAGE = const(0)
LARGE = const(1)
MONEY = const(2)
AWAY = const(3)
NIGHT = const(4)
NIGHT_FROM = const(5)
NIGHT_UNTIL = const(6)
LIGHT = const(7)
FULL_EVERY = const(8)
FULL_PAGES = const(9)
MEDIUM_LIMIT = const(10)
HIGH_LIMIT = const(11)
ROWS = const(14)
NEW_PIN = const(12)
RESET_ALL = const(13)

_FILE = const("settings.bin")
_NEW = const("settings.new")
_VERSION = const(1)
_SIZE = const(54)  # version, twelve values, wrong tries, salt, hash
_TRIES_AT = const(13)
_SALT_AT = const(14)
_HASH_AT = const(22)
_TRIES = const(5)
_LOCK_S = const(30)
_LOCK_LONGEST_S = const(14400)
_ROUNDS = const(500)


def _read():
    try:
        with open(_FILE, "rb") as file:
            data = bytearray(file.read(_SIZE + 1))
        if len(data) == _SIZE and data[0] == _VERSION:
            return data
        log("settings", "the file is damaged")
    except OSError:
        pass
    return None


def _write(data):
    # False where the file system is full or worn: the device goes on with what it knows.
    try:
        with open(_NEW, "wb") as file:
            file.write(data)
        os.rename(_NEW, _FILE)
        return True
    except OSError as error:
        log("settings", "cannot save:", error)
        return False


def values(chosen):
    """The choices, in the order of the rows."""
    return (
        chosen.language, chosen.large, chosen.money, chosen.away, chosen.night, chosen.night_from,
        chosen.night_until, chosen.light, chosen.full_every, chosen.full_pages, chosen.medium, chosen.high,
    )  # fmt: skip


def _put(chosen, v):
    chosen.language, chosen.large, chosen.money, chosen.away, chosen.night, chosen.night_from = v[:6]
    chosen.night_until, chosen.light, chosen.full_every, chosen.full_pages, chosen.medium, chosen.high = v[6:]


def _sound(v):
    if max(v[:5]) > 1 or max(v[5:7]) > 23 or v[7] > 1 or v[9] > 1:
        return False
    return v[8] in (5, 8, 15) and 0 < v[10] < v[11] <= 250


def load(chosen):
    """Fills a Settings from the file; what is missing or cannot be stays as it is. False where that is so."""
    data = _read()
    if data is None or not _sound(data[1:_TRIES_AT]):
        return False
    _put(chosen, tuple(data[1:_TRIES_AT]))
    return True


def save(chosen):
    """Stores the choices; the PIN stays."""
    data = _read() or bytearray(_SIZE)
    data[0] = _VERSION
    data[1:_TRIES_AT] = bytes(values(chosen))
    return _write(data)


def change(chosen, row):
    """Gives a row its next value, and stores it."""
    v = list(values(chosen))
    if row in (NIGHT_FROM, NIGHT_UNTIL):
        v[row] = (v[row] + 1) % 24
    elif row == FULL_EVERY:
        v[row] = 8 if v[row] == 5 else 15 if v[row] == 8 else 5
    elif row == MEDIUM_LIMIT:
        v[row] = v[row] + 5 if v[row] + 5 < v[HIGH_LIMIT] else 5
    elif row == HIGH_LIMIT:
        v[row] = v[row] + 5 if v[row] < 100 else v[MEDIUM_LIMIT] + 5
    else:
        v[row] = 1 - v[row]
    _put(chosen, v)
    save(chosen)


def _hash(data, pin):
    digest = bytes(data[_SALT_AT:_HASH_AT]) + pin.encode()
    for _ in range(_ROUNDS):
        digest = hashlib.sha256(digest).digest()
    return digest


def has_pin():
    """Whether the household has chosen one."""
    data = _read()
    return data is not None and any(data[_HASH_AT:])


def set_pin(chosen, pin):
    """Stores the hash of a PIN of four digits, with a salt of its own. False where it could not."""
    save(chosen)
    data = _read()
    if data is None:
        return False
    data[_SALT_AT:_HASH_AT] = os.urandom(8)
    data[_HASH_AT:] = _hash(data, pin)
    data[_TRIES_AT] = 0
    return _write(data)


def try_pin(pin):
    """Whether it is the right one. What cannot be counted is not let in."""
    data = _read()
    if data is None or not any(data[_HASH_AT:]):
        return False
    data[_TRIES_AT] = min(data[_TRIES_AT] + 1, 255)
    if not _write(data) or _hash(data, pin) != bytes(data[_HASH_AT:]):
        return False
    data[_TRIES_AT] = 0
    _write(data)
    return True


def tries_left():
    """Tries before the next wait, at least 1 once there was one."""
    data = _read()
    return max(1, _TRIES - data[_TRIES_AT]) if data else _TRIES


def locked_for():
    """Seconds to wait after the last wrong try, from then or from the device's start; 0 for none."""
    data = _read()
    over = data[_TRIES_AT] - _TRIES if data else -1
    return 0 if over < 0 else min(_LOCK_S << min(over, 10), _LOCK_LONGEST_S)


def forget():
    """Everything as new, the PIN too."""
    try:
        os.remove(_FILE)
    except OSError:
        pass
