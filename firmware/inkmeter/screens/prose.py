"""Texts over several lines."""


def wrap(page, text, size, room):
    """The text in lines no wider than `room` pixels, broken at spaces; a longer word is broken anywhere."""
    measure = page.font(size).width
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


def draw(page, text, bottom, sizes=None):
    """A text over as many lines as it takes, in the largest letters with which it ends above `bottom`: smaller
    ones than the theme's rather than half a text. Else in parts, the one that `view.cursor` says.
    """
    sizes = sizes or page.texts
    room = page.width - 2 * page.edge
    text = text.split(";")[0]
    smaller = b"\2\1\0"[3 - sizes[-1] :] if sizes[-1] < 3 else b"\2\1\0"
    for size in sizes + smaller:
        line = page.font(size).height
        lines = wrap(page, text, size, room)
        if line * len(lines) <= bottom - page.y:
            break
    else:
        fits = max((bottom - page.y) // line, 1)
        part = page.view.cursor % ((len(lines) + fits - 1) // fits)
        lines = lines[part * fits : part * fits + fits]
    for one in lines:
        page.text(size, page.edge, page.y, one)
        page.y += line
