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

    def _places(self, text):
        # Of each character's glyph. Octet by octet: a character by itself is a name, and stays in the heap for good.
        octets = text.encode()
        end = 0
        while end < len(octets):
            at = end
            end += 1
            while end < len(octets) and octets[end] & 0xC0 == 0x80:
                end += 1
            place = octets[at] - self._start
            yield place if 0 <= place < self._run else self._other(octets[at:end])

    def _other(self, character):
        self._file.seek(_PREFACE)
        others = self._file.read(self._others)
        found = others.find(character)
        if found < 0:
            # It stands in for what the font lacks.
            return next(self._places("?"))
        return self._run + sum([octet & 0xC0 != 0x80 for octet in others[:found]])

    def width(self, text):
        """Pixels that the text takes across."""
        wide = 0
        for place in self._places(text):
            wide += self._widths[place]
        return wide

    def glyphs(self, text):
        """(width, bitmap) of each character of the text."""
        pages = (self.height + 7) // 8
        for at in self._places(text):
            self._file.seek(_PREFACE + self._others + len(self._widths) + sum(self._widths[:at]) * pages)
            wide = self._widths[at]
            glyph = bytearray(wide * pages)
            self._file.readinto(glyph)
            yield wide, glyph
