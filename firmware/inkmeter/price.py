"""A job: the price in force, and what else a Publish Price command brings (Price 0x0700, SE 1.4 D.4.2.4.1)."""

from struct import unpack_from

from micropython import const

from inkmeter import commands, fields, metering, zcl
from inkmeter.facts import PRICE_DIGITS, RATE_UNTIL
from inkmeter.home import PRICE_AGE
from inkmeter.lazy import module
from inkmeter.log import log, uptime
from inkmeter.radio import PRICE, NoReply
from inkmeter.rounds import CALENDARS, FACTORS, MATRIX, SCHEDULED, STRIP, TARIFF
from inkmeter.rounds import PRICE as JOB

# Seconds
_EACH = const(1800)
_RETRY = const(120)
_SOON = const(30)

_GET_CURRENT_PRICE = const(0x00)
_PUBLISH_PRICE = const(0x00)
_PUBLISH_CONVERSION_FACTOR = const(0x02)
_PUBLISH_CALORIFIC_VALUE = const(0x03)
_PUBLISH_TIER_LABELS = const(0x08)
_LAST_PUBLISHED = const(0x0E)
_NEWS = const(60)
_RX_ON_WHEN_IDLE = b"\x01"
_PRICE_ACKNOWLEDGEMENT = const(0x02)
_ACKNOWLEDGEMENT_REQUIRED = const(0x01)  # of Price Control
_UNUSED = const(0xFF)
_DISABLE_DEFAULT_RESPONSE = const(0x10)
_UNUSED_PRICE = const(0xFFFFFFFF)
_UNTIL_CHANGED = const(0xFFFF)
_CANCELLED = const(0xFFFFFFFF)
_HORIZON = const(48 * 3600)


class PublishedPrice:
    """A PublishPrice command: `rate` in 10**-5 of the currency unit, None where it is not known, `start` in UTC, `end`
    in UTC or None for until changed, `open` whether that is no end of a tier's, `event` its Issuer Event ID.
    """

    def __init__(self, payload):
        at = 5 + (payload[4] if len(payload) > 4 and payload[4] != 0xFF else 0)
        if len(payload) < at + 23:
            raise zcl.ZclError("short price")
        self.label = fields.text(payload[5:at])
        (
            self.event,
            now,
            self.unit_of_measure,
            self.currency,
            digits,
            _,
            start,
            minutes,
            price,
        ) = unpack_from("<IIBHBBIHI", payload, at)
        self.tier = digits & 15
        if self.tier == 15 and len(payload) > at + 40 and payload[at + 40] <= 33:
            self.tier += payload[at + 40]  # Extended Price Tier
        self.digits = digits >> 4
        # What an acknowledgement names: provider, event and the control field; empty where none is asked for.
        control = payload[at + 36] if len(payload) > at + 36 else 0
        asked = control & _ACKNOWLEDGEMENT_REQUIRED and control != _UNUSED
        self._to_acknowledge = bytes(payload[:4]) + bytes(payload[at : at + 4]) + bytes((control,)) if asked else b""
        # A start of 0 is "now": the time that the message gives as its own.
        self.start = start or now
        self.open = not start or minutes == _UNTIL_CHANGED
        self.end = None if minutes == _UNTIL_CHANGED else self.start + minutes * 60
        self.rate = None if price == _UNUSED_PRICE else fields.rate(price, self.digits)


async def run(rounds, commodity):
    server = rounds.session.servers[commodity]
    payload = None
    if server.price_endpoint is not None:
        payload = await commands.command(rounds, commodity, PRICE, _GET_CURRENT_PRICE, _PUBLISH_PRICE, _RX_ON_WHEN_IDLE)
    published = None if payload is None else PublishedPrice(payload)
    if published is None or published.start == _CANCELLED:
        price = rounds.session.home.price(commodity)
        if price.rate.received is not None or server.price_endpoint is not None:
            price.rate.put(None, uptime(), rounds.session.clock.now())
        return None
    await acknowledge(rounds, commodity, published)
    return in_force(rounds, commodity, published)


async def acknowledge(rounds, commodity, published):
    """Says that a price has come, if its server wants to know (D.4.2.3.4). No answer is awaited."""
    named = published._to_acknowledge
    session = rounds.session
    utc = session.clock.now()
    if not named or utc is None:
        return
    server = session.servers[commodity]
    frame = bytes(
        (zcl.CLUSTER_SPECIFIC | _DISABLE_DEFAULT_RESPONSE, session.radio.next_sequence(), _PRICE_ACKNOWLEDGEMENT)
    )
    session.radio.may_confirm = named[:8]
    try:
        frame += named[:8] + utc.to_bytes(4, "little") + named[8:]
        await session.radio.send(server.node_id, metering.endpoint(server, PRICE), PRICE, frame)
    except NoReply as error:
        log("price", "not acknowledged:", error)
    finally:
        session.radio.may_confirm = None


def in_force(rounds, commodity, published):
    """Files the price in force, in the Home and the ledger; answers when to ask again."""
    session = rounds.session
    price = session.home.price(commodity)
    utc = session.clock.now()
    now = uptime()
    rate = _a_kwh(commodity, published)
    if rate is not None and utc is not None:
        _compare(rounds, commodity, published, rate, utc)
    price.rate.put(rate, now, utc)
    price.currency = published.currency
    price.tier = published.tier
    price.label = published.label
    price.rate.max_age = PRICE_AGE
    session.home.put(RATE_UNTIL | commodity << 2, published.end, now)
    session.home.put(PRICE_DIGITS | commodity << 2, published.digits, now)
    if utc is None:
        return _EACH
    left = None
    if published.end is not None:
        left = published.end - utc
        if left <= 0:
            price.rate.put(None, now, utc)
        price.rate.max_age = max(min(left, PRICE_AGE), 0)
    if price.rate.value is not None:
        enter(rounds, commodity, published)
    if left is None:
        return _EACH
    # The meter's clock may be behind the hub's, and the price that it calls current over.
    return _RETRY if left < _SOON else min(left, _EACH)


def enter(rounds, commodity, published):
    """Tells the ledger of a price, now or to come."""
    if rounds.ledger:
        rounds.ledger.rate(commodity, published.start, _a_kwh(commodity, published), published.end)
        rounds.hurry(STRIP, commodity)


def _a_kwh(commodity, published):
    # Gas is priced by the kWh in Great Britain. Its Publish Price names the m3 (1, as gas is) that the meter counts in:
    # GBCS's own (GCS21f) has 9600 a "m3" for the tier that the tariff (GCS01a) has at 9600 a kWh.
    unit = published.unit_of_measure & 0x7F
    return published.rate if not unit or unit == commodity else None


def _compare(rounds, commodity, published, rate, utc):
    # With what the log says, of a calendar or of prices that were told before.
    with module("rates") as rates:
        known = rates.over(commodity, utc, utc + _HORIZON)
    if known[0][1] not in (None, rate):
        # Another tariff, of which nobody told: what was to come is not to come.
        rounds.known[commodity] = 0
        for job in (SCHEDULED, TARIFF, MATRIX, CALENDARS):
            rounds.hurry(job, commodity)
        return
    for since, other in known[1:]:
        # One that says no more than that it holds now ends where another is known to begin.
        if published.open and other is not None and (published.end is None or since < published.end):
            published.end = since
            return


async def heard(rounds, commodity, number, payload):
    """What is published unasked: a price is taken, other news of the tariff are a reason to ask."""
    if number > _LAST_PUBLISHED:
        return False
    if number in (_PUBLISH_CONVERSION_FACTOR, _PUBLISH_CALORIFIC_VALUE):
        rounds.hurry(FACTORS, commodity, _NEWS)
    elif 0 < number <= _PUBLISH_TIER_LABELS:
        rounds.hurry(TARIFF, commodity, _NEWS)
        rounds.hurry(MATRIX, commodity, _NEWS)
        rounds.hurry(CALENDARS, commodity, _NEWS)
    if number != _PUBLISH_PRICE:
        return True
    published = PublishedPrice(payload)
    await acknowledge(rounds, commodity, published)
    utc = rounds.session.clock.now()
    if published.start == _CANCELLED:
        rounds.hurry(SCHEDULED, commodity)
    elif utc is not None and published.start > utc:
        enter(rounds, commodity, published)
        rounds.hurry(JOB, commodity, published.start - utc + 1)
    else:
        rounds.hurry(JOB, commodity, in_force(rounds, commodity, published))
    return True
