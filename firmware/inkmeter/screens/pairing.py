"""What the household types into the supplier's form: EUI-64 and install code, in groups and as a QR code."""

import struct

from micropython import const

from inkmeter import font as f
from inkmeter import words as w
from inkmeter.outcomes import outcome
from inkmeter.screens.prose import wrap

_SIZE = const(29)  # modules
_QUIET = const(4)  # modules of white that a reader needs around the code
_SQUARES = const(18)
_BESIDE = const(92)  # two groups


def draw(page):
    home = page.view.home
    matrix, eui64, code_words = page.view.past
    scale = 3 if not page.tall else 4 if page.large else 5
    side = (_SIZE + 2 * _QUIET) * scale
    left = page.width - side
    wide = page.tall or left > 170
    happened, todo, _, _ = outcome(page.words, home.outcome)
    # Of the large theme there is room on the largest panel only.
    size = page.texts[1] if page.tall else f.BODY
    code = size if page.tall else f.CODE
    small = size if page.large and page.tall else f.BODY
    body = page.font(small)
    for line in wrap(page, happened, size, left - page.edge):
        page.text(size, page.edge, page.y, line)
        page.y += page.font(size).height
    step = page.font(code).height + (1 if page.tall else 2 if wide else 1)
    name = page.say(w.DEVICE_ID)
    if page.tall:
        page.y += 6
    if wide:
        page.text(small, page.edge, page.y, page.fit(name, left - page.edge, bytes((small,)))[1])
        page.y += body.height
    else:
        beside = page.y - 1
        for line in wrap(page, name.split(";")[1], f.BODY, left + 6 - _BESIDE):
            page.text(f.BODY, _BESIDE, beside, line)
            beside += 14
    page.y = _groups(page, eui64, 2 if page.tall or not wide else 4, code, step)
    page.y += 8 if page.tall else 3
    if wide:
        page.text(small, page.edge, page.y, page.say(w.INSTALL_CODE))
        page.y += body.height
    _groups(page, code_words, 3, code, step)
    # On the small panels the last line runs on under the code.
    foot = page.view.height - page.font(size).height - (4 if page.tall else 0)
    size, todo = page.fit(todo, page.width - 2 * page.edge, bytes((size, f.HEAD)) if page.tall else bytes((size,)))
    page.text(size, page.edge, foot, todo)
    top = (page.view.height - (0 if wide and not page.tall else body.height) - _SIZE * scale) // 2
    body = bytearray((scale,))
    for row in matrix:
        body.extend(struct.pack("<I", row))
    page.mark(_SQUARES, left + _QUIET * scale, top, body)


def _groups(page, text, size, font, step):
    # Groups of four digits, so many to a line; returns where the next line goes.
    words = text.split(" ")
    y = page.y
    for i in range(0, len(words), size):
        page.text(font, page.edge, y, " ".join(words[i : i + size]))
        y += step
    return y
