"""Something is wrong: what, what to do, and its code for whoever is asked for help."""

from micropython import const

from inkmeter import outcomes
from inkmeter.home import READING, STAGES

_MARGIN = const(6)
_HEAD_LINE = const(22)
_LINE = const(17)


def picture(home, now, width, height):
    happened, todo = outcomes.words(home.outcome)
    if home.detail:
        todo += ", " + home.detail
    marks = []
    y = 8
    for line in outcomes.wrap(happened, width // 10):
        marks.append(("head", _MARGIN, y, line, "<"))
        y += _HEAD_LINE
    y += 4
    for line in outcomes.wrap(todo, width // 8):
        marks.append(("body", _MARGIN, y, line, "<"))
        y += _LINE
    y = height - _LINE
    marks.append(("body", _MARGIN, y, home.outcome, "<"))
    if 0 < home.stage < READING:
        marks.append(("body", width - _MARGIN, y, "Stage %d of %d" % (home.stage, STAGES), ">"))
    return marks
