"""Reads the history that a device has filed (docs/history.md), and writes it as CSV. Shares nothing with the firmware.

Energy is in Wh, gas in litres, money in 1/100,000 of a pound; half-hours are counted from 2000-01-01 00:00 UTC, days
from 2000-01-01 in British civil time.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
import re
import struct
import zipfile
import zlib
import zoneinfo
from collections.abc import Iterable, Iterator
from pathlib import Path

LONDON = zoneinfo.ZoneInfo("Europe/London")
EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
HALF_HOUR = datetime.timedelta(minutes=30)
ELECTRICITY, GAS = 0, 1

UNPRICED, ESTIMATED, FILLED, PARTIAL, EXCHANGED, _, NO_FACTOR, _ = (1 << bit for bit in range(8))
NO_EXPORT_PRICE = NO_FACTOR  # the same bit of electricity's

_HALF = struct.Struct("<HBBHBBii")
_DAY = struct.Struct("<IIiiiBBH")
_CHECKPOINT_OCTETS = 88
_HALVES_A_FILE, _DAYS_A_FILE = 1536, 366
_CRC_START = 0x1A2B
_NO_STANDING_CHARGE = -0x7FFFFFFF
_TO_BE_SUMMED = 255


@dataclasses.dataclass(frozen=True)
class Entry:
    """A half-hour's or a day's. `wh` is import, of gas the energy; `other` is Wh sent out, of gas litres. What is
    unknown is None. `known` and `whole` are how many half-hours of it are known, and how many it has.
    """

    wh: int | None
    other: int
    cost: int | None
    earned: int | None
    flags: int
    standing_charge: int | None = None
    known: int = 1
    whole: int = 1

    @property
    def how(self) -> str:
        """Where it is from, and what is wrong with it, in words."""
        words = [
            "from the meter's own log" if self.flags & FILLED else "",
            "estimated over a gap" if self.flags & ESTIMATED else "",
            "begins late" if self.flags & PARTIAL else "",
            "another meter" if self.flags & EXCHANGED else "",
            f"{self.whole - self.known} of {self.whole} half-hours not known" if self.known < self.whole else "",
        ]
        return "; ".join(filter(None, words)) or "measured"


def _sound(record: bytes, at: int, octets: int) -> bool:
    # The check is the low octets of a CRC-32 of the record without it.
    without = record[:at] + bytes(octets) + record[at + octets :]
    right = zlib.crc32(without, _CRC_START) & ((1 << 8 * octets) - 1)
    return int.from_bytes(record[at : at + octets], "little") == right


def _files(books: Path, kind: str, commodity: int) -> Iterator[tuple[int, bytes]]:
    for file in books.glob(f"{kind}{commodity}.*"):
        if re.fullmatch(r"\d+", file.suffix[1:]):
            yield int(file.suffix[1:]), file.read_bytes()


def _entry(commodity: int, wh: int, other: int, cost: int, earned: int, flags: int, **more: int | None) -> Entry:
    return Entry(
        None if commodity == GAS and flags & NO_FACTOR else wh, other, None if flags & UNPRICED else cost,
        None if commodity == GAS or flags & NO_EXPORT_PRICE else earned, flags, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def half_hours(books: Path, commodity: int) -> dict[int, Entry]:
    """Each half-hour that is known, by its number."""
    return {half: _entry(commodity, *sums) for half, sums in _half_hours(books, commodity).items()}


def _half_hours(books: Path, commodity: int) -> dict[int, tuple[int, int, int, int, int]]:
    found = {}
    for number, data in _files(books, "h", commodity):
        for index in range((len(data) - _CHECKPOINT_OCTETS) // _HALF.size):
            record = data[index * _HALF.size : (index + 1) * _HALF.size]
            if _sound(record, 7, 1):
                low, high, flags, other_low, other_high, _, cost, earned = _HALF.unpack(record)
                sums = low | high << 16, other_low | other_high << 16, cost, earned, flags
                found[number * _HALVES_A_FILE + index] = sums
    return dict(sorted(found.items()))


def start_of(half: int) -> datetime.datetime:
    """When a half-hour begins, in UTC."""
    return EPOCH + half * HALF_HOUR


def day_of(half: int) -> datetime.date:
    """The British day that a half-hour is of."""
    return start_of(half).astimezone(LONDON).date()


def halves_of(day: datetime.date) -> range:
    """The half-hours of a British day: 46, 48 or 50."""
    first, last = (
        int((datetime.datetime.combine(one, datetime.time(), LONDON) - EPOCH) / HALF_HOUR)
        for one in (day, day + datetime.timedelta(days=1))
    )
    return range(first, last)


def days(books: Path, commodity: int) -> dict[datetime.date, Entry]:
    """Each day of which something is known; costs include the standing charge where that is known."""
    halves = _half_hours(books, commodity)
    filed: dict[datetime.date, tuple[int, ...]] = {}
    for number, data in _files(books, "d", commodity):
        for index in range(len(data) // _DAY.size):
            record = data[index * _DAY.size : (index + 1) * _DAY.size]
            if _sound(record, 22, 2):
                day = EPOCH.date() + datetime.timedelta(days=number * _DAYS_A_FILE + index)
                filed[day] = _DAY.unpack(record)[:7]
    found = {}
    for day in sorted({*filed, *map(day_of, halves)}):
        of_day = halves_of(day)
        wh, other, cost, earned, standing, flags, known = filed.get(day, (0, 0, 0, 0, _NO_STANDING_CHARGE, 0, 255))
        if known == _TO_BE_SUMMED:
            # Not closed yet, or changed when the power failed: its half-hours know.
            there = [halves[half] for half in of_day if half in halves]
            wh, other, cost, earned = (sum(one[i] for one in there) for i in range(4))
            flags = 0
            for one in there:
                flags |= one[4]
            known = len(there)
        charge = None if standing == _NO_STANDING_CHARGE else standing
        if known:
            found[day] = _entry(
                commodity, wh, other, cost + (charge or 0), earned, flags, standing_charge=charge, known=known,
                whole=len(of_day),
            )  # fmt: skip
    return found


# As CSV


def _thousandths(value: int | None) -> str:
    return "" if value is None else f"{value // 1000}.{value % 1000:03d}"


def _pounds(value: int | None) -> str:
    if value is None:
        return ""
    return f"{'-' if value < 0 else ''}{abs(value) // 100_000}.{abs(value) % 100_000:05d}"


def _csv(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


_OF_ELECTRICITY = ("import_kwh", "export_kwh", "import_cost_gbp", "export_earned_gbp", "electricity_filled",
                   "electricity_how")  # fmt: skip
_OF_GAS = ("gas_m3", "gas_kwh", "gas_cost_gbp", "gas_filled", "gas_how")


def _electricity(entry: Entry | None) -> list[str]:
    if entry is None:
        return [""] * len(_OF_ELECTRICITY)
    return [
        _thousandths(entry.wh), _thousandths(entry.other), _pounds(entry.cost), _pounds(entry.earned),
        _filled(entry), entry.how,
    ]  # fmt: skip


def _gas(entry: Entry | None) -> list[str]:
    if entry is None:
        return [""] * len(_OF_GAS)
    return [_thousandths(entry.other), _thousandths(entry.wh), _pounds(entry.cost), _filled(entry), entry.how]


def _filled(entry: Entry) -> str:
    return "yes" if entry.flags & FILLED else "no"


def half_hours_csv(books: Path) -> str:
    """A row for each half-hour of which something is known. Costs are the energy's alone."""
    electricity, gas = (half_hours(books, commodity) for commodity in (ELECTRICITY, GAS))
    rows: list[Iterable[str]] = [("utc_start", "local_start", *_OF_ELECTRICITY, *_OF_GAS)]
    for half in sorted({*electricity, *gas}):
        start = start_of(half)
        rows.append((
            start.strftime("%Y-%m-%dT%H:%MZ"), start.astimezone(LONDON).isoformat(timespec="minutes"),
            *_electricity(electricity.get(half)), *_gas(gas.get(half)),
        ))  # fmt: skip
    return _csv(rows)


def days_csv(books: Path) -> str:
    """A row for each British day of which something is known. Costs include the standing charge."""
    electricity, gas = (days(books, commodity) for commodity in (ELECTRICITY, GAS))
    rows: list[Iterable[str]] = [(
        "local_day", *_OF_ELECTRICITY, "electricity_standing_charge_gbp", *_OF_GAS, "gas_standing_charge_gbp",
    )]  # fmt: skip
    for day in sorted({*electricity, *gas}):
        one, other = electricity.get(day), gas.get(day)
        rows.append((
            day.isoformat(), *_electricity(one), _pounds(one.standing_charge if one else None),
            *_gas(other), _pounds(other.standing_charge if other else None),
        ))  # fmt: skip
    return _csv(rows)


_ABOUT = """\
What this display has counted, as it stands in its memory.

half-hours.csv  one row for each half-hour: when it began (UTC, and by the clock on the wall), what came in, what went
                out, gas, and what it cost. The costs here are without the daily charge.
days.csv        one row for each day, from midnight to midnight by the clock on the wall. The costs here have the daily
                charge in them, once the day is over.
books/          the files themselves, as docs/history.md describes them.

An empty field is not known. That is never the same as 0. "filled" is "yes" where the display was not there, and had the
figures from the meter's own log later. Money is in pounds.
"""


def pack(books: Path) -> bytes:
    """All of it, as a zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("read-me.txt", _ABOUT)
        archive.writestr("half-hours.csv", half_hours_csv(books))
        archive.writestr("days.csv", days_csv(books))
        for file in sorted(books.glob("*")):
            archive.write(file, f"books/{file.name}")
    return packed.getvalue()
