"""What the light says, by pattern; colour only repeats it. Pure: what is known and the time in, a brightness out.

Steady is low, slow breathing medium, a double blink high, a long slow pulse sending out, three short blinks that
somebody should look.
"""

from micropython import const

from inkmeter import facts
from inkmeter.home import ELECTRICITY

OFF = const(0)
LOW = const(1)
MEDIUM = const(2)
HIGH = const(3)
SENDING = const(4)
ATTENTION = const(5)

_BREATH_STEP_MS = const(128)
_BREATH_STEPS = const(32)
_SUPPLY_ON = const(2)
# Each state's changes: the period, then (when, brightness) ..., times in units of 32 ms.
_PATTERNS = const(
    (
        b"\xff\x00\x00",
        b"\xff\x00\x50",
        b"",
        b"\x5e\x00\xff\x04\x00\x08\xff\x0c\x00",
        b"\x96\x00\xa0\x4b\x00",
        b"\x96\x00\xff\x03\x00\x08\xff\x0b\x00\x10\xff\x13\x00",
    )
)


def shade(state, ms):
    """(brightness 0 to 255, milliseconds for which it stays so) at `ms` after the state began."""
    if state == MEDIUM:
        step = ms // _BREATH_STEP_MS % _BREATH_STEPS
        if step >= _BREATH_STEPS // 2:
            step = _BREATH_STEPS - 1 - step
        return 15 + 16 * step, _BREATH_STEP_MS - ms % _BREATH_STEP_MS
    pattern = _PATTERNS[state]
    period = pattern[0] * 32
    ms %= period
    level = 0
    for at in range(1, len(pattern), 2):
        if pattern[at] * 32 > ms:
            return level, pattern[at] * 32 - ms
        level = pattern[at + 1]
    return level, period - ms


def state(view, now):
    """What there is to say at uptime `now`."""
    home, chosen = view.home, view.settings
    if not chosen.light or view.quiet():
        return OFF
    if home.outcome or _asks(home, now):
        return ATTENTION
    meter = home.meters.get(ELECTRICITY)
    watts = meter.watts(now) if meter and not chosen.away else None
    if watts is None:
        return OFF
    if watts < 0:
        return SENDING
    ambient = home.fact(facts.AMBIENT, now)
    if ambient is not None and 0 <= ambient <= 2:
        return LOW + ambient
    medium = home.fact(facts.LOW_MEDIUM_W, now) or chosen.medium * 100
    high = home.fact(facts.MEDIUM_HIGH_W, now) or chosen.high * 100
    return LOW if watts < medium else MEDIUM if watts < high else HIGH


def _asks(home, now):
    # A message, a supply that is off, credit that runs low.
    if home.fact(facts.MESSAGE, now):
        return True
    supply = home.fact(facts.SUPPLY_STATUS, now)
    if supply is not None and supply < _SUPPLY_ON:
        return True
    credit, low = home.fact(facts.CREDIT_REMAINING, now), home.fact(facts.LOW_CREDIT, now)
    return home.fact(facts.PREPAID, now) and credit is not None and low is not None and credit < low
