"""The gas meter and its mirror at the hub: what is read there was true at the last half-hour (GBCS)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from zigpy.zcl import foundation
from zigpy.zcl.foundation import DataType, Direction, GeneralCommand

from host_tools.sim.device_management import DEVICE_MANAGEMENT, DeviceManagementServer
from host_tools.sim.events import EVENTS, EventServer
from host_tools.sim.homes import Home
from host_tools.sim.household import Household
from host_tools.sim.messaging import MESSAGING, MessageServer
from host_tools.sim.metering import METERING, ProfileLog, bill_to_date, block_registers, formatting, histories
from host_tools.sim.node import Node
from host_tools.sim.prepayment import PREPAYMENT, Account, PrepaymentServer, State, SupplyState
from host_tools.sim.price import PRICE, PriceServer
from host_tools.sim.supply import Supply, to_us
from host_tools.sim.timetable import CALENDAR, CalendarServer
from host_tools.sim.zcl_server import Attribute, Attributes, Handler

_HALF_HOUR = 1800
_MINUTE = 60
_SUMMATION, _SNAP_SHOT_TIME, _SUPPLY_STATUS = 0x0000, 0x0007, 0x0014
_MIRRORED_GAS = 0x80
_BATTERY_DAYS = 2922
CLUSTERS = (METERING, PRICE, MESSAGING, PREPAYMENT, CALENDAR, DEVICE_MANAGEMENT, EVENTS)
Publish = Callable[[int, list], None]


class Gas:
    """What the gas meter measures and is owed, and what the hub keeps of it for the displays whatever hub it is."""

    def __init__(self, household: Household, home: Home, serial: bytes, *, fitted: bool = False) -> None:
        now_us = asyncio.get_running_loop().now_us
        self.home = home
        self.serial = serial
        self.supply = Supply(
            household.gas_at, home.gas_tariff, household.start_us, fitted_us=now_us if fitted else None, litres=True
        )
        self.publish: Publish = lambda cluster, answers: None
        self.longest: Callable[[], int] = lambda: 73
        self.events = EventServer(self.now, self._longest, self._publish_part)
        self.account: Account | None = None
        if home.gas_credit is not None:
            self.account = Account(
                self.supply, now_us, home.gas_credit, household.set_gas_valve, terms=home.terms,
                on_event=self.events.note,
            )  # fmt: skip
        self.prices = PriceServer(self.supply, self.now, self._longest, carbon=home.gas_carbon)
        self.messages = MessageServer(self.now, self._publish_part)
        self.management = DeviceManagementServer(
            self.now, self._publish_part, home.supplier, home.mprn, home.customer_id, None
        )

    def now(self) -> int:
        """The meter's clock, in microseconds since 1970."""
        return asyncio.get_running_loop().now_us

    def _longest(self) -> int:
        return self.longest()

    def _publish_part(self, cluster: int, answers: list) -> None:
        if self.home.publishes:
            self.publish(cluster, answers)

    @property
    def state(self) -> State | None:
        """The accounts now; None in credit mode."""
        return self.account.state(self.now()) if self.account else None


class GasMirror:
    """The hub's copy of the gas meter: volume in litres and when the meter reported it. Histories, costs and accounts
    are of that time too; messages and prices come over the hub and are known at once.
    """

    def __init__(self, gas: Gas) -> None:
        self.gas = gas
        self.litres: int | None = None
        self.reported_utc = 0
        self._state: State | None = None
        home, supply = gas.home, gas.supply
        self._log = ProfileLog(supply, self._as_of, (supply.register,), home.gas_form, gas._longest)
        prepayment = PrepaymentServer(
            supply, self._as_of, gas._longest, gas.account, lambda: self._state, terse=home.terse
        )
        calendar = CalendarServer(supply, gas.now, gas._longest, home.terms.friendly if gas.account else None)
        self.attributes: dict[int, Attributes] = {
            METERING: self._metering(),
            PRICE: gas.prices.attributes,
            MESSAGING: {},
            PREPAYMENT: prepayment.attributes,
            CALENDAR: {},
            DEVICE_MANAGEMENT: gas.management.attributes,
            EVENTS: {},
        }
        self.commands: dict[tuple[int, int], Handler] = {
            (METERING, 0x00): self._log.get_profile,
            (METERING, 0x08): self._log.get_sampled_data,
        }
        for part in (gas.prices, gas.messages, prepayment, calendar, gas.management, gas.events):
            self.commands |= part.commands

    def _as_of(self) -> int | None:
        # The instant of which the mirror knows.
        return to_us(self.reported_utc) if self.reported_utc else None

    def _metering(self) -> Attributes:
        gas, supply, now = self.gas, self.gas.supply, self._as_of
        form = gas.home.gas_form
        return {
            _SUMMATION: Attribute(0x25, lambda: None if self.litres is None else form.raw(self.litres)),
            _SNAP_SHOT_TIME: Attribute(0xE2, lambda: self.reported_utc),
            0x000A: Attribute(0x20, 0x1E),
            0x000F: Attribute(0x30, 2),
            _SUPPLY_STATUS: Attribute(0x30, lambda: self._state.supply if self._state else SupplyState.ON),
            0x0200: Attribute(0x18, 0),
            0x0205: Attribute(0x21, _BATTERY_DAYS),
            **formatting(form, _MIRRORED_GAS),
            0x0307: Attribute(0x41, lambda: gas.management.site_id),
            0x0308: Attribute(0x41, gas.serial),
            0x0311: Attribute(0x41, lambda: gas.management.customer_id),
            0x0312: Attribute(0x30, 0),
            0x0314: Attribute(0x18, 0x2B),
            0x0500: Attribute(0x20, lambda: self._log.most_periods),
            **block_registers(supply, now, form),
            **histories(0x0C00, supply, now, supply.energy, lambda wh, kind: wh),
            **(bill_to_date(supply, now) if gas.account is None else {}),
        }

    def on_report(self, header: foundation.ZCLHeader, payload: bytes) -> None:
        """A Report Attributes from the gas meter."""
        if header.command_id != GeneralCommand.Report_Attributes:
            return
        reports, _ = foundation.GENERAL_COMMANDS[GeneralCommand.Report_Attributes].schema.deserialize(payload)
        for report in reports.attribute_reports:
            if report.attrid == _SUMMATION:
                self.litres = int(report.value.value)
            elif report.attrid == _SNAP_SHOT_TIME:
                self.reported_utc = int(report.value.value)
                self._state = self.gas.state


class GasMeter(Node):
    """Asleep but for each half-hour, when it reports its register to the mirror."""

    def __init__(self, air, eui64: bytes, gas: Gas, **kwargs) -> None:
        super().__init__(air, eui64, **kwargs)
        self.gas = gas
        self._sequence = 0

    @property
    def register(self) -> int:
        """Litres through the meter."""
        return self.gas.supply.register(self.gas.now())

    async def run(self) -> None:
        """Reports for ever."""
        await self.report()
        while True:
            utc = asyncio.get_running_loop().utc
            await asyncio.sleep(_HALF_HOUR - utc % _HALF_HOUR + 2)
            await self.report()

    async def watch(self) -> None:
        """Looks at its accounts each minute, for ever; a change of the supply is reported at once."""
        account = self.gas.account
        while account:
            await asyncio.sleep(_MINUTE)
            before = account.state(self.gas.now()).supply
            account.tick(self.gas.now())
            if account.state(self.gas.now()).supply is not before:
                await self.report()

    async def report(self) -> None:
        """Sends the register, and when it was read, to the hub."""
        self._sequence = (self._sequence + 1) & 0xFF
        header = foundation.ZCLHeader.general(
            self._sequence, GeneralCommand.Report_Attributes, direction=Direction.Server_to_Client
        )
        utc = asyncio.get_running_loop().utc
        values = ((_SUMMATION, 0x25, self.register), (_SNAP_SHOT_TIME, 0xE2, utc))
        schema = foundation.GENERAL_COMMANDS[GeneralCommand.Report_Attributes].schema
        body = schema(
            attribute_reports=[
                foundation.Attribute(
                    identifier, foundation.TypeValue(kind, DataType.from_type_id(kind).python_type(value))
                )
                for identifier, kind, value in values
            ]
        ).serialize()
        await self.send(0x0000, METERING, header.serialize() + body, destination=2, secure=True)
