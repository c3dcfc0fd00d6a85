"""The ledger on a 32-bit MicroPython against a calculation with exact fractions that shares nothing with it.

A household's year: readings at odd moments, tariffs of every kind, both changes of the clock, an exchanged meter,
outages that are filled from the meter's log. The rule both follow: what a register counted between two readings was
used evenly; a meter's own log knows better.
"""

import bisect
import datetime
import itertools
import math
import random
import subprocess
import zoneinfo
from fractions import Fraction
from pathlib import Path

import pytest

from host_tools import toolchain

EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
LONDON = zoneinfo.ZoneInfo("Europe/London")
HALF = 1800
UNPRICED, FILLED = 1, 4
# Money of the firmware's records: 1/100,000 GBP, so that this is 0.01 p.
HUNDREDTH_OF_A_PENNY = 10


def utc(*when) -> int:
    return int((datetime.datetime(*when, tzinfo=datetime.UTC) - EPOCH).total_seconds())


def local_day(seconds: int) -> int:
    return ((EPOCH + datetime.timedelta(seconds=seconds)).astimezone(LONDON).date() - EPOCH.date()).days


class Tariff:
    """Rates by time: [start, rate) until the next."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.rates: list[int] = []

    def add(self, start: int, rate: int) -> None:
        self.starts.append(start)
        self.rates.append(rate)

    def parts(self, start: int, end: int):
        """(start, end, rate) of what holds between."""
        i = bisect.bisect_right(self.starts, start) - 1
        while start < end:
            until = min(end, self.starts[i + 1] if i + 1 < len(self.starts) else end)
            yield start, until, self.rates[i]
            start = until
            i += 1

    def money(self, start: int, end: int, register) -> int:
        """What a register counts from start to end costs; register(when) is what it shows then, in whole units."""
        return sum((register(b) - register(a)) * rate for a, b, rate in self.parts(start, end))


class Meter:
    """A register that counts a household's use, known at every second."""

    def __init__(self, chance: random.Random, start: int, most: int) -> None:
        self.chance, self.most = chance, most
        self.times, self.values = [start], [chance.randrange(10**7)]

    def advance(self, to: int) -> None:
        """Counts on, at another power each few minutes."""
        while self.times[-1] < to:
            step = self.chance.randrange(60, 900)
            self.times.append(self.times[-1] + step)
            idle = self.chance.random() < 0.3
            self.values.append(self.values[-1] + (0 if idle else self.chance.randrange(self.most * step // 3600 + 2)))

    def at(self, when: int) -> int:
        self.advance(when)
        i = bisect.bisect_right(self.times, when) - 1
        if i + 1 == len(self.times):
            return self.values[i]
        span = self.times[i + 1] - self.times[i]
        return self.values[i] + (self.values[i + 1] - self.values[i]) * (when - self.times[i]) // span


class Referee:
    """What a display could know: polylines through its readings, cut where a meter is exchanged."""

    def __init__(self) -> None:
        self.lines: list[list[tuple[int, int]]] = [[]]

    def reading(self, when: int, value: int) -> None:
        self.lines[-1].append((when, value))

    def power_cut(self) -> None:
        """Only what was filed by the half-hour is left."""
        line = self.lines[-1]
        boundary = line[-1][0] // HALF * HALF
        if boundary <= line[0][0]:
            return
        value = self.value(line, boundary)
        self.lines[-1] = [point for point in line if point[0] < boundary] + [(boundary, value)]

    @staticmethod
    def value(line, when: int) -> int:
        i = bisect.bisect_right(line, (when, 1 << 62)) - 1
        (t0, v0) = line[i]
        if t0 == when or i + 1 == len(line):
            return v0
        t1, v1 = line[i + 1]
        return v0 + (v1 - v0) * (when - t0) // (t1 - t0)

    def halves(self, tariff: Tariff):
        """{half-hour: (used, money)} of all that lies between two readings of one meter."""
        result: dict[int, tuple[int, Fraction]] = {}
        for line in self.lines:
            for (t0, v0), (t1, v1) in itertools.pairwise(line):
                at = t0
                while at < t1:
                    end = min(t1, (at // HALF + 1) * HALF)

                    def shows(when, t0=t0, v0=v0, t1=t1, v1=v1):
                        return math.floor(v0 + Fraction((v1 - v0) * (when - t0), t1 - t0))

                    used, money = result.get(at // HALF, (0, Fraction()))
                    result[at // HALF] = used + shows(end) - shows(at), money + tariff.money(at, end, shows)
                    at = end
        return result


class Story:
    """Writes down what the device hears while the Referee looks on."""

    def __init__(self, seed: int, start: int, end: int) -> None:
        self.chance = random.Random(seed)
        self.start, self.end = start, end
        self.lines: list[str] = []
        self.power, self.sun, self.gas = (Meter(self.chance, start, most) for most in (4000, 1500, 2500))
        self.seen = {name: Referee() for name in ("power", "sun", "gas")}
        self.tariffs = {name: Tariff() for name in ("power", "sun", "gas")}
        self.log = {name: [] for name in ("power", "sun", "gas")}
        self.factors: list[tuple[int, int]] = []
        self.standing = (60123, 29876)
        self.outages: list[tuple[int, int]] = []

    def say(self, *words) -> None:
        self.lines.append(" ".join("-" if word is None else str(word) for word in words))

    def price(self, name: str, commodity: int, start: int, rate: int, until: int | None) -> None:
        self.tariffs[name].add(start, rate)
        self.say("P", commodity, start, rate, until)

    def read_power(self, when: int) -> None:
        power, sun = self.power.at(when), self.sun.at(when)
        self.say("R", 0, when, power, sun)
        self.seen["power"].reading(when, power)
        self.seen["sun"].reading(when, sun)

    def read_gas(self, when: int) -> None:
        value = self.gas.at(when)
        self.say("R", 1, when, value, None)
        self.seen["gas"].reading(when, value)

    def meters_log(self, name: str, meter: Meter, start: int, end: int) -> None:
        for half in range(-(-start // HALF), end // HALF):
            self.log[name].append((half, meter.at((half + 1) * HALF) - meter.at(half * HALF)))

    def exchange(self, when: int) -> None:
        """A new electricity meter; it remembers nothing of the old one's."""
        self.meters_log("power", self.power, self.start, when)
        self.meters_log("sun", self.sun, self.start, when)
        for name in ("power", "sun"):
            self.seen[name].lines.append([])
        self.power, self.sun = (Meter(self.chance, when - when % HALF, most) for most in (4000, 1500))
        self.exchanged_at = when - when % HALF
        self.say("X", 0)


def tell(story: Story, days: int) -> None:
    """Everything that happens in `days` days."""
    chance, now, end = story.chance, story.start, story.end
    exchange_at = story.start + days * 40000
    story.exchanged_at = story.start
    outages = sorted(
        (start, start + length)
        for start, length in (
            (
                story.start + chance.randrange(1, days - 4) * 86400 + chance.randrange(86400),
                chance.choice((3000, 9000, 200000)),
            )
            for _ in range(max(2, days // 25))
        )
    )
    factor = (39500, 102264)
    story.say("F", *factor)
    story.factors.append((0, factor[0] * factor[1]))
    for commodity, charge in enumerate(story.standing):
        story.say("S", commodity, charge)
    story.price("sun", 2, now - 1000, 15000, None)
    story.price("gas", 1, now - 1000, 6234, None)
    gas_next = now
    next_price = now
    kind = 0
    # The device asks for the meters' log an hour or two after it was away, or the meter
    # another one: prices are not kept for ever.
    hidden, fill_at = story.start, story.start + 7200
    while now < end:
        if outages and now > outages[0][0]:
            was, now = outages.pop(0)
            if outages and outages[0][0] < now + 7200:
                outages.pop(0)
            story.outages.append((was, now))
            hidden, fill_at = min(hidden, was) if fill_at else was, now + 7200
            story.say("B")
            for seen in story.seen.values():
                seen.power_cut()
            while gas_next < now:
                gas_next += HALF
        if fill_at and now > fill_at:
            story.say("G", (hidden // HALF - 1) * HALF, (now // HALF - 1) * HALF)
            fill_at = 0
        if next_price <= now:
            # A day's prices, one kind of tariff for a tenth of the time. What an outage hid comes with it.
            kind = (now - story.start) * 10 // (end - story.start)
            day_end = next_price
            while day_end <= now:
                day_end += 86400
            while next_price < day_end:
                if kind in (0, 1, 5):
                    rate, until = 24503 + 100 * kind, day_end
                elif kind in (2, 3, 4):
                    # Night and day, on the half-hour.
                    second = next_price % 86400
                    night = not 27000 <= second < 84600
                    rate = 9377 if night else 31415
                    until = next_price + (
                        27000 - second if second < 27000 else (84600 if not night else 86400) - second
                    )
                elif kind in (6, 7):
                    # By the half-hour, sometimes below nothing.
                    rate, until = chance.randrange(-3000, 99999), next_price + HALF
                else:
                    # Blocks: at any second
                    rate, until = chance.randrange(15000, 40000), next_price + chance.randrange(20000, 86400)
                story.price("power", 0, next_price, rate, until)
                next_price = until
        if gas_next <= now:
            story.read_gas(gas_next + 2)
            gas_next += HALF
        if chance.random() < 0.0005:
            factor = (chance.randrange(38000, 41000), 102264)
            story.say("F", *factor)
            story.factors.append((gas_next // HALF - 1, factor[0] * factor[1]))
        if chance.random() < 0.01:
            # What cannot be, between two readings that can.
            story.say("R", 0, now, chance.choice((0, 1 << 47, (1 << 48) - 1)), 0)
        if exchange_at and now > exchange_at:
            story.exchange(now)
            exchange_at = 0
            hidden, fill_at = min(hidden, now) if fill_at else now, now + 7200
        story.read_power(now)
        now += chance.randrange(20, 290)
    # All gas that was heard of is in the past of the last power reading; both end on a half-hour that is whole.
    last = (now // HALF + 1) * HALF
    story.read_power(last)
    story.read_gas(last + 2)
    story.last = last
    story.meters_log("power", story.power, story.exchanged_at, last)
    story.meters_log("sun", story.sun, story.exchanged_at, last)
    story.meters_log("gas", story.gas, story.start, last)
    story.say("G", story.start, last)


def run(story: Story, compiled: Path, folder: Path) -> tuple[dict, dict, int]:
    """What the firmware filed: {(commodity, half): [...]}, {(commodity, day): [...]}, held back."""
    (folder / "heard").write_text("\n".join(story.lines))
    logs = [
        f"0 {half} {used} {sent}" for (half, used), (_, sent) in zip(story.log["power"], story.log["sun"], strict=True)
    ]
    logs += [f"1 {half} {used} 0" for half, used in story.log["gas"]]
    (folder / "logs").write_text("\n".join(logs))
    driver = Path(__file__).parents[1] / "micropython/ledger_driver.py"
    done = subprocess.run(
        [toolchain.interpreter().path, "-X", "heapsize=24m", str(driver), str(compiled), "heard", "logs"],
        capture_output=True, text=True, check=False, cwd=folder, timeout=7200,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    halves, days, held = {}, {}, 0
    for line in done.stdout.splitlines():
        kind, *words = line.split()
        if kind in "HD":
            commodity, when, *numbers = [None if word == "None" else int(word) for word in words]
            (halves if kind == "H" else days)[commodity, when // HALF if kind == "H" else when] = numbers
        elif kind == "held":
            held = int(words[-1])
    return halves, days, held


def expected(story: Story, name: str, halves: dict, commodity: int) -> dict[int, tuple[int, Fraction]]:
    """By half-hour: from the display's readings, or from the meter's log where the firmware says so."""
    tariff = story.tariffs[name]
    result = story.seen[name].halves(tariff)
    log = dict(story.log[name])
    for half in log:
        found = halves.get((commodity, half))
        if found and found[3] & FILLED:
            used, start = log[half], half * HALF

            def shows(when, used=used, start=start):
                return math.floor(Fraction(used * (when - start), HALF))

            result[half] = used, Fraction(tariff.money(start, start + HALF, shows))
    return result


def check(story: Story, compiled: Path, folder: Path) -> None:
    halves, days, held = run(story, compiled, folder)
    assert held == sum(line.startswith("R 0") and line.endswith(" 0") for line in story.lines)
    last = story.last // HALF
    for start, end in story.outages:
        for half in range(start // HALF, end // HALF + 1):
            assert half >= last or halves[0, half][3] & FILLED, ("still an estimate", half)
    seen = [expected(story, name, halves, commodity) for name, commodity in (("power", 0), ("sun", 0), ("gas", 1))]
    total = [Fraction()] * 4
    found = [0] * 4
    open_wh = Fraction()
    sums: dict[tuple[int, int], list[int]] = {}
    for half in range(story.start // HALF, last):
        power, sun, gas = (one[half] for one in seen)
        used, sent, cost, flags, earned = halves[0, half]
        wh, litres, gas_cost, gas_flags, _ = halves[1, half]
        assert not (flags | gas_flags) & UNPRICED, half
        # To the last Wh and litre
        assert (used, sent, litres) == (power[0], sun[0], gas[0]), half
        factor = Fraction(max(f for f in story.factors if f[0] < half)[1], 360000000)
        exact = [power[1] / 1000, sun[1] / 1000, gas[1] * factor / 1000, gas[0] * factor]
        filed = [cost, earned, gas_cost, wh]
        # What a conversion leaves over is carried on: from one filled half-hour to the next less than a Wh is open.
        open_wh += filed[3] - exact[3]
        if gas_flags & FILLED:
            open_wh = Fraction()
        assert abs(open_wh) < 1, (half, "Wh of gas", float(open_wh))
        for i in range(4):
            assert abs(filed[i] - exact[i]) <= 1, (half, i, filed, exact)
            total[i] += exact[i]
            found[i] += filed[i]
        for commodity in range(2):
            day = sums.setdefault((commodity, local_day(half * HALF)), [0, 0, 0])
            for i in range(3):
                day[i] += halves[commodity, half][i]
    for i in range(3):
        assert abs(found[i] - total[i]) <= HUNDREDTH_OF_A_PENNY, (i, found[i], float(total[i]))
    for key, (wh, sent, cost) in sums.items():
        # The last day is not over yet.
        if days.get(key):
            assert days[key][:3] == [wh, sent, cost + story.standing[key[0]]], key
    assert sum(bool(day) for day in days.values()) >= 2 * (len(sums) // 2 - 1)


@pytest.mark.parametrize("start", [(2026, 3, 22), (2026, 10, 18)], ids=["spring", "autumn"])
def test_weeks_around_a_change_of_the_clock(compiled, tmp_path, start):
    begin = utc(*start)
    story = Story(start[1], begin, begin + 12 * 86400)
    tell(story, 12)
    check(story, compiled, tmp_path)


@pytest.mark.slow
def test_a_year(compiled, tmp_path):
    begin = utc(2026, 2, 1)
    story = Story(2026, begin, begin + 366 * 86400)
    tell(story, 366)
    check(story, compiled, tmp_path)
