"""Makes the device as it came: no household, no choices, no PIN, no network."""

import asyncio

from inkmeter import settings, store
from inkmeter.ezsp import EzspError
from inkmeter.log import log
from inkmeter.ncp import NcpLost, Refused
from inkmeter.view import CLOSED, NOW, Settings


async def run(app):
    """`app` is the App. Its session goes back to pairing by itself, once the radio module has no network."""
    log("inkmeter", "made new")
    settings.forget()
    store.put(None, None)
    store.drop("figures", "tiers", "calendar")
    view = app.view
    view.settings = Settings()
    view.page = NOW
    view.mode = CLOSED
    view.digits = ""
    view.cursor = view.money = view.locked_until = 0
    view.zero = view.countdown = None
    if view.ledger:
        view.ledger.forget()
    app.home.forget()
    app.home.changed()
    try:
        await app.ncp.do("leaveNetwork")
    except (NcpLost, Refused, EzspError) as error:
        log("inkmeter", "no network to leave:", error)
        return
    if app.home.outcome in ("H01", "H04"):
        # It waits, for a quarter of an hour perhaps, to look for a network that is now not ours any more. That it may
        # not leave for another hub's sake: there is nothing to leave.
        app.home.set_stage(app.home.stage)
        app.display.ok()
    for _ in range(120):
        # The session takes it for the hub's doing, and would wait for a press.
        await asyncio.sleep(1)
        if app.home.outcome == "H02":
            app.display.ok()
            return
