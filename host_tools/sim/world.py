"""The whole home, made from one seed: air, hub, meters, household, supplier, radio module, panel and device."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import IO, Any

from bellows.types import NcpResetCode

from host_tools import toolchain
from host_tools.sim import changes
from host_tools.sim.air import Air
from host_tools.sim.clock import START_US, Clock
from host_tools.sim.crypto.cbke import SUITE_1, SUITE_2, Authority, Identity
from host_tools.sim.device import Device
from host_tools.sim.esme import ElectricityMeter
from host_tools.sim.gas import Gas, GasMeter, GasMirror
from host_tools.sim.homes import home, next_home
from host_tools.sim.household import Household
from host_tools.sim.hub import Hub
from host_tools.sim.ncp.emulator import NcpEmulator
from host_tools.sim.ncp.tokens import Tokens, install_code_token
from host_tools.sim.panel import Ssd1680, Ssd1683
from host_tools.sim.parent import RouterParent
from host_tools.sim.portal import Account, Portal, Timeline, mpan_check_digit
from host_tools.sim.uart import Line

# The controller, its visible sources and gates
PANELS = {"2.9": (Ssd1680, 128, 296), "2.13": (Ssd1680, 122, 250), "4.2": (Ssd1683, 400, 300)}
ISSUER = b"INKMTEST"
# Where things are, in metres; the display is at the origin.
HUB_AT, METER_AT, GAS_METER_AT, NEXT_DOOR = (6.0, 4.0), (6.0, 4.5), (9.0, -2.0), (-14.0, 9.0)
# At the far end of a long drive: the display reaches the electricity meter alone, and that the hub.
FAR_HUB_AT, FAR_METER_AT, FAR_GAS_METER_AT = (180.0, 0.0), (90.0, 0.0), (185.0, 0.0)
_CHANNELS = (11, 15, 20, 25)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a run is made from; the same settings give the same run."""

    seed: int = 1
    ezsp_version: int = 13
    suites: tuple[int, ...] = (1, 2)
    hub_suites: tuple[int, ...] = (1, 2)
    start_us: int = START_US
    panel: str = "2.9"
    buttons: int = 3
    baud: int = 115200
    heap: str = "100k"
    home: str = "demo"
    gas: bool = True
    neighbour: bool = False
    far: bool = False
    timeline: Timeline = dataclasses.field(default_factory=Timeline)


class World:
    """Everything but the device, which start_device() adds. To be made inside the clock's loop."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self.clock = clock
        self.settings = settings
        self._seeds = random.Random(settings.seed)
        self.air = Air(self._rng())
        self.authorities = {
            1: Authority(SUITE_1, ISSUER, self._rng()),
            2: Authority(SUITE_2, ISSUER, self._rng()),
        }
        self.home = home(settings.home, settings.seed)
        solar = self.home.solar_peak_w
        self.household = Household(
            self._rng(), import_wh=4_631_207, export_wh=812_450 if solar else 0, gas_litres=2_282_363,
            solar_peak_w=solar, night_storage=self.home.night_storage, seed=settings.seed,
        )  # fmt: skip
        with_gas = settings.gas and self.home.gas
        self.gas = Gas(self.household, self.home, b"G4K0093312") if with_gas else None
        self._hub_at = FAR_HUB_AT if settings.far else HUB_AT
        self.hub = self._make_hub(channel=20, position=self._hub_at, gas=self.gas)
        self.hub.clock_set = self.home.clock_set
        account = Account(mpan=self.home.mpan.decode(), mprn=self.home.mprn.decode() if with_gas else "")
        self.portal = Portal(self.hub, settings.timeline, account)
        self.neighbour = self._make_hub(channel=15, position=NEXT_DOOR, gas=None) if settings.neighbour else None
        self.meter = ElectricityMeter(
            self.air, self._eui64(), self.household, self.home, b"21E0047731",
            position=FAR_METER_AT if settings.far else METER_AT,
        )  # fmt: skip
        self.meter.parent = RouterParent(self.meter, 6 if settings.far else 0)
        self.hub.trust(self.meter, 0x3A51)
        self.gas_meter: GasMeter | None = None
        if self.gas:
            self.gas_meter = GasMeter(
                self.air, self._eui64(), self.gas, position=FAR_GAS_METER_AT if settings.far else GAS_METER_AT
            )
            self.hub.trust(self.gas_meter, 0x7C02)
        self.ncp = self._make_ncp()
        controller, sources, gates = PANELS[settings.panel]
        self.panel = controller(sources, gates)
        self.device: Device | None = None
        self.on_uart: Callable[[bytes], None] = self._to_device
        self.uart_to_ncp = Line(self.ncp.receive, baud=settings.baud, rng=self._rng())
        self.uart_to_host = Line(lambda data: self.on_uart(data), baud=settings.baud, rng=self._rng())
        self._device_seed = self._seeds.getrandbits(63)
        self._tasks: list[asyncio.Task] = []
        self.moves = self.exchanges = 0

    def _rng(self) -> random.Random:
        return random.Random(self._seeds.getrandbits(64))

    def _eui64(self) -> bytes:
        # Locally administered: nobody's real device.
        return self._seeds.randbytes(7) + b"\x02"

    def identities(self, eui64: bytes, suites: tuple[int, ...]) -> dict[int, Identity]:
        """Certificates for a device (EUI-64 in air order) from this world's authorities."""
        return {suite: self.authorities[suite].certify(eui64[::-1]) for suite in suites}

    def _make_hub(
        self, *, channel: int, position: tuple[float, float], gas: Gas | None, extended_pan_id: bytes | None = None
    ) -> Hub:  # fmt: skip
        eui64 = self._eui64()
        mirror = GasMirror(gas) if gas else None
        return Hub(
            self.air, eui64, self._rng(), self.identities(eui64, self.settings.hub_suites), mirror,
            channel=channel, pan_id=self._seeds.randrange(1, 0xFFFE), position=position,
            extended_pan_id=extended_pan_id,
        )  # fmt: skip

    def swap_hub(self, *, restored: bool, related: bool = True) -> Hub:
        """Replaces a broken hub by a new one, which gets the old one's log or begins with an empty one; the meters
        are moved to it. Its network has the old one's extended PAN id unless it is unrelated.
        """
        old = self.hub
        assert old.network
        old.powered = False
        new = self._make_hub(
            channel=25, position=self._hub_at, gas=self.gas,
            extended_pan_id=old.network.extended_pan_id if related else None,
        )  # fmt: skip
        if restored:
            new.restore(old)
        for node in old.members:
            new.trust(node, node.node_id)
        self.hub = self.portal.hub = new
        return new

    def move_house(self, name: str) -> None:
        """The household moves into a home of this name and takes the display along: another hub and network, other
        meters with other pasts. The old ones, and the old neighbour, are out of range for good. Raises KeyError.
        """
        self.moves += 1
        number = f"2000000000{2 + self.moves:02d}"
        mpan = f"{number}{mpan_check_digit(number)}".encode()
        self.home = next_home(name, self.settings.seed, self.moves, mpan)
        left = [self.hub, *self.hub.members, *([self.neighbour] if self.neighbour else [])]
        channel = next(one for one in _CHANNELS if one not in {node.mac.channel for node in left})
        for node in left:
            node.powered = node.in_range = False
        solar = self.home.solar_peak_w
        self.household = Household(
            self._rng(), import_wh=15_997_807 + 1_304_311 * self.moves, export_wh=96_340 if solar else 0,
            gas_litres=905_771 * self.moves, solar_peak_w=solar, night_storage=self.home.night_storage,
            seed=self.settings.seed + self.moves,
        )  # fmt: skip
        self.gas = (
            Gas(self.household, self.home, b"E6S%07d" % (1_283_401 + 1009 * self.moves)) if self.home.gas else None
        )
        self._hub_at = HUB_AT
        self.hub = self._make_hub(channel=channel, position=HUB_AT, gas=self.gas)
        self.hub.clock_set = self.home.clock_set
        self.meter = ElectricityMeter(
            self.air, self._eui64(), self.household, self.home, b"19L%07d" % (3_126_746 + 1009 * self.moves),
            position=METER_AT,
        )  # fmt: skip
        self.meter.parent = RouterParent(self.meter, 0)
        self.hub.trust(self.meter, 0x2C19)
        self.gas_meter = None
        if self.gas:
            self.gas_meter = GasMeter(self.air, self._eui64(), self.gas, position=GAS_METER_AT)
            self.hub.trust(self.gas_meter, 0x6B8E)
        postcode = "ZZ{0} {0}ZZ".format(9 - self.moves % 9)
        account = Account(
            mpan=self.home.mpan.decode(), mprn=self.home.mprn.decode() if self.gas else "", postcode=postcode
        )
        self.portal = Portal(self.hub, self.portal.timeline, account, self.portal.asked)
        # What those used who lived there before is nobody's business.
        for supply in (self.meter.supply, self.meter.exported, *([self.gas.supply] if self.gas else [])):
            supply.forget(self.clock.now_us)
        self.start_home()

    def _make_ncp(self) -> NcpEmulator:
        eui64 = self._eui64()
        tokens = Tokens(
            eui64, install_code_token(self._seeds.randbytes(16)), self.identities(eui64, self.settings.suites)
        )
        return NcpEmulator(
            self.air, tokens, self._rng(), lambda data: self.uart_to_host.send(data),
            version=self.settings.ezsp_version,
        )  # fmt: skip

    def _to_device(self, data: bytes) -> None:
        if self.device:
            self.device.to_uart(data)

    def start_home(self) -> None:
        """Sets the household and the meters going."""
        loop = asyncio.get_running_loop()
        self._tasks.append(loop.create_task(self.household.run()))
        self._start_electricity_meter()
        self._start_gas_meter()
        for seconds, change in self.home.then:
            self.beside(self.after(seconds, change))

    def _start_electricity_meter(self) -> None:
        if self.home.publishes or self.meter.account:
            self.beside(self.meter.run())

    def _start_gas_meter(self) -> None:
        if self.gas_meter:
            self.beside(self.gas_meter.run())
            self.beside(self.gas_meter.watch())

    async def after(self, seconds: float, change: str) -> None:
        """Changes the home once so much time has passed; see host_tools/sim/changes.py."""
        moves = self.moves
        await asyncio.sleep(seconds)
        # What somebody has done by hand meanwhile may be this, or leave no room for it.
        if self.moves == moves:
            with contextlib.suppress(changes.ChangeError):
                changes.change(self, change)

    def exchange_meter(self) -> ElectricityMeter:
        """A new electricity meter in the old one's place: another EUI-64 and serial number, registers from nothing."""
        old = self.meter
        powered = old.powered
        self.hub.dismiss(old)
        self.exchanges += 1
        self.meter = ElectricityMeter(
            self.air, self._eui64(), self.household, self.home, b"21E%07d" % (92_379 + 1009 * self.exchanges),
            fitted=True, position=METER_AT,
        )  # fmt: skip
        self.meter.powered = powered
        self.meter.inherit(old)
        self.meter.parent = RouterParent(self.meter, 0)
        self.hub.trust(self.meter, old.node_id + 1)
        # Who is there it has been told since, as any router is.
        self.meter.addresses |= {node_id: eui64 for node_id, eui64 in old.addresses.items() if eui64 != old.eui64}
        self._start_electricity_meter()
        return self.meter

    def fit_gas_meter(self) -> None:
        """The gas meter comes."""
        self.gas = Gas(self.household, self.home, b"G4K0093312", fitted=True)
        self.hub.fit_gas(GasMirror(self.gas))
        self.gas_meter = GasMeter(self.air, self._eui64(), self.gas, position=GAS_METER_AT)
        self.hub.trust(self.gas_meter, 0x7C02)
        self._start_gas_meter()

    def neighbour_comes(self) -> None:
        """The neighbour's hub, from now on."""
        if not self.neighbour or not self.neighbour.in_range:
            self.neighbour = self._make_hub(channel=15, position=NEXT_DOOR, gas=None)
        self.neighbour.powered = True

    def beside(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Runs something beside the home, until its end."""
        self._tasks.append(asyncio.get_running_loop().create_task(coroutine))

    def start_device(self, root: Path, log: IO[bytes], *, module: str = "main") -> Device:
        """Powers the device and its radio module. `root` is what its flash holds."""
        device = self.restart_device(root, log, module=module)
        self.ncp.reboot(NcpResetCode.RESET_POWER_ON)
        return device

    def restart_device(self, root: Path, log: IO[bytes], *, module: str = "main") -> Device:
        """Starts the device anew, and leaves its radio module alone."""
        if self.device:
            self.clock.device = None
            self.device.stop()
        self.device = Device(
            self.clock, toolchain.interpreter(), root, self.panel, self.uart_to_ncp.send, log,
            heap=self.settings.heap, seed=self._device_seed, module=module,
            buttons=self.settings.buttons,
        )  # fmt: skip
        self.device.on_ncp_reset = lambda: self.ncp.reboot(NcpResetCode.RESET_EXTERNAL)
        self.clock.device = self.device
        return self.device

    def stop_device(self) -> None:
        """Cuts the device's power."""
        if self.device:
            self.clock.device = None
            self.device.stop()
            self.device = None
            self.ncp.stack.reset()

    def stop_home(self) -> None:
        """Ends the household's day."""
        for task in self._tasks:
            task.cancel()

    @property
    def label(self) -> tuple[str, str]:
        """(EUI-64, install code with CRC) as the device's label has them, in hexadecimal."""
        tokens = self.ncp.stack.tokens
        return tokens.eui64[::-1].hex().upper(), (tokens.install_code[2:18] + tokens.install_code[18:20]).hex().upper()

    def check(self, *, device: bool = True) -> None:
        """Raises what went wrong in the simulator itself, which must not pass for a fault of the home's, and a
        DeviceError for a device that is gone, unless `device` is False.
        """
        if device and self.device and self.device.failure:
            raise self.device.failure
        if self.air.fault:
            raise self.air.fault
        for task in self._tasks:
            if task.done() and not task.cancelled() and task.exception():
                task.result()
