"""Lines with a name at the left and a value at the right."""


def _pair(page, row, size):
    # The wordings of a row that fit in letters of this size, the label's shortened first; None for none.
    room = page.width - 2 * page.edge - 8
    measure = page.font(size).width
    for right in row[1].split(";"):
        rest = room - measure(right)
        for left in row[0].split(";"):
            if measure(left) <= rest:
                return left, right
    return None


def draw(page, rows, bottom=None, sizes=None, then=None, cursor=None):
    """Lines with a name at the left and a value at the right, all in one size, spread over the room there is.

    Where there are more than fit, `cursor` (None: that of the view) says which part is seen. Then `then`.
    """
    sizes = sizes or page.texts
    room = (bottom or page.bottom) - page.y
    top = page.y
    for size in sizes:
        line = page.font(size).height
        if line * len(rows) <= room and all([_pair(page, row, size) for row in rows]):
            break
    else:
        # Names above their values where the two do not fit side by side.
        if [1 for row in rows if not _pair(page, row, size)]:
            line *= 2
        fits = room // line
        if not fits:
            return then
        if fits < len(rows):
            parts = (len(rows) + fits - 1) // fits
            part = (page.view.cursor if cursor is None else cursor) % parts
            rows = rows[part * fits : part * fits + fits]
    step = min(room // max(len(rows), 1), line * 3 // 2)
    page.y += (step - line) // 2
    for row in rows:
        pair = _pair(page, row, size)
        y = page.y
        if not pair:
            wide = page.width - 2 * page.edge
            pair = [page.fit(text, wide, bytes((size,)))[1] for text in row]
            y += line // 2
        page.text(size, page.edge, page.y, pair[0])
        page.text(size, page.width - page.edge, y, pair[1], ">")
        page.y += step
    page.y = top + step * len(rows)
    return then
