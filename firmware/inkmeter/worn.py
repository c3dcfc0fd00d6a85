"""How often the panel was ever refreshed: what is left of its life. It outlives households: the panel stays."""

from micropython import const

from inkmeter import store

EACH = const(64)  # refreshes; the flash ages too
_FILE = const("worn.count")


def total():
    """The refreshes that were written down, EACH at a time."""
    try:
        with open(_FILE, "rb") as file:
            return int(file.read(9))
    except (OSError, ValueError):
        return 0


def add():
    """Writes down EACH more."""
    store.keep(_FILE, b"%d" % (total() + EACH))
