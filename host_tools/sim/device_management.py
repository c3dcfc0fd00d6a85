"""Device Management 0x0708: who supplies, who lives here, and what a display is to forget (SE 1.4, annex D.10)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from enum import IntFlag
from typing import Any

from host_tools.sim import smart_energy as se
from host_tools.sim.metering import Now
from host_tools.sim.supply import to_utc
from host_tools.sim.zcl_server import Answer, Answers, Attribute, Attributes

DEVICE_MANAGEMENT = 0x0708
_BOTH = 2


class Clear(IntFlag):
    """Bits of the control field that tell what a change clears."""

    RESET_CREDIT = 1 << 2
    RESET_DEBIT = 1 << 3
    RESET_BILLING = 1 << 4
    TARIFF = 1 << 5
    STANDING_CHARGE = 1 << 6
    BLOCK_HISTORY = 1 << 7
    HISTORY = 1 << 8
    DISPLAY_CONSUMER = 1 << 9
    DISPLAY_SUPPLIER = 1 << 10
    TRANSACTIONS = 1 << 13
    PREPAYMENT = 1 << 14


@dataclasses.dataclass(frozen=True)
class Supplier:
    """A supplier: name of 16 octets and contact of 19 at the most."""

    provider: int
    name: bytes
    contact: bytes


class DeviceManagementServer:
    """`thresholds` are the watts from which use is medium and high, None for a gas meter."""

    def __init__(
        self, now: Now, publish: Callable[[int, list[Answer]], None], supplier: Supplier, site_id: bytes,
        customer_id: bytes, thresholds: tuple[int, int] | None,
    ) -> None:  # fmt: skip
        self._now = now
        self._publish = publish
        self.supplier = supplier
        self.site_id = site_id
        self.customer_id = customer_id
        self.thresholds = thresholds
        self._tenancy: se.PublishChangeOfTenancy | None = None
        self._change: se.PublishChangeOfSupplier | None = None

    def _utc(self) -> int:
        now_us = self._now()
        return 0 if now_us is None else to_utc(now_us)

    def change_tenancy(self, clear: Clear, at_utc: int = 0) -> None:
        """Another household: tells the displays what to clear, and when."""
        self._tenancy = se.PublishChangeOfTenancy(
            provider=self.supplier.provider, event=self._utc(), tariff_type=_BOTH,
            implementation=at_utc or self._utc(), control=int(clear),
        )  # fmt: skip
        self._publish(DEVICE_MANAGEMENT, [(0x00, self._tenancy.serialize())])

    def change_supplier(self, to: Supplier, clear: Clear, at_utc: int = 0) -> None:
        """Announces another supplier, who takes over at that time."""
        self._change = se.PublishChangeOfSupplier(
            current_provider=self.supplier.provider, event=self._utc(), tariff_type=_BOTH,
            proposed_provider=to.provider, implementation=at_utc or self._utc(), control=int(clear), name=to.name,
            contact=to.contact,
        )  # fmt: skip
        self._publish(DEVICE_MANAGEMENT, [(0x01, self._change.serialize())])

    def _get_tenancy(self, payload: bytes, message) -> Answers:
        return (0x00, self._tenancy.serialize()) if self._tenancy else None

    def _get_supplier(self, payload: bytes, message) -> Answers:
        return (0x01, self._change.serialize()) if self._change else None

    def site(self) -> Answer:
        """Update Site ID."""
        command = se.UpdateSiteId(event=1, time=0, provider=self.supplier.provider, site_id=self.site_id)
        return 0x03, command.serialize()

    def _get_site(self, payload: bytes, message) -> Answers:
        return self.site()

    def _get_customer(self, payload: bytes, message) -> Answers:
        command = se.UpdateCustomerId(event=1, time=0, provider=self.supplier.provider, customer_id=self.customer_id)
        return 0x06, command.serialize()

    @property
    def commands(self) -> dict[tuple[int, int], Any]:
        """Handlers by (cluster, command)."""
        return {
            (DEVICE_MANAGEMENT, 0x00): self._get_tenancy,
            (DEVICE_MANAGEMENT, 0x01): self._get_supplier,
            (DEVICE_MANAGEMENT, 0x03): self._get_site,
            (DEVICE_MANAGEMENT, 0x05): self._get_customer,
        }

    @property
    def attributes(self) -> Attributes:
        found = {
            0x0100: Attribute(0x23, lambda: self.supplier.provider),
            0x0101: Attribute(0x41, lambda: self.supplier.name),
            0x0102: Attribute(0x41, lambda: self.supplier.contact),
            0x0110: Attribute(0x23, lambda: self._change.proposed_provider if self._change else None),
            0x0111: Attribute(0x41, lambda: bytes(self._change.name) if self._change else b""),
            0x0112: Attribute(0xE2, lambda: self._change.implementation if self._change else None),
            0x0113: Attribute(0x1B, lambda: self._change.control if self._change else 0),
            0x0114: Attribute(0x41, lambda: bytes(self._change.contact) if self._change else b""),
            0x0200: Attribute(0xE2, lambda: self._tenancy.implementation if self._tenancy else None),
            0x0201: Attribute(0x1B, lambda: self._tenancy.control if self._tenancy else 0),
            0x0300: Attribute(0x30, 1),
        }
        if self.thresholds:
            found[0x0400] = Attribute(0x23, lambda: self.thresholds and self.thresholds[0])
            found[0x0401] = Attribute(0x23, lambda: self.thresholds and self.thresholds[1])
        return found
