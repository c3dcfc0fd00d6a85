"""What the screens are made from: the Home, the ledger, the clock, the settings, and what the person has turned to.

One object, there for as long as the device runs; `navigate` changes it when a button is pressed, `display` shows it.
"""

from micropython import const

# Pages, in the order in which Next turns them
NOW = const(0)
DAY = const(1)
WEEK = const(2)
PRICE = const(3)
METERS = const(4)
PREPAY = const(5)
MESSAGES = const(6)
EVENTS = const(7)
STATUS = const(8)
PAIR = const(9)
ZERO = const(10)
SETTINGS = const(11)

# What the settings page is doing: View.mode
CLOSED = const(0)  # a page like the others; OK opens it
ENTER_PIN = const(1)
CHOOSE_PIN = const(2)
LIST = const(3)  # View.cursor is a row of `inkmeter.settings`
CONFIRM_RESET = const(4)

ENGLISH = const(0)
WELSH = const(1)


class Settings:
    """What the household chose, as integers; `inkmeter.settings` loads, changes and saves them.

    `night_from` and `night_until` are hours of local time, `medium` and `high` the household's own limits in units of
    100 W, `full_every` the partial refreshes between two full ones, `full_pages` whether a page is turned with one.
    """

    def __init__(self):
        self.language = ENGLISH
        self.large = 0
        self.money = 0
        self.away = 0
        self.night = 1
        self.night_from = 22
        self.night_until = 7
        self.light = 1
        self.full_every = 8
        self.full_pages = 1
        self.medium = 20
        self.high = 40


class View:
    """`ledger` is None where there is none. `width` and `height` are the panel's pixels.

    `cursor` counts OK presses on a page, is the row in the settings' list, and the digit in hand while a PIN is
    entered; `digits` are those entered before it. `tries` are those left before the PIN is locked, `locked_for` the
    seconds that it is locked for. `zero` is None or (Wh, Wh sent, cost, UTC) at "zero-it", Wh None without a ledger.
    `countdown` is None, or the seconds until a held chord makes the device new. `radio`, `display` and `restarts`
    ({task: times}) know what is counted. For the moment that a screen is laid out, `links` are tuples (name's
    number, state, uptime of the last good word) and `signal` is (LQI, RSSI in dBm) of the last message, or None.
    """

    def __init__(self, home, clock, width, height, ledger=None, radio=None, restarts=None):
        self.home = home
        self.clock = clock
        self.width = width
        self.height = height
        self.ledger = ledger
        self.settings = Settings()
        self.page = NOW
        self.mode = CLOSED
        self.cursor = 0
        self.money = 0
        self.digits = ""
        self.tries = 5
        self.locked_for = 0
        self.locked_until = 0
        self.zero = None
        self.countdown = None
        self.radio = radio
        self.restarts = restarts
        self.display = None
        self.links = ()
        self.signal = None
        self.past = None  # what a screen had fetched of the ledger, while it is made
        self.touched = 0  # uptime of the last press
