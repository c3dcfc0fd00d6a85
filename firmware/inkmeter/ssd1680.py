"""SSD1680 e-paper controller (Solomon Systech data sheet 0.14), for panels mounted in landscape.

A picture comes in bands from its top, MONO_VLSB with 1 for white, and goes out as it is: the controller counts
along its gates first and down through its sources. Both image planes are kept in step after every refresh, so
that the next partial one compares with what is really on the panel.
"""

import asyncio

from micropython import const

_DRIVER_OUTPUT_CONTROL = const(0x01)
_DEEP_SLEEP_MODE = const(0x10)
_DATA_ENTRY_MODE = const(0x11)
_SW_RESET = const(0x12)
_TEMPERATURE_SENSOR = const(0x18)
_MASTER_ACTIVATION = const(0x20)
_DISPLAY_UPDATE_CONTROL_1 = const(0x21)
_DISPLAY_UPDATE_CONTROL_2 = const(0x22)
_WRITE_RAM_BW = const(0x24)
_WRITE_RAM_RED = const(0x26)  # the previous picture, on a panel without red
_BORDER_WAVEFORM = const(0x3C)
_RAM_X = const(0x44)
_RAM_Y = const(0x45)
_RAM_X_COUNTER = const(0x4E)
_RAM_Y_COUNTER = const(0x4F)

_SOURCES_DOWN_GATES_FIRST = const(b"\x06")  # X decrements, Y increments, Y advances first
_FULL = const(b"\xf7")  # temperature and waveform from OTP, mode 1, power off after
_PARTIAL = const(b"\xff")  # the same in mode 2
_BORDER_WHITE = const(b"\x05")
_BORDER_STEADY = const(b"\x80")
_POLL_MS = const(10)
_BUSY_LIMIT_MS = const(10000)


class PanelStuck(Exception):
    """BUSY did not go low in time: no panel, a broken one, or a wrong pin."""


class Ssd1680:
    """`width` is the number of gates, `height` that of visible sources (up to 128).

    `spi` has write(); `cs`, `dc` and `rst` are called with a level, `busy` is called for one (1 while busy).
    """

    def __init__(self, width, height, spi, cs, dc, rst, busy):
        self.width = width
        self.height = height
        self._spi = spi
        self._cs = cs
        self._dc = dc
        self._rst = rst
        self._busy = busy
        self._byte = bytearray(1)
        self._shown = False  # whether the controller's planes hold what is on the panel

    def _command(self, command, data=None):
        self._byte[0] = command
        self._dc(0)
        self._cs(0)
        self._spi.write(self._byte)
        if data is not None:
            self._dc(1)
            self._spi.write(data)
        self._cs(1)

    async def _idle(self):
        waited = 0
        while self._busy():
            if waited >= _BUSY_LIMIT_MS:
                self._shown = False
                raise PanelStuck
            await asyncio.sleep_ms(_POLL_MS)
            waited += _POLL_MS

    async def _wake(self):
        # Only a hardware reset ends deep sleep.
        self._cs(1)
        self._rst(0)
        await asyncio.sleep_ms(10)
        self._rst(1)
        await asyncio.sleep_ms(10)
        await self._idle()
        self._command(_SW_RESET)
        await asyncio.sleep_ms(10)
        await self._idle()
        last_gate = self.width - 1
        low, high = last_gate & 0xFF, last_gate >> 8
        last_page = (self.height + 7) // 8 - 1
        self._command(_DRIVER_OUTPUT_CONTROL, bytes((low, high, 0)))
        self._command(_DATA_ENTRY_MODE, _SOURCES_DOWN_GATES_FIRST)
        self._command(_RAM_X, bytes((last_page, 0)))
        self._command(_RAM_Y, bytes((0, 0, low, high)))
        self._command(_DISPLAY_UPDATE_CONTROL_1, b"\x00\x80")
        self._command(_TEMPERATURE_SENSOR, b"\x80")

    async def _plane(self, command, bands):
        self._command(_RAM_X_COUNTER, bytes(((self.height + 7) // 8 - 1,)))
        self._command(_RAM_Y_COUNTER, b"\x00\x00")
        for band in bands():
            self._command(command, band)  # goes on where the last one ended
            await asyncio.sleep_ms(0)

    async def show(self, bands, full):
        """Puts a picture on the panel and the controller to sleep; the first one is always full.

        `bands()` yields the picture, the same one each time. Returns whether it was a full refresh. Raises
        PanelStuck.
        """
        full = full or not self._shown
        self._shown = False
        await self._wake()
        self._command(_BORDER_WAVEFORM, _BORDER_WHITE if full else _BORDER_STEADY)
        await self._plane(_WRITE_RAM_BW, bands)
        if full:
            await self._plane(_WRITE_RAM_RED, bands)
        self._command(_DISPLAY_UPDATE_CONTROL_2, _FULL if full else _PARTIAL)
        self._command(_MASTER_ACTIVATION)
        await self._idle()
        if not full:
            # Some panels swap the planes after mode 2: both are written, so that neither can be stale.
            await self._plane(_WRITE_RAM_RED, bands)
            await self._plane(_WRITE_RAM_BW, bands)
        self._command(_DEEP_SLEEP_MODE, b"\x01")
        self._shown = True
        return full
