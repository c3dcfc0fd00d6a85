"""What the household types into the supplier's form: EUI-64 and install code, in groups and as a QR code."""

from micropython import const

from inkmeter import install_code, outcomes, qr

_QUIET = const(4)  # modules of white that a reader needs around the code
_SCALE = const(3)
_LINE = const(17)
_CODE_LINE = const(14)
_MARGIN = const(3)
_BESIDE = const(89)  # two groups


def picture(view, now):
    home, width, height = view.home, view.width, view.height
    side = (qr.SIZE + 2 * _QUIET) * _SCALE
    left = width - side
    wide = left > 170
    happened, todo = outcomes.words(home.outcome)
    marks = []
    y = 1

    def put(font, lines, step):
        nonlocal y
        for line in lines:
            marks.append((font, _MARGIN, y, line, "<"))
            y += step

    put("body", outcomes.wrap(happened, 30 if wide else 18), _LINE)
    if wide:
        put("body", ("Device ID (EUI-64)",), _LINE)
    else:
        marks.append(("body", _BESIDE, y - 1, "Device", "<"))
        marks.append(("body", _BESIDE, y + _CODE_LINE - 2, "ID", "<"))
    put("code", _groups(home.eui64, 4 if wide else 2), _CODE_LINE if wide else _CODE_LINE - 1)
    y += 3
    if wide:
        put("body", ("Install code",), _LINE)
    put("code", _groups(home.install_code, 3), _CODE_LINE if wide else _CODE_LINE - 1)
    # On the small panel the last line runs on under the code.
    marks.append(("body", _MARGIN, height - _LINE, todo, "<"))
    top = (height - (0 if wide else _LINE) - qr.SIZE * _SCALE) // 2
    rows = qr.matrix(install_code.label(home.eui64, home.install_code))
    marks.append((left + _QUIET * _SCALE, top, _SCALE, rows))
    return marks


def _groups(octets, size):
    # Groups of four digits, so many to a line.
    words = install_code.groups(octets).split(" ")
    return [" ".join(words[i : i + size]) for i in range(0, len(words), size)]
