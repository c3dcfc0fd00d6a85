"""Serves the pages of `inkmeter run`, and tells them live how the home is. See docs/decisions/0008-web.md."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import csv
import dataclasses
import io
import ipaddress
import json
import math
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from host_tools import history, screen_reader, toolchain
from host_tools.sim import run as sim_run
from host_tools.sim.radio.capture import Capture, write_keys
from host_tools.sim.run import Run
from host_tools.sim.scenarios import SCENARIOS
from host_tools.sim.trace import Row, as_dicts
from host_tools.sim.world import Settings
from host_tools.web import FOLDER, PORT, addresses, scan, view
from host_tools.web.bench import LOG_LINES, Bench, Order, Sample, order_from, parse, settings_from
from host_tools.web.callers import Callers
from host_tools.web.controls import Refused

STATIC = Path(__file__).parent / "static"
_SERVED_AS = web.AppKey("served_as", set[str])
_FOR_EVER_S = 1e9  # aiohttp's time-outs run on the home's clock, which may run a thousand times as fast
_ROWS_A_BEAT = 100
_READABLE = 60  # times as fast as the wall: what passes can be decoded, all of it
_STATE_EVERY_S = 0.25
_READ_EVERY_S = 0.5
_LONGEST_MESSAGE = 2 << 20
_SLOWEST_QUEUE = 200
_MAY_BE_DROPPED = ("trace", "log", "refresh")
_LAST_ANSWERS_S = 1.0
_AS_IT_IS = object()
_EXPOSED = "Anyone who can reach {address} can watch and change this simulated home: there is no password."
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
async def _only_this_page(request: web.Request, handler) -> web.StreamResponse:
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
        if name not in request.app[_SERVED_AS]:
            return web.Response(status=403, text="Open this page at the address that was printed.\n")
    if theirs != authority:
        return web.Response(status=403, text="That request came from another website.\n")
    response = await handler(request)
    if not response.prepared:
        response.headers.update(_HEADERS)
    return response


def _answer(value: Any, status: int = 200) -> web.Response:
    return web.json_response(value, status=status)


def _is_refused(done: asyncio.Future[Any]) -> bool:
    return not done.cancelled() and done.exception() is not None


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


class Page:
    """The pages of one run."""

    def __init__(self, bench: Bench, number: int, door: socket.socket, exposed: str = "") -> None:
        self.bench = bench
        self.number = number
        self.door = door
        self._is_shut = False
        self.exposed = exposed
        self.browsers: set[Browser] = set()
        self.capture: Capture | None = None
        self._fingers: set[str] = set()
        self._speed_after: Any = _AS_IT_IS
        self._told_refresh = 0
        self._state = self._text = ""
        self._read, self._read_at = 0, 0.0
        self._state_at = 0.0
        bench.clock.on_beat = self._beat
        self.callers = Callers()
        self.app = web.Application(middlewares=[self.callers.heard, _only_this_page], client_max_size=_LONGEST_MESSAGE)
        self.app.add_routes([
            web.get("/", lambda request: self._file("index.html")),
            web.get("/supplier", lambda request: self._file("supplier.html")),
            web.get("/live", self._live), web.get("/state", self._now), web.get("/screen.png", self._screen),
            web.post("/do", self._do), web.post("/scan", self._scan), web.get("/download/{name}", self._download),
            web.static("/static", STATIC),
        ])  # fmt: skip
        self.runner = web.AppRunner(
            self.app, access_log=None, shutdown_timeout=_LAST_ANSWERS_S, keepalive_timeout=_FOR_EVER_S
        )  # fmt: skip

    @staticmethod
    async def _file(name: str) -> web.StreamResponse:
        return web.FileResponse(STATIC / name)

    # What is pushed

    def _beat(self) -> None:
        # Ten times a second, whatever the home's clock does.
        bench = self.bench
        bench.pace.look(time.monotonic(), bench.clock.elapsed_s, bench.clock.real_time, bench.clock.hold_us is not None)
        # Who watches the supplier and the hub at this speed still wants to know what they said.
        bench.trace.in_haste = bench.is_reading and (bench.clock.real_time or math.inf) > _READABLE
        rows = bench.trace.decode(_ROWS_A_BEAT)
        if not self.browsers:
            return
        if bench.refreshing and bench.refreshing["n"] != self._told_refresh:
            self._told_refresh = bench.refreshing["n"]
            self._tell("refresh", bench.refreshing)
        if rows:
            self._tell("trace", as_dicts(self._worth_telling(rows)))
        for browser in self.browsers:
            self._tell_log(browser)
        now = time.monotonic()
        state = view.state(bench)
        urgent = json.dumps([state["words"], state["device"], state["portal"], state["held"], state["speed"]])
        if now - self._state_at >= _STATE_EVERY_S or urgent != self._state:
            self._state, self._state_at = urgent, now
            self._tell("state", state | self._panel_now())

    def _panel_now(self) -> dict[str, Any]:
        # Which picture it is, and what it says, for those who cannot see it.
        number, now = self.bench.screens, time.monotonic()
        if number != self._read and now - self._read_at >= _READ_EVERY_S and self.bench.home.screens:
            self._read = number
            self._text = "\n".join(screen_reader.read(self.bench.home.screens[-1].picture))
            # It takes its time: a home is not to wait for it for more than a tenth; one that runs as fast as it can,
            # and shows its pictures faster than they are read, for a twenty-fifth.
            took = time.monotonic() - now
            self._read_at = now + took * (25 if self.bench.clock.real_time is None else 10)
        return {"screen": number, "panel_text": self._text}

    def _worth_telling(self, rows: list[Row]) -> list[Row]:
        # A page cannot be read at a thousand frames a second: at speed, the story and some of the rest.
        speed = self.bench.clock.real_time
        if speed is not None and speed <= 10:
            return rows
        return [row for i, row in enumerate(rows) if row.story or i >= len(rows) - 20]

    def _tell(self, kind: str, what: Any) -> None:
        for browser in self.browsers:
            browser.tell(kind, what)

    def _tell_log(self, browser: Browser) -> None:
        path = self.bench.home.folder / "firmware.log"
        with contextlib.suppress(OSError):
            if path.stat().st_size <= browser.log_at:
                return
            with path.open("rb") as log:
                log.seek(browser.log_at)
                data = log.read()
            whole = data[: data.rfind(b"\n") + 1]
            browser.log_at += len(whole)
            if whole:
                browser.tell("log", whole.decode(errors="replace").splitlines()[-LOG_LINES:])

    # What browsers ask for

    async def _live(self, request: web.Request) -> web.StreamResponse:
        # Compressed, a long message is sent by a task of aiohttp's own; where a browser goes meanwhile nobody takes its
        # error, which would pass for a fault of the home's.
        socket_ = web.WebSocketResponse(max_msg_size=_LONGEST_MESSAGE, timeout=_FOR_EVER_S, compress=False)
        await socket_.prepare(request)
        browser = Browser()
        browser.tell("hello", view.hello(self.bench, self.number, self.exposed))
        browser.tell("state", view.state(self.bench) | self._panel_now())
        browser.tell("trace", as_dicts(self._history()))
        self.browsers.add(browser)
        sending = asyncio.get_running_loop().create_task(self._send(socket_, browser))
        try:
            async for message in socket_:
                if message.type is WSMsgType.TEXT:
                    await self._heard(browser, message.data)
        finally:
            self.browsers.discard(browser)
            sending.cancel()
            self._let_go(browser)
        return socket_

    def _let_go(self, browser: Browser) -> None:
        # A browser that goes takes its fingers with it.
        for name in browser.pressing:
            with contextlib.suppress(Refused):
                self._begin("button", {"name": name, "down": False})

    def _history(self) -> list[Row]:
        known = {row.n: row for row in [*self.bench.trace.story, *list(self.bench.trace.rows)[-200:]]}
        return [known[n] for n in sorted(known)]

    @staticmethod
    async def _send(socket_: web.WebSocketResponse, browser: Browser) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):
            while (text := await browser.next()) is not None:
                await socket_.send_str(text)
            await socket_.close()

    async def _heard(self, browser: Browser, text: str) -> None:
        number = None
        try:
            order = parse(text)
            number = order.get("id")
            # Nothing is waited for here: a hand that lets go must not wait for one that presses.
            name, value = str(order["do"]), order.get("value")
            done = self._begin(name, value)
            if name == "button" and isinstance(value, dict):
                (browser.pressing.add if value.get("down") else browser.pressing.discard)(str(value.get("name")))
        except Refused as refused:
            browser.tell("answer", {"id": number, "error": str(refused), "fields": refused.fields})
            return
        except (ValueError, KeyError, TypeError, AttributeError):
            browser.tell("answer", {"id": number, "error": "That request could not be understood."})
            return

        def answered(future: asyncio.Future[Any]) -> None:
            if future.cancelled():
                return
            error = future.exception()
            fields = error.fields if isinstance(error, Refused) else {}
            browser.tell(
                "answer",
                {"id": number, "error": str(error), "fields": fields} if error else
                {"id": number, "result": future.result()},
            )  # fmt: skip

        done.add_done_callback(answered)

    async def _do(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return _answer({"error": "Send JSON."}, 415)
        try:
            order = parse(await request.text())
            done = self._begin(str(order["do"]), order.get("value"))
            answer = _answer({"result": await done})
        except Refused as refused:
            return _answer({"error": str(refused), "fields": refused.fields}, 422)
        except (ValueError, TypeError, AttributeError, LookupError, HttpProcessingError):
            return _answer({"error": "That request could not be understood."}, 400)
        if self.bench.wanted:
            # Who asks next is to wait for the next run.
            answer.force_close()
            await self.shut_the_door()
        return answer

    async def shut_the_door(self) -> None:
        """Whoever connects from now on waits for the next run, which listens on the same socket."""
        if self._is_shut:
            return
        self._is_shut = True
        # A connection that asyncio has accepted in this turn becomes one in the next; it would drop those of a server
        # that is closed by then.
        asyncio.get_running_loop().remove_reader(self.door)
        await asyncio.sleep(0)
        for site in self.runner.sites:
            await site.stop()

    async def part(self) -> None:
        """Ends, when everybody who has connected has had an answer."""
        # At the wall's pace, by which aiohttp waits for its last answers too.
        self.bench.set_speed(1)
        await self.shut_the_door()
        for browser in self.browsers:
            browser.dismiss()
        await self.callers.hear_out(self.runner)
        await self.runner.cleanup()

    def _begin(self, name: str, value: Any) -> asyncio.Future[Any]:
        done = self._about_the_run(name, value)
        if done is not None:
            return done
        if name != "button" or not isinstance(value, dict):
            return self.bench.act(name, value)
        finger = str(value.get("name"))
        self._finger(finger, value.get("down") is True)
        done = self.bench.act(name, value)
        # A button that is not there, or that has no power, is under no finger.
        done.add_done_callback(lambda done: self._finger(finger, False) if _is_refused(done) else None)
        return done

    def _finger(self, name: str, down: bool) -> None:
        # While a finger is on a button the home's time goes as the finger's does: at 60 times as fast a click would be
        # held for seconds, and mean something else.
        bench = self.bench
        (self._fingers.add if down else self._fingers.discard)(name)
        if down and self._speed_after is _AS_IT_IS and bench.clock.real_time != 1:
            self._speed_after = bench.clock.real_time
            bench.clock.set_speed(1)
        elif not self._fingers and self._speed_after is not _AS_IT_IS:
            bench.clock.set_speed(self._speed_after)
            self._speed_after = _AS_IT_IS

    def _chosen_speed(self) -> Any:
        # While a finger is on a button another one is in force.
        return self.bench.clock.real_time if self._speed_after is _AS_IT_IS else self._speed_after

    def _about_the_run(self, name: str, value: Any) -> asyncio.Future[Any] | None:
        # What is not a step of the run's, but makes it run otherwise, or another.
        bench = self.bench
        orders: dict[str, Callable[[], None]] = {
            "speed": lambda: self._speed(value),
            "hold": lambda: bench.hold(),
            "new": lambda: bench.make(Order(settings_from(bench.order.settings, value), speed=self._chosen_speed())),
            "scenario": lambda: bench.make(self._scenario(value)),
            "replay": lambda: bench.make(order_from(value, bench.order.settings)),
        }  # fmt: skip
        if name not in orders:
            return None
        orders[name]()
        done: asyncio.Future[Any] = bench.clock.create_future()
        done.set_result(None)
        return done

    def _speed(self, value: Any) -> None:
        if value is not None and (isinstance(value, bool) or value not in view.SPEEDS):
            raise Refused(f"The speeds are {', '.join(map(str, view.SPEEDS))}, or null for as fast as possible.")
        self._speed_after = _AS_IT_IS
        if self.bench.wanted:
            self.bench.make(dataclasses.replace(self.bench.wanted, speed=value))
        else:
            self.bench.set_speed(value)

    def _scenario(self, value: Any) -> Order:
        if value not in SCENARIOS:
            raise Refused(f"There is no scenario {str(value)[:40]!r}.")
        return Order(self.bench.order.settings, value, speed=self._chosen_speed())

    async def _now(self, request: web.Request) -> web.Response:
        return _answer(view.state(self.bench) | {"run": self.number} | self._panel_now())

    async def _screen(self, request: web.Request) -> web.Response:
        buffer = io.BytesIO()
        (self.bench.glass.seen or self.bench.home.picture()).save(buffer, "PNG")
        return web.Response(body=buffer.getvalue(), content_type="image/png")

    async def _scan(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return _answer({"error": "Send JSON."}, 415)
        found = scan.read(self.bench.home.picture())
        if found is None:
            return _answer({"error": "There is no code on the screen at the moment."}, 422)
        return _answer({"result": found})

    async def _download(self, request: web.Request) -> web.StreamResponse:
        bench, name = self.bench, request.match_info["name"]
        folder = bench.home.folder
        texts: dict[str, Callable[[], str]] = {
            "replay.json": lambda: json.dumps(bench.replay(), indent=1) + "\n",
            "readings.csv": lambda: _csv(bench),
            "story.json": lambda: json.dumps(as_dicts(bench.trace.story), indent=1) + "\n",
        }
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        if name in texts:
            return web.Response(text=texts[name](), headers=headers)
        if name == "history.zip":
            return web.Response(body=history.pack(bench.home.flash / "books"), headers=headers)
        if name == "zigbee_pc_keys":
            write_keys(folder / name, bench.world.air.keys)
        elif name == "air.pcap" and self.capture:
            self.capture.flush()
        elif name != "firmware.log":
            return web.Response(status=404, text="There is no such file.\n")
        return web.FileResponse(folder / name, headers=headers)


def _csv(bench: Bench) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(Sample._fields)
    table.writerows(bench.samples)
    return out.getvalue()


async def serve(home: Run, listening: socket.socket, order: Order, number: int, host: str) -> Order:
    """Serves the pages of one run until somebody orders another, which it returns."""
    bench = Bench(home, order)
    exposed = not addresses.is_loopback(listening)
    warning = _EXPOSED.format(address=addresses.opened_by(listening)) if exposed else ""
    page = Page(bench, number, listening.dup(), warning)
    page.app[_SERVED_AS] = addresses.names(host, exposed)
    await page.runner.setup()
    page.capture = Capture(home.folder / "air.pcap", home.world.air, lambda: home.clock.now_us)
    try:
        await web.SockSite(page.runner, page.door).start()
        await bench.live()
    finally:
        page.capture.close()
        home.clock.on_beat = None
        await page.part()
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


def run(order: Order, host: str = "127.0.0.1", port: int = PORT, folder: Path = FOLDER) -> None:
    """Runs homes and serves their pages until Ctrl-C; `folder` gets the device's flash, the log and the capture."""
    with addresses.listen(host, port) as listening:
        _greet(listening, order.settings, folder)
        serve_runs(listening, order, folder, host)
