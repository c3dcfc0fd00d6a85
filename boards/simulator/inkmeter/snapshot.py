"""What the device holds, as one line of JSON, for the simulator's probe.

Long strings and few names: a name stays in the heap for good.
"""

import gc
import json

from inkmeter import settings
from inkmeter.log import uptime
from micropython import const

_METER = const(
    '"%d": {"serial": %s, "unit_of_measure": %s, "multiplier": %d, "divisor": %d, '
    '"current_summation_delivered": %s, "current_summation_received": %s, "instantaneous_demand": %s}'
)
_LINE = const(
    '{"stage": %d, "outcome": %s, "detail": %s, "utc": %s, "meters": {%s}, "prices": {%s}, '
    '"ash": {"frames_in": %d, "frames_out": %d, "retransmissions": %d, "discarded": %d}, '
    '"radio": {"discarded": %d}, "uart": {"bytes_in": %d, "bytes_out": %d}, "restarts": %s, "refreshes": %d, '
    '"page": %d, "mode": %d, "cursor": %d, "money": %d, "digits": %d, "locked_for": %d, "zero": %s, '
    '"today": %s, "held_back": %d, "facts": {%s}, '
    '"settings": %s, "panel": {"full": %d, "partial": %d, "budget": %d}, '
    '"heap": {"live_bytes": %d, "peak_bytes": %d, "now_bytes": %s, "size_bytes": %d}}\n'
)


def _value(value, now):
    state = ("never", "live", "stale")[value.state(now)]
    return '{"value": %s, "utc": %s, "state": "%s"}' % (json.dumps(value.value), json.dumps(value.utc), state)


def take(app, heap, today):
    """The line. `heap` is the most bytes that were in use in it, with nothing loaded for the moment and ever, and those
    that are now, None while something is loaded. `today` is what the ledger says of it, as JSON has it.
    """
    home, ncp, ash, view, display = app.home, app.ncp, app.ncp.ash, app.view, app.display
    now = uptime()
    meters = []
    for commodity, meter in home.meters.items():
        fixed = (json.dumps(meter.serial), json.dumps(meter.unit_of_measure), meter.multiplier, meter.divisor)
        moving = (
            meter.current_summation_delivered,
            meter.current_summation_received,
            meter.instantaneous_demand,
        )
        meters.append(_METER % ((commodity,) + fixed + tuple([_value(value, now) for value in moving])))
    prices = ['"%d": %s' % (commodity, _value(price.rate, now)) for commodity, price in home.prices.items()]
    line = _LINE % (
        home.stage, json.dumps(home.outcome), json.dumps(home.detail), json.dumps(app.clock.now()),
        ", ".join(meters), ", ".join(prices),
        ash.frames_in, ash.frames_out, ash.retransmissions, ash.discarded, app.radio.discarded,
        ncp.bytes_in, ncp.bytes_out,
        json.dumps(app.supervisor.restarts), display.full + display.partial,
        view.page, view.mode, view.cursor, view.money, len(view.digits), view.locked_for, json.dumps(view.zero),
        json.dumps(today), view.ledger.held_back,
        ", ".join(['"%d": %s' % (fact, json.dumps(home.fact(fact, now))) for fact in home.told[::3]]),
        json.dumps(settings.values(view.settings)), display.full, display.partial,
        display.budget, heap[0], heap[1], json.dumps(heap[2]), gc.mem_alloc() + gc.mem_free(),
    )  # fmt: skip
    return line.encode()
