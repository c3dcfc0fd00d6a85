"""What the pages are told, unasked, ten times a second."""

from __future__ import annotations

import contextlib
import json
import math
import time
from typing import Any

from host_tools import screen_reader
from host_tools.sim.trace import Row, as_dicts
from host_tools.web import view
from host_tools.web.bench import LOG_LINES, Bench
from host_tools.web.browser import Browser

_ROWS_A_BEAT = 100
_READABLE = 60  # times as fast as the wall: what passes can be decoded, all of it
_STATE_EVERY_S = 0.25
_READ_EVERY_S = 0.5


class Telling:
    """Tells `browsers` how the home of a bench is."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.browsers: set[Browser] = set()
        self._told_refresh = 0
        self._urgent = self._text = ""
        self._read, self._read_at = 0, 0.0
        self._state_at = 0.0
        bench.clock.on_beat = self._beat

    def state(self) -> dict[str, Any]:
        """How things stand, and what the panel says."""
        return view.state(self.bench) | self._panel_now()

    def history(self) -> list[dict[str, Any]]:
        """The rows that a page is to begin with."""
        known = {row.n: row for row in [*self.bench.trace.story, *list(self.bench.trace.rows)[-200:]]}
        return as_dicts(known[n] for n in sorted(known))

    def _beat(self) -> None:
        # By the wall, whatever the home's clock does.
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
        if now - self._state_at >= _STATE_EVERY_S or urgent != self._urgent:
            self._urgent, self._state_at = urgent, now
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
