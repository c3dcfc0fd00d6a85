"""The signal, while the device is carried round the house: in words, as bars and in figures."""

from micropython import const

from inkmeter import words as w

_BARS = const(4)
_LEVELS = const(b"\x32\x5a\x8c\xc8")  # LQI from which a bar is filled


def draw(page):
    quality, strength = page.view.signal or (0, None)
    bars = sum([1 for level in _LEVELS if quality >= level])
    page.title(page.say(w.SURVEY), "" if strength is None else "%d dBm;" % strength)
    page.rule()
    name = page.say(w.SIGNAL_NONE + bars)
    line = page.font(page.texts[-1]).height
    lines = 2
    bottom = page.bottom - line * lines
    high = bottom - page.y - 8
    wide = min(high * 3 // 8, page.width // 12)
    x = page.edge + 4
    for bar in range(_BARS):
        tall = high * (bar + 1) // _BARS
        y = page.y + 4 + high - tall
        if bar < bars:
            page.box(x, y, wide, tall)
        else:
            page.box(x, y, wide, tall)
            page.box(x + 2, y + 2, wide - 4, tall - 4, 1)
        x += wide * 4 // 3
    x += 8
    sizes = page.texts if page.large else b"\3" + page.texts if page.tall else b"\2" + page.texts
    size, text = page.fit(name, page.width - page.edge - x, sizes)
    page.text(size, x, page.y + (high - page.font(size).height) // 2 + 4, text)
    page.y = bottom
    how = page.say(w.SURVEY_HOW if bars > 2 else w.SURVEY_MOVE)
    return "prose", how, page.bottom, page.texts[-2:]
