"""What can go wrong, in words for the person at the wall: a code, what happened, what to do."""

from micropython import const

_WORDS = const("""
P01|No meter network heard|Move nearer the electricity meter
P02|Waiting for your supplier|Enter the code on their site
P03|Supplier's time ran out|Ask them to open it again
P04|Code does not match|Check the code at the supplier
P05|This device's code is damaged|Radio module needs a new code
P06|Security check refused|Device certificate not accepted
P07|Meter network is full|Ask supplier to remove a device
P08|Joined, no data yet|Wait up to 1 hour
P11|Is this your meter?|Compare its number, press OK
P12|Joined, weak signal|Try another spot
P13|Not a meter network|Enter the code at your supplier
H01|Lost the meter network|Retrying
H02|Supplier removed this device|Pair again
H03|Lost the meter network|New hub? Press OK to pair
N01|Radio module not answering|Switch off and on again
N02|Radio module too old or too new|Update its firmware
""")


def words(code):
    """(what happened, what to do) of a code."""
    at = _WORDS.find("\n" + code + "|")
    if at < 0:
        return "Something went wrong", "Switch off and on again"
    return _WORDS[at + 5 : _WORDS.find("\n", at + 1)].split("|")


def wrap(text, width):
    """The text in lines of at most `width` characters, broken at spaces."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = lines[-1] + " " + word if lines[-1] else word
    return lines
