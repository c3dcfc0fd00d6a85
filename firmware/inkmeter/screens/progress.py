"""How far pairing has come."""

from micropython import const

from inkmeter.home import STAGES

_NAMES = const(
    (
        "Starting",
        "Waiting for your supplier",
        "Joining the meter network",
        "Checking the hub's keys",
        "Finding your meters",
        "Is this your meter?",
        "Reading your meters",
    )
)
_BOX = const(22)
_GAP = const(8)


def picture(view, now):
    home, width, height = view.home, view.width, view.height
    centre = width // 2
    y = height // 2
    marks = []
    marks.append(("head", centre, y - 40, _NAMES[home.stage], "^"))
    if home.stage:
        marks.append(("body", centre, y - 12, "Stage %d of %d" % (home.stage, STAGES), "^"))
    x = centre - (STAGES * (_BOX + _GAP) - _GAP) // 2
    for stage in range(1, STAGES + 1):
        marks.append((x, y + 16, _BOX, 14, 0))
        if stage > home.stage:
            marks.append((x + 2, y + 18, _BOX - 4, 10, 1))
        x += _BOX + _GAP
    return marks
