"""What can change in a home while it runs, by name: for tests, and for `--at SECONDS CHANGE` on the command line."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from host_tools.sim.device_management import Clear, DeviceManagementServer
from host_tools.sim.events import KINDS, EventServer
from host_tools.sim.homes import HOMES, NEXT_SUPPLIER, home
from host_tools.sim.messaging import Importance, MessageServer
from host_tools.sim.prepayment import Account, Refused
from host_tools.sim.price import PRICE
from host_tools.sim.supply import Supply, to_us
from host_tools.sim.tariff import Tariff

if TYPE_CHECKING:
    from host_tools.sim.node import Node
    from host_tools.sim.world import World

_TOP_UP = 1_000_000  # ten pounds
_DEARER = 10
_CUT_S = 300
_NOTICE_S = 600
_LONGEST_S = 7 * 86_400
_PERCENT = (-90, 1000)
_DEAREST = 10_000_000  # 100 pounds
_CALORIFIC = (250, 550)


class ChangeError(ValueError):
    """There is no such change, or not in this home; the message says what there is."""


@dataclasses.dataclass(frozen=True)
class Change:
    """`argument` names what may stand after the word and a colon; "" for nothing."""

    name: str
    about: str
    make: Callable[[World, str], None]
    argument: str


CHANGES: dict[str, Change] = {}


def _change(argument: str = "") -> Callable[[Callable[[World, str], None]], Callable[[World, str], None]]:
    def listing(make: Callable[[World, str], None]) -> Callable[[World, str], None]:
        name = make.__name__.strip("_").replace("_", "-")  # type: ignore[attr-defined]
        CHANGES[name] = Change(name, " ".join((make.__doc__ or "").split()), make, argument)
        return make

    return listing


def check(words: str) -> None:
    """Raises ChangeError where there is no change of this name."""
    name = words.partition(":")[0]
    if name not in CHANGES:
        raise ChangeError(f"there is no change {name!r}; choose one of {', '.join(CHANGES)}")


def change(world: World, words: str) -> None:
    """Makes a change, such as "message:Hello" or "top-up". Raises ChangeError."""
    check(words)
    name, _, argument = words.partition(":")
    CHANGES[name].make(world, argument)


def _home(name: str) -> str:
    if name not in HOMES:
        raise ChangeError(f"there is no home {name!r}; choose one of {', '.join(HOMES)}")
    return name


def _number(text: str, default: int, limits: tuple[int, int] | None = None) -> int:
    try:
        number = int(text) if text else default
    except ValueError:
        raise ChangeError(f"{text[:40]!r} is not a whole number") from None
    if limits and not limits[0] <= number <= limits[1]:
        raise ChangeError("{} is out of range: choose from {} to {}".format(number, *limits))
    return number


def _seconds(text: str, default: int) -> int:
    return _number(text, default, (1, _LONGEST_S))


def _account(world: World, fuel: str) -> Account:
    holder: Any = world.gas if fuel == "gas" else world.meter
    if holder is None or holder.account is None:
        raise ChangeError("this home has no prepayment meter for that")
    return holder.account


def _at_the_meter(world: World, fuel: str, act: Callable[[Account, int], None]) -> None:
    # A key pressed at a gas meter wakes it, and it reports.
    account = _account(world, fuel)
    try:
        act(account, world.clock.now_us)
    except Refused as refused:
        raise ChangeError(str(refused)) from None
    if fuel == "gas" and world.gas_meter:
        world.gas_meter.start(world.gas_meter.report())


# Paying


@_change("pence")
def _top_up(world: World, argument: str) -> None:
    """A top-up code worth this many pence (1000) is typed into the electricity meter; some of it may go to debts."""
    amount = _number(argument, _TOP_UP // 1000) * 1000
    _at_the_meter(world, "electricity", lambda account, now: account.top_up(now, amount, _code(account)))


@_change("pence")
def _gas_top_up(world: World, argument: str) -> None:
    """A top-up code worth this many pence (1000) is typed into the gas meter; some of it may go to debts."""
    amount = _number(argument, _TOP_UP // 1000) * 1000
    _at_the_meter(world, "gas", lambda account, now: account.top_up(now, amount, _code(account)))


def _code(account: Account) -> bytes:
    # Twenty digits, another each time.
    return b"7081%016d" % (account.total_added * 7919 + len(account.payments) + 1)


@_change("gas")
def _emergency_credit(world: World, argument: str) -> None:
    """Emergency credit is activated at the electricity or the gas meter."""
    _at_the_meter(world, argument, lambda account, now: account.select_emergency_credit(now))


@_change("gas")
def _arm(world: World, argument: str) -> None:
    """A supply that was cut off for lack of credit is switched back on at its meter."""
    _at_the_meter(world, argument, lambda account, now: account.arm(now))


# Prices


def _retariff(world: World, supply: Supply, percent: int, at_us: int) -> Tariff:
    tariff = supply.tariff(world.clock.now_us)
    if tariff is None:
        tariff = Tariff(0, ((0, 25_000),), 50_000, b"First tariff")
    new = tariff.dearer(percent, tariff.tariff_id + 1)
    prices = [*(price for _, price in new.rates), *new.block_prices, new.standing_charge]
    if max(map(abs, prices)) > _DEAREST:
        raise ChangeError("no meter can show a price as high as that")
    supply.set_tariff(at_us, new)
    return new


def _this_second(world: World) -> int:
    # Meters switch tariffs at whole seconds.
    return world.clock.now_us // 1_000_000 * 1_000_000


@_change("percent")
def _new_price(world: World, argument: str) -> None:
    """The price of electricity rises by this many per cent (10) from now on; a meter without a tariff gets one."""
    _retariff(world, world.meter.supply, _number(argument, _DEARER, _PERCENT), _this_second(world))
    world.meter.events.note("tariff changed")
    world.meter.publish_price()


@_change("home")
def _tariff(world: World, argument: str) -> None:
    """Electricity is supplied and paid for as in another home (economy-7) from now on: prices, export, prepayment."""
    world.home = world.meter.take_contract(home(_home(argument or "economy-7"), world.settings.seed))


@_change("percent")
def _price_at_midnight(world: World, argument: str) -> None:
    """The price of electricity rises by this many per cent (10) at the next midnight UTC, announced now."""
    meter = world.meter
    at_utc = (world.clock.utc // 86_400 + 1) * 86_400
    new = _retariff(world, meter.supply, _number(argument, _DEARER, _PERCENT), to_us(at_utc))
    meter._publish_part(PRICE, [meter.prices.information(to_us(at_utc), new)])


@_change("percent")
def _new_gas_price(world: World, argument: str) -> None:
    """The price of gas rises by this many per cent (10) from now on."""
    if world.gas is None:
        raise ChangeError("this home has no gas meter")
    _retariff(world, world.gas.supply, _number(argument, _DEARER, _PERCENT), _this_second(world))


@_change("tenths of MJ/m3")
def _calorific_value(world: World, argument: str) -> None:
    """Gas has this calorific value (39.2 MJ/m3) from now on."""
    if world.gas is None:
        raise ChangeError("this home has no gas meter")
    world.gas.supply.set_calorific(_this_second(world), _number(argument, 392, _CALORIFIC))
    world.gas._publish_part(PRICE, world.gas.prices.calorific_values())


# Messages


def _messages(world: World) -> MessageServer:
    return world.meter.messages


@_change("text")
def _message(world: World, argument: str) -> None:
    """The supplier sends a message; put "!" before the text for a critical one, "?" for one to be confirmed."""
    text = argument.lstrip("!?") or "Your next bill is ready."
    marks = argument[: len(argument) - len(argument.lstrip("!?"))]
    importance = Importance.CRITICAL if "!" in marks else Importance.MEDIUM
    try:
        _messages(world).display(text, importance, confirm="?" in marks)
    except ValueError as error:
        raise ChangeError(str(error)) from None


@_change("text")
def _protected_message(world: World, argument: str) -> None:
    """The supplier sends a message that a display shows only after its PIN."""
    try:
        _messages(world).display(argument or "Your balance is overdue.", Importance.HIGH, protected=True)
    except ValueError as error:
        raise ChangeError(str(error)) from None


@_change()
def _cancel_message(world: World, argument: str) -> None:
    """The supplier withdraws its message."""
    _messages(world).cancel()


# Meters, people, power


@_change()
def _meter_exchange(world: World, argument: str) -> None:
    """The electricity meter is replaced: a new EUI-64 and serial number, and registers that start at zero."""
    world.exchange_meter()


@_change()
def _gas_fitted(world: World, argument: str) -> None:
    """A gas meter is fitted, and the hub opens a mirror for it."""
    if world.gas:
        raise ChangeError("this home already has a gas meter")
    world.fit_gas_meter()


def _managements(world: World) -> list[DeviceManagementServer]:
    return [holder.management for holder in (world.meter, world.gas) if holder]


@_change()
def _change_of_tenancy(world: World, argument: str) -> None:
    """New people move in: displays must forget what they hold, and earlier use is no longer given out."""
    for management in _managements(world):
        management.change_tenancy(Clear.RESET_BILLING | Clear.HISTORY | Clear.DISPLAY_CONSUMER)
    for holder in (world.meter, world.gas):
        if holder:
            holder.supply.forget(world.clock.now_us)
            if holder.account:
                holder.account.clear(world.clock.now_us)
    world.meter.exported.forget(world.clock.now_us)


@_change()
def _neighbour(world: World, argument: str) -> None:
    """A neighbour's hub appears, or is switched on again."""
    world.neighbour_comes()


@_change("home")
def _house_moved(world: World, argument: str) -> None:
    """The household moves to another home (credit-flat), with its own meters and hub, and takes the display along."""
    world.move_house(_home(argument or "credit-flat"))


@_change("seconds")
def _change_of_supplier(world: World, argument: str) -> None:
    """Another supplier takes over after this many seconds (600): what the old one said must be forgotten."""
    seconds = _seconds(argument, _NOTICE_S)
    moves = world.moves
    for management in _managements(world):
        management.change_supplier(
            NEXT_SUPPLIER, Clear.TARIFF | Clear.STANDING_CHARGE | Clear.DISPLAY_SUPPLIER, world.clock.utc + seconds
        )

    async def take_over() -> None:
        await asyncio.sleep(seconds)
        if world.moves != moves:
            return
        # A meter that was fitted meanwhile has another supplier too, and nobody has announced it there.
        for management in _managements(world):
            management.supplier = NEXT_SUPPLIER
        world.meter.messages.cancel()
        _retariff(world, world.meter.supply, -5, _this_second(world))
        world.meter.publish_price()

    world.beside(take_over())


def _must_be_on(*nodes: Node) -> None:
    if not all(node.powered for node in nodes):
        raise ChangeError("the power is already off")


@_change("seconds")
def _power_cut(world: World, argument: str) -> None:
    """The house, the hub and the meters have no power for this many seconds (300); the display is on a battery."""
    seconds = _seconds(argument, _CUT_S)
    nodes = [world.hub, world.meter]
    _must_be_on(*nodes)
    since_us = world.clock.now_us
    household, moves = world.household, world.moves
    household.set_mains(False)
    for node in nodes:
        node.powered = False

    async def back() -> None:
        await asyncio.sleep(seconds)
        household.set_mains(True)
        if world.moves == moves:
            # These may be others by now; what was taken away stays dark.
            world.hub.powered = world.meter.powered = True
            world.meter.events.outage(since_us)

    world.beside(back())


@_change("seconds")
def _hub_off(world: World, argument: str) -> None:
    """The hub alone has no power for this many seconds (300)."""
    seconds = _seconds(argument, _CUT_S)
    hub = world.hub
    _must_be_on(hub)
    hub.powered = False

    async def back() -> None:
        await asyncio.sleep(seconds)
        if world.hub is hub:
            hub.powered = True

    world.beside(back())


@_change()
def _tamper(world: World, argument: str) -> None:
    """Somebody opens the electricity meter's cover."""
    world.meter.tampered = True
    world.meter.events.note("tamper")


def _note(events: EventServer, argument: str) -> None:
    what = argument.replace("-", " ") or "clock adjusted"
    try:
        events.note(what)
    except ValueError:
        known = ", ".join(one.replace(" ", "-") for one in KINDS)
        raise ChangeError(f"{argument!r} is not an event; choose one of {known}, or a number such as 0x816E") from None


@_change("kind or number")
def _event(world: World, argument: str) -> None:
    """The electricity meter logs an event (clock-adjusted, cover-opened, low-credit ..., or a number as 0x816E)."""
    _note(world.meter.events, argument)


@_change("kind or number")
def _gas_event(world: World, argument: str) -> None:
    """The gas meter logs an event (clock-adjusted, valve-closed, low-battery ..., or a number as 0x816E)."""
    if world.gas is None:
        raise ChangeError("this home has no gas meter")
    _note(world.gas.events, argument)


@_change()
def _clock_set(world: World, argument: str) -> None:
    """The hub's clock is set."""
    world.hub.clock_set = True


@_change()
def _clock_lost(world: World, argument: str) -> None:
    """The hub no longer knows the time."""
    world.hub.clock_set = False
