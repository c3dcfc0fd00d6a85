"""Lays a page out: from the top down, in the largest letters that fit this panel and theme; else shorter wordings.

One description serves every panel. A text may hold several wordings, longest first, parted by ";".
"""

import struct

from micropython import const

from inkmeter import font as f
from inkmeter.font import Font
from inkmeter.people import when
from inkmeter.words import DAYS, MONTHS, Words

# The fonts for texts and for the one big figure, largest first: 2.13 and 2.9 inch, 4.2 inch; the same in large text.
_TEXTS = const((b"\1\0", b"\2\1\0", b"\2", b"\3\2"))
_FIGURES = const((b"\5\x08\2", b"\7\5\x08", b"\6\5\x08\2", b"\x09\7\5\x08"))
_TALL = const(200)
_BOX = const(16)
_SQUARES = const(18)
_BARS = const(19)


class Page:
    """A picture in the making; `marks` is what `inkmeter.canvas` paints. `y` is where the next line goes, `texts` and
    `figures` are the fonts of this theme, largest first."""

    def __init__(self, view):
        self.view = view
        self.width = view.width
        self.tall = view.height > _TALL
        self.edge = 8 if self.tall else 3
        self.bottom = view.height - (6 if self.tall else 1)
        self.y = 4 if self.tall else 1
        self.utc = view.clock.now()
        self.marks = bytearray()
        self._words = Words(view.settings.language)
        self.say = self._words.say
        self.outcome = self._words.outcome
        self._fonts = {}
        theme = (1 if self.tall else 0) + (2 if view.settings.large else 0)
        self.large = theme > 1
        self.texts = _TEXTS[theme]
        self.figures = _FIGURES[theme]

    def done(self):
        """Closes the files; returns the picture."""
        for one in self._fonts.values():
            one.close()
        self._words.close()
        return self.marks

    def font(self, number):
        """That font, opened."""
        if number not in self._fonts:
            self._fonts[number] = Font(number)
        return self._fonts[number]

    def when(self, utc):
        """A time of day, with its day where that is not today."""
        return when(utc, self.utc, self.say(DAYS), self.say(MONTHS))

    def _mark(self, kind, x, y, body):
        self.marks.extend(struct.pack("<BBHH", len(body), kind, x, y))
        self.marks.extend(body)

    def box(self, x, y, width, height, colour=0):
        """A box, black by default."""
        self._mark(_BOX + colour, x, y, struct.pack("<HH", width, height))

    def frame(self, x, y, width, height, line=2):
        """A box's outline."""
        self.box(x, y, width, height)
        self.box(x + line, y + line, width - 2 * line, height - 2 * line, 1)

    def squares(self, x, y, scale, rows):
        """A bitmap of integers, bit 28 leftmost, each bit so many pixels wide and high."""
        body = bytearray((scale,))
        for row in rows:
            body.extend(struct.pack("<I", row))
        self._mark(_SQUARES, x, y, body)

    def text(self, size, x, y, text, align="<"):
        """One line, as it is; `align` is that of format strings. Returns its width."""
        wide = self.font(size).width(text)
        if align != "<":
            x -= wide // 2 if align == "^" else wide
        self._mark(size, max(x, 0), y, text.encode())
        return wide

    def fit(self, text, room, sizes=None):
        """(font, wording): the longest wording in the largest letters, shorter wordings before smaller letters."""
        sizes = sizes or self.texts
        for size in sizes:
            for wording in text.split(";"):
                if self.font(size).width(wording) <= room:
                    return size, wording
        while wording and self.font(size).width(wording + "…") > room:
            wording = wording[:-1]
        return size, wording + "…"

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

    def figure(self, text, unit, most, high):
        """The big figure and its unit, no wider than `most` and no higher than `high`; returns where they end."""
        if text[-1] == "p":
            # Pence belong to the unit: a letter among large figures would reach below the line.
            text, unit = text[:-1], "p" + ("" if unit[:1] == "/" else " ") + unit
        for size in self.figures:
            big = self.font(size)
            name = self.texts[0]
            wide = big.width(text)
            if big.baseline <= high and wide + 4 + self.font(name).width(unit) <= most:
                break
        self.text(size, self.edge, self.y, text)
        right = self.edge + wide + 4
        right += self.text(name, right, self.y + big.baseline - self.font(name).baseline, unit)
        small = self.font(name)
        low = [1 for letter in "py/" if letter in unit]
        self.y += big.baseline + max(6 if self.tall else 3, small.height - small.baseline + 1 if low else 0)
        return right

    def column(self, left, top, bottom, texts):
        """Lines at the right edge between two heights, as large as fits; what does not fit is left out, last first."""
        room = self.width - self.edge - left - 8
        texts = [text for text in texts if text]
        while texts:
            for size in self.texts:
                lines = []
                for text in texts:
                    one = [self.fit(text, room, bytes((size,)))[1]]
                    if one[0][-1] == "…":
                        one = self.wrap(text.split(";")[0], size, room)
                        if " ".join(one) != text.split(";")[0]:
                            break
                    lines += one
                else:
                    text = None
                line = self.font(size).height
                # The last line's air may reach lower.
                if text is None and line * len(lines) <= bottom - top + 2:
                    y = top + max(bottom - top - line * len(lines), 0) // 2
                    for one in lines:
                        self.text(size, self.width - self.edge, y, one, ">")
                        y += line
                    return
            texts.pop()

    def _pair(self, label, value, size):
        # The wordings of a row that fit in letters of this size, the label's shortened first; None for none.
        room = self.width - 2 * self.edge - 8
        measure = self.font(size).width
        for right in value.split(";"):
            rest = room - measure(right)
            for left in label.split(";"):
                if measure(left) <= rest:
                    return left, right
        return None

    def rows(self, rows, bottom=None, sizes=None):
        """Lines with a name at the left and a value at the right, all in one size, spread over the room there is.

        Where there are more than fit, `view.cursor` says which part is seen.
        """
        sizes = sizes or self.texts
        room = (bottom or self.bottom) - self.y
        top = self.y
        for size in sizes:
            line = self.font(size).height
            if line * len(rows) <= room and all([self._pair(*row, size) for row in rows]):
                break
        else:
            # Names above their values where the two do not fit side by side.
            if [1 for row in rows if not self._pair(*row, size)]:
                line *= 2
            fits = room // line
            if not fits:
                return
            if fits < len(rows):
                parts = (len(rows) + fits - 1) // fits
                part = self.view.cursor % parts
                rows = rows[part * fits : part * fits + fits]
        step = min(room // max(len(rows), 1), line * 3 // 2)
        self.y += (step - line) // 2
        for row in rows:
            pair = self._pair(*row, size)
            y = self.y
            if not pair:
                wide = self.width - 2 * self.edge
                pair = [self.fit(text, wide, bytes((size,)))[1] for text in row]
                y += line // 2
            self.text(size, self.edge, self.y, pair[0])
            self.text(size, self.width - self.edge, y, pair[1], ">")
            self.y += step
        self.y = top + step * len(rows)

    def wrap(self, text, size, room):
        """The text in lines no wider than `room` pixels, broken at spaces; a longer word is broken anywhere."""
        measure = self.font(size).width
        lines = [""]
        for word in text.split(" "):
            longer = lines[-1] + " " + word if lines[-1] else word
            if measure(longer) <= room:
                lines[-1] = longer
                continue
            if lines[-1]:
                lines.append("")
            while len(word) > 1 and measure(word) > room:
                cut = len(word)
                while cut > 1 and measure(word[:cut]) > room:
                    cut -= 1
                lines[-1] = word[:cut]
                lines.append("")
                word = word[cut:]
            lines[-1] = word
        return lines

    def paragraph(self, text, bottom, room=None, sizes=None, align="<"):
        """A text over as many lines as it takes, in the largest letters with which it ends above `bottom`: smaller
        ones than the theme's rather than half a text. Else in parts, the one that `view.cursor` says.
        """
        sizes = sizes or self.texts
        room = room or self.width - 2 * self.edge
        text = text.split(";")[0]
        smaller = b"\2\1\0"[3 - sizes[-1] :] if sizes[-1] < 3 else b"\2\1\0"
        for size in sizes + smaller:
            line = self.font(size).height
            lines = self.wrap(text, size, room)
            if line * len(lines) <= bottom - self.y:
                break
        else:
            fits = max((bottom - self.y) // line, 1)
            part = self.view.cursor % ((len(lines) + fits - 1) // fits)
            lines = lines[part * fits : part * fits + fits]
        for one in lines:
            x = self.edge if align == "<" else self.width // 2
            self.text(size, x, self.y, one, align)
            self.y += line

    def bars(self, levels, downs, bottom, labels=(), filled=0):
        """Bars over the room from `y` to `bottom`, up and down from one base line: `levels` and `downs` as the canvas
        has them. `labels` are (bar, text), written under the bars.
        """
        small = self.texts[-1]
        if labels:
            bottom -= self.font(small).height
        left = self.edge
        if bottom - self.y < 8:
            return
        count = len(levels)
        step = (self.width - self.edge - left) // count
        left += (self.width - self.edge - left - step * count) // 2
        bar = step - 1 if step < 8 else step * 3 // 4 if step < 20 else step * 3 // 5
        up = max([0] + [level for level in levels if level <= 250])
        down = max([0] + [level for level in downs if level <= 250])
        high = min(bottom - self.y, 250)
        rise = high * max(up, 1) // (max(up, 1) + down)
        # The levels are of 250; the higher side takes the room in proportion.
        scale = rise * 250 // max(up, 1)
        axis = self.y + rise
        self._mark(_BARS, left, axis, bytes((step, bar, min(scale, 250), min((high - rise) * 250 // max(down, 1), 250), filled))
                   + bytes(levels) + bytes(downs))  # fmt: skip
        for at, text in labels:
            self.text(small, left + at * step + bar // 2, bottom, text, "^")
        self.y = bottom + (self.font(small).height if labels else 0)
