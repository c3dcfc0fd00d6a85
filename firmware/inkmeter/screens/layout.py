"""Lays a page out: from the top down, in the largest letters that fit this panel and theme; else shorter wordings.

One description serves every panel. A text may hold several wordings, longest first, parted by ";".
"""

import struct

from micropython import const

from inkmeter.font import Font
from inkmeter.lazy import module
from inkmeter.words import DAYS, MONTHS, Words

# The fonts for texts and for the one big figure, largest first: 2.13 and 2.9 inch, 4.2 inch; the same in large text.
_TEXTS = const((b"\1\0", b"\2\1\0", b"\2", b"\3\2"))
_FIGURES = const((b"\5\x08\2", b"\7\5\x08", b"\6\5\x08\2", b"\x09\7\5\x08"))
_TALL = const(200)
_BOX = const(16)


class Page:
    """A picture in the making; `marks` is what `inkmeter.canvas` paints. `y` is where the next line goes, `texts` and
    `figures` are the fonts of this theme, largest first."""

    def __init__(self, view, now):
        self.view = view
        self.now = now
        self.width = view.width
        self.tall = view.height > _TALL
        self.edge = 8 if self.tall else 3
        self.bottom = view.height - (6 if self.tall else 1)
        self.y = 4 if self.tall else 1
        self.utc = view.clock.now()
        self.marks = bytearray()
        self.words = Words(view.settings.language)
        self.say = self.words.say
        self._fonts = {}
        theme = (1 if self.tall else 0) + (2 if view.settings.large else 0)
        self.large = theme > 1
        self.texts = _TEXTS[theme]
        self.figures = _FIGURES[theme]

    def close(self):
        """Lets the fonts go."""
        for one in self._fonts.values():
            one.close()
        self._fonts = {}

    def font(self, number):
        """That font, opened."""
        if number not in self._fonts:
            self._fonts[number] = Font(number)
        return self._fonts[number]

    def when(self, utc):
        """A time of day, with its day where that is not today."""
        with module("dates") as dates:
            return dates.when(utc, self.utc, self.say(DAYS), self.say(MONTHS))

    def mark(self, kind, x, y, body):
        """Adds a mark (see `inkmeter.canvas`)."""
        self.marks.extend(struct.pack("<BBHH", len(body), kind, x, y))
        self.marks.extend(body)

    def box(self, x, y, width, height, colour=0):
        """A box, black by default."""
        self.mark(_BOX + colour, x, y, struct.pack("<HH", width, height))

    def text(self, size, x, y, text, align="<"):
        """One line, as it is; `align` is that of format strings. Returns its width."""
        wide = self.font(size).width(text)
        if align != "<":
            x -= wide // 2 if align == "^" else wide
        self.mark(size, max(x, 0), y, text.encode())
        return wide

    def fit(self, text, room, sizes=None):
        """(font, wording): the longest wording in the largest letters, shorter wordings before smaller letters."""
        sizes = sizes or self.texts
        wording = ""
        for size in sizes:
            for wording in text.split(";"):
                if self.font(size).width(wording) <= room:
                    return size, wording
        while wording and self.font(sizes[-1]).width(wording + "…") > room:
            wording = wording[:-1]
        return sizes[-1], wording + "…"

    def line(self, text, align="<", sizes=None):
        """A line by itself, and on to the next."""
        size, wording = self.fit(text, self.width - 2 * self.edge, sizes)
        x = self.edge if align == "<" else self.width // 2 if align == "^" else self.width - self.edge
        self.text(size, x, self.y, wording, align)
        self.y += self.font(size).height + 1

    def title(self, left, right="", sizes=None):
        """The page's name, and what goes with it at the right; on the same line."""
        room = self.width - 2 * self.edge
        small = sizes or (self.texts if self.large else self.texts[1:])
        gap = 10
        for size in sizes or self.texts:
            for wording in left.split(";"):
                wide = self.font(size).width(wording)
                for one in right.split(";"):
                    for other in small:
                        if wide + self.font(other).width(one) + gap <= room:
                            self.text(size, self.edge, self.y, wording)
                            drop = self.font(size).baseline - self.font(other).baseline
                            if one:
                                self.text(other, self.width - self.edge, self.y + drop, one, ">")
                            self.y += self.font(size).height + (3 if self.tall else 1)
                            return
        self.line(left)
        if right:
            self.line(right, ">")

    def rule(self):
        """A thin line across."""
        self.box(self.edge, self.y, self.width - 2 * self.edge, 2 if self.tall or self.large else 1)
        self.y += 5 if self.tall else 3
