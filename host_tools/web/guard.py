"""Who may ask the page's server for anything."""

from __future__ import annotations

import ipaddress

from aiohttp import web
from yarl import URL

SERVED_AS = web.AppKey("served_as", set[str])
"""The names, besides addresses, by which the page may be opened."""

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@web.middleware
async def only_this_page(request: web.Request, handler) -> web.StreamResponse:
    """Refuses what another site's page has sent."""
    try:
        refused = _refused(request)
        response = await handler(request) if refused is None else refused
    except web.HTTPException as answer:
        answer.headers.update(_HEADERS)
        raise
    if not response.prepared:
        response.headers.update(_HEADERS)
    return response


def _refused(request: web.Request) -> web.Response | None:
    # Other sites' pages in the same browser can send requests here too, under a name of theirs that they have
    # pointed at this machine, or as a form.
    origin = request.headers.get("Origin")
    try:
        name, authority = (request.url.host or "").lower(), request.url.authority
        theirs = URL(origin).authority if origin else authority
    except ValueError:
        return web.Response(status=400, text="That is not a valid address.\n")
    try:
        ipaddress.ip_address(name)
    except ValueError:
        if name not in request.app[SERVED_AS]:
            return web.Response(status=403, text="Open this page at the address that was printed.\n")
    if theirs != authority:
        return web.Response(status=403, text="That request came from another website.\n")
    return None
