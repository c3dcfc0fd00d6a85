"""Something is wrong: what, what to do, and its code for whoever is asked for help."""

from micropython import const

from inkmeter import outcomes
from inkmeter.clock import hours_and_minutes
from inkmeter.home import ELECTRICITY, READING, STAGES

_MARGIN = const(6)
_HEAD_LINE = const(22)
_LINE = const(17)


def picture(view, now):
    home, width, height = view.home, view.width, view.height
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
    meter = home.meters.get(ELECTRICITY)
    if meter and meter.instantaneous_demand.utc is not None:
        y = height - 2 * _LINE - 4
        read = "Last reading at " + hours_and_minutes(meter.instantaneous_demand.utc)
        marks.append(("body", _MARGIN, y, read, "<"))
    y = height - _LINE
    marks.append(("body", _MARGIN, y, home.outcome, "<"))
    if 0 < home.stage < READING:
        marks.append(("body", width - _MARGIN, y, "Stage %d of %d" % (home.stage, STAGES), ">"))
    return marks
