"""The panel's driver on its wires: how it waits for a panel that works."""

from inkmeter import ssd1680

ETIMEDOUT = 110


class Panel:
    """A panel that is busy for so many milliseconds, on a clock that waiting moves."""

    def __init__(self, busy_ms):
        self.now = self.looks = 0
        self.busy_ms = busy_ms

    def busy(self):
        self.looks += 1
        return self.now < self.busy_ms

    async def sleep_ms(self, ms):
        self.now += ms


def waited(busy_ms):
    panel = Panel(busy_ms)
    driver = ssd1680.Panel(296, 128, None, None, None, None, panel.busy)
    kept = ssd1680.asyncio
    ssd1680.asyncio = panel
    try:
        driver.idle().send(None)
    except StopIteration:
        return panel
    finally:
        ssd1680.asyncio = kept


def test_a_panel_that_works_is_looked_at_seldom_and_not_late():
    for busy_ms, most in ((0, 1), (10, 2), (450, 20), (2000, 35)):
        panel = waited(busy_ms)
        assert panel.looks <= most, (busy_ms, panel.looks)
        assert busy_ms <= panel.now <= busy_ms + busy_ms // 8 + 10, (busy_ms, panel.now)


def test_a_panel_that_never_answers_is_given_up():
    try:
        waited(60000)
        raise AssertionError
    except OSError as error:
        assert error.args[0] == ETIMEDOUT
