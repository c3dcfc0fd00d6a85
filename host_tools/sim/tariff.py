"""Prices as a meter or hub publishes them: Price cluster 0x0700 (SE 1.4, annex D.4)."""

from __future__ import annotations

import asyncio
import dataclasses
import struct

from host_tools.sim.zcl_server import Attribute

_POUNDS = 826
_DIGITS = 5


@dataclasses.dataclass
class Tariff:
    """Unit rates in 1/100,000 of a pound a unit, each by the minute of the UTC day from which it holds."""

    unit_of_measure: int
    rates: tuple[tuple[int, int], ...]
    standing_charge: int
    label: bytes

    def current(self, utc: int) -> tuple[int, int, int]:
        """(tier, rate, minutes for which it still holds) at Zigbee UTC `utc`."""
        minute = utc // 60 % 1440
        tier = max(i for i, (start, _) in enumerate(self.rates) if start <= minute)
        end = self.rates[tier + 1][0] if tier + 1 < len(self.rates) else 1440
        return tier + 1, self.rates[tier][1], end - minute

    def get_current_price(self, payload: bytes, message) -> tuple[int, bytes] | None:
        """Answers Get Current Price with Publish Price, in its short form."""
        utc = asyncio.get_running_loop().utc
        tier, rate, minutes = self.current(utc)
        start = utc - utc % 60
        body = struct.pack("<IB", 1, len(self.label)) + self.label
        body += struct.pack("<IIBHBBIHI", start, utc, self.unit_of_measure, _POUNDS, _DIGITS << 4 | tier,
                            len(self.rates) << 4 | tier, start, minutes, rate)  # fmt: skip
        return 0x00, body

    @property
    def attributes(self) -> dict[int, Attribute]:
        return {
            0x0301: Attribute(0x23, self.standing_charge),
            0x0610: Attribute(0x41, self.label),
            0x0615: Attribute(0x30, self.unit_of_measure),
            0x0616: Attribute(0x21, _POUNDS),
            0x0617: Attribute(0x18, _DIGITS << 4),
        }
