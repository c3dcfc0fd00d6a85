"""The people and the house: what they switch on, what the sun gives, and what the registers count.

Between two events every power is constant, so that energy is a sum and not an approximation: registers are
exact whenever they are looked at.
"""

from __future__ import annotations

import asyncio
import math
import random

from host_tools.sim.curve import HOUR_US, Curve, electricity_habit, gas_habit, night_habit, solar_habit

_GAS_LITRES_AN_HOUR_PER_KW = 90
_GAS_UNIT_US = 1000 * HOUR_US
_PUMP_W = 95
BOILER_W = 12_000


def _until(second: int) -> int:
    # Seconds until this second of the UTC day comes round.
    return (second - asyncio.get_running_loop().utc) % 86400 or 86400


class Household:
    """What is used now, and the sums that the meters' registers show; `demand_w` below 0 is export.

    Instants are microseconds since 1970. `night_storage`: heaters and hot water run at night.
    """

    def __init__(
        self, rng: random.Random, *, import_wh: int, export_wh: int, gas_litres: int, solar_peak_w: int = 3600,
        night_storage: bool = False, seed: int = 1,
    ) -> None:  # fmt: skip
        self._rng = rng
        self._loads: dict[str, int] = {"standing": 180}
        self._solar = 0
        self._boilers: dict[str, int] = {}
        self._opening = import_wh, export_wh, gas_litres
        now = asyncio.get_running_loop().now_us
        habits = night_habit if night_storage else electricity_habit, solar_habit(solar_peak_w), gas_habit
        self._import, self._export, self._gas = (
            Curve(now, habit, f"{seed} {name}") for name, habit in zip(("import", "export", "gas"), habits, strict=True)
        )
        self.start_us = now
        self._off: set[str] = set()
        self.gas_valve = True
        self.solar_peak_w = solar_peak_w
        self._night_storage = night_storage
        self._count()

    # Meters' registers

    @property
    def demand_w(self) -> int:
        """Import less export."""
        return 0 if self._off else sum(self._loads.values()) - self._solar

    @property
    def import_wh(self) -> int:
        return self.import_at(asyncio.get_running_loop().now_us)

    @property
    def export_wh(self) -> int:
        return self.export_at(asyncio.get_running_loop().now_us)

    @property
    def gas_litres(self) -> int:
        return self.gas_at(asyncio.get_running_loop().now_us)

    def import_at(self, time_us: int) -> int:
        """Wh imported up to an instant that is not to come, from the past that the seed has to now."""
        return max(0, self._opening[0] + self._import.at(time_us) // HOUR_US)

    def export_at(self, time_us: int) -> int:
        """Wh exported up to an instant that is not to come."""
        return max(0, self._opening[1] + self._export.at(time_us) // HOUR_US)

    def gas_at(self, time_us: int) -> int:
        """Litres of gas up to an instant that is not to come."""
        return max(0, self._opening[2] + self._gas.at(time_us) // _GAS_UNIT_US)

    def _count(self) -> None:
        # Something has been switched: other rates from now on.
        now = asyncio.get_running_loop().now_us
        demand = self.demand_w
        self._import.set_rate(now, max(0, demand))
        self._export.set_rate(now, max(0, -demand))
        burns = sum(self._boilers.values()) if self.gas_valve and not self._off else 0
        self._gas.set_rate(now, burns * _GAS_LITRES_AN_HOUR_PER_KW)

    # What happens in the house

    def set_load(self, name: str, watts: int) -> None:
        """Switches something on (watts) or off (0)."""
        if watts:
            self._loads[name] = watts
        else:
            self._loads.pop(name, None)
        self._count()

    def load(self, name: str) -> int:
        """What this takes now, in watts."""
        return self._loads.get(name, 0)

    def set_boiler(self, name: str, watts: int) -> None:
        """Burns gas for so much heat (0: no more), beside what others burn. The pump that goes with it is electric."""
        if watts:
            self._boilers[name] = watts
        else:
            self._boilers.pop(name, None)
        self.set_load(f"{name} pump", _PUMP_W if watts else 0)

    def boiler(self, name: str) -> int:
        """What this burns now, in watts."""
        return self._boilers.get(name, 0)

    @property
    def main_switch(self) -> bool:
        """The consumer unit's main switch."""
        return "main switch" not in self._off

    @property
    def supply(self) -> bool:
        """Whether the electricity meter lets current through."""
        return "meter" not in self._off

    def set_main_switch(self, on: bool) -> None:
        """Off, nothing moves, sun and boiler included."""
        self._set("main switch", on)

    def set_supply(self, on: bool) -> None:
        """The switch in the electricity meter."""
        self._set("meter", on)

    def set_mains(self, on: bool) -> None:
        """What comes from the street."""
        self._set("mains", on)

    def _set(self, switch: str, on: bool) -> None:
        (self._off.discard if on else self._off.add)(switch)
        self._count()

    def set_gas_valve(self, opened: bool) -> None:
        """The valve in the gas meter."""
        self.gas_valve = opened
        self._count()

    async def run(self) -> None:
        """Lives for ever: kettle, oven, fridge, heating and sun, each in its own rhythm."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._kettle())
            group.create_task(self._oven())
            group.create_task(self._fridge())
            group.create_task(self._heating())
            group.create_task(self._sun())
            if self._night_storage:
                group.create_task(self._storage_heaters())

    async def _kettle(self) -> None:
        await asyncio.sleep(self._rng.uniform(240, 480))
        while True:
            self.set_load("kettle", self._rng.choice((2200, 2850, 3000)))
            await asyncio.sleep(self._rng.uniform(90, 240))
            self.set_load("kettle", 0)
            await asyncio.sleep(self._rng.uniform(2400, 7200))

    async def _oven(self) -> None:
        while True:
            await asyncio.sleep(self._rng.uniform(5400, 14400))
            for _ in range(self._rng.randrange(4, 12)):
                self.set_load("oven", 2100)
                await asyncio.sleep(self._rng.uniform(60, 300))
                self.set_load("oven", 0)
                await asyncio.sleep(self._rng.uniform(120, 300))

    async def _fridge(self) -> None:
        while True:
            self.set_load("fridge", 85)
            await asyncio.sleep(self._rng.uniform(600, 1200))
            self.set_load("fridge", 0)
            await asyncio.sleep(self._rng.uniform(900, 1800))

    async def _heating(self) -> None:
        while True:
            self.set_boiler("heating", self._rng.randrange(6000, 18000))
            await asyncio.sleep(self._rng.uniform(600, 1500))
            self.set_boiler("heating", 0)
            await asyncio.sleep(self._rng.uniform(900, 3600))

    async def _storage_heaters(self) -> None:
        # On the meter's own off-peak contactor: half past midnight to half past seven UTC.
        while True:
            await asyncio.sleep(_until(1800))
            self.set_load("storage heaters", self._rng.randrange(2000, 4500))
            await asyncio.sleep(_until(27_000))
            self.set_load("storage heaters", 0)

    async def _sun(self) -> None:
        # A clear day's half sine between six and eight, less the clouds of the minute.
        cloud = 0.4
        while True:
            hour = asyncio.get_running_loop().utc % 86400 / 3600
            clear = max(0.0, math.sin(math.pi * (hour - 5) / 14)) if 5 < hour < 19 else 0.0
            cloud = min(0.95, max(0.0, cloud + self._rng.uniform(-0.12, 0.12)))
            self._solar = int(self.solar_peak_w * clear * (1 - cloud))
            self._count()
            await asyncio.sleep(self._rng.uniform(30, 90))
