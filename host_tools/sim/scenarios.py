"""The life of a meter network, a story each: what happens to it, and what the firmware must make of it.

    inkmeter scenarios
    inkmeter sim --scenario NAME [--pcap FILE --keys FILE]

The tests tell the same stories. A story raises NotInTime or AssertionError where the firmware fails it.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from host_tools import history
from host_tools.sim import aps
from host_tools.sim.end_device import EndDevice
from host_tools.sim.node import Node
from host_tools.sim.radio import nwk
from host_tools.sim.radio.ieee802154 import Kind, decode
from host_tools.sim.run import Run

METERING, PRICE = 0x0702, 0x0700
_DAY = 86_400
_ABSURD = 999_999_999


@dataclasses.dataclass(frozen=True)
class Scenario:
    """`settings` are the fields of World's Settings that it needs otherwise."""

    name: str
    about: str
    story: Callable[[Run], Awaitable[None]]
    settings: dict[str, Any]


SCENARIOS: dict[str, Scenario] = {}


def scenario(**settings: Any) -> Callable[[Callable[[Run], Awaitable[None]]], Callable[[Run], Awaitable[None]]]:
    """Lists a story under its own name; the first sentence of its docstring says what it is about."""

    def listing(story: Callable[[Run], Awaitable[None]]) -> Callable[[Run], Awaitable[None]]:
        name = story.__name__.replace("_", "-")  # type: ignore[attr-defined]
        about = " ".join((story.__doc__ or "").split())
        SCENARIOS[name] = Scenario(name, about, story, settings)
        return story

    return listing


async def fresh(home: Run, seconds: float) -> dict[str, Any]:
    """Waits until the device shows no trouble and holds a power that it read after now."""
    since = home.clock.utc

    def read(held: dict[str, Any]) -> bool:
        power = held["meters"].get("0", {}).get("instantaneous_demand", {})
        return held["outcome"] is None and power.get("state") == "live" and (power["utc"] or 0) > since

    return await home.until_held(read, seconds, "a fresh reading")


def agreements(home: Run) -> int:
    """How often the device has agreed on a key."""
    return home.log().count("keys: agreed")


# The network


@scenario()
async def pairing(home: Run) -> None:
    """A new device is let in with its install code, agrees on a key, finds the meters and reads them."""
    await home.pair()
    await fresh(home, 60)


@scenario()
async def network_key_rotated(home: Run) -> None:
    """The hub broadcasts a new network key while the device goes on reading."""
    await home.pair()
    world = home.world
    old = world.hub.network.key
    world.hub.rotate_key()
    await home.sleep(30)
    assert world.hub.network.key == world.ncp.stack.network.key != old
    await fresh(home, 60)
    assert "recovery" not in home.log() and agreements(home) == 1


@scenario()
async def network_key_rotated_one_by_one(home: Run) -> None:
    """The hub sends a new network key to each device under its own link key."""
    await home.pair()
    world = home.world
    old = world.hub.network.key
    world.hub.rotate_key(one_by_one=True)
    await home.sleep(30)
    assert world.hub.network.key == world.ncp.stack.network.key != old
    await fresh(home, 60)
    assert "recovery" not in home.log() and agreements(home) == 1


@scenario()
async def network_key_missed(home: Run) -> None:
    """The network key changes while the device is out of range: it rejoins through the trust centre."""
    await home.pair()
    home.world.ncp.stack.in_range = False
    home.world.hub.rotate_key()
    await home.sleep(20)
    home.world.ncp.stack.in_range = True
    await home.until(lambda: "by the trust centre" in home.log(), 600, "a rejoin by the trust centre")
    await fresh(home, 300)
    assert agreements(home) == 1


@scenario()
async def hub_rebooted(home: Run) -> None:
    """The hub restarts and is gone for half a minute."""
    await home.pair()
    home.world.hub.powered = False
    await home.sleep(30)
    home.world.hub.powered = True
    await fresh(home, 400)
    assert agreements(home) == 1


@scenario()
async def hub_off_for_a_day(home: Run) -> None:
    """The hub has no power for a day; the device says so, and reads again within a quarter of an hour of its return."""
    await home.pair()
    home.world.hub.powered = False
    await home.until_shows("Lost the meter network", 600)
    await home.sleep(_DAY - 1200)
    assert home.shows("Lost the meter network") and home.shows("Retrying")
    await home.sleep(3600)
    assert home.shows("Lost the meter network") and home.shows("New hub? Press OK to pair")
    home.world.hub.powered = True
    await fresh(home, 1100)
    assert agreements(home) == 1


@scenario()
async def hub_on_another_channel(home: Run) -> None:
    """The hub moves to another channel unannounced; the device finds it there."""
    await home.pair()
    home.world.hub.move(channel=11)
    await home.sleep(120)
    await fresh(home, 900)
    assert home.world.ncp.stack.network.channel == 11 and agreements(home) == 1


@scenario()
async def hub_with_another_pan_id(home: Run) -> None:
    """The hub changes its PAN ID, as after a conflict with a neighbour's; the extended PAN ID stays."""
    await home.pair()
    home.world.hub.move(pan_id=0x1A62)
    await home.sleep(120)
    await fresh(home, 900)
    assert home.world.ncp.stack.network.pan_id == 0x1A62 and agreements(home) == 1


@scenario()
async def hub_swapped(home: Run) -> None:
    """A broken hub is replaced and its log restored: the device is let in and agrees on a new key."""
    await home.pair()
    home.world.swap_hub(restored=True)
    await home.until(lambda: agreements(home) == 2, 900, "a key agreed with the new hub")
    await fresh(home, 300)
    assert home.world.ncp.stack.flash.trust_centre == home.world.hub.eui64


@scenario()
async def hub_swapped_and_unknown_there(home: Run) -> None:
    """A broken hub is replaced, and its log is restored only a day later."""
    await home.pair()
    old = home.world.hub
    new = home.world.swap_hub(restored=False)
    await home.until_shows("Lost the meter network", 600)
    await home.sleep(_DAY)
    assert home.shows("Lost the meter network") and new.responder.completed == 0
    new.restore(old)
    await home.until(lambda: agreements(home) == 2, 1100, "a key agreed with the new hub")
    await fresh(home, 300)


@scenario()
async def hub_replaced_by_a_stranger(home: Run) -> None:
    """A different hub replaces the old one, whose network is gone: the household pairs the device again."""
    await home.pair()
    new = home.world.swap_hub(restored=False, related=False)
    await home.until_shows("Lost the meter network", 600)
    # A press too many costs nothing.
    for _ in range(3):
        home.press()
        await home.sleep(40)
        assert home.shows("Lost the meter network") and home.shows("Retrying")
    await home.sleep(3600)
    home.press()
    await home.until_shows("New hub? Press OK to pair", 60)
    assert home.world.ncp.stack.flash.network
    home.press()
    await home.until_shows("Enter the code", 60)
    home.world.portal.add_device(*home.world.label)
    await home.until_shows("Is this your meter?", 600)
    home.press()
    await fresh(home, 60)
    assert agreements(home) == 2 and home.world.ncp.stack.flash.trust_centre == new.eui64


@scenario()
async def house_moved(home: Run) -> None:
    """The household moves with its device: factory reset and paired again, it keeps nothing of the old home."""
    await home.pair()
    # Half an hour is filed, so that there is something to forget.
    await home.sleep(2400)
    old = home.world.meter.serial, home.world.hub.eui64[::-1]
    home.world.move_house("credit-flat")
    moved = home.clock.utc
    await home.until_shows("Lost the meter network", 600)
    home.press("back+next", 10.5)
    await home.until_shows("Enter the code", 200)
    home.world.portal.add_device(*home.world.label)
    await home.until_shows("Is this your meter?", 600)
    home.press()
    held = await fresh(home, 60)
    meter = held["meters"]["0"]
    assert meter["serial"] == home.world.meter.serial.decode()
    assert meter["current_summation_delivered"]["value"] >= 17_302_118
    assert home.world.ncp.stack.flash.trust_centre == home.world.hub.eui64
    await home.sleep(2400)
    files = [file for file in home.flash.rglob("*") if file.is_file() and file.suffix not in (".mpy", ".py")]
    for one in (*old, old[1].hex().encode(), old[1].hex().upper().encode()):
        assert not [file.name for file in files if one in file.read_bytes()]
    assert min(history.half_hours(home.flash / "books", history.ELECTRICITY)) >= moved // 1800


@scenario()
async def link_key_lost(home: Run) -> None:
    """The radio module loses its link key with the hub: the device agrees on a new one on the same network."""
    await home.pair()
    stack = home.world.ncp.stack
    stack.keys[home.world.hub.eui64].authorised = False
    await home.until(lambda: agreements(home) == 2, 600, "a new key")
    await fresh(home, 120)


@scenario()
async def counters_reset(home: Run) -> None:
    """The hub's frame counters restart: all it says looks like a replay until the device has a new key with it."""
    await home.pair()
    # A hub that has been on for a while, and forgets it.
    await home.sleep(3600)
    home.world.hub.forget_counters()
    await home.sleep(300)
    discarded = home.world.ncp.stack.discarded
    assert discarded["network frame: replay"] + discarded["APS frame: replay"] > 0
    await fresh(home, 1800)
    await home.until_held(
        lambda held: held["meters"]["1"]["current_summation_delivered"]["state"] == "live", 7200, "gas is read again"
    )


@scenario()
async def device_removed(home: Run) -> None:
    """The supplier removes the device; it says so, and pairs again once it is added again."""
    await home.pair()
    home.world.hub.remove(home.world.ncp.stack.eui64)
    await home.until_shows("Supplier removed this device", 60)
    home.press()
    await home.until_shows("Enter the code", 120)
    home.world.portal.add_device(*home.world.label)
    await home.until_shows("Is this your meter?", 300)
    home.press()
    await fresh(home, 60)
    assert agreements(home) == 2


@scenario()
async def hub_full(home: Run) -> None:
    """The hub's list is full; the supplier says so, and the device waits with its code on the screen."""
    home.world.hub.log_size = 0
    await home.until_shows("Enter the code", 60)
    home.world.portal.add_device(*home.world.label)
    await home.sleep(120)
    assert home.world.portal.requests[0].failed and home.shows("Enter the code")
    home.world.hub.log_size = 3
    await home.pair()


@scenario()
async def window_late_and_short(home: Run) -> None:
    """The supplier opens the hub hours after the form, and for five minutes only."""
    await home.until_shows("Enter the code", 60)
    await home.sleep(5 * 3600)
    eui64, code = home.world.label
    home.world.hub.admit(bytes.fromhex(eui64)[::-1], bytes.fromhex(code)[:-2], 300)
    await home.until(lambda: agreements(home) == 1, 300, "joined within the window")
    home.world.hub.grant_meters(bytes.fromhex(eui64)[::-1])
    await home.until_shows("Is this your meter?", 600)


@scenario(far=True)
async def behind_the_meter(home: Run) -> None:
    """The hub is out of range: the device joins through the electricity meter, which relays everything."""
    await home.pair()
    world, stack = home.world, home.world.ncp.stack
    await fresh(home, 60)
    assert stack.parent_id == world.meter.node_id and stack.flash.trust_centre == world.hub.eui64
    assert stack.node_id in world.meter.routing.children and world.hub.routing.routes[stack.node_id] == stack.parent_id
    world.hub.rotate_key()
    await home.sleep(30)
    assert world.hub.network.key == stack.network.key
    stack.in_range = False
    world.hub.rotate_key()
    await home.sleep(30)
    stack.in_range = True
    await home.until(lambda: "by the trust centre" in home.log(), 600, "a rejoin by the trust centre")
    await fresh(home, 300)
    world.hub.remove(stack.eui64)
    await home.until_shows("Supplier removed this device", 60)
    assert agreements(home) == 1


@scenario(far=True)
async def meter_in_between_gone(home: Run) -> None:
    """The meter that relays for the device loses power for a while; then it is moved out of range."""
    await home.pair()
    world, stack = home.world, home.world.ncp.stack
    world.meter.powered = False
    await home.until_shows("Lost the meter network", 600)
    world.meter.powered = True
    await fresh(home, 600)
    world.hub.position, stack.in_range = (20.0, 0.0), False
    await home.until_shows("Lost the meter network", 600)
    stack.in_range, world.meter.parent.slots = True, 0
    await fresh(home, 600)
    assert stack.parent_id == nwk.TRUST_CENTRE and agreements(home) == 1


class Newcomer(EndDevice):
    """A router that has joined by itself, with an address that somebody else has already."""

    is_router = True

    def __init__(self, home: Run, node_id: int) -> None:
        super().__init__(home.world.air, b"\x77" * 7 + b"\x02", position=(4.0, 0.0))
        home.world.hub.trust(self, 0x0101)
        del home.world.hub.addresses[0x0101]
        self.node_id = node_id
        self.announce()


@scenario()
async def address_conflict(home: Run) -> None:
    """A router joins with the device's own short address: both get new ones, and the device goes on reading."""
    await home.pair()
    stack = home.world.ncp.stack
    old = stack.node_id
    newcomer = Newcomer(home, old)
    await home.sleep(20)
    await fresh(home, 60)
    assert len({old, stack.node_id, newcomer.node_id}) == 3 and stack.flash.node_id == stack.node_id
    assert "recovery" not in home.log() and agreements(home) == 1
    await home.sleep(600)
    await fresh(home, 60)


@scenario()
async def meter_address_conflict(home: Run) -> None:
    """A router joins with the meter's short address: the meter takes a new one, and the device finds it there."""
    await home.pair()
    meter = home.world.meter
    old = meter.node_id
    Newcomer(home, old)
    await home.sleep(20)
    assert meter.node_id != old
    await fresh(home, 600)
    assert "recovery" not in home.log() and agreements(home) == 1


async def _another_pan_id(home: Run) -> None:
    # Somebody looks round for networks, and both hubs hear each other's beacons.
    world = home.world
    old = world.hub.network.pan_id
    await EndDevice(world.air, b"\x55" * 7 + b"\x02", position=(-3.0, 0.0)).scan(1 << world.hub.channel)
    await home.sleep(15)
    members = (world.hub, world.meter, world.gas_meter, world.ncp.stack)
    assert len({node.network.pan_id for node in members}) == 1
    assert world.ncp.stack.flash.network.pan_id == world.hub.network.pan_id != old
    await fresh(home, 60)
    assert "recovery" not in home.log() and agreements(home) == 1
    await home.sleep(1800)
    await fresh(home, 60)


@scenario(neighbour=True)
async def pan_id_conflict(home: Run) -> None:
    """A neighbour's network has the same PAN ID on the same channel: the hub takes a new one, and all follow."""
    await home.pair()
    world = home.world
    assert world.neighbour and world.neighbour.network and world.hub.network
    world.neighbour.network = dataclasses.replace(
        world.neighbour.network, channel=world.hub.channel, pan_id=world.hub.network.pan_id
    )  # fmt: skip
    await _another_pan_id(home)


@scenario(neighbour=True, far=True)
async def pan_id_conflict_reported(home: Run) -> None:
    """The hub is too far away to hear the neighbour's network with the same PAN ID; the meter tells it."""
    await home.pair()
    world = home.world
    assert world.neighbour and world.neighbour.network and world.hub.network
    world.neighbour.network = dataclasses.replace(
        world.neighbour.network, channel=world.hub.channel, pan_id=world.hub.network.pan_id
    )  # fmt: skip
    await _another_pan_id(home)


def price_in_full(home: Run) -> None:
    """Lets the electricity meter publish its price with every optional field (SE 1.4, D.4.2.4.1)."""
    supply = home.world.meter.supply
    now = home.clock.now_us
    tariff = supply.tariff(now)
    assert tariff
    labels = (b"Demo flexible: this rate holds for some hours",) * len(tariff.rates)
    supply.set_tariff(now, dataclasses.replace(tariff, long_form=True, tier_labels=labels))


@scenario()
async def messages_in_blocks(home: Run) -> None:
    """The meter's price is longer than a frame: it comes in blocks, of which every second one is lost at first."""
    price_in_full(home)
    meter, sent = home.world.meter, []
    transmit = meter.transmit

    def lossy(to: int, data: bytes, **fields: Any) -> None:
        if data[0] & 0x83 == 0x80:
            sent.append(data)
            if len(sent) % 2:
                return
        transmit(to, data, **fields)

    meter.transmit = lossy  # type: ignore[method-assign]
    await home.pair()
    held = await home.until_held(lambda held: held["prices"]["0"]["state"] == "live", 60, "a price")
    tariff = meter.supply.tariff(home.clock.now_us)
    assert tariff and held["prices"]["0"]["value"] == tariff.current(home.clock.utc)[1]
    assert len(sent) >= 4 and held["radio"]["discarded"] == 0, (len(sent), held["radio"])
    await fresh(home, 60)


@scenario(neighbour=True)
async def neighbour_louder(home: Run) -> None:
    """A neighbour's hub is open to any device and has the stronger signal."""
    assert home.world.neighbour
    home.world.neighbour.open_to_all = True
    home.world.neighbour.position = (1.0, 0.0)
    await home.pair()
    assert home.world.ncp.stack.flash.trust_centre == home.world.hub.eui64


# Those who mean no good


class Attacker(Node):
    """A radio near the display that remembers what it hears and says what it likes, acknowledged or not."""

    def __init__(self, home: Run) -> None:
        super().__init__(home.world.air, b"\x66" * 7 + b"\x02", position=(1.0, 1.0))
        network = home.world.hub.network
        assert network
        self.heard: list[bytes] = []
        self.mac.channel, self.mac.pan_id = network.channel, network.pan_id
        self.air.taps.append(lambda sender, frame: self.heard.append(frame) if sender is not self.mac else None)

    async def shout(self, frame: bytes) -> None:
        """Puts any octets on the air."""
        await asyncio.sleep(0.02 + self.air.transmit(self.mac, frame))

    async def say(self, node: Node, frame: nwk.Frame) -> None:
        """Sends a network frame to a node under the hub's short address."""
        self.node_id = nwk.TRUST_CENTRE
        await self.mac.data(node.node_id, nwk.encode(frame, self.network, self.eui64, self.counters))


async def _unmoved(home: Run) -> None:
    # Reads on, on the same network, with the same key, and never a number that the meter did not say.
    held = await fresh(home, 120)
    register = held["meters"]["0"]["current_summation_delivered"]["value"]
    assert 4_631_207 <= register <= home.world.household.import_wh
    assert home.world.ncp.stack.flash.network and agreements(home) == 1
    assert not any(held["restarts"].values())


@scenario()
async def attacker_replays(home: Run) -> None:
    """An attacker records ten minutes of the network and plays them back."""
    await home.pair()
    attacker = Attacker(home)
    await home.sleep(600)
    stack = home.world.ncp.stack
    before = stack.discarded["network frame: replay"]
    for frame in [frame for frame in attacker.heard if decode(frame).kind is Kind.DATA]:
        await attacker.shout(frame)
    await home.sleep(5)
    assert stack.discarded["network frame: replay"] > before + 20
    await _unmoved(home)


@scenario()
async def attacker_poses_as_the_hub(home: Run) -> None:
    """An attacker without keys sends leave, remove-device and new-key commands and readings from the hub's address."""
    await home.pair()
    attacker, stack = Attacker(home), home.world.ncp.stack
    remove = bytes([aps.Command.REMOVE_DEVICE]) + stack.eui64
    new_key = aps.transport_network_key(b"\x66" * 16, 9, stack.eui64, home.world.hub.eui64)
    reading = _reading(0x01)
    for number, (kind, payload) in enumerate((
        (nwk.Kind.COMMAND, bytes([nwk.Command.LEAVE, nwk.LEAVE_REQUEST])),
        (nwk.Kind.DATA, aps.encode(aps.Frame(aps.Kind.COMMAND, 1, remove), b"", None)),
        (nwk.Kind.DATA, aps.encode(aps.Frame(aps.Kind.COMMAND, 2, new_key), b"", None)),
        (nwk.Kind.DATA, aps.encode(aps.Frame(aps.Kind.DATA, 3, reading, 0x0109, METERING, 1, 1), b"", None)),
    )):  # fmt: skip
        frame = nwk.Frame(kind, stack.node_id, nwk.TRUST_CENTRE, number, payload, secured=False)
        await attacker.say(stack, frame)
    await home.sleep(5)
    assert stack.discarded["network frame without security"] == 4
    await _unmoved(home)


def _reading(sequence: int) -> bytes:
    # A Read Attributes Response: CurrentSummationDelivered.
    return bytes([0x18, sequence, 0x01, 0x00, 0x00, 0x00, 0x25]) + _ABSURD.to_bytes(6, "little")


@scenario()
async def insider_sends_readings_without_the_link_key(home: Run) -> None:
    """An attacker with the network key sends readings from the meter's address, without the meter's link key."""
    await home.pair()
    insider, stack, world = Attacker(home), home.world.ncp.stack, home.world
    insider.network = dataclasses.replace(world.hub.network)
    before = (await home.held())["radio"]["discarded"]
    for sequence in range(256):
        frame = aps.encode(
            aps.Frame(aps.Kind.DATA, sequence, _reading(sequence), 0x0109, METERING, 1, 1), b"", None
        )  # fmt: skip
        await insider.say(
            stack, nwk.Frame(nwk.Kind.DATA, stack.node_id, world.meter.node_id, sequence, frame)
        )  # fmt: skip
        await home.sleep(0.2)
    assert (await home.held())["radio"]["discarded"] > before + 200
    await _unmoved(home)


@scenario()
async def another_certificate(home: Run) -> None:
    """Whoever answers key establishment shows another device's certificate: the device believes nothing of it."""
    responder = home.world.hub.responder
    own = dict(responder.identities)
    responder.identities = home.world.identities(b"\x66" * 8, (1, 2))
    await home.until_shows("Enter the code", 60)
    home.world.portal.add_device(*home.world.label)
    await home.until_shows("Security check refused", 200)
    assert responder.completed == 0 and agreements(home) == 0
    responder.identities = own
    home.press()
    await home.until_shows("Is this your meter?", 300)
