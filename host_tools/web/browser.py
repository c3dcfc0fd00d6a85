"""What a browser that listens is told, and in which order."""

from __future__ import annotations

import asyncio
import collections
import json
from typing import Any

_SLOWEST_QUEUE = 200
_MAY_BE_DROPPED = ("trace", "log", "refresh")


class Browser:
    """One page that listens. Of what it is slow to take, answers wait, older states give way to the newest, and the
    rest is dropped.
    """

    def __init__(self) -> None:
        self._waiting: collections.deque[str | None] = collections.deque()
        self._state: str | None = None
        self._state_is_due = False
        self._news = asyncio.Event()
        self.pressing: set[str] = set()
        self.log_at = 0

    def tell(self, kind: str, what: Any) -> None:
        if kind in _MAY_BE_DROPPED and len(self._waiting) >= _SLOWEST_QUEUE:
            return
        text = json.dumps({"type": kind, "it": what}, separators=(",", ":"))
        if kind == "state":
            self._state = text
        else:
            # A state that is older than an answer comes before it.
            if self._state and kind not in _MAY_BE_DROPPED:
                self._waiting.append(self._state)
                self._state = None
            self._waiting.append(text)
        self._news.set()

    def dismiss(self) -> None:
        """It is told nothing more than what waits already."""
        self._waiting.append(None)
        self._news.set()

    async def next(self) -> str | None:
        """What is to be sent next; None when it is dismissed."""
        while not self._waiting and not self._state:
            self._news.clear()
            await self._news.wait()
        if self._state and (self._state_is_due or not self._waiting or self._waiting[0] is None):
            text, self._state, self._state_is_due = self._state, None, False
            return text
        # Of much that waits, each second one is the state.
        self._state_is_due = True
        return self._waiting.popleft()
