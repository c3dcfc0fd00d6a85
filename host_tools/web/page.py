"""The pages of one run: what browsers ask for, and order."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import dataclasses
import io
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.http_exceptions import HttpProcessingError

from host_tools import history
from host_tools.sim.radio.capture import Capture, keys_text
from host_tools.sim.scenarios import SCENARIOS
from host_tools.sim.trace import as_dicts
from host_tools.web import scan, view
from host_tools.web.bench import Bench, Sample
from host_tools.web.browser import Browser
from host_tools.web.callers import Callers
from host_tools.web.controls import Refused
from host_tools.web.fingers import Fingers
from host_tools.web.guard import only_this_page
from host_tools.web.orders import Order, order_from, parse, settings_from
from host_tools.web.telling import Telling

_STATIC = Path(__file__).parent / "static"
_FOR_EVER_S = 1e9  # aiohttp's time-outs run on the home's clock, which may run a thousand times as fast
_LONGEST_MESSAGE = 2 << 20
_LAST_ANSWERS_S = 1.0


def _answer(value: Any, status: int = 200) -> web.Response:
    return web.json_response(value, status=status)


def _is_refused(done: asyncio.Future[Any]) -> bool:
    return not done.cancelled() and done.exception() is not None


class Page:
    """The pages of one run."""

    def __init__(self, bench: Bench, number: int, door: socket.socket, exposed: str = "") -> None:
        self.bench = bench
        self.number = number
        self.door = door
        self._is_shut = False
        self.exposed = exposed
        self.capture: Capture | None = None
        self._telling = Telling(bench)
        self._fingers = Fingers(bench)
        self.callers = Callers()
        self.app = web.Application(middlewares=[self.callers.heard, only_this_page], client_max_size=_LONGEST_MESSAGE)
        self.app.add_routes([
            web.get("/", lambda request: self._file("index.html")),
            web.get("/supplier", lambda request: self._file("supplier.html")),
            web.get("/live", self._live), web.get("/state", self._now), web.get("/screen.png", self._screen),
            web.post("/do", self._do), web.post("/scan", self._scan), web.get("/download/{name}", self._download),
            web.static("/static", _STATIC),
        ])  # fmt: skip
        self.runner = web.AppRunner(
            self.app, access_log=None, shutdown_timeout=_LAST_ANSWERS_S, keepalive_timeout=_FOR_EVER_S
        )  # fmt: skip

    @staticmethod
    async def _file(name: str) -> web.StreamResponse:
        return web.FileResponse(_STATIC / name)

    # What browsers ask for

    async def _live(self, request: web.Request) -> web.StreamResponse:
        # Compressed, a long message is sent by a task of aiohttp's own; where a browser goes meanwhile nobody takes its
        # error, which would pass for a fault of the home's.
        socket_ = web.WebSocketResponse(max_msg_size=_LONGEST_MESSAGE, timeout=_FOR_EVER_S, compress=False)
        await socket_.prepare(request)
        browser = Browser()
        browser.tell("hello", view.hello(self.bench, self.number, self.exposed))
        browser.tell("state", self._telling.state())
        browser.tell("trace", self._telling.history())
        self._telling.browsers.add(browser)
        sending = asyncio.get_running_loop().create_task(self._send(socket_, browser))
        try:
            async for message in socket_:
                if message.type is WSMsgType.TEXT:
                    self._heard(browser, message.data)
        finally:
            self._telling.browsers.discard(browser)
            sending.cancel()
            self._let_go(browser)
        return socket_

    def _let_go(self, browser: Browser) -> None:
        # A browser that goes takes its fingers with it.
        for name in browser.pressing:
            with contextlib.suppress(Refused):
                self._begin("button", {"name": name, "down": False})

    @staticmethod
    async def _send(socket_: web.WebSocketResponse, browser: Browser) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):
            while (text := await browser.next()) is not None:
                await socket_.send_str(text)
            await socket_.close()

    def _heard(self, browser: Browser, text: str) -> None:
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
        except (ValueError, TypeError, AttributeError, LookupError, HttpProcessingError, web.RequestPayloadError):
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
        # aiohttp waits for its last answers by this clock, too.
        self.bench.leave()
        await self.shut_the_door()
        for browser in self._telling.browsers:
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
        self._fingers.move(finger, value.get("down") is True)
        done = self.bench.act(name, value)
        # A button that is not there, or that has no power, is under no finger.
        done.add_done_callback(lambda done: self._fingers.move(finger, False) if _is_refused(done) else None)
        return done

    def _about_the_run(self, name: str, value: Any) -> asyncio.Future[Any] | None:
        # What is not a step of the run's, but makes it run otherwise, or another.
        bench = self.bench
        orders: dict[str, Callable[[], None]] = {
            "speed": lambda: self._speed(value),
            "hold": lambda: bench.hold(),
            "new": lambda: bench.make(self._another(value)),
            "scenario": lambda: bench.make(self._scenario(value)),
            "replay": lambda: bench.make(order_from(value, bench.order.settings, self._fingers.chosen_speed)),
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
        if self.bench.wanted:
            self.bench.make(dataclasses.replace(self.bench.wanted, speed=value))
        else:
            self._fingers.choose_speed(value)

    def _another(self, value: Any) -> Order:
        return Order(settings_from(self.bench.order.settings, value), speed=self._fingers.chosen_speed)

    def _scenario(self, value: Any) -> Order:
        if value not in SCENARIOS:
            raise Refused(f"There is no scenario {str(value)[:40]!r}.")
        return Order(self.bench.order.settings, value, speed=self._fingers.chosen_speed)

    async def _now(self, request: web.Request) -> web.Response:
        return _answer(self._telling.state() | {"run": self.number})

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
            "zigbee_pc_keys": lambda: keys_text(bench.world.air.keys),
            "story.json": lambda: json.dumps(as_dicts(bench.trace.story), indent=1) + "\n",
        }
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        if name in texts:
            return web.Response(text=texts[name](), headers=headers)
        if name == "history.zip":
            return web.Response(body=history.pack(bench.home.flash / "books"), headers=headers)
        if name == "air.pcap" and self.capture:
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
