"""Every link in words, with the time of its last good word, and what was counted since the device was switched on."""

from micropython import const

from inkmeter import words as w
from inkmeter.units import decimal

_EVER = const(4)


def draw(page):
    """`view.links` are (number of the link, number of its state, uptime of its last good word or None), then of each
    count its number and the count.
    """
    page.title(page.say(w.STATUS))
    page.rule()
    rows = []
    for link in page.view.links:
        if len(link) == 2:
            count = str(link[1])
            if link[0] == _EVER:
                # Of the million that a panel is made for.
                count = "%s, %s%%;%s%%" % (count, decimal(link[1] // 1000, 1), decimal(link[1] // 1000, 1))
            rows.append((page.say(w.COUNT_0 + link[0]), count))
            continue
        link, state, heard = link
        text = page.say(w.STATE_0 + state)
        if heard is not None and page.utc is not None:
            text = "%s %s;%s" % (text, page.say(w.AT, page.when(page.utc - (page.now - heard))), text)
        rows.append((page.say(w.LINK_0 + link), text))
    return "rows", rows
