"""The electricity meter: a node of its own on the hub's network (SMETS2)."""

from __future__ import annotations

import asyncio
import dataclasses

from host_tools.sim import aps
from host_tools.sim.device_management import DEVICE_MANAGEMENT, DeviceManagementServer
from host_tools.sim.events import EVENTS, EventServer
from host_tools.sim.homes import Home
from host_tools.sim.household import Household
from host_tools.sim.messaging import MESSAGING, MessageServer
from host_tools.sim.metering import (
    METERING,
    ProfileLog,
    active_tier,
    bill_to_date,
    block_registers,
    formatting,
    histories,
    tier_registers,
)
from host_tools.sim.node import Endpoint
from host_tools.sim.prepayment import PREPAYMENT, Account, PrepaymentServer, State, SupplyState
from host_tools.sim.price import PRICE, PriceServer
from host_tools.sim.supply import Supply
from host_tools.sim.timetable import CALENDAR, CalendarServer
from host_tools.sim.zcl_server import Attribute, Attributes, ZclServer

BASIC, KEY_ESTABLISHMENT = 0x0000, 0x0800
ENDPOINT = 1
_MINUTE = 60
_TAMPER = 0x04
_ELECTRICITY = 0x00


class ElectricityMeter(ZclServer):
    """Import and export registers, power now, its tariff and its accounts, as the home has them. One that was fitted
    while the home ran (`fitted`) begins at nothing.
    """

    is_router = True

    def __init__(
        self, air, eui64: bytes, household: Household, home: Home, serial: bytes, *, fitted: bool = False, **kwargs
    ) -> None:  # fmt: skip
        super().__init__(air, eui64, **kwargs)
        now_us = asyncio.get_running_loop().now_us
        fitted_us = now_us if fitted else None
        self.home = home
        self.household = household
        self.serial = serial
        self.fails: set[int] = set()
        self.tampered = False
        self.supply = Supply(household.import_at, home.tariff, household.start_us, fitted_us=fitted_us)
        self.exported = Supply(household.export_at, home.export_tariff, household.start_us, fitted_us=fitted_us)
        self.events = EventServer(self.now, self._longest, self._publish_part)
        self.messages = MessageServer(self.now, self._publish_part)
        self.management = DeviceManagementServer(
            self.now, self._publish_part, home.supplier, home.mpan, home.customer_id, home.thresholds
        )
        self._log = ProfileLog(
            self.supply, self.now, (self.supply.register, self.exported.register), home.form, self._longest
        )
        self.endpoints[ENDPOINT] = Endpoint(
            0x0501,
            (BASIC, METERING, PRICE, MESSAGING, PREPAYMENT, CALENDAR, DEVICE_MANAGEMENT, EVENTS, KEY_ESTABLISHMENT),
            (0x000A,),
        )
        self._serve()
        if self.account and home.in_emergency:
            self.account.select_emergency_credit(now_us)

    def _serve(self) -> None:
        # What is served, and the account of who pays first: both follow from how the home is supplied.
        home, now_us = self.home, self.now()
        self.account: Account | None = None
        if home.credit is not None:
            self.account = Account(
                self.supply, now_us, home.credit, self.household.set_supply, terms=home.terms, debts=home.debts,
                on_event=self.events.note,
            )  # fmt: skip
        paid = self.exported if home.export_tariff else None
        self.prices = PriceServer(self.supply, self.now, self._longest, exported=paid, carbon=home.carbon)
        prepayment = PrepaymentServer(
            self.supply, self.now, self._longest, self.account, self.state, paid, terse=home.terse
        )
        calendar = CalendarServer(self.supply, self.now, self._longest, home.terms.friendly if self.account else None)
        self.attributes[ENDPOINT] = {
            BASIC: {0x0000: Attribute(0x20, 8), 0x0007: Attribute(0x30, 1)},
            METERING: self._metering(),
            PRICE: self.prices.attributes,
            MESSAGING: {},
            PREPAYMENT: prepayment.attributes,
            CALENDAR: {},
            DEVICE_MANAGEMENT: self.management.attributes,
            EVENTS: {},
        }
        self.commands[ENDPOINT, METERING, 0x00] = self._log.get_profile
        self.commands[ENDPOINT, METERING, 0x08] = self._log.get_sampled_data
        for part in (self.prices, self.messages, prepayment, calendar, self.management, self.events):
            for (cluster, command), handler in part.commands.items():
                self.commands[ENDPOINT, cluster, command] = handler

    def take_contract(self, other: Home) -> Home:
        """Supplied and paid for as another home's electricity is, from this second on; returns this home as changed."""
        now_us = self.now()
        since_us = now_us // 1_000_000 * 1_000_000
        before = self.supply.tariff(now_us)
        number = before.tariff_id + 1 if before else 1
        tariff = dataclasses.replace(other.tariff, tariff_id=number) if other.tariff else None
        self.supply.set_tariff(since_us, tariff)
        self.exported.set_tariff(since_us, other.export_tariff)
        if self.account and self._supply_status() != SupplyState.ON:
            self.household.set_supply(True)
        self.home = dataclasses.replace(
            self.home, name=other.name, tariff=tariff, export_tariff=other.export_tariff, credit=other.credit,
            terms=other.terms, debts=other.debts,
        )  # fmt: skip
        self._serve()
        self.events.note("tariff changed")
        if tariff:
            self._publish_part(PRICE, [self.prices.information(since_us, tariff)])
        self.publish_price()
        return self.home

    def inherit(self, old: ElectricityMeter) -> None:
        """Takes over tariffs, accounts and supplier of the meter that it replaces."""
        self.supply.inherit(old.supply)
        self.exported.inherit(old.exported)
        self.management.supplier = old.management.supplier
        if self.account and old.account:
            self.account.inherit(old.account, self.now())

    def now(self) -> int:
        """The meter's clock, in microseconds since 1970."""
        return asyncio.get_running_loop().now_us

    def _longest(self) -> int:
        return self.longest

    def state(self) -> State | None:
        """The accounts now; None in credit mode."""
        return self.account.state(self.now()) if self.account else None

    def _metering(self) -> Attributes:
        home, supply, exported, now, form = self.home, self.supply, self.exported, self.now, self.home.form
        found = {
            0x0000: Attribute(0x25, lambda: form.raw(supply.register(now()))),
            0x0001: Attribute(0x25, lambda: form.raw(exported.register(now()))),
            0x0007: Attribute(0xE2, 0),
            0x000A: Attribute(0x20, 10),
            0x000F: Attribute(0x30, 2),
            0x0014: Attribute(0x30, self._supply_status),
            0x0020: Attribute(0x30, active_tier(supply, now)),
            0x0200: Attribute(0x18, lambda: _TAMPER if self.tampered else 0),
            0x0207: Attribute(0x30, self._ambient),
            **formatting(form, _ELECTRICITY),
            0x0304: Attribute(0x18, 0x2B),
            0x0305: Attribute(0x18, 0x2B),
            0x0307: Attribute(0x41, lambda: self.management.site_id),
            0x0308: Attribute(0x41, self.serial),
            0x0311: Attribute(0x41, lambda: self.management.customer_id),
            0x0400: Attribute(0x2A, lambda: self.household.demand_w * form.units),
            0x0500: Attribute(0x20, lambda: self._log.most_periods),
            **tier_registers(0x0100, supply, now, form),
            **block_registers(supply, now, form),
            **histories(0x0400, supply, now, supply.energy, form.raw),
            **histories(0x0401, exported, now, exported.energy, form.raw),
        }
        if home.export_tariff:
            found |= tier_registers(0x0101, exported, now, form)
        if self.account is None:
            found |= bill_to_date(supply, now)
        for identifier, attribute in found.items():
            attribute._get = self._unless_failing(identifier, attribute._get)
        return found

    def _unless_failing(self, identifier: int, get):
        # An attribute in `fails` reads as its type's invalid code.
        return lambda: None if identifier in self.fails else get()

    def _supply_status(self) -> int:
        state = self.state()
        return SupplyState.ON if state is None else state.supply

    def _ambient(self) -> int:
        medium, high = self.management.thresholds or (0, 0)
        return sum(self.household.demand_w >= threshold for threshold in (medium, high))

    @property
    def registers(self) -> dict[str, int]:
        """What the meter's own display would show: Wh imported and exported, W now."""
        return {
            "current_summation_delivered": self.supply.register(self.now()),
            "current_summation_received": self.exported.register(self.now()),
            "instantaneous_demand": self.household.demand_w,
        }

    # What it does by itself

    async def run(self) -> None:
        """Looks at its accounts each minute, and tells the displays of each new price. For ever."""
        price = self.supply.price(self.now())
        while True:
            utc = asyncio.get_running_loop().utc
            await asyncio.sleep(_MINUTE - utc % _MINUTE)
            if not self.powered:
                continue
            if self.account:
                self.account.tick(self.now())
            before, price = price, self.supply.price(self.now())
            if price != before:
                self.publish_price()

    def publish_price(self) -> None:
        """Publish Price, as it is now, to the displays."""
        answer = self.prices.current()
        if answer:
            self._publish_part(PRICE, [answer])

    def _publish_part(self, cluster: int, answers: list) -> None:
        if self.home.publishes:
            self.publish(ENDPOINT, cluster, answers)

    def displays(self) -> list[int]:
        known = {eui64: node_id for node_id, eui64 in self.addresses.items() if eui64 in self.keys and node_id}
        return list(known.values())

    def on_command(self, frame: aps.Frame, sender: bytes | None, sender_id: int) -> None:
        # The trust centre introduces a display: a link key with it. Its address is known from its announcement.
        key = frame.payload
        if frame.secured is aps.KeyId.KEY_LOAD and aps.transports(key, aps.KeyType.APPLICATION_LINK):
            self.keys[key[18:26]] = aps.LinkKey(key[2:18], authorised=True)
