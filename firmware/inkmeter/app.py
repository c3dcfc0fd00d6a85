"""Puts the parts together: a board, the radio, the Home and the panel, each task under the supervisor."""

import asyncio
import gc

from inkmeter import lazy
from inkmeter.clock import Clock
from inkmeter.display import Display
from inkmeter.home import Home
from inkmeter.ledger import Ledger
from inkmeter.log import log
from inkmeter.ncp import Ncp
from inkmeter.radio import Radio
from inkmeter.session import Session
from inkmeter.supervisor import Supervisor
from inkmeter.view import View


class App:
    """`board` is the module that knows the pins; what it must offer stands in boards/README.md."""

    def __init__(self, board):
        gc.threshold(8192)
        self.board = board
        self.clock = Clock()
        self.home = Home()
        self.ncp = Ncp(board.uart())
        self.radio = Radio(self.ncp)
        self.ncp.lost = self.radio.lost
        ledger = Ledger(self.clock)
        self.supervisor = Supervisor()
        self.view = View(
            self.home, self.clock, board.PANEL_WIDTH, board.PANEL_HEIGHT, ledger, self.radio, self.supervisor.restarts
        )  # fmt: skip
        with lazy.module("settings") as settings:
            settings.load(self.view.settings)
        self.view.money = self.view.settings.money
        self._press = asyncio.Event()
        self.display = Display(self.view, board, self._press.set, self.renew)
        self.home.notify = self.display.changed.set
        self.session = Session(
            self.ncp, self.radio, self.home, self.clock, self.pressed, board.reset_ncp, ledger
        )  # fmt: skip
        self.ncp.on_callback = self.session.callback

    async def pressed(self, wait_ms):
        """Waits up to `wait_ms` for the OK button; says whether it was pressed."""
        self._press.clear()
        try:
            await asyncio.wait_for_ms(self._press.wait(), wait_ms)
            return True
        except asyncio.TimeoutError:
            return False

    async def renew(self):
        """Resets the device to how it came."""
        await lazy.run(("renew", "settings", "store"), self)

    async def run(self):
        """Starts every task and waits for ever."""
        log("inkmeter", "starting on", self.board.NAME)
        start = self.supervisor.start
        start("uart", self.ncp.read)
        start("timers", self.ncp.keep_time)
        start("server", self.radio.serve)
        start("panel", self.display.run)
        start("buttons", self.display.hear)
        start("light", self.display.glow)
        await start("session", self.session.run)


def run(board):
    asyncio.run(App(board).run())
