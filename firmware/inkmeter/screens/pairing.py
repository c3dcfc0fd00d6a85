"""What the household types into the supplier's form: EUI-64 and install code, in groups and as a QR code."""

from micropython import const

from inkmeter import font as f
from inkmeter import install_code, qr
from inkmeter import words as w
from inkmeter.screens.layout import Page

_QUIET = const(4)  # modules of white that a reader needs around the code
_BESIDE = const(92)  # two groups


def picture(view, now):
    page = Page(view)
    home = view.home
    scale = 3 if not page.tall else 4 if page.large else 5
    side = (qr.SIZE + 2 * _QUIET) * scale
    left = page.width - side
    wide = page.tall or left > 170
    happened, todo, _, _ = page.outcome(home.outcome)
    # Of the large theme there is room on the largest panel only.
    size = page.texts[1] if page.tall else f.BODY
    code = size if page.tall else f.CODE
    small = size if page.large and page.tall else f.BODY
    body = page.font(small)
    for line in page.wrap(happened, size, left - page.edge):
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
        for line in page.wrap(name.split(";")[1], f.BODY, left + 6 - _BESIDE):
            page.text(f.BODY, _BESIDE, beside, line)
            beside += 14
    page.y = _groups(page, home.eui64, 2 if page.tall or not wide else 4, code, step)
    page.y += 8 if page.tall else 3
    if wide:
        page.text(small, page.edge, page.y, page.say(w.INSTALL_CODE))
        page.y += body.height
    _groups(page, home.install_code, 3, code, step)
    # On the small panels the last line runs on under the code.
    foot = view.height - page.font(size).height - (4 if page.tall else 0)
    size, todo = page.fit(todo, page.width - 2 * page.edge, bytes((size, f.HEAD)) if page.tall else bytes((size,)))
    page.text(size, page.edge, foot, todo)
    top = (view.height - (0 if wide and not page.tall else body.height) - qr.SIZE * scale) // 2
    page.squares(left + _QUIET * scale, top, scale, qr.matrix(install_code.label(home.eui64, home.install_code)))
    return page.done()


def _groups(page, octets, size, font, step):
    # Groups of four digits, so many to a line; returns where the next line goes.
    words = install_code.groups(octets).split(" ")
    y = page.y
    for i in range(0, len(words), size):
        page.text(font, page.edge, y, " ".join(words[i : i + size]))
        y += step
    return y
