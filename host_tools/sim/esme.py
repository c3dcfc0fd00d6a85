"""The electricity meter: a node of its own on the hub's network (SMETS2)."""

from __future__ import annotations

from host_tools.sim import aps
from host_tools.sim.household import Household
from host_tools.sim.node import Endpoint
from host_tools.sim.tariff import Tariff
from host_tools.sim.zcl_server import Attribute, ZclServer

BASIC, PRICE, METERING, KEY_ESTABLISHMENT = 0x0000, 0x0700, 0x0702, 0x0800
_ENDPOINT = 1


class ElectricityMeter(ZclServer):
    """Import and export registers, power now, and its tariff."""

    is_router = True

    def __init__(self, air, eui64: bytes, household: Household, tariff: Tariff, serial: bytes, **kwargs) -> None:
        super().__init__(air, eui64, **kwargs)
        self._household = household
        self.tariff = tariff
        self.serial = serial
        self.fails: set[int] = set()
        self.endpoints[_ENDPOINT] = Endpoint(0x0501, (BASIC, METERING, PRICE, KEY_ESTABLISHMENT), (0x000A,))
        self.attributes[_ENDPOINT] = {
            BASIC: {0x0000: Attribute(0x20, 8), 0x0007: Attribute(0x30, 1)},
            METERING: {
                0x0000: Attribute(0x25, self._unless_failing(0x0000, lambda: household.import_wh)),
                0x0001: Attribute(0x25, self._unless_failing(0x0001, lambda: household.export_wh)),
                0x000A: Attribute(0x20, 10),
                0x0200: Attribute(0x18, 0),
                0x0300: Attribute(0x30, 0),
                0x0301: Attribute(0x22, 1),
                0x0302: Attribute(0x22, 1000),
                0x0303: Attribute(0x18, 0x2B),
                0x0306: Attribute(0x18, 0x00),
                0x0308: Attribute(0x41, serial),
                0x0400: Attribute(0x2A, self._unless_failing(0x0400, lambda: household.demand_w)),
            },
            PRICE: tariff.attributes,
        }
        self.commands[_ENDPOINT, PRICE, 0x00] = tariff.get_current_price

    def _unless_failing(self, identifier: int, get):
        # An attribute in `fails` reads as its type's invalid code.
        return lambda: None if identifier in self.fails else get()

    @property
    def registers(self) -> dict[str, int]:
        """What the meter's own display would show: Wh imported and exported, W now."""
        return {
            "current_summation_delivered": self._household.import_wh,
            "current_summation_received": self._household.export_wh,
            "instantaneous_demand": self._household.demand_w,
        }

    def on_command(self, frame: aps.Frame, sender: bytes | None, sender_id: int) -> None:
        # The trust centre introduces a display: a link key with it. Its address is known from its announcement.
        key = frame.payload
        if frame.secured is aps.KeyId.KEY_LOAD and aps.transports(key, aps.KeyType.APPLICATION_LINK):
            self.keys[key[18:26]] = aps.LinkKey(key[2:18], authorised=True)
