"""SSD1683 e-paper controller (Solomon Systech data sheet 1.0): 400 sources across, 300 gates down.

Most of it is the SSD1680's. Its sources run along a landscape panel's rows, so eight rows of MONO_VLSB are turned
into rows of octets on their way; it has no choice of sources in 0x21, and its full refresh is told to take the old
picture as nothing, as its makers' examples have it.
"""

import framebuf
from micropython import const

from inkmeter import ssd1680

_DRIVER_OUTPUT_CONTROL = const(0x01)
_DATA_ENTRY_MODE = const(0x11)
_DISPLAY_UPDATE_CONTROL_1 = const(0x21)
_BORDER_WAVEFORM = const(0x3C)
_RAM_X = const(0x44)
_RAM_Y = const(0x45)
_RAM_X_COUNTER = const(0x4E)
_RAM_Y_COUNTER = const(0x4F)
_ROWS = const(8)


class Panel(ssd1680.Panel):
    """`width` is the number of sources, a multiple of 8, `height` that of gates."""

    def set_up(self, full):
        gates = bytes(((self.height - 1) & 0xFF, self.height - 1 >> 8))
        self.command(_DRIVER_OUTPUT_CONTROL, gates + b"\x00")
        self.command(_DATA_ENTRY_MODE, b"\x03")  # both increment, X first
        self.command(_RAM_X, bytes((0, self.width // 8 - 1)))
        self.command(_BORDER_WAVEFORM, b"\x01" if full else b"\x80")
        self.command(_DISPLAY_UPDATE_CONTROL_1, b"\x40\x00" if full else b"\x00\x00")
        self.turned = bytearray(self.width)

    def write(self, plane, page, octets):
        width = self.width
        frame = framebuf.FrameBuffer(self.turned, width, _ROWS, framebuf.MONO_HLSB)
        frame.blit(framebuf.FrameBuffer(octets, width, _ROWS, framebuf.MONO_VLSB), 0, 0)
        # A height that is no multiple of 8 has its spare rows at the top.
        top = page * _ROWS - -self.height % _ROWS
        spare = max(0, -top)
        top += spare
        last = top + _ROWS - spare - 1
        first = bytes((top & 0xFF, top >> 8))
        self.command(_RAM_Y, first + bytes((last & 0xFF, last >> 8)))
        self.command(_RAM_X_COUNTER, b"\x00")
        self.command(_RAM_Y_COUNTER, first)
        self.command(plane, memoryview(self.turned)[spare * width // 8 :])
