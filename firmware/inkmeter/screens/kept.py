"""What the meter itself keeps of months and weeks that are over; it was there before the display."""

from inkmeter import people
from inkmeter import words as w
from inkmeter.clock import civil


def draw(page):
    _, side, kept, part = page.view.past
    page.title(page.say(w.METER_TODAY), page.say(w.GAS if side else w.ELECTRICITY))
    months = page.say(w.MONTHS).split(",")
    rows = []
    for month, which, wh, cost in kept:
        if month:
            name = months[which % 12]
            name = "%s %d;%s" % (name, 2000 + which // 12, name)
        else:
            _, first, number, _, _ = civil(which * 86400)
            _, last, end, _, _ = civil((which + 6) * 86400)
            name = "%d%s-%d %s" % (number, "" if first == last else " " + months[first - 1], end, months[last - 1])
        energy = people.energy(wh)
        value = people.pounds(cost)
        if wh is not None:
            value = energy if cost is None else "%s, %s;%s" % (value, energy, value)
        rows.append((name, value))
    return "rows", rows, None, None, None, part
