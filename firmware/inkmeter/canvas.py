"""Pictures for a landscape e-ink panel, painted band by band: no picture is ever in memory as a whole.

A picture is one bytearray of marks (`inkmeter.screens.layout` makes it), painted as often as the panel needs it. A
mark is: octets of its body, kind, x, y (16 bits each, low octet first; from the top left), body:

    kind 0 and up    a text in that font of `inkmeter.font`; y is its top, the body its UTF-8
    kind 16, 17      a box filled black, white: width, height (16 bits each)
    kind 18          squares: their size in pixels, then rows of 32 bits, low octet first, bit 28 leftmost
    kind 19          bars from a base line at y: pixels from one bar to the next, of a bar, up and down; the level from
                     which bars are filled; then each bar's level up, then each one's level down: 0 to 250, 255 for
                     unknown, 254 for still to come; a level down of 253 is none, and fills the bar

A band is MONO_VLSB, 1 for white, in the panel's own order (see `inkmeter.ssd1680`).
"""

import struct

import framebuf
from micropython import const

from inkmeter.font import Font

_WHITE = const(1)
_BAND = const(16)  # rows
_COLUMNS = const(29)
_HEAD = const(6)
_BOX = const(16)
_SQUARES = const(18)
_BARS = const(19)
_FILLED = const(253)
_TO_COME = const(254)
_FULL = const(250)


class Canvas:
    """Paints pictures of `width` by `height` pixels, origin at the top left."""

    def __init__(self, width, height):
        self.height = height
        self._buffer = bytearray(width * _BAND // 8)
        self._frame = framebuf.FrameBuffer(self._buffer, width, _BAND, framebuf.MONO_VLSB)
        self._fonts = {}

    def bands(self, marks):
        """The picture from top to bottom, a band at a time: the same buffer each time.

        A height that is no multiple of 8 has its spare rows at the top, where the panel has none.
        """
        view = memoryview(marks)
        try:
            for top in range(-(-self.height % 8), self.height, _BAND):
                self._frame.fill(_WHITE)
                at = 0
                while at < len(view):
                    size, kind, x, y = struct.unpack_from("<BBHH", view, at)
                    at += _HEAD
                    if y < top + _BAND or kind == _BARS:
                        self._paint(kind, x, y - top, view[at : at + size])
                    at += size
                yield self._buffer
        finally:
            for font in self._fonts.values():
                font.close()
            self._fonts = {}

    def _paint(self, kind, x, y, body):
        if kind < _BOX:
            font = self._fonts.get(kind)
            if font is None:
                font = self._fonts[kind] = Font(kind)
            if y > -font.height:
                self._text(font, x, y, str(body, "utf-8"))
        elif kind < _SQUARES:
            self._frame.fill_rect(x, y, *struct.unpack("<HH", body), kind - _BOX)
        elif kind == _SQUARES:
            scale = body[0]
            for at in range(1, len(body), 4):
                row = struct.unpack_from("<I", body, at)[0]
                if -scale < y < _BAND:
                    for column in range(_COLUMNS):
                        if row >> _COLUMNS - 1 - column & 1:
                            self._frame.fill_rect(x + column * scale, y, scale, scale, 0)
                y += scale
        else:
            self._bars(x, y, body)

    def _text(self, font, x, y, text):
        pages = (font.height + 7) // 8
        for width, glyph in font.glyphs(text):
            glyph = framebuf.FrameBuffer(glyph, width, pages * 8, framebuf.MONO_VLSB)
            self._frame.blit(glyph, x, y, _WHITE)
            x += width

    def _bars(self, x, y, body):
        step, bar, up, down, filled = body[:5]
        if y + down < 0 or y - up >= _BAND:
            return
        rect = self._frame.fill_rect
        count = (len(body) - 5) // 2
        for i in range(5, 5 + count):
            level, low = body[i], body[i + count]
            if level <= _FULL:
                rect(x, y, bar, 1, 0)
                high = level * up // _FULL
                rect(x, y - high, bar, high, 0)
                if level < filled and low != _FILLED and high > 2:
                    rect(x + 1, y - high + 1, bar - 2, high - 1, _WHITE)
                if low <= _FULL:
                    low = low * down // _FULL
                    rect(x, y, bar, low, 0)
                    if low > 2:
                        rect(x + 1, y + 1, bar - 2, low - 2, _WHITE)
            elif level != _TO_COME:
                # Not known: the base line has a gap with a dot in it.
                rect(x + bar // 2, y, 1, 1, 0)
            x += step
