"""Who has connected to a run's server, and what is still owed to them when it ends."""

from __future__ import annotations

import asyncio
import weakref

from aiohttp import web

# A browser may connect before it knows what it wants, and never say: it asks again by itself then.
_PATIENCE_S = 0.5
_LOOK_EVERY_S = 0.01


class Callers:
    """Tells connections on which something was asked from those on which nothing was yet."""

    def __init__(self) -> None:
        self._heard: weakref.WeakSet[asyncio.BaseTransport] = weakref.WeakSet()

    @property
    def heard(self):
        """A middleware that takes note of who has asked."""

        @web.middleware
        async def note(request: web.Request, handler) -> web.StreamResponse:
            if request.transport:
                self._heard.add(request.transport)
            return await handler(request)

        return note

    async def hear_out(self, runner: web.AppRunner) -> None:
        """Waits until everybody connected has asked something, half a second at the most. Closed at once, a connection
        whose request is on its way is reset, which a browser tells its user; on one that had an answer before, it asks
        again.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE_S
        # What was accepted just now becomes a connection in a turn or two.
        await asyncio.sleep(_LOOK_EVERY_S)
        while loop.time() < until and self._has_silent(runner):
            await asyncio.sleep(_LOOK_EVERY_S)

    def _has_silent(self, runner: web.AppRunner) -> bool:
        connections = runner.server.connections if runner.server else []
        return any(one.transport and one.transport not in self._heard for one in connections)
