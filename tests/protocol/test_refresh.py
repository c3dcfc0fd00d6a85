"""What is worth a refresh of the panel, with time passed in."""

import os

from inkmeter import facts, refresh, view, worn
from inkmeter import home as h

NOON = 831898200 // 86400 * 86400 + 11 * 3600  # 12:00 in a British May


class Clock:
    def __init__(self, utc=NOON):
        self.base = utc

    def now(self):
        return None if self.base is None else self.base + Clock.uptime


Clock.uptime = 0


class Radio:
    signal = None


class Display:
    """What of the Display is asked for."""

    def __init__(self, watts=1000, utc=NOON):
        home = h.Home()
        home.set_stage(h.READING)
        home.meter(h.ELECTRICITY).divisor = 1000
        self.view = view.View(home, Clock(utc), 296, 128)
        self.full = self.partial = self.since_full = self.budget = self.light = 0
        self.drawn_at = self.full_at = self.meaning = self.cleaned = None
        self.earned = -86400
        self.pattern = b"\x00\x00"
        self.watts(watts, 0)

    def watts(self, watts, now):
        meter = self.view.home.meter(h.ELECTRICITY)
        meter.instantaneous_demand.max_age = 10**6
        meter.instantaneous_demand.put(watts, now, 0)

    def look(self, now, changes=True):
        """None, or whether the refresh at `now` is full; it is drawn at once."""
        Clock.uptime = now
        full = refresh.due(self, now)
        if full is not None:
            refresh.drawn(self, full if changes else None, now)
        return full


def drawn(**options):
    display = Display(**options)
    assert display.look(0) is True  # whatever the panel showed before
    return display


def test_nothing_new_is_worth_nothing():
    display = drawn()
    for now in range(5, 600, 5):
        assert display.look(now) is None
    assert display.look(600) is False and display.full == 1


def test_figures_no_sooner_than_half_a_minute():
    display = drawn()
    display.watts(2000, 5)
    assert display.look(29) is None
    assert display.look(30) is False


def test_fifty_watts_or_a_tenth():
    for before, after, worth in ((1000, 1049, False), (1000, 1050, True), (200, 219, False), (200, 220, True),
                                 (0, 3, False), (20, -1, True), (20, None, True), (0, -49, True)):  # fmt: skip
        display = drawn(watts=before)
        display.watts(after, 40)
        assert (display.look(40) is not None) == worth, (before, after)


def test_a_state_at_once():
    display = drawn()
    display.view.home.set_stage(h.READING, "H01")
    assert display.look(1) is True
    display.view.home.put(facts.MESSAGE_ID, 5, 2)
    assert display.look(2) is False
    display.view.home.price(h.ELECTRICITY).rate.put(24500, 3, 0)
    assert display.look(3) is False


def test_a_new_reading_of_gas_at_once_and_of_electricity_with_its_power():
    for commodity, at_once in ((h.GAS, False), (h.ELECTRICITY, None)):
        display = drawn()
        register = display.view.home.meter(commodity).current_summation_delivered
        register.put(1, 60, 1000)
        assert display.look(60) is False
        register.put(2, 70, 2800)
        assert display.look(70) is at_once, commodity


def test_a_page_at_once_and_in_full():
    display = drawn()
    display.view.page = view.DAY
    assert display.look(1) is True
    display.view.cursor = 1
    assert display.look(2) is False
    display.view.settings.full_pages = 0
    display.view.page = view.WEEK
    assert display.look(3) is False


def test_one_full_refresh_after_as_many_as_are_chosen():
    for chosen in (5, 8, 15):
        display = drawn()
        display.view.settings.full_every = chosen
        found = []
        for i in range(2 * chosen + 2):
            display.watts(1000 + 100 * (i % 2 + 1), 60 * i + 60)
            found.append(display.look(60 * i + 60))
        assert found == ([False] * chosen + [True]) * 2, chosen


def test_a_look_that_changes_no_pixel_counts_nothing():
    display = drawn()
    for now in range(600, 6001, 600):
        assert display.look(now, changes=False) is False
    assert display.full == 1 and display.partial == 0 and display.since_full == 0


def test_a_panel_s_life_is_written_down_now_and_then():
    display = drawn()
    told = [refresh.drawn(display, False, i) for i in range(2, 200)]
    assert told.count(True) == 3 and refresh.drawn(display, None, 500) is False
    for name in os.listdir("."):
        if name.startswith("worn"):
            os.remove(name)
    assert worn.total() == 0
    worn.add()
    worn.add()
    assert worn.total() == 128
    with open("worn.count", "w") as file:
        file.write("many")
    assert worn.total() == 0


def test_clean_once_a_day():
    display = drawn()
    display.view.settings.night = 0
    found = [now for now in range(600, 2 * 86400, 600) if display.look(now, changes=True) and display.since_full == 0]
    # by the kitchen clock: 04:00 is 16 hours after noon
    at_four = [now for now in found if now % 86400 == 16 * 3600]
    assert at_four == [57600, 144000]


def test_clean_when_a_quiet_night_is_over():
    display = drawn()
    Clock.uptime = 0
    cleaned = []
    for now in range(600, 86400, 600):
        before = display.cleaned
        display.look(now)
        if display.cleaned != before:
            cleaned.append(now)
    assert cleaned == [19 * 3600]  # 07:00


def test_a_quiet_night_does_not_flash():
    display = drawn()
    flashes = []
    night = 0
    for now in range(60, 86400, 60):
        display.watts(1000 + now % 7 * 100, now)
        full = display.look(now)
        if 10 * 3600 <= now < 19 * 3600 and full is not None:  # 22:00 to 07:00
            flashes.append(full)
            night += 1
        assert display.since_full <= 15
    assert flashes and not any(flashes) and night <= 15


def test_a_trouble_may_flash_by_night_but_a_hand_gets_no_flash():
    display = drawn(utc=NOON + 12 * 3600)
    display.view.page = view.DAY
    assert display.look(5) is False
    display.view.home.set_stage(h.READING, "H01")
    assert display.look(10) is True


def test_away_is_no_reason_to_refresh():
    display = drawn()
    display.view.settings.away = 1
    assert display.look(1) is False
    for now in range(40, 500, 40):
        display.watts(now * 10, now)
        assert display.look(now) is None


def test_a_long_rest_ends_with_a_full_refresh():
    display = drawn(utc=None)
    display.view.settings.night = 0
    display.look(600, changes=False)
    assert display.since_full == 0
    assert display.look(43200 + 600) is True


def test_a_panel_lasts_for_years():
    display = drawn(utc=None)
    now = 0
    for i in range(86400 * 3 // 30):
        now += 30
        display.watts(1000 + 100 * (i % 2), now)
        display.look(now)
    count = display.full + display.partial
    assert 3 * 480 <= count <= 547 + 3 * 547, count
    assert display.budget < 3


def test_a_page_is_turned_back():
    display = drawn()
    for page, after in ((view.DAY, 300), (view.SETTINGS, 120)):
        display.view.page = page
        display.view.mode = view.LIST if page == view.SETTINGS else 0
        display.view.touched = now = display.drawn_at + 1000
        display.look(now)
        display.look(now + after - 1)
        assert display.view.page == page
        display.look(now + after)
        assert display.view.page == view.NOW and display.view.mode == 0
    display.view.page = view.PAIR
    display.look(display.drawn_at + 5000)
    assert display.view.page == view.PAIR  # somebody carries it round


def test_a_trouble_is_seen_whatever_page_was_turned_to():
    display = drawn()
    display.view.touched = display.drawn_at
    for page in (view.PAIR, view.WEEK):
        display.view.page = page
        display.look(display.drawn_at + 10)
        assert display.view.page == page
        display.view.home.set_stage(h.READING, "H01" if page == view.PAIR else "N01")
        display.look(display.drawn_at + 10)
        assert display.view.page == view.NOW
    display.view.page = view.METERS
    display.view.touched = display.drawn_at
    display.look(display.drawn_at + 10)
    assert display.view.page == view.METERS  # turned to since


def test_the_signal_while_it_is_carried():
    display = drawn()
    display.view.page = view.PAIR
    display.view.radio = radio = Radio()
    radio.signal = (200, -50)
    display.look(1)
    radio.signal = (201, -51)
    assert display.look(2) is None
    radio.signal = (100, -80)
    assert display.look(3) is False


def test_the_light_changes_with_what_it_says():
    display = drawn(watts=1000)
    assert refresh.shine(display, 0) and not refresh.shine(display, 0)
    display.watts(5000, 0)
    before = display.pattern
    assert refresh.shine(display, 0) and display.pattern != before
