"""A hand holds the buttons that make the device new: how long it has to think again."""


def picture(view, now):
    centre = view.width // 2
    y = view.height // 2
    return [
        ("head", centre, y - 52, "Everything is cleared in", "^"),
        ("large", centre, y - 26, str(view.countdown), "^"),
        ("body", centre, y + 36, "Let go to keep it all", "^"),
    ]
