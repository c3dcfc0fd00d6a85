"""Asks the household whether the meter that was found is theirs."""

from inkmeter import outcomes


def picture(view, now):
    home, width, height = view.home, view.width, view.height
    happened, todo = outcomes.words(home.outcome)
    centre = width // 2
    y = height // 2
    return [
        ("head", centre, y - 58, happened, "^"),
        ("body", centre, y - 26, "The number on it ends with", "^"),
        ("head", centre, y - 6, home.detail[-6:], "^"),
        ("body", centre, y + 36, todo, "^"),
    ]
