"""The ledger: what each increment of a register cost at the rate in force when it happened (SMETS2 5.6.4, SE 1.4 D.4).

This part is always loaded and only takes readings. `booking` prices and files them, once a half-hour or when a rate
ends; `accounts` tells prices to the ledger and sums to whoever asks. Energy is in Wh, gas in litres (dm3), money in
1/100,000 GBP, times in seconds since 2000-01-01 UTC.
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
UNEARNED = const(64)  # electricity: some of what was sent out has no price
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
# Of this half-hour, up to the base: registers' units, and these times their rates, 10**-8 GBP
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
FINE = const(1000)  # of 10**-8 GBP in 1/100,000 GBP
# No more than three phases' fuses of 100 A let through, 69 kW, or a U16 gas meter, 16 m3/h; and what a coarse register
# may step at once.
WH_A_SECOND = const(20)
LITRES_A_SECOND = const(5)
STEP = const(200)


class Ledger:
    """`clock` as in clock.py. `due` says that settle() has work. `held_back` counts readings that cannot be.

    Loads what was committed before the last power cut; never raises for damaged or missing files. Beside its methods
    it has the functions of accounts.py, each loaded for its call: rate(), standing_charge(), gas_factors(),
    exchanged(), today(), total(), earned(), forget().
    """

    def __init__(self, clock):
        self.clock = clock
        self.held_back = 0
        self.due = False
        self.books = []
        with lazy.module("rebasing", "booking", "records") as rebasing:
            rebasing.start(self)

    def __getattr__(self, name):
        def call(*words):
            with lazy.module("accounts") as accounts:
                return getattr(accounts, name)(self, *words)

        return call

    def register(self, commodity, utc, delivered, received=None):
        """A reading at `utc`: Wh (electricity) or litres (gas, at its snapshot's time); `received` Wh sent out, None
        where there is none. Unknown ones (None) are passed over. Quick, and never touches the flash.
        """
        if utc is None or delivered is None:
            return
        s = self.books[commodity]
        if received is None:
            received = s[RECEIVED]
        seconds = utc - s[UTC]
        most = seconds * (LITRES_A_SECOND if commodity else WH_A_SECOND) + STEP
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
        with lazy.module("booking", "records") as booking:
            booking.settle(self)
        if self.books[0][REPRICE] or self.books[1][REPRICE]:
            with lazy.module("filling", "records", "rates") as filling:
                filling.reprice(self)
