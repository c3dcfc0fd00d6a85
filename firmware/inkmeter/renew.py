"""A factory reset: no household, no choices, no PIN, no network."""

from inkmeter import settings, store
from inkmeter.ezsp import EzspError
from inkmeter.log import log
from inkmeter.ncp import NcpLost, Refused
from inkmeter.view import CLOSED, NOW, Settings


async def run(app):
    """`app` is the App. Its session goes back to pairing by itself, once it hears that it is not joined."""
    log("inkmeter", "factory reset")
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
    # First, or the session would take it for the hub's doing.
    app.session.joined = False
    try:
        await app.ncp.do("leaveNetwork")
    except (NcpLost, Refused, EzspError) as error:
        log("inkmeter", "no network to leave:", error)
    if app.home.outcome in ("H01", "H02", "H04", "P13"):
        # It waits, for a quarter of an hour perhaps, to look for a network that is not ours any more.
        app.home.set_stage(app.home.stage)
        app.display.ok()
