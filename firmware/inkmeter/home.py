"""The Home: what is known, when it was read, and whether it is live, stale or was never received.

Whoever reads meters writes here; whoever shows or sends looks here. Neither knows the other.
Times are seconds: `utc` since 2000-01-01, `now` of the device's own uptime.
"""

from micropython import const

from inkmeter.units import scale

NEVER = const(0)
LIVE = const(1)
STALE = const(2)

# Stages of pairing, as the panel counts them
START = const(0)
WAITING_SUPPLIER = const(1)
JOINING = const(2)
KEY_EXCHANGE = const(3)
FINDING_METERS = const(4)
CONFIRMING = const(5)
READING = const(6)
STAGES = const(6)

ELECTRICITY = const(0)
GAS = const(1)

_POWER_AGE = const(60)
_MOST_WATTS = const(250000)  # more than the fuses of any home let through
_REGISTER_AGE = const(180)
_MIRROR_AGE = const(3900)  # reports come each half-hour; one may be missed
PRICE_AGE = const(7200)
_LASTS = const((180, 3900, 93600, 0))  # by the lowest bits of a fact's number


class Value:
    """One quantity. `value` is an integer, or None for unknown; `utc` is when it held at the meter, `max_age` the
    seconds for which it is live.
    """

    def __init__(self, max_age):
        self.value = None
        self.utc = None
        self.received = None
        self.max_age = max_age

    def put(self, value, now, utc):
        self.value = value
        self.utc = utc
        self.received = now

    def state(self, now):
        """NEVER, LIVE or STALE at `now`. A live value may still be None: the meter said it does not know."""
        if self.received is None:
            return NEVER
        return STALE if now - self.received > self.max_age else LIVE

    def current(self, now):
        """The value while it is live, else None."""
        return self.value if self.state(now) == LIVE else None


class Meter:
    """An electricity meter, or the hub's mirror of a gas meter. Registers stay raw; scaling goes with them."""

    def __init__(self, commodity):
        mirrored = commodity == GAS
        self.commodity = commodity
        self.serial = ""
        self.unit_of_measure = None
        self.multiplier = 1
        self.divisor = 1
        self.summation_formatting = None
        self.current_summation_delivered = Value(_MIRROR_AGE if mirrored else _REGISTER_AGE)
        self.current_summation_received = Value(_REGISTER_AGE)
        self.instantaneous_demand = Value(_POWER_AGE)

    def keeps_for(self, seconds):
        """Lets its values live no shorter than this: the meter is not asked more often."""
        for value in (
            self.current_summation_delivered,
            self.current_summation_received,
            self.instantaneous_demand,
        ):
            value.max_age = max(value.max_age, seconds)

    def watts(self, now):
        """InstantaneousDemand in W, below 0 for export; None where it is not known or cannot be."""
        raw = self.instantaneous_demand.current(now)
        watts = None if raw is None else scale(raw, self.multiplier, self.divisor, 3)
        return None if watts is None or abs(watts) > _MOST_WATTS else watts


class Price:
    """The price in force: `rate` in 1/100,000 of the currency unit a kWh (or other unit), live no longer than the
    price holds; tier 0 for none.
    """

    def __init__(self):
        self.rate = Value(PRICE_AGE)
        self.currency = 0
        self.tier = 0
        self.label = ""


class Home:
    """All that is known. Writers call changed() after a change; `notify` is whoever wants to hear of it."""

    def __init__(self):
        self.stage = START
        self.outcome = None  # a code of `inkmeter.outcomes`, None while all is well
        self.detail = ""  # what the outcome's words leave open: a serial, a time, a word
        self.eui64 = b""  # big-endian, as printed
        self.install_code = b""  # with its CRC; only while it is to be shown
        self.meters = {}
        self.prices = {}
        self.told = []  # fact, value, uptime, fact, ...: a third of what a dictionary of pairs takes
        self.notify = lambda: None

    def meter(self, commodity):
        """The Meter for a commodity, made when first asked for."""
        if commodity not in self.meters:
            self.meters[commodity] = Meter(commodity)
        return self.meters[commodity]

    def price(self, commodity):
        """The Price for a commodity, made when first asked for."""
        if commodity not in self.prices:
            self.prices[commodity] = Price()
        return self.prices[commodity]

    def put(self, fact, value, now):
        """Files one of `inkmeter.facts`; None for what the meter says it does not know."""
        at = self._find(fact)
        if at is None:
            self.told += [fact, value, now]
        else:
            self.told[at + 1] = value
            self.told[at + 2] = now

    def fact(self, fact, now):
        """Its value while it is live; None where it is unknown, stale or was never heard."""
        at = self._find(fact)
        return None if at is None or self.heard(fact, now) != LIVE else self.told[at + 1]

    def heard(self, fact, now):
        """NEVER, LIVE or STALE."""
        at = self.heard_at(fact)
        if at is None:
            return NEVER
        lasts = _LASTS[fact & 3]
        return STALE if lasts and now - at > lasts else LIVE

    def heard_at(self, fact):
        """The uptime at which it was put, whatever its age; None for never."""
        at = self._find(fact)
        return None if at is None else self.told[at + 2]

    def _find(self, fact):
        for at in range(0, len(self.told), 3):
            if self.told[at] == fact:
                return at

    def forget_facts(self):
        """Drops every fact; meters and prices stay, for they are read again at once."""
        self.told = []

    def forget(self):
        """Drops everything that belongs to one household."""
        self.meters = {}
        self.prices = {}
        self.forget_facts()

    def set_stage(self, stage, outcome=None, detail=""):
        if (stage, outcome, detail) != (self.stage, self.outcome, self.detail):
            self.stage, self.outcome, self.detail = stage, outcome, detail
            self.changed()

    def changed(self):
        self.notify()
