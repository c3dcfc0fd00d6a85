"""Homes by name: who supplies them, how they pay and what they have. `inkmeter homes` lists them."""

from __future__ import annotations

import dataclasses
import functools

from host_tools.sim.device_management import Supplier
from host_tools.sim.metering import BCD, CUBIC_METRES, KWH, Format
from host_tools.sim.prepayment import Debt, Terms
from host_tools.sim.tariff import Tariff

FIRST_SUPPLIER = Supplier(1, b"Wren Energy", b"0330 111 0111")
NEXT_SUPPLIER = Supplier(2, b"Kestrel Power", b"0330 222 0222")

_IN_WH, _IN_LITRES = Format(KWH), Format(CUBIC_METRES)


@dataclasses.dataclass(frozen=True)
class Home:
    """A home as it is when the run begins. Money is in 1/100,000 of a pound, power in watts.

    `credit` and `gas_credit` are what is on a prepayment meter, None for one in credit mode. `publishes`: hub and meter
    tell displays of changes unasked. `terse`: prepayment meters whose attributes leave out what commands say, the last
    top-ups and the friendly hours. `then` are changes that come by themselves: (seconds, change).
    """

    name: str
    about: str
    tariff: Tariff | None
    gas_tariff: Tariff | None = None
    gas: bool = True
    export_tariff: Tariff | None = None
    solar_peak_w: int = 0
    night_storage: bool = False
    credit: int | None = None
    gas_credit: int | None = None
    in_emergency: bool = False
    terse: bool = False
    terms: Terms = dataclasses.field(default_factory=Terms)
    debts: tuple[Debt, ...] = ()
    form: Format = _IN_WH
    gas_form: Format = _IN_LITRES
    clock_set: bool = True
    publishes: bool = True
    carbon: int | None = None
    gas_carbon: int | None = None
    supplier: Supplier = FIRST_SUPPLIER
    mpan: bytes = b"1200000000011"
    mprn: bytes = b"7400000018"
    customer_id: bytes = b"C0012345"
    thresholds: tuple[int, int] = (500, 2000)
    then: tuple[tuple[float, str], ...] = ()


_FLAT = Tariff(0, ((0, 24_500),), 53_800, b"Fixed 12", tier_labels=(b"Standard",))
_GAS = Tariff(0, ((0, 6_240),), 31_660, b"Fixed 12 gas")
_ECONOMY_7 = Tariff(
    0, ((0, 29_870), (30, 13_120), (450, 29_870)), 53_800, b"Economy 7", tiers=(1, 2, 1),
    tier_labels=(b"Day", b"Night"),
)  # fmt: skip
_AGILE = Tariff(0, ((0, 0),), 47_850, b"Half-hourly", half_hourly="agile", long_form=True, acknowledged=True)
_HALF_HOUR_TIERS = Tariff(
    0, tuple((30 * slot, 9_000 + 400 * (slot * 7 % 48)) for slot in range(48)), 47_850, b"48 rates",
    tier_labels=tuple(b"Slot %02d" % slot for slot in range(1, 49)),
)  # fmt: skip
_BLOCKS = Tariff(0, ((0, 31_200),), 0, b"Three blocks", blocks=(90_000, 120_000), block_prices=(31_200, 22_400, 27_900))
_GAS_BLOCKS = Tariff(
    0, ((0, 8_100),), 0, b"Two blocks gas", blocks=(300_000,), block_prices=(8_100, 5_400)
)  # fmt: skip
_EXPORT = Tariff(0, ((0, 15_000),), 0, b"Outgoing", received=True, tariff_id=9)
_DEBTS = (Debt(b"Arrears", 4_200_000, daily=50_000), Debt(b"", 0), Debt(b"Loan", 1_000_000, percent_of_100ths=2500))

_HOMES = (
    Home(
        "demo", "The demonstration's home: three prices a day, solar panels, gas; nothing is announced unasked.",
        Tariff(0, ((0, 9_860), (270, 24_500), (960, 36_750), (1140, 24_500)), 52_340, b"Demo flexible"),
        Tariff(0, ((0, 6_870),), 31_660, b"Demo gas"), solar_peak_w=3600, publishes=False,
    ),
    Home("credit-flat", "Electricity and gas on credit, at one price each.", _FLAT, _GAS, carbon=162, gas_carbon=183),
    Home(
        "economy-7", "Storage heaters on two prices, cheap from 00:30 to 07:30 UTC.", _ECONOMY_7, gas=False,
        night_storage=True,
    ),
    Home("agile", "A price for every half-hour, negative around noon.", _AGILE, _GAS),
    Home("half-hour-tiers", "48 prices a day from a calendar: a register for every half-hour.", _HALF_HOUR_TIERS, _GAS),
    Home("blocks", "Prices that change with what the month has used so far.", _BLOCKS, _GAS_BLOCKS),
    Home("solar", "Solar panels: export is counted but not paid for.", _FLAT, _GAS, solar_peak_w=3600),
    Home(
        "export-mpan", "Solar panels with an export tariff of their own.", _FLAT, _GAS, export_tariff=_EXPORT,
        solar_peak_w=5000,
    ),
    Home(
        "prepaid", "Prepaid electricity and gas, with debts; the credit lasts a day or two.", _FLAT, _GAS,
        credit=412_000, gas_credit=655_000, debts=_DEBTS,
    ),
    Home(
        "prepaid-in-emergency", "A prepayment meter on emergency credit, with less than a day of it left.", _FLAT, _GAS,
        credit=-950_000, gas_credit=90_000, in_emergency=True, debts=_DEBTS[:1], terse=True,
    ),
    Home("electricity-only", "No gas meter.", _FLAT, gas=False),
    Home(
        "gas-later", "A gas meter is fitted an hour after the start.", _FLAT, _GAS, gas=False,
        then=((3600, "gas-fitted"),),
    ),
    Home("no-prices", "Meters that were never given a tariff.", None, None),
    Home(
        "strange-divisors", "Registers in 1/100,000 kWh, and gas in BCD.", _FLAT, _GAS,
        form=Format(KWH, 1, 100_000, 100), gas_form=Format(CUBIC_METRES | BCD),
    ),
    Home("clock-not-set", "A hub whose clock is not set for the first half-hour.", _FLAT, _GAS, clock_set=False,
         then=((1800, "clock-set"),)),
)  # fmt: skip
HOMES: dict[str, Home] = {home.name: home for home in _HOMES}


@functools.cache
def next_home(name: str, seed: int, moves: int, mpan: bytes) -> Home:
    """A home of this name at another address, to move into: the first that somebody moves into has `moves` 1, the next
    another gas meter and customer. Raises KeyError.
    """
    return dataclasses.replace(
        home(name, seed), mpan=mpan, mprn=b"%d" % (6_299_999_941 + 101 * moves), customer_id=b"C%07d" % (77_309 + moves)
    )


@functools.cache
def home(name: str, seed: int) -> Home:
    """The home of this name; its half-hourly prices come from the seed. Raises KeyError."""
    found = HOMES[name]
    if found.tariff and found.tariff.half_hourly:
        tariff = dataclasses.replace(found.tariff, half_hourly=f"{found.tariff.half_hourly} {seed}")
        found = dataclasses.replace(found, tariff=tariff)
    return found
