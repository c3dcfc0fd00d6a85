"""Cuts the power at each flash operation while the ledger writes, on MicroPython's littlefs, and looks what is left.

    micropython power_cuts.py <folder of the firmware> <every n-th operation> <the first> [<story>]

The flash is NOR: an erase sets a block's bits, a program only clears them. The operation at which the power fails is
done not at all, half, or wholly.
"""

import gc
import os
import sys

import vfs

sys.path.insert(0, sys.argv[1])

import builtins  # noqa: E402

from inkmeter import filling, history, lazy, ledger, rates, records  # noqa: E402
from inkmeter.ledger import EXPORT, GAS, IMPORT  # noqa: E402

BLOCK = 4096
BLOCKS = 48
HALF = 1800
LATE_PRICE = 31000
# The last four half-hours of a file of half-hours, 2026-10-10; local midnight is two half-hours before.
START = (305 * records.PERIOD - 4) * HALF


class PowerCut(BaseException):
    pass


CUT = PowerCut()


class Flash:
    """A block device (the extended interface), erased bits are 1."""

    def __init__(self, image=None):
        self.data = bytearray(image) if image else bytearray(b"\xff" * (BLOCK * BLOCKS))
        self.operations = self.erases = 0
        self.cut_at = -1
        self.how = 0
        self.dead = False
        self.worn = [0] * BLOCKS

    def readblocks(self, block, buffer, offset=0):
        if self.dead:
            raise CUT  # made before: files that the collector closes read too, and it lets nothing be allocated
        at = block * BLOCK + offset
        buffer[:] = memoryview(self.data)[at : at + len(buffer)]
        return 0

    def writeblocks(self, block, buffer, offset=0):
        if self.dead:
            raise CUT  # once more: a file that is closed on the way out writes too
        at = block * BLOCK + offset
        self._do(len(buffer), lambda i: self._program(at, buffer, i))
        return 0

    def _program(self, at, buffer, count):
        data = self.data
        for i in range(count):
            data[at + i] &= buffer[i]

    def _erase(self, block, count):
        self.data[block * BLOCK : block * BLOCK + count] = b"\xff" * count
        self.worn[block] += 1

    def _do(self, size, work):
        if self.operations == self.cut_at:
            self.dead = True
            work((0, size // 2, size)[self.how])
            raise CUT
        self.operations += 1
        work(size)

    def ioctl(self, operation, argument):
        if operation == 4:
            return BLOCKS
        if operation == 5:
            return BLOCK
        if operation == 6:
            if self.dead:
                raise CUT
            self._do(BLOCK, lambda count: self._erase(argument, count))
        return 0


class Clock:
    utc = START

    def now(self):
        return self.utc


def mount(flash):
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
    os.chdir("/flash")


def unmount():
    os.chdir("/")
    vfs.umount("/flash")


def read(book, utc, register, sent=0, gas=None):
    book.clock.utc = utc
    book.register(IMPORT, utc, register, sent)
    if gas is not None:
        book.register(GAS, utc, gas)
    if book.due:
        book.settle()


def filed():
    """All that is on the flash: half-hours, days, and what a kWh costs."""
    first = START // HALF - 50
    halves = {}
    for commodity in (IMPORT, GAS):
        for half in range(first, first + 120):
            buffer = bytearray(records.HALF)
            records.get_halves(commodity, half, buffer)
            halves[commodity, half] = records.unpack_half(buffer, 0)
    days = {}
    for commodity in (IMPORT, GAS):
        for day in range(START // 86400 - 2, START // 86400 + 3):
            days[commodity, day] = history.day(commodity, day)
    prices = [rates.over(commodity, START - 90000, START + 90000) for commodity in range(3)]
    return halves, days, prices


def prepare():
    """A flash with a day's history on it."""
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash)
    mount(flash)
    book = ledger.Ledger(Clock())
    book.rate(IMPORT, START - 90000, 20000, START)
    book.rate(GAS, START - 90000, 6000, None)
    book.gas_factors(40000, 102264)
    book.standing_charge(IMPORT, 50000)
    for utc in range(START - 7200, START, 300):
        read(book, utc, utc - START + 20000, 0, (utc - START + 20000) // 10)
    read(book, START - 1, 20000 - 1, 0, 1999)
    unmount()
    return flash.data


# Each story is a list of steps; the power may fail in any of them.


def half_hours(book):
    """Half-hours, a local day's end, a new file, an outage of hours and its end."""
    for utc in (START, START + HALF, START + 2 * HALF, START + 3 * HALF, START + 4 * HALF, START + 12 * HALF):
        yield lambda t=utc - START: read(book, START + t + 5, 20005 + t, t // 4, 2000 + (t + 5) // 10)


def prices(book):
    """Prices, until the log of them is compacted."""
    with open("books/rates", "rb") as file:
        count = file.seek(0, 2) // 16
    # As if there had been many before: the same fact again and again.
    with open("books/rates", "ab") as file:
        buffer = bytearray(16)
        rates._pack(buffer, EXPORT, 1, 2, 3)
        while count < 1020:
            file.write(buffer)
            count += 1
    for i in range(8):
        yield lambda i=i: book.rate(IMPORT, START + i * HALF, 10000 + i, START + (i + 1) * HALF)
    yield lambda: book.rate(EXPORT, START, 15000, None)


def outage(book):
    """A day's outage, filled from the meter's log."""
    yield lambda: read(book, START + 52 * HALF + 7, 20000 + 26000, 0, 5000)
    for first in (2, 30):
        used = [300 + i for i in range(20)]
        yield lambda at=START + first * HALF, used=used: filling.fill(book, IMPORT, at, used, [7] * 20)


def late_price(book):
    """A price that was heard late: what was filed is priced again."""
    yield lambda: book.rate(IMPORT, START - 7200, LATE_PRICE, None)
    yield book.settle


def another_household(book):
    """Everything is forgotten, and begins anew."""
    yield lambda: book.forget()
    yield lambda: read(book, START + HALF, 77)
    yield lambda: read(book, START + 2 * HALF, 277)


def play(story, image, cut_at=-1, how=0):
    """Runs a story; (what was filed after each step, the flash, steps done)."""
    flash = Flash(image)
    mount(flash)
    book = ledger.Ledger(Clock())
    steps = story(book)
    done = []
    try:
        step = next(steps)
        done.append(filed() if cut_at < 0 else None)
        flash.operations = 0
        flash.cut_at = cut_at
        while True:
            step()
            done.append(filed() if cut_at < 0 else None)
            step = next(steps)
    except (PowerCut, StopIteration):
        pass
    flash.dead = True
    unmount()
    return done, flash


def same(now, before, after):
    """Whether every record is as it was before the step or as it is after it, none lost and none torn."""
    for key, value in now[0].items():
        if value != before[0][key] and value != after[0][key]:
            return "half-hour", key, before[0][key], value, after[0][key]
    for commodity in range(3):
        if now[2][commodity] != before[2][commodity] and now[2][commodity] != after[2][commodity]:
            return "rates", commodity, before[2], now[2], after[2]
    for key, value in now[1].items():
        # A day is what its half-hours are, whichever they are now.
        total, known, _ = records.add_day(*key)
        if (value[:2] if value else None) != ((total[0], total[1]) if known else None):
            return "day", key, before[1][key], value, after[1][key], total
    return None


def energy():
    return sum(sum(row[1] for row in history.each(commodity, START - 86400, START + 400000)) for commodity in (IMPORT,))


def after_the_cut(story, flash, states, step):
    """Starts again; what is wrong, or None."""
    flash = Flash(flash.data)
    mount(flash)
    try:
        book = ledger.Ledger(Clock())
        now = filed()
        wrong = same(now, states[step], states[min(step + 1, len(states) - 1)])
        if story is another_household and not wrong:
            # All of it or nothing of it
            kept = (now[0], now[2])
            if step == 0 and kept not in ((states[0][0], states[0][2]), (states[1][0], states[1][2])):
                wrong = "half forgotten"
        if story is late_price and not wrong:
            # Whichever price is known now, all that was filed has it.
            while book.due:
                book.settle()
            price = rates.over(IMPORT, START - 7200, START)[0][1]
            found = {row[3] * 1000 // row[1] for row in history.each(IMPORT, START - 7200, START) if row[1]}
            if found != {price} or price not in (20000, LATE_PRICE):
                wrong = "price", found, price
        if story is half_hours and not wrong:
            # Nothing is lost and nothing is counted twice: the registers say what must be filed in the end.
            end = START + 60 * HALF
            read(book, end, 20000 + end - START, (end - START) // 4, 2000 + (end - START) // 10)
            if energy() != 20000 + end - START - 12800:
                wrong = "energy", energy(), 20000 + end - START - 12800
        if not wrong:
            # It goes on: the next half-hours are filed.
            start = START + 100 * HALF
            with lazy.module("accounts") as accounts:
                accounts.exchanged(book, IMPORT)
            read(book, start, 5)
            read(book, start + HALF, 105)
            if history.halves(IMPORT, history.local_day(start))[2 * (start % 86400 // 3600) + 2 :][0] is None:
                wrong = "no half-hour after the cut"
        return wrong
    finally:
        unmount()


def main():
    every, first = int(sys.argv[2]), int(sys.argv[3])
    builtins.print = lambda *words: None
    say = sys.stdout.write
    image = prepare()
    failures = cuts = 0
    for story in (half_hours, prices, outage, late_price, another_household):
        if sys.argv[4:] not in ([], [story.__name__]):
            continue
        states, flash = play(story, image)
        operations = flash.operations
        for cut_at in range(first, operations, every):
            for how in range(3) if every == 1 else (cut_at // every % 3,):
                done, flash = play(story, image, cut_at, how)
                gc.collect()
                cuts += 1
                try:
                    wrong = after_the_cut(story, flash, states, len(done) - 1)
                except Exception as error:
                    sys.print_exception(error)
                    wrong = repr(error)
                if wrong:
                    failures += 1
                    say("FAILED %s, operation %d of %d, %d: %s\n" % (story.__name__, cut_at, operations, how, wrong))
                gc.collect()
        say("%s: %d operations\n" % (story.__name__, operations))
    say("%d cuts, %d failures\n" % (cuts, failures))


main()
