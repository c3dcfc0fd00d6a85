"""Starts the firmware as main.py does, with an ear for the simulator: what does the device hold, and in how much heap?

Each line on the fourth socket is answered with one line of JSON. The firmware knows nothing of it; what this
takes of the heap is counted with the firmware's.
"""

import asyncio
import gc
import os
from asyncio.core import IOQueue

import board
from inkmeter import lazy
from inkmeter.app import App
from inkmeter.log import uptime

_ears = open(int(os.getenv("INKMETER_SOCKETS").split(",")[3]), "r+b")


def _measure():
    # What is live: the collector's garbage does not count, and need not be looked for below what was live before.
    if gc.mem_alloc() <= (lazy.peak_bytes if lazy.loaded else lazy.live_bytes):
        return
    gc.collect()
    live = gc.mem_alloc()
    lazy.peak_bytes = max(lazy.peak_bytes, live)
    if not lazy.loaded:
        lazy.live_bytes = max(lazy.live_bytes, live)


def _load(self, load=lazy.module.__enter__):
    # Code comes in with a step's modules: the heap is never fuller than right after. The snapshot is not the
    # firmware's.
    module = load(self)
    if self.name != "snapshot":
        lazy.loaded += _counts(self)
        _measure()
    return module


def _drop(self, *exc, drop=lazy.module.__exit__):
    drop(self, *exc)
    lazy.loaded -= _counts(self)


def _counts(module):
    # The step that lasts is always there.
    return module.name not in ("snapshot", "rounds")


def _take():
    # A task's own locals, and what it has passed on, would stay in the heap.
    # Asked before: what is loaded on top of the snapshot would be measured together with it, and that is no peak of the
    # firmware's.
    today = [_app.view.ledger.today(i) for i in range(2)]
    gc.collect()
    heap = lazy.live_bytes, lazy.peak_bytes, None if lazy.loaded else gc.mem_alloc()
    with lazy.module("snapshot", "settings") as snapshot:
        _ears.write(snapshot.take(_app, heap, today))


async def _listen():
    reader = asyncio.StreamReader(_ears)
    while True:
        await reader.readline()
        _measure()
        _take()


def _wait(self, wait_ms, wait=IOQueue.wait_io_event):
    # Once a second, as it has been since the device went to sleep: a wake of its own would find the same heap.
    wait(self, wait_ms)
    if lazy.second != uptime():
        lazy.second = uptime()
        _measure()


lazy.peak_bytes = lazy.live_bytes = lazy.loaded = lazy.second = 0
IOQueue.wait_io_event = _wait
lazy.module.__enter__ = _load
lazy.module.__exit__ = _drop
_app = App(board)
asyncio.create_task(_listen())
asyncio.run(_app.run())
