"""The people and the house: what they switch on, what the sun gives, and what the registers count.

Between two events every power is constant, so that energy is a sum and not an approximation: registers are
exact whenever they are looked at.
"""

from __future__ import annotations

import asyncio
import math
import random

_HOUR_US = 3_600_000_000
_GAS_LITRES_AN_HOUR_PER_KW = 90


class Household:
    """What is used now, and the sums that the meters' registers show; `demand_w` below 0 is export."""

    def __init__(self, rng: random.Random, *, import_wh: int, export_wh: int, gas_litres: int) -> None:
        self._rng = rng
        self._loads: dict[str, int] = {"standing": 180}
        self._solar = 0
        self._boiler_w = 0
        # In watt-microseconds, and the gas in their like: integers, so that no sum depends on who looks when.
        self._import = import_wh * _HOUR_US
        self._export = export_wh * _HOUR_US
        self._gas = gas_litres * 1000 * _HOUR_US
        self._since_us: int | None = None
        self.main_switch = True
        self.solar_peak_w = 3600

    # Meters' registers

    @property
    def demand_w(self) -> int:
        """Import less export."""
        return sum(self._loads.values()) - self._solar if self.main_switch else 0

    @property
    def import_wh(self) -> int:
        self._count()
        return self._import // _HOUR_US

    @property
    def export_wh(self) -> int:
        self._count()
        return self._export // _HOUR_US

    @property
    def gas_litres(self) -> int:
        self._count()
        return self._gas // (1000 * _HOUR_US)

    def _count(self) -> None:
        now = asyncio.get_running_loop().now_us
        span = 0 if self._since_us is None else now - self._since_us
        self._since_us = now
        demand = self.demand_w
        if demand >= 0:
            self._import += demand * span
        else:
            self._export -= demand * span
        if self.main_switch:
            self._gas += self._boiler_w * _GAS_LITRES_AN_HOUR_PER_KW * span

    # What happens in the house

    def set_load(self, name: str, watts: int) -> None:
        """Switches something on (watts) or off (0)."""
        self._count()
        if watts:
            self._loads[name] = watts
        else:
            self._loads.pop(name, None)

    def set_main_switch(self, on: bool) -> None:
        """The consumer unit's main switch, solar and boiler included: off, nothing moves."""
        self._count()
        self.main_switch = on

    async def run(self) -> None:
        """Lives for ever: kettle, oven, fridge, heating and sun, each in its own rhythm."""
        self._count()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._kettle())
            group.create_task(self._oven())
            group.create_task(self._fridge())
            group.create_task(self._heating())
            group.create_task(self._sun())

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
        # A gas boiler: its pump is electric.
        while True:
            self._count()
            self._boiler_w = self._rng.randrange(6000, 18000)
            self.set_load("pump", 95)
            await asyncio.sleep(self._rng.uniform(600, 1500))
            self._count()
            self._boiler_w = 0
            self.set_load("pump", 0)
            await asyncio.sleep(self._rng.uniform(900, 3600))

    async def _sun(self) -> None:
        # A clear day's half sine between six and eight, less the clouds of the minute.
        cloud = 0.4
        while True:
            hour = asyncio.get_running_loop().utc % 86400 / 3600
            clear = max(0.0, math.sin(math.pi * (hour - 5) / 14)) if 5 < hour < 19 else 0.0
            cloud = min(0.95, max(0.0, cloud + self._rng.uniform(-0.12, 0.12)))
            self._count()
            self._solar = int(self.solar_peak_w * clear * (1 - cloud))
            await asyncio.sleep(self._rng.uniform(30, 90))
