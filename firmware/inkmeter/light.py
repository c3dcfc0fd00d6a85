"""What the light says, by pattern; colour only repeats it. Pure: what is known in, a pattern in time out.

Steady is low, slow breathing medium, a double blink high, a long slow pulse sending out, three short blinks that
somebody should look.
"""

from micropython import const

from inkmeter import facts
from inkmeter.clock import local
from inkmeter.home import ELECTRICITY

OFF = const(0)
LOW = const(1)
MEDIUM = const(2)
HIGH = const(3)
SENDING = const(4)
ATTENTION = const(5)

_SUPPLY_ON = const(2)
_STEPS = const(16)


def pattern(state):
    """What the light plays for a state, over and over: pairs of a brightness (0 to 255) and its time in 32 ms, 0 for
    ever.
    """
    if state == MEDIUM:
        # Breathes in and out in 4 s.
        steps = bytearray()
        for step in range(2 * _STEPS):
            steps += bytes((15 + 16 * (step if step < _STEPS else 2 * _STEPS - 1 - step), 4))
        return bytes(steps)
    if state == LOW:
        return b"\x50\x00"
    if state == HIGH:
        return b"\xff\x04\x00\x04\xff\x04\x00\x52"
    if state == SENDING:
        return b"\xa0\x4b\x00\x4b"
    if state == ATTENTION:
        return b"\xff\x03\x00\x05\xff\x03\x00\x05\xff\x03\x00\x83"
    return b"\x00\x00"


def quiet(view):
    """Whether it is night by the settings: no flashing panel, no light."""
    chosen = view.settings
    utc = view.clock.now()
    if not chosen.night or utc is None or chosen.night_from == chosen.night_until:
        return False
    hour = local(utc) // 3600 % 24
    if chosen.night_from < chosen.night_until:
        return chosen.night_from <= hour < chosen.night_until
    return hour >= chosen.night_from or hour < chosen.night_until


def state(view, now):
    """What there is to say at uptime `now`, by day."""
    home, chosen = view.home, view.settings
    if not chosen.light:
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
