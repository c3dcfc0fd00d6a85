"""SSD1680 e-paper controller (Solomon Systech data sheet 0.14), for panels mounted in landscape.

A picture comes eight rows at a time, MONO_VLSB with 1 for white, and goes out as it is: the controller counts along
its gates first and down through its sources. The new picture is in one plane, what is on the panel in the other; a
partial refresh drives the pixels that differ.
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
_ETIMEDOUT = const(110)


class Panel:
    """`width` is the number of gates, `height` that of visible sources (up to 128).

    `spi` has write(); `cs`, `dc` and `rst` are called with a level, `busy` is called for one (1 while busy). wake(),
    refresh() and idle() raise OSError(ETIMEDOUT) where BUSY does not go low: no panel, a broken one, or a wrong pin.
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

    def command(self, command, data=None):
        self._byte[0] = command
        self._dc(0)
        self._cs(0)
        self._spi.write(self._byte)
        if data is not None:
            self._dc(1)
            self._spi.write(data)
        self._cs(1)

    async def idle(self):
        waited = 0
        while self._busy():
            if waited >= _BUSY_LIMIT_MS:
                raise OSError(_ETIMEDOUT)
            # Late by an eighth at the most, and not awake a hundred times a second for as long as it works.
            pause = _POLL_MS + waited // 8
            await asyncio.sleep_ms(pause)
            waited += pause

    async def wake(self, full):
        """Out of deep sleep, which only a hardware reset ends; the planes keep what they hold."""
        self._cs(1)
        self._rst(0)
        await asyncio.sleep_ms(10)
        self._rst(1)
        await asyncio.sleep_ms(10)
        await self.idle()
        self.command(_SW_RESET)
        await asyncio.sleep_ms(10)
        await self.idle()
        self.command(_TEMPERATURE_SENSOR, b"\x80")
        self.set_up(full)

    def set_up(self, full):
        """What differs from one controller to the next."""
        gates = bytes(((self.width - 1) & 0xFF, self.width - 1 >> 8))
        self.command(_DRIVER_OUTPUT_CONTROL, gates + b"\x00")
        self.command(_DATA_ENTRY_MODE, _SOURCES_DOWN_GATES_FIRST)
        self.command(_RAM_Y, b"\x00\x00" + gates)
        self.command(_BORDER_WAVEFORM, _BORDER_WHITE if full else _BORDER_STEADY)
        self.command(_DISPLAY_UPDATE_CONTROL_1, b"\x00\x80")

    def new(self, page, octets):
        """Eight rows of the new picture, the first eight being page 0."""
        self.write(_WRITE_RAM_BW, page, octets)

    def old(self, page, octets):
        """Eight rows of what is on the panel."""
        self.write(_WRITE_RAM_RED, page, octets)

    def write(self, plane, page, octets):
        address = bytes(((self.height + 7) // 8 - 1 - page,))
        self.command(_RAM_X, address + address)
        self.command(_RAM_X_COUNTER, address)
        self.command(_RAM_Y_COUNTER, b"\x00\x00")
        self.command(plane, octets)

    async def refresh(self, full):
        """Puts the new picture on the panel."""
        self.command(_DISPLAY_UPDATE_CONTROL_2, _FULL if full else _PARTIAL)
        self.command(_MASTER_ACTIVATION)
        await self.idle()

    def sleep(self):
        """Into deep sleep that keeps the planes."""
        self.command(_DEEP_SLEEP_MODE, b"\x01")
