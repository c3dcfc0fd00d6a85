"""What a press does to the View."""

import os

from inkmeter import facts, navigate, settings, view
from inkmeter import home as h
from inkmeter.buttons import BACK, DIAGNOSE, HOME, NEXT, SELECT, ZERO_IT


class Clock:
    def now(self):
        return 831898200


class Ledger:
    def __init__(self):
        self.counted = (5000, 300, 120000)

    def total(self, commodity):
        assert commodity == h.ELECTRICITY
        return self.counted


def a_view():
    settings.forget()
    home = h.Home()
    home.set_stage(h.READING)
    return view.View(home, Clock(), 296, 128)


def turn(shown, *gestures, now=100):
    return [navigate.press(shown, gesture, now) for gesture in gestures][-1]


def pin(shown, digits, now=100):
    for digit in digits:
        turn(shown, *([NEXT] * int(digit) + [SELECT]), now=now)


def settings_page(shown):
    shown.page = view.SETTINGS
    turn(shown, SELECT)


def test_the_ring():
    shown = a_view()
    pages = []
    for _ in range(9):
        turn(shown, NEXT)
        pages.append(shown.page)
    assert pages == [view.DAY, view.WEEK, view.PRICE, view.METERS, view.STATUS, view.PAIR, view.ZERO, view.SETTINGS,
                     view.NOW]  # fmt: skip
    turn(shown, BACK)
    assert shown.page == view.SETTINGS


def test_pages_that_only_some_homes_have():
    shown = a_view()
    shown.home.put(facts.PREPAID | facts.GAS_SIDE, 2, 100)
    shown.home.put(facts.MESSAGE, "Hello", 100)
    shown.page = view.METERS
    turn(shown, NEXT)
    assert shown.page == view.PREPAY
    turn(shown, NEXT)
    assert shown.page == view.MESSAGES


def test_the_meters_page_is_there_when_they_have_noticed_something():
    shown = a_view()
    try:
        os.mkdir("books")
    except OSError:
        pass
    for held, page in ((None, view.STATUS), (bytes(4), view.STATUS), (bytes(12), view.EVENTS)):
        try:
            os.remove("books/noticed")
        except OSError:
            pass
        if held is not None:
            with open("books/noticed", "wb") as file:
                file.write(held)
        shown.page = view.METERS
        turn(shown, NEXT)
        assert shown.page == page
    turn(shown, SELECT)
    assert shown.cursor == 1
    os.remove("books/noticed")


def test_a_private_message_is_behind_the_pin():
    shown = a_view()
    shown.home.put(facts.MESSAGE, "You owe", 100)
    shown.home.put(facts.MESSAGE_ID, 7, 100)
    shown.home.put(facts.MESSAGE_FLAGS, 0x180, 100)
    shown.page = view.MESSAGES
    # No PIN: as any other message.
    turn(shown, SELECT)
    assert shown.mode == view.CLOSED and shown.home.fact(facts.MESSAGE_PRESSED, 100) == 7
    shown.home.put(facts.MESSAGE_PRESSED, None, 100)

    settings.set_pin(shown.settings, "0102")
    turn(shown, SELECT)
    assert (shown.page, shown.mode) == (view.MESSAGES, view.ENTER_PIN)
    # Nothing of it is said to be read before it is; Back goes back to the page, and then on.
    turn(shown, BACK)
    assert (shown.page, shown.mode) == (view.MESSAGES, view.CLOSED)
    turn(shown, SELECT)
    pin(shown, "0101")
    assert shown.mode == view.ENTER_PIN and shown.tries == 4
    pin(shown, "0102")
    assert (shown.page, shown.mode) == (view.MESSAGES, view.LIST)
    assert shown.home.fact(facts.MESSAGE_PRESSED, 100) is None
    turn(shown, SELECT)
    assert shown.home.fact(facts.MESSAGE_PRESSED, 100) == 7 and shown.mode == view.LIST
    # Open until it is left.
    turn(shown, NEXT, BACK)
    assert (shown.page, shown.mode) == (view.MESSAGES, view.CLOSED)
    shown.home.put(facts.MESSAGE_FLAGS, 0x80, 100)
    turn(shown, SELECT)
    assert shown.mode == view.CLOSED


def test_wrong_pins_at_a_message_lock_it_too():
    shown = a_view()
    shown.home.put(facts.MESSAGE, "You owe", 100)
    shown.home.put(facts.MESSAGE_FLAGS, 0x100, 100)
    settings.set_pin(shown.settings, "0102")
    shown.page = view.MESSAGES
    turn(shown, SELECT)
    for _ in range(5):
        pin(shown, "0000")
    assert shown.locked_for == 30
    pin(shown, "0102", now=110)
    assert shown.mode == view.ENTER_PIN


def test_before_there_are_readings():
    shown = a_view()
    shown.home.set_stage(h.JOINING)
    pages = set()
    for _ in range(8):
        turn(shown, NEXT)
        pages.add(shown.page)
    assert pages == {view.NOW, view.STATUS, view.PAIR, view.SETTINGS}


def test_ok_shows_money_or_power():
    shown = a_view()
    turn(shown, SELECT)
    assert shown.money == 1
    turn(shown, SELECT)
    assert shown.money == 0


def test_ok_counts_on_other_pages_and_turning_forgets():
    shown = a_view()
    turn(shown, NEXT, SELECT, SELECT)
    assert shown.page == view.DAY and shown.cursor == 2
    turn(shown, NEXT)
    assert shown.cursor == 0


def test_zero_it():
    shown = a_view()
    shown.ledger = Ledger()
    turn(shown, ZERO_IT)
    assert shown.page == view.ZERO and shown.zero == (5000, 300, 120000, 831898200)
    turn(shown, ZERO_IT)
    assert shown.zero is None and shown.page == view.ZERO
    turn(shown, SELECT)
    assert shown.zero is not None


def test_zero_it_without_a_ledger_counts_nothing():
    shown = a_view()
    turn(shown, ZERO_IT)
    assert shown.zero == (None, None, None, 831898200)


def test_home_and_status():
    shown = a_view()
    turn(shown, DIAGNOSE)
    assert shown.page == view.STATUS
    turn(shown, HOME)
    assert shown.page == view.NOW


def test_a_message_is_confirmed_only_where_it_asks():
    for flags, confirmed in ((0x80, 77), (0x00, None), (None, None)):
        shown = a_view()
        shown.home.put(facts.MESSAGE, "Hello", 100)
        shown.home.put(facts.MESSAGE_ID, 77, 100)
        shown.home.put(facts.MESSAGE_FLAGS, flags, 100)
        shown.page = view.MESSAGES
        turn(shown, SELECT)
        assert shown.home.fact(facts.MESSAGE_PRESSED, 100) == confirmed


def test_a_first_pin_is_chosen():
    shown = a_view()
    settings_page(shown)
    assert shown.mode == view.CHOOSE_PIN
    pin(shown, "4071")
    assert shown.mode == view.LIST and settings.try_pin("4071")


def test_a_digit_can_be_taken_back():
    shown = a_view()
    settings_page(shown)
    turn(shown, NEXT, SELECT, NEXT, NEXT)
    assert shown.digits == "1" and shown.cursor == 2
    turn(shown, BACK)
    assert shown.digits == "" and shown.cursor == 0 and shown.mode == view.CHOOSE_PIN
    turn(shown, BACK)
    assert shown.mode == view.CLOSED and shown.page == view.SETTINGS


def test_one_digit_is_taken_back_and_nine_is_followed_by_nought():
    shown = a_view()
    settings_page(shown)
    pin(shown, "12")
    turn(shown, BACK)
    assert shown.digits == "1"
    seen = [(turn(shown, NEXT), shown.cursor)[1] for _ in range(11)]
    assert seen == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]


def test_the_pin_is_asked_for_and_counted():
    shown = a_view()
    settings.set_pin(shown.settings, "1111")
    settings_page(shown)
    assert shown.mode == view.ENTER_PIN and shown.tries == 5
    for left in (4, 3, 2, 1):
        pin(shown, "2222")
        assert shown.mode == view.ENTER_PIN and shown.tries == left and not shown.locked_for
    pin(shown, "2222", now=200)
    assert shown.locked_for == 30 and shown.locked_until == 230
    # While it is locked nothing is taken.
    pin(shown, "1111", now=229)
    assert shown.mode == view.ENTER_PIN and shown.digits == ""
    pin(shown, "1111", now=230)
    assert shown.mode == view.LIST


def test_the_wait_is_there_after_a_restart():
    shown = a_view()
    settings.set_pin(shown.settings, "1111")
    for _ in range(6):
        settings.try_pin("2222")
    again = view.View(shown.home, Clock(), 296, 128)
    again.page = view.SETTINGS
    turn(again, SELECT, now=10)
    assert again.locked_for == 50
    pin(again, "1111", now=59)
    assert again.mode == view.ENTER_PIN
    pin(again, "1111", now=60)
    assert again.mode == view.LIST


def test_the_list():
    shown = a_view()
    settings_page(shown)
    pin(shown, "1234")
    turn(shown, SELECT)
    assert shown.settings.language == view.WELSH
    turn(shown, *[NEXT] * settings.AWAY)
    turn(shown, SELECT)
    assert shown.settings.away == 1
    turn(shown, *[NEXT] * (settings.NEW_PIN - settings.AWAY))
    turn(shown, SELECT)
    assert shown.mode == view.CHOOSE_PIN
    pin(shown, "8888")
    assert settings.try_pin("8888") and not settings.try_pin("1234")
    turn(shown, BACK)
    assert shown.mode == view.CLOSED


def test_new_again_needs_a_second_ok():
    shown = a_view()
    settings_page(shown)
    pin(shown, "1234")
    turn(shown, *[NEXT] * settings.RESET_ALL)
    assert not turn(shown, SELECT) and shown.mode == view.CONFIRM_RESET
    assert not turn(shown, BACK) and shown.mode == view.LIST
    turn(shown, SELECT)
    assert turn(shown, SELECT)


class Display:
    def __init__(self, buttons=3):
        self.view = a_view()
        self.board = self
        self.BUTTONS = buttons
        self.answered = 0

    def ok(self):
        self.answered += 1


def test_in_a_trouble_ok_answers_and_the_pages_can_still_be_turned():
    display = Display()
    display.view.home.set_stage(h.READING, "H01")
    navigate.act(display, SELECT, 100)
    assert display.answered == 1 and display.view.money == 0
    navigate.act(display, NEXT, 100)
    assert display.view.page == view.DAY
    navigate.act(display, SELECT, 100)
    assert display.answered == 1 and display.view.cursor == 1
    alone = Display(buttons=1)
    alone.view.home.set_stage(h.CONFIRMING, "P11")
    navigate.act(alone, NEXT, 100)
    assert alone.answered == 1 and alone.view.page == view.NOW


def test_gas_has_messages_of_its_own():
    shown = a_view()
    shown.home.put(facts.MESSAGE | facts.GAS_SIDE, "Gas", 100)
    shown.home.put(facts.MESSAGE_ID | facts.GAS_SIDE, 5, 100)
    shown.home.put(facts.MESSAGE_FLAGS | facts.GAS_SIDE, 0x80, 100)
    shown.page = view.PREPAY
    turn(shown, NEXT)
    assert shown.page == view.MESSAGES
    turn(shown, SELECT)
    assert shown.home.fact(facts.MESSAGE_PRESSED | facts.GAS_SIDE, 100) == 5
    assert shown.home.fact(facts.MESSAGE_PRESSED, 100) is None and shown.cursor == 0
    shown.home.put(facts.MESSAGE_FLAGS | facts.GAS_SIDE, 0x280, 100)
    turn(shown, SELECT)
    assert shown.cursor == 1
