"""Pictures for a landscape e-ink panel, painted band by band: no picture is ever in memory as a whole.

A picture is a list of marks, made once and painted as often as the panel needs it:

    (font, x, y, text, align)           y is the top; align is that of format strings: "<" from x on, "^" around
                                        x, ">" up to x
    (x, y, width, height, colour)       a filled box, 0 for black
    (x, y, scale, rows)                 squares of `scale` pixels: rows of integers, the leftmost column their
                                        highest bit of 29

A band is MONO_VLSB, 1 for white, in the panel's own order (see `inkmeter.ssd1680`).
"""

import framebuf
from micropython import const

_WHITE = const(1)
_BAND = const(16)  # rows
_COLUMNS = const(29)
_QUESTION_MARK = const(63)


class Font:
    """A font file: glyphs stay in the file, its index (5 octets a glyph) in memory while the font is open.

    Layout: "IKF1", height, number of glyphs, widest glyph; per glyph, in order of code: code (16 bits),
    width, offset (16 bits), all low octet first; then the glyphs, MONO_VLSB, 0 for ink.
    """

    def __init__(self, name):
        self._file = open(__file__[: __file__.rfind("/")] + "/fonts/%s.fnt" % name, "rb")
        head = self._file.read(7)
        self.height = head[4]
        self._index = self._file.read(5 * head[5])
        self._glyph = bytearray(head[6] * ((self.height + 7) // 8))

    def close(self):
        self._file.close()

    def _glyphs(self, text):
        # Where in the index each character is; "?" stands in for one that the font lacks.
        high = 0
        for code in text.encode():
            if code >= 0xC0:
                high = code << 6 & 0x7C0
                continue
            if code >= 0x80:
                code = high | code & 0x3F
            yield self._find(code)

    def _find(self, code):
        index = self._index
        low, high = 0, len(index) // 5
        while low < high:
            middle = (low + high) // 2
            found = index[5 * middle] | index[5 * middle + 1] << 8
            if found == code:
                return 5 * middle
            if found < code:
                low = middle + 1
            else:
                high = middle
        return self._find(_QUESTION_MARK)

    def width(self, text):
        """Pixels that the text takes across."""
        return sum([self._index[at + 2] for at in self._glyphs(text)])

    def draw(self, frame, x, y, text):
        """Draws black on whatever is there."""
        index = self._index
        pages = (self.height + 7) // 8
        for at in self._glyphs(text):
            width = index[at + 2]
            self._file.seek(7 + len(index) + (index[at + 3] | index[at + 4] << 8))
            glyph = memoryview(self._glyph)[: width * pages]
            self._file.readinto(glyph)
            frame.blit(framebuf.FrameBuffer(glyph, width, pages * 8, framebuf.MONO_VLSB), x, y, _WHITE)
            x += width


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
        try:
            for top in range(-(-self.height % 8), self.height, _BAND):
                self._frame.fill(_WHITE)
                for mark in marks:
                    self._paint(mark, top)
                yield self._buffer
        finally:
            for font in self._fonts.values():
                font.close()
            self._fonts = {}

    def _paint(self, mark, top):
        if isinstance(mark[0], str):
            name, x, y, text, align = mark
            font = self._fonts.get(name)
            if font is None:
                font = self._fonts[name] = Font(name)
            y -= top
            if -font.height < y < _BAND:
                if align != "<":
                    x -= font.width(text) // (2 if align == "^" else 1)
                font.draw(self._frame, x, y, text)
            return
        if len(mark) == 5:
            x, y, width, height, colour = mark
            self._frame.fill_rect(x, y - top, width, height, colour)
            return
        x, y, scale, rows = mark
        for row in rows:
            for column in range(_COLUMNS):
                if row >> _COLUMNS - 1 - column & 1:
                    self._frame.fill_rect(x + column * scale, y - top, scale, scale, 0)
            y += scale
