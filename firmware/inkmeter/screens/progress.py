"""How far pairing has come."""

from inkmeter import words as w
from inkmeter.home import STAGES


def draw(page):
    stage = page.view.home.stage
    head = page.font(page.texts[0]).height
    page.y = page.view.height // 2 - head * 2
    page.line(page.say(w.STAGE_0 + stage), "^")
    if stage:
        page.line(page.say(w.STAGE_OF, str(stage)), "^", page.texts[-2:])
    step = (page.width - 2 * page.edge) // (STAGES + 1)
    wide = step * 3 // 4
    x = (page.width - step * STAGES + step - wide) // 2
    page.y += 6
    for one in range(1, STAGES + 1):
        page.box(x, page.y, wide, head * 3 // 4)
        if one > stage:
            page.box(x + 2, page.y + 2, wide - 4, head * 3 // 4 - 4, 1)
        x += step
