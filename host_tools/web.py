"""`inkmeter run`: the simulated home in real time, and one plain page to look at it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import ipaddress
import json
import socket
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from host_tools import BUILD, toolchain
from host_tools.sim import run as sim_run
from host_tools.sim.portal import FormError
from host_tools.sim.run import Run
from host_tools.sim.world import Settings

FOLDER = BUILD / "run"
PORT = 8321
_STAGES = (
    "Starting", "Waiting for your supplier", "Joining the meter network", "Checking the hub's keys",
    "Finding your meters", "Is this your meter? Press OK", "Reading your meters",
)  # fmt: skip
# What the light says, by the firmware's numbers
_LIGHT = ("nothing", "using little", "using more", "using a lot", "sending out", "please look")
_HELD_TOO_LONG_S = 30  # longer than any gesture: the browser is gone
_SERVED_AS = web.AppKey("served_as", str)
_ABOUT = "The real firmware runs in a real MicroPython; the radio, the hub, the meters and the supplier are simulated."


@web.middleware
async def _only_this_page(request: web.Request, handler) -> web.StreamResponse:
    # Other sites' pages in the same browser can send requests here too, under a name of theirs that they have
    # pointed at this machine, or as a form.
    name = request.url.host or ""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        if name != "localhost" and name != request.app.get(_SERVED_AS):
            return web.Response(status=403, text="Open this page by the address that was printed.\n")
    origin = request.headers.get("Origin")
    if origin and URL(origin).authority != request.url.authority:
        return web.Response(status=403, text="This came from another site's page.\n")
    return await handler(request)


class Page:
    """What the page shows of a run, and what it can do to it."""

    def __init__(self, home: Run) -> None:
        self.home = home
        self._changed = asyncio.Event()
        self._held: dict[str, Any] = {"stage": 0, "outcome": None}
        home.on_screen = lambda screen: self._changed.set()
        home.on_light = lambda light: self._changed.set()
        self.app = web.Application(middlewares=[_only_this_page])
        self.app.add_routes([
            web.get("/", self._index), web.get("/screen.png", self._screen), web.get("/events", self._events),
            web.post("/add-device", self._add_device), web.post("/pair-for-me", self._pair_for_me),
            web.post("/press", self._press), web.post("/button", self._button),
        ])  # fmt: skip

    async def watch(self) -> None:
        """Asks the device every second how it is. Ends when the device does, with its DeviceError."""
        while True:
            self._held = await self.home.held()
            self._changed.set()
            await asyncio.sleep(1)

    def _state(self) -> dict[str, Any]:
        stage = self._held["stage"]
        marks = ["done" if i < stage else "now" if i == stage else "" for i in range(len(_STAGES))]
        registers = self.home.world.meter.registers
        meters = [
            ["Number on the meter", self.home.world.meter.serial.decode()],
            ["Electricity", f"{registers['current_summation_delivered'] / 1000:.3f} kWh"],
            ["Sent out", f"{registers['current_summation_received'] / 1000:.3f} kWh"],
            ["Power now", f"{registers['instantaneous_demand']} W"],
        ]
        if self.home.world.gas_meter:
            meters.append(["Gas", f"{self.home.world.gas_meter.register / 1000:.3f} m³"])
        outcome = self._held["outcome"]
        caveat = toolchain.interpreter().caveat
        return {
            "screen": len(self.home.screens),
            "words": _STAGES[stage] + (f", {outcome}" if outcome else ""),
            "stages": list(zip(_STAGES, marks, strict=True)),
            "meters": meters,
            "requests": [[request.reference, request.stage] for request in self.home.world.portal.requests],
            "light": self._light(),
            "buttons": self.home.world.device.buttons if self.home.world.device else (),
            "about": f"{_ABOUT} {caveat}." if caveat else _ABOUT,
        }

    def _light(self) -> dict[str, Any]:
        device = self.home.world.device
        light = device.light if device else None
        if light is None:
            return {"level": 0, "state": 0, "words": _LIGHT[0]}
        return {"level": light.level, "state": light.state, "words": _LIGHT[light.state]}

    # What the browser asks for

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(Path(__file__).parent / "page.html")

    async def _screen(self, request: web.Request) -> web.Response:
        buffer = io.BytesIO()
        self.home.picture().save(buffer, "PNG")
        return web.Response(body=buffer.getvalue(), content_type="image/png", headers={"Cache-Control": "no-store"})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        last = ""
        with contextlib.suppress(ConnectionError):
            while True:
                state = json.dumps(self._state())
                if state != last:
                    await response.write(f"data: {state}\n\n".encode())
                    last = state
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 1)
        return response

    async def _add_device(self, request: web.Request) -> web.Response:
        try:
            form = await request.post()
        except (ValueError, LookupError, HttpProcessingError):
            return web.json_response({"field": "eui64", "message": "This is no form that can be read."}, status=400)
        try:
            self.home.world.portal.add_device(str(form.get("eui64", "")), str(form.get("install_code", "")))
        except FormError as error:
            return web.json_response({"field": error.field, "message": str(error)}, status=422)
        return web.json_response({})

    async def _pair_for_me(self, request: web.Request) -> web.Response:
        self.home.world.portal.add_device(*self.home.world.label)
        return web.json_response({})

    async def _press(self, request: web.Request) -> web.Response:
        self.home.press()
        return web.json_response({})

    async def _button(self, request: web.Request) -> web.Response:
        try:
            form = await request.post()
        except (ValueError, LookupError, HttpProcessingError):
            return web.json_response({}, status=400)
        name, down = str(form.get("name", "")), form.get("down")
        device = self.home.world.device
        if not device or name not in device.buttons or down not in ("0", "1"):
            return web.json_response({}, status=422)
        self.home.set_button(name, down == "1")
        if down == "1":
            self.home.let_go_after(name, _HELD_TOO_LONG_S)
        return web.json_response({})


def _free_port(host: str, wanted: int) -> int:
    """The wanted port, or any other when somebody has it."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise OSError(f"no free port on {host}")


async def serve(home: Run, host: str, port: int) -> None:
    """Serves the page until the device ends or the person has had enough."""
    page = Page(home)
    page.app[_SERVED_AS] = host
    runner = web.AppRunner(page.app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        port = _free_port(host, port)
        await web.TCPSite(runner, host, port).start()
        caveat = toolchain.interpreter().caveat
        print(f"\nThe simulated home is running (seed {home.world.settings.seed}). Look at it here:\n")
        print(f"    http://{host}:{port}/\n")
        print(f"The firmware's log is {home.folder / 'firmware.log'}. Ctrl-C ends it.", flush=True)
        if caveat:
            print(caveat, flush=True)
        await page.watch()
    finally:
        await runner.cleanup()


def run(
    settings: Settings, host: str = "127.0.0.1", port: int = PORT, at: tuple[tuple[float, str], ...] = ()
) -> None:  # fmt: skip
    """Runs the home in real time until Ctrl-C, with changes of it `at` (seconds, change)."""

    async def story(home: Run) -> None:
        for seconds, change in at:
            home.world.beside(home.world.after(seconds, change))
        await serve(home, host, port)

    sim_run.run(settings, FOLDER, story, real_time=1.0)
