"""Serves the pages of `inkmeter run`, of one run after the other. See docs/decisions/0008-web.md."""

from __future__ import annotations

import logging
import socket
import time
from pathlib import Path

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from host_tools import toolchain
from host_tools.sim import run as sim_run
from host_tools.sim.radio.capture import Capture
from host_tools.sim.run import Run
from host_tools.sim.world import Settings
from host_tools.web import PORT, addresses, folders
from host_tools.web.bench import Bench
from host_tools.web.guard import SERVED_AS
from host_tools.web.orders import Order
from host_tools.web.page import Page

_EXPOSED = "Anyone who can reach {address} can watch and change this simulated home: there is no password."


async def serve(home: Run, listening: socket.socket, order: Order, number: int, host: str) -> Order:
    """Serves the pages of one run until somebody orders another, which it returns."""
    bench = Bench(home, order)
    exposed = not addresses.is_loopback(listening)
    warning = _EXPOSED.format(address=addresses.opened_by(listening)) if exposed else ""
    page = Page(bench, number, listening.dup(), warning)
    page.app[SERVED_AS] = addresses.names(host, exposed)
    await page.runner.setup()
    page.capture = Capture(home.folder / "air.pcap", home.world.air, lambda: home.clock.now_us)
    try:
        await web.SockSite(page.runner, page.door).start()
        await bench.live()
    finally:
        home.clock.on_beat = None
        try:
            await page.part()
        finally:
            page.capture.close()
    assert bench.wanted
    return bench.wanted


def _greet(listening: socket.socket, settings: Settings, folder: Path) -> None:
    address = addresses.opened_by(listening)
    caveat = toolchain.interpreter().caveat
    print(f"\nThe simulated home is running (seed {settings.seed}). Open it in a browser:\n")
    print(f"    http://{address}/\n")
    if not addresses.is_loopback(listening):
        print(f"Note: {_EXPOSED.format(address=address)}\n")
    if caveat:
        print(f"{caveat}\n")
    print(f"The firmware's log is {folder / 'firmware.log'}. Press Ctrl-C to stop.", flush=True)


def serve_runs(listening: socket.socket, order: Order, folder: Path, host: str) -> None:
    """One run after the other, as the pages order them, without end. Each has a loop and a clock of its own."""
    number = int(time.time() * 1000)
    while True:
        number += 1
        now, this = number, order

        async def story(home: Run, now: int = now, this: Order = this) -> Order:
            return await serve(home, listening, this, now, host)

        order = sim_run.run(this.needed, folder, story, real_time=this.speed, served=True)


def _is_ours(record: logging.LogRecord) -> bool:
    # What is no HTTP has had its answer; it is no fault of the server's.
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError | web.RequestPayloadError))


def run(order: Order, host: str = "127.0.0.1", port: int = PORT, folder: Path | None = None) -> None:
    """Runs homes and serves their pages until Ctrl-C; `folder` gets the device's flash, the log and the capture.
    Raises InUse where another run has that folder; without one it takes a free one.
    """
    logging.getLogger("aiohttp.server").addFilter(_is_ours)
    with folders.taken(folder) as ours, addresses.listen(host, port) as listening:
        _greet(listening, order.settings, ours)
        serve_runs(listening, order, ours, host)
