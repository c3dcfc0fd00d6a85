"""Bars up and down from one base line."""

from micropython import const

_BARS = const(19)
_GAP = const(2)


def draw(page, levels, downs, bottom, labels, filled, then=None):
    """Bars over the room from `y` to `bottom`, up and down from one base line: `levels` and `downs` as the canvas
    has them. `labels` are (bar, text), written under the bars. Then `then`.
    """
    small = page.texts[-1]
    if labels:
        bottom -= page.font(small).height + _GAP
    left = page.edge
    if bottom - page.y < 8:
        return then
    count = len(levels)
    step = (page.width - page.edge - left) // count
    left += (page.width - page.edge - left - step * count) // 2
    bar = step - 1 if step < 8 else step * 3 // 4 if step < 20 else step * 3 // 5
    up = max([0] + [level for level in levels if level <= 250])
    down = max([0] + [level for level in downs if level <= 250])
    high = min(bottom - page.y, 250)
    rise = high * max(up, 1) // (max(up, 1) + down)
    # The levels are of 250; the higher side takes the room in proportion.
    scale = rise * 250 // max(up, 1)
    axis = page.y + rise
    fall = (high - rise) * 250 // max(down, 1)
    body = bytes((step, bar, min(scale, 250), min(fall, 250), filled)) + bytes(levels) + bytes(downs)
    page.mark(_BARS, left, axis, body)
    for at, text in labels:
        page.text(small, left + at * step + bar // 2, bottom + _GAP, text, "^")
    page.y = bottom + (page.font(small).height + _GAP if labels else 0)
    return then
