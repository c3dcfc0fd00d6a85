"""A job: what is to be cleared when its household or its supplier changes.

Device Management 0x0708 (SE 1.4, D.10). What a change says is done once: the event's number stands in the store.
"""

from micropython import const

from inkmeter import commands, fields, store, zcl
from inkmeter.facts import FORGOTTEN_AT, SUPPLIER_CONTACT, SUPPLIER_NAME
from inkmeter.ledger import EXPORT, IMPORT
from inkmeter.log import log, uptime
from inkmeter.radio import DEVICE_MANAGEMENT
from inkmeter.rounds import DEVICE_MANAGEMENT as JOB

_EACH = const(21600)
_CLOCK_RETRY = const(60)
_CANCELLED = const(0xFFFFFFFF)
_NOTICED = const("books/noticed")  # of `inkmeter.events`

_CHANGE_OF_TENANCY = const(0x00)
_CHANGE_OF_SUPPLIER = const(0x01)

# Bits of Proposed Tenancy Change Control, as far as they are a display's business
CLEAR_TARIFF = const(1 << 5)
CLEAR_STANDING_CHARGE = const(1 << 6)
CLEAR_PROFILE = const(1 << 8)
CLEAR_CONSUMER = const(1 << 9)
CLEAR_SUPPLIER = const(1 << 10)
CLEAR_TRANSACTIONS = const(1 << 13)
CLEAR_PREPAYMENT = const(1 << 14)


def _four(payload, at):
    if at + 4 > len(payload):
        raise zcl.ZclError("short change")
    return int.from_bytes(payload[at : at + 4], "little")


def change_of_tenancy(payload):
    """(event, implementation time in UTC, control bits). Raises ZclError."""
    return _four(payload, 4), _four(payload, 9), _four(payload, 13)


def change_of_supplier(payload):
    """(event, implementation time in UTC, control bits, name, contact). Raises ZclError."""
    control = _four(payload, 17)
    name, at = fields.string_at(payload, 21)
    contact = fields.string_at(payload, at)[0] if at < len(payload) else ""
    return _four(payload, 4), _four(payload, 13), control, name, contact


async def run(rounds, commodity):
    due = None
    for number in (_CHANGE_OF_TENANCY, _CHANGE_OF_SUPPLIER):
        payload = await commands.command(rounds, commodity, DEVICE_MANAGEMENT, number, number)
        if payload is not None:
            again = change(rounds, commodity, number, payload)
            due = min(due or _EACH, again)
    return due


def change(rounds, commodity, number, payload):
    """Obeys a change whose time has come; answers in how many seconds to look again."""
    name = contact = ""
    if number == _CHANGE_OF_TENANCY:
        event, when, control = change_of_tenancy(payload)
    else:
        event, when, control, name, contact = change_of_supplier(payload)
    if when == _CANCELLED:
        return _EACH
    utc = rounds.session.clock.now()
    if when and utc is None:
        return _CLOCK_RETRY
    if when and when > utc:
        return min(when - utc, _EACH)
    key = "change%d" % (2 * number + commodity)
    before = store.load().get(key)
    if before is not None and before >= event:
        return _EACH
    log("household", "the tenancy changed" if number == _CHANGE_OF_TENANCY else "the supplier changed")
    obey(rounds, commodity, control, when or utc)
    for fact, value in ((SUPPLIER_NAME, name), (SUPPLIER_CONTACT, contact)):
        if value:
            rounds.session.home.put(fact | commodity << 2, value, uptime())
    store.put(key, event)
    return _EACH


def obey(rounds, commodity, control, when):
    """Clears what a change's control bits name, which holds from `when` on (UTC, None: unknown). The Home fills again
    with what the meter tells from now on.
    """
    home = rounds.session.home
    ledger = rounds.ledger
    forgot = False
    if control & (CLEAR_PROFILE | CLEAR_CONSUMER):
        # Books that begin later are the new household's: a device that was fitted since, or has obeyed before and lost
        # its notes.
        forgot = ledger and (when is None or ledger.holds(when))
        if forgot:
            ledger.forget()
        elif ledger:
            # The meter's log goes back further than the books.
            store.keep(_NOTICED, b"")
        store.drop("figures")
    elif ledger and when is not None:
        if control & CLEAR_TARIFF:
            for kind in (commodity, EXPORT) if commodity == IMPORT else (commodity,):
                ledger.rate(kind, when, None, None)
        if control & CLEAR_STANDING_CHARGE:
            ledger.standing_charge(commodity, None)
    if control & (CLEAR_TARIFF | CLEAR_STANDING_CHARGE | CLEAR_SUPPLIER | CLEAR_CONSUMER):
        store.drop("tiers", "calendar")
        home.prices = {}
    if control & (CLEAR_CONSUMER | CLEAR_SUPPLIER | CLEAR_TRANSACTIONS | CLEAR_PREPAYMENT | CLEAR_TARIFF):
        home.forget_facts()
        for commodity in rounds.session.servers:
            rounds.start(commodity)
    if forgot:
        home.put(FORGOTTEN_AT, rounds.session.clock.now(), uptime())


async def heard(rounds, commodity, number, payload):
    """A change that is published unasked. Says whether the command is known. Raises ZclError."""
    if number not in (_CHANGE_OF_TENANCY, _CHANGE_OF_SUPPLIER):
        return False
    rounds.hurry(JOB, commodity, change(rounds, commodity, number, payload))
    return True
