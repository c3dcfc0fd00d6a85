"""Font files: all but the widths of the letters stays in the file.

Layout: "IKF2", height, rows down to the baseline, the first of a run of characters, the run's length, octets of the
other characters' UTF-8, number of glyphs; the other characters; each glyph's width, the run's first; the glyphs,
MONO_VLSB, 0 for ink.
"""

from micropython import const

BODY = const(0)
HEAD = const(1)
BIG = const(2)
WIDE = const(3)
CODE = const(4)
LARGE = const(5)
HUGE = const(6)
TALL = const(7)
MID = const(8)
GIANT = const(9)
_NAMES = const("body head big  wide code largehuge tall mid  giant")  # five letters each
_NAME = const(5)
_PREFACE = const(10)


class Font:
    """One open font file, by its number. Heights in pixels; `baseline` counts rows from the top."""

    def __init__(self, number):
        name = _NAMES[number * _NAME : number * _NAME + _NAME].rstrip()
        self._file = open(__file__[: __file__.rfind("/")] + "/fonts/%s.fnt" % name, "rb")
        head = self._file.read(_PREFACE)
        self.height = head[4]
        self.baseline = head[5]
        self._start = head[6]
        self._run = head[7]
        self._others = head[8]
        self._file.seek(_PREFACE + head[8])
        self._widths = self._file.read(head[9])

    def close(self):
        self._file.close()

    def _index(self, character):
        at = ord(character) - self._start
        if 0 <= at < self._run:
            return at
        self._file.seek(_PREFACE)
        at = self._file.read(self._others).decode().find(character)
        # "?" stands in for what the font lacks.
        return self._run + at if at >= 0 else self._index("?")

    def width(self, text):
        """Pixels that the text takes across."""
        wide = 0
        for character in text:
            wide += self._widths[self._index(character)]
        return wide

    def glyphs(self, text):
        """(width, bitmap) of each character of the text."""
        pages = (self.height + 7) // 8
        for character in text:
            at = self._index(character)
            self._file.seek(_PREFACE + self._others + len(self._widths) + sum(self._widths[:at]) * pages)
            wide = self._widths[at]
            glyph = bytearray(wide * pages)
            self._file.readinto(glyph)
            yield wide, glyph
