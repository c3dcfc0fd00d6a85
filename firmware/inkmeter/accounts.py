"""What is told to the ledger and asked of it: the rest of Ledger's methods, loaded for the length of a call.

`ledger.rate(...)` is `accounts.rate(ledger, ...)`, and so on. Energy is in Wh, gas in litres, money in 1/100,000 GBP,
times in seconds since 2000-01-01 UTC.
"""

from micropython import const

from inkmeter import lazy
from inkmeter.ledger import (
    BASE_DELIVERED,
    BASE_RECEIVED,
    BASE_UTC,
    COST,
    DAY,
    DAY_END,
    DAY_SUM,
    DELIVERED,
    EARNED,
    END,
    EXCHANGED,
    EXPORT,
    EXPORT_RATE,
    FACTOR,
    FINE,
    FIRST,
    FLAGS,
    GAS,
    GAS_DIVISOR,
    NEXT_FACTOR,
    NEXT_STANDING,
    RATE,
    RAW,
    RECEIVED,
    REPRICE,
    SENT,
    STANDING,
    STANDING_CHARGE,
    SUSPECT,
    TOTAL_SUM,
    UNCONVERTED,
    UNEARNED,
    UNPRICED,
    UNTIL,
    UTC,
    WH_CARRY,
)
from inkmeter.log import log
from inkmeter.rates import A_DAY, CALORIFIC_VALUE, CONVERSION_FACTOR
from inkmeter.records import HALF_HOUR, day_start

_DEAREST = const(1000000)  # 10 GBP a kWh
_DEAREST_DAY = const(10000000)  # 100 GBP


def rate(ledger, commodity, utc, rate, until):
    """`rate` a kWh (None: unknown) holds from `utc` until `until` (None: until another begins); commodity EXPORT for
    what is paid. Of the past, now or to come, in any order; what was heard later wins. What is known already costs
    little to say again.
    """
    if rate is not None and not -_DEAREST <= rate <= _DEAREST:
        rate = None
    s = ledger.books[commodity % EXPORT]
    _from(s, _note(commodity, utc, rate, until, s[BASE_UTC]))


def _note(kind, utc, value, until=None, booked=0):
    # Since when that is news, None for never.
    try:
        with lazy.module("rates") as rates:
            return rates.add(kind, utc, value, until, booked)
    except OSError as error:
        # The device goes on; what is used meanwhile has no price.
        log("ledger", "cannot save:", error)
        return None


def standing_charge(ledger, commodity, a_day, since=None):
    """What a British local day costs without any use (None: unknown): that which is in force in the day's last
    half-hour; a new one is from the next half-hour on. Days that are over have it too, as far as it is known to hold
    `since` a UTC.
    """
    if a_day is not None and not -_DEAREST_DAY <= a_day <= _DEAREST_DAY:
        a_day = since = None
    s = ledger.books[commodity]
    s[NEXT_STANDING] = a_day
    if s[STANDING] is None:
        s[STANDING] = a_day
    since = since or ledger.clock.now()
    if since is not None:
        _from(s, _note(A_DAY - commodity, since, a_day, None, s[BASE_UTC]))


def _from(s, since):
    # What was booked is to be priced again from this time on, None for never.
    if since is not None:
        s[END] = s[UNTIL] = 0
        if since < s[BASE_UTC]:
            s[REPRICE] = min(s[REPRICE] or since, since)


def gas_factors(ledger, calorific_value, conversion_factor):
    """MJ/m3 * 1,000 and the volume conversion factor * 100,000; used from the next half-hour on."""
    if calorific_value and conversion_factor:
        s = ledger.books[GAS]
        s[NEXT_FACTOR] = calorific_value * conversion_factor
        if not s[FACTOR]:
            s[FACTOR] = s[NEXT_FACTOR]
            if s[FIRST]:
                # What was used before is energy from now on.
                since = s[FIRST] * HALF_HOUR
                s[REPRICE] = min(s[REPRICE] or since, since)
                s[END] = 0
                try:
                    with lazy.module("rates") as rates:
                        rates.put_late(GAS, s[REPRICE])
                except OSError as error:
                    log("ledger", "cannot save:", error)
        now = ledger.clock.now()
        if now is not None:
            # For gaps that are filled long after.
            now += HALF_HOUR - now % HALF_HOUR
            _note(CALORIFIC_VALUE, now, calorific_value)
            _note(CONVERSION_FACTOR, now, conversion_factor)


def holds(ledger, before):
    """Whether something that was used before a UTC is known."""
    for s in ledger.books:
        if s[UTC] and s[BASE_UTC] < before:
            return True
    with lazy.module("history", "records") as history:
        return history.holds(before)


def exchanged(ledger, commodity):
    """The meter has another serial: its next reading is a new base."""
    s = ledger.books[commodity]
    s[SUSPECT] = EXCHANGED
    s[END] = 0


def today(ledger, commodity):
    """(Wh, Wh sent or litres of gas, cost with the standing charge, flags) of the British local day so far: Wh None
    without a calorific value, cost None where some has no price; MISSING in the flags where the sums lack half-hours.
    None where there is no reading of today.
    """
    s = ledger.books[commodity]
    now = ledger.clock.now()
    if not s[UTC] or now is None or not day_start(s[DAY]) <= now < s[DAY_END]:
        return None
    wh, sent, cost, flags, _ = so_far(ledger, commodity, DAY_SUM)
    if s[STANDING] is not None:
        flags |= STANDING_CHARGE
        if cost is not None:
            cost += s[STANDING]
    return wh, sent, cost, flags


def total(ledger, commodity):
    """(Wh, Wh sent or litres, cost) since the device started, for "cost from now"; the energy never goes back."""
    return so_far(ledger, commodity, TOTAL_SUM)[:3]


def earned(ledger, commodity):
    """What sending out has earned this local day; None where some of it has no price."""
    return so_far(ledger, commodity, DAY_SUM)[4]


def so_far(ledger, commodity, at):
    """A sum (DAY_SUM or TOTAL_SUM) with this half-hour up to the last reading: Wh, sent, cost, flags, earned."""
    s = ledger.books[commodity]
    raw = s[DELIVERED] - s[BASE_DELIVERED]
    sent = s[RECEIVED] - s[BASE_RECEIVED]
    flags = s[FLAGS] | s[at + 4]
    if raw and s[RATE] is None:
        flags |= UNPRICED
    cost = s[COST] + raw * (s[RATE] or 0)
    earned = s[EARNED] + sent * (s[EXPORT_RATE] or 0)
    sent += s[SENT]
    wh = raw + s[RAW]
    if commodity:
        sent = wh
        wh = (wh * (s[FACTOR] or 0) + s[WH_CARRY]) // GAS_DIVISOR
        cost = cost * (s[FACTOR] or 0) // GAS_DIVISOR
        if not s[FACTOR]:
            flags |= UNCONVERTED | UNPRICED
    elif s[RECEIVED] != s[BASE_RECEIVED] and s[EXPORT_RATE] is None:
        flags |= UNEARNED
    return (
        None if commodity and flags & UNCONVERTED else s[at] + wh,
        s[at + 1] + sent,
        None if flags & UNPRICED else s[at + 2] + cost // FINE,
        flags,
        None if flags & UNEARNED else s[at + 3] + earned // FINE,
    )


def forget(ledger):
    """Another household's from here on: everything goes, in memory at once and on the flash even if the power fails
    meanwhile.
    """
    with lazy.module("rebasing", "booking", "records") as rebasing:
        rebasing.forget(ledger)
