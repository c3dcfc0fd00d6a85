"""The one big figure of a page, what stands beside it, and a rule under both."""

from inkmeter.screens.prose import wrap


def draw(page, text, unit, most, high, beside, then):
    """The figure and its unit, no wider than `most` and no higher than `high`, or as small as there is; texts beside
    it; then `then`.
    """
    top = page.y
    right = _figure(page, text, unit, most, high)
    _column(page, right, top, page.y, beside)
    page.rule()
    return then


def _figure(page, text, unit, most, high):
    if text.endswith("p"):
        # Pence belong to the unit: a letter among large figures would reach below the line.
        text, unit = text[:-1], "p" + ("" if unit[:1] == "/" else " ") + unit
    for size in page.figures:
        big = page.font(size)
        name = page.texts[0]
        wide = big.width(text)
        if big.baseline <= high and wide + 4 + page.font(name).width(unit) <= most:
            break
    page.text(size, page.edge, page.y, text)
    right = page.edge + wide + 4
    right += page.text(name, right, page.y + big.baseline - page.font(name).baseline, unit)
    small = page.font(name)
    low = [1 for letter in "py/" if letter in unit]
    page.y += big.baseline + max(6 if page.tall else 3, small.height - small.baseline + 1 if low else 0)
    return right


def _column(page, left, top, bottom, texts):
    # Lines at the right edge between two heights, as large as fits; what does not fit is left out, last first.
    room = page.width - page.edge - left - 8
    texts = [text for text in texts if text]
    while texts:
        for size in page.texts:
            lines = []
            for text in texts:
                one = [page.fit(text, room, bytes((size,)))[1]]
                if one[0].endswith("…"):
                    one = wrap(page, text.split(";")[0], size, room)
                    if " ".join(one) != text.split(";")[0]:
                        break
                lines += one
            else:
                text = None
            line = page.font(size).height
            # The last line's air may reach lower.
            if text is None and line * len(lines) <= bottom - top + 2:
                y = top + max(bottom - top - line * len(lines), 0) // 2
                for one in lines:
                    page.text(size, page.width - page.edge, y, one, ">")
                    y += line
                return
        texts.pop()
