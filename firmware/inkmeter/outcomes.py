"""What can go wrong, in words for the person at the wall, by its code."""

from micropython import const

_TABLE = const(8)  # where it is in the words' file
_OUTCOME = const(5)  # octets each: code, who, when


def outcome(words, code):
    """(what happened, what to do, who must act, when it tries again) of a code, from open Words; the first outcome's
    for one that has no words.
    """
    words.file.seek(_TABLE)
    table = words.file.read(_OUTCOME * words.outcomes)
    found = 0
    for at in range(0, len(table), _OUTCOME):
        if table[at : at + 3] == code.encode():
            found = at
    number = words.count - 2 * words.outcomes + found // _OUTCOME * 2
    return words.say(number), words.say(number + 1), words.say(table[found + 3]), words.say(table[found + 4])
