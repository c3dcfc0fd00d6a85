"""The gas meter and its mirror at the hub: what is read there was true at the last half-hour (GBCS)."""

from __future__ import annotations

import asyncio

from zigpy.zcl import foundation
from zigpy.zcl.foundation import DataType, Direction, GeneralCommand

from host_tools.sim.household import Household
from host_tools.sim.node import Node
from host_tools.sim.tariff import Tariff
from host_tools.sim.zcl_server import Attribute

METERING, PRICE = 0x0702, 0x0700
_HALF_HOUR = 1800
_SUMMATION, _SNAP_SHOT_TIME = 0x0000, 0x0007


class GasMirror:
    """The hub's copy of the gas meter: volume in litres and when the meter reported it."""

    def __init__(self, tariff: Tariff, serial: bytes) -> None:
        self.tariff = tariff
        self.litres: int | None = None
        self.reported_utc = 0
        self.attributes = {
            METERING: {
                _SUMMATION: Attribute(0x25, lambda: self.litres),
                _SNAP_SHOT_TIME: Attribute(0xE2, lambda: self.reported_utc),
                0x000A: Attribute(0x20, 0x1E),
                0x0200: Attribute(0x18, 0),
                0x0300: Attribute(0x30, 1),
                0x0301: Attribute(0x22, 1),
                0x0302: Attribute(0x22, 1000),
                0x0303: Attribute(0x18, 0x2B),
                0x0306: Attribute(0x18, 0x80),
                0x0308: Attribute(0x41, serial),
            },
            PRICE: tariff.attributes,
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


class GasMeter(Node):
    """Asleep but for each half-hour, when it reports its register to the mirror."""

    def __init__(self, air, eui64: bytes, household: Household, **kwargs) -> None:
        super().__init__(air, eui64, **kwargs)
        self._household = household
        self._sequence = 0

    @property
    def register(self) -> int:
        """Litres through the meter."""
        return self._household.gas_litres

    async def run(self) -> None:
        """Reports for ever."""
        await self.report()
        while True:
            utc = asyncio.get_running_loop().utc
            await asyncio.sleep(_HALF_HOUR - utc % _HALF_HOUR + 2)
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
