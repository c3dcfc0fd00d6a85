"""The ledger: what each increment of a register cost at the rate in force when it happened (SMETS2 5.6.4, SE 1.4 D.4).

This part is always loaded and only takes readings; `booking` prices and files them, once a half-hour or when a rate
ends. Energy is in Wh, gas in litres (dm3), money in 1/100,000 GBP, times in seconds since 2000-01-01 UTC.
"""

from micropython import const

from inkmeter import lazy

# Whose books; IMPORT and GAS are home.ELECTRICITY and home.GAS. EXPORT is a price alone: its energy is RECEIVED.
IMPORT = const(0)
GAS = const(1)
EXPORT = const(2)

# Flags of half-hours, days and sums
UNPRICED = const(1)  # some of it has no price: its cost is unknown
ESTIMATED = const(2)  # apportioned over an outage by time; the meter's own log may know better
FILLED = const(4)  # from the meter's own log
PARTIAL = const(8)  # begins after its start: the display had no earlier reading
EXCHANGED = const(16)  # another meter, or another register, from here on
STANDING_CHARGE = const(32)  # the cost has the day's standing charge in it
UNCONVERTED = const(64)  # gas without calorific value: its energy is unknown
MISSING = const(128)  # of a day: some half-hours are not known

# One list of numbers a commodity. The last reading, and the one from which on RATE holds:
UTC = const(0)
DELIVERED = const(1)
RECEIVED = const(2)
BASE_UTC = const(3)
BASE_DELIVERED = const(4)
BASE_RECEIVED = const(5)
END = const(6)  # readings before this need no booking
UNTIL = const(7)
RATE = const(8)
EXPORT_RATE = const(9)
# Of this half-hour, up to the base: registers' units, and money in 10**-11 GBP (of gas before its conversion)
RAW = const(10)
SENT = const(11)
COST = const(12)
EARNED = const(13)
FLAGS = const(14)
# What rounding left over
WH_CARRY = const(15)
COST_CARRY = const(16)
EARNED_CARRY = const(17)
# The local day up to this half-hour; a sum is Wh, sent (of gas: litres), cost, earned, flags
DAY = const(18)
DAY_END = const(19)
DAY_SUM = const(20)
STANDING = const(25)
NEXT_STANDING = const(26)
FACTOR = const(27)
NEXT_FACTOR = const(28)
TOTAL_SUM = const(29)
FIRST = const(34)  # the first half-hour that is in TOTAL_SUM
TOTAL_UNPRICED = const(35)  # half-hours
REPRICE = const(36)  # a rate was heard late: half-hours from this time on have another price
PENDING = const(37)
SUSPECT = const(38)
SLOTS = const(39)

NONE = const(-0x20000000)  # a register that the meter does not have: further from 0 than any jump may be
GAS_DIVISOR = const(360000000)  # litres * (MJ/m3 * 1,000) * (factor * 100,000) / this = Wh
FINE = const(1000000)  # of 10**-11 GBP in 1/100,000 GBP
_DEAREST = const(1000000)  # 10 GBP a kWh
_JUMP = const(200)  # Wh or litres that a coarse register may step at once


class Ledger:
    """`clock` as in clock.py. `due` says that settle() has work. `held_back` counts readings that cannot be.

    Loads what was committed before the last power cut; never raises for damaged or missing files.
    """

    def __init__(self, clock):
        self.clock = clock
        self.held_back = 0
        self.due = False
        self.books = []
        self._do("booking", "start")

    def _do(self, name, what):
        with lazy.module(name, "records", "rates") as module:
            module.do(self, what)

    def register(self, commodity, utc, delivered, received=None):
        """A reading at `utc`: Wh (electricity) or litres (gas, at its snapshot's time); `received` Wh sent out, None
        where there is none. Unknown ones (None) are passed over.
        """
        if utc is None or delivered is None:
            return
        s = self.books[commodity]
        if received is None:
            received = s[RECEIVED]
        seconds = utc - s[UTC]
        most = seconds * (5 if commodity else 20) + _JUMP
        if (
            seconds >= 0
            and utc < s[END]
            and 0 <= delivered - s[DELIVERED] <= most
            and 0 <= received - s[RECEIVED] <= most
        ):
            s[UTC] = utc
            s[DELIVERED] = delivered
            s[RECEIVED] = received
        elif s[PENDING] is None:
            s[PENDING] = (utc, delivered, received)
            self.due = True

    def settle(self):
        """Books the readings that ended a half-hour or a rate, or that look wrong. To be called soon after `due`:
        readings are passed over until then. Blocks for some tens of ms, for seconds after an outage of weeks.
        """
        self.due = False
        self._do("booking", "settle")
        if self.books[0][REPRICE] or self.books[1][REPRICE]:
            self._do("filling", "reprice")

    def rate(self, commodity, utc, rate, until):
        """`rate` a kWh (None: unknown) holds from `utc` until `until` (None: until another begins); commodity EXPORT
        for what is paid. Of the past, now or to come, in any order; what was heard later wins.
        """
        s = self.books[commodity % EXPORT]
        if rate is not None and not -_DEAREST <= rate <= _DEAREST:
            rate = None
        with lazy.module("rates") as rates:
            since = rates.add(commodity, utc, rate, until)
        if since is not None:
            s[END] = s[UNTIL] = 0
            if s[UTC] and since < s[BASE_UTC]:
                s[REPRICE] = min(s[REPRICE] or since, since)

    def standing_charge(self, commodity, a_day):
        """What a British local day costs without any use (None: unknown); for the day in whose last half-hour it
        holds, a new one from the next half-hour on.
        """
        s = self.books[commodity]
        s[NEXT_STANDING] = a_day
        if s[STANDING] is None:
            s[STANDING] = a_day

    def gas_factors(self, calorific_value, conversion_factor):
        """MJ/m3 * 1,000 and the volume conversion factor * 100,000; used from the next half-hour on."""
        if calorific_value and conversion_factor:
            s = self.books[GAS]
            s[NEXT_FACTOR] = calorific_value * conversion_factor
            s[FACTOR] = s[FACTOR] or s[NEXT_FACTOR]

    def exchanged(self, commodity):
        """The meter has another serial: its next reading is a new base."""
        s = self.books[commodity]
        s[SUSPECT] = EXCHANGED
        s[END] = 0

    def today(self, commodity):
        """(Wh, Wh sent or litres of gas, cost with the standing charge, flags) of the British local day so far; Wh or
        cost None where some of it is not known. None where there is no reading of today.
        """
        s = self.books[commodity]
        now = self.clock.now()
        if not s[UTC] or now is None or now >= s[DAY_END]:
            return None
        wh, sent, cost, flags, _ = self.so_far(commodity, DAY_SUM)
        if s[STANDING] is not None:
            flags |= STANDING_CHARGE
            if cost is not None:
                cost += s[STANDING]
        return wh, sent, cost, flags

    def total(self, commodity):
        """(Wh, Wh sent or litres, cost) since the device started; never goes back. For "cost from now"."""
        return self.so_far(commodity, TOTAL_SUM)[:3]

    def so_far(self, commodity, at):
        """A sum (DAY_SUM or TOTAL_SUM) with this half-hour up to the last reading: Wh, sent, cost, flags, earned."""
        s = self.books[commodity]
        raw = s[DELIVERED] - s[BASE_DELIVERED]
        sent = s[RECEIVED] - s[BASE_RECEIVED]
        flags = s[FLAGS] | s[at + 4]
        if raw and s[RATE] is None:
            flags |= UNPRICED
        cost = s[COST] + raw * 1000 * (s[RATE] or 0)
        earned = s[EARNED] + sent * 1000 * (s[EXPORT_RATE] or 0)
        sent += s[SENT]
        wh = raw + s[RAW]
        if commodity:
            sent = wh
            wh = (wh * (s[FACTOR] or 0) + s[WH_CARRY]) // GAS_DIVISOR
            cost = cost * (s[FACTOR] or 0) // GAS_DIVISOR
            if not s[FACTOR]:
                flags |= UNCONVERTED
        return (
            None if flags & UNCONVERTED else s[at] + wh,
            s[at + 1] + sent,
            None if flags & (UNPRICED | UNCONVERTED) else s[at + 2] + cost // FINE,
            flags,
            s[at + 3] + earned // FINE,
        )

    def forget(self):
        """Another household's from here on: everything goes, in memory at once and on the flash even if the power
        fails meanwhile.
        """
        self._do("booking", "forget")
