"""Keeps the long-lived tasks alive: each has an owner that restarts it, counts it and says so in words."""

import asyncio
import sys

from micropython import const

from inkmeter.log import log, uptime

_SECONDS_FIRST = const(1)
_SECONDS_LONGEST = const(60)
_LONG_WELL = const(600)


class Supervisor:
    """`restarts` is {task name: times it had to be started again}."""

    def __init__(self):
        self.restarts = {}

    def start(self, name, run):
        """Starts `run()`, a coroutine function that never ends, and sees to it that it runs."""
        self.restarts[name] = 0
        return asyncio.create_task(self._own(name, run))

    async def _own(self, name, run):
        delay = _SECONDS_FIRST
        while True:
            began = uptime()
            try:
                await run()
                log("tasks", name, "came to its end")
            except Exception as error:
                log("tasks", name, "failed with", type(error).__name__)
                sys.print_exception(error)
            self.restarts[name] += 1
            if uptime() - began > _LONG_WELL:
                delay = _SECONDS_FIRST
            log("tasks", name, "starts again in", delay, "s, restart number", self.restarts[name])
            await asyncio.sleep(delay)
            delay = min(2 * delay, _SECONDS_LONGEST)
