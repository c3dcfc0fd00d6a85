"""Something is wrong: what, what to do, who must do it, when it is tried again, and its code for whoever helps."""

from inkmeter import home as h
from inkmeter import words as w
from inkmeter.outcomes import outcome
from inkmeter.screens import prose


def draw(page):
    home = page.view.home
    happened, todo, who, again = outcome(page.words, home.outcome)
    if home.detail:
        todo += ", " + home.detail
    small = page.texts[-2 if page.tall and not page.large else -1]
    line = page.font(small).height
    # The code stands at the right of the last line.
    foot = page.bottom - line
    rows = [(page.say(w.WHO), who), (page.say(w.AGAIN), again)]
    meter = home.meters.get(h.ELECTRICITY)
    if meter and meter.instantaneous_demand.utc is not None and not (page.large and not page.tall):
        last = page.say(w.LAST_READING, page.say(w.AT, page.when(meter.instantaneous_demand.utc)))
    else:
        last = ""
    sizes = page.texts if page.large else bytes((page.texts[0] + 1,)) + page.texts
    room = foot - (0 if page.large and not page.tall else 2 * line + 4)
    page.y += 2
    _say(page, happened, room - line, sizes)
    page.y += 2 if page.large else 4
    _say(page, todo, room, page.texts)
    page.y = max(page.y, room - 4)
    detailed = page.tall or not page.large
    if detailed:
        page.rule()
    room = page.width - 2 * page.edge - page.text(small, page.width - page.edge, foot, home.outcome, ">") - 8
    if not last and 0 < home.stage < h.READING:
        last = page.say(w.STAGE_OF, str(home.stage))
    if not detailed:
        last = who
    if last:
        size, text = page.fit(last, room, bytes((small,)))
        page.text(size, page.edge, foot, text)
    return ("rows", rows, foot, bytes((small,))) if detailed else None


def _say(page, text, bottom, sizes):
    # On one line where it fits in any of these letters.
    size, wording = page.fit(text.split(";")[0], page.width - 2 * page.edge, sizes)
    if wording.endswith("…"):
        prose.draw(page, text, bottom, sizes)
    else:
        page.line(wording, "<", bytes((size,)))
