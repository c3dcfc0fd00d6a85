"""Homes that do not do what the documents say, and neighbours who mean no good: no wrong number, no way lost."""

import asyncio
import os
import struct

import bellows.types as t
import pytest
from bellows.types import NcpResetCode

METERING, PRICE, TIME = 0x0702, 0x0700, 0x000A
NOW = ("meters", "0", "instantaneous_demand")


class Raw:
    """An attribute whose record is written by the octet: a type and a value, or a status."""

    def __init__(self, kind=0, value=b"", status=0):
        self.kind, self.value, self.status = kind, value, status

    def record(self, identifier):
        body = struct.pack("<HB", identifier, self.status)
        if not self.status:
            body += bytes((self.kind,)) + self.value
        return body


async def until_fresh(home, seconds):
    """Until the power shown was read after now. Returns what the device holds then."""
    since = home.clock.utc
    return await home.until_held(
        lambda held: held["outcome"] is None
        and held["meters"]["0"]["instantaneous_demand"]["state"] == "live"
        and held["meters"]["0"]["instantaneous_demand"]["utc"] > since,
        seconds, "a fresh reading",
    )  # fmt: skip


def cbke_count(home):
    return home.log().count("keys: agreed")


@pytest.mark.parametrize("version", [8, 13, 14])
@pytest.mark.parametrize("code", [NcpResetCode.RESET_WATCHDOG, NcpResetCode.RESET_ASSERT])
def test_a_radio_module_that_restarts_while_reading(tell, version, code):
    async def story(home):
        await home.pair()
        home.world.ncp.reboot(code)
        held = await until_fresh(home, 60)
        assert held["stage"] == 6 and home.world.hub.responder.completed == 1

    tell(story, ezsp_version=version)


def test_a_radio_module_that_restarts_again_and_again(tell):
    async def story(home):
        ncp = home.world.ncp
        add = ncp.stack.do_addEndpoint

        def fail(**values):
            home.clock.call_soon(ncp.reboot, NcpResetCode.RESET_ASSERT)
            return add(**values)

        ncp.stack.do_addEndpoint = fail
        await home.until_shows("Radio module not answering", 120)
        ncp.stack.do_addEndpoint = add
        await home.pair()

    tell(story)


@pytest.mark.parametrize("command", ["networkInit", "startScan", "addEndpoint", "getMfgToken"])
def test_a_radio_module_that_refuses_its_duty_for_a_while(tell, command):
    async def story(home):
        stack = home.world.ncp.stack
        await home.pair()
        kept = (home.flash / "state.json").read_text()
        was = getattr(stack, f"do_{command}")
        refusals = []

        def refuse(**values):
            refusals.append(values)
            if command == "getMfgToken":
                return {"tokenData": b""}
            return {"status": t.EmberStatus.ERR_FATAL}

        setattr(stack, f"do_{command}", refuse)
        home.world.ncp.reboot(NcpResetCode.RESET_WATCHDOG)
        await home.sleep(120)
        assert not home.shows("Code does not match") and (home.flash / "state.json").read_text() == kept
        if command in ("networkInit", "addEndpoint"):
            assert home.shows("Radio module not answering") and 2 <= len(refusals) < 20
        setattr(stack, f"do_{command}", was)
        await until_fresh(home, 120)
        assert home.world.hub.responder.completed == 1
        assert not any((await home.held())["restarts"].values())

    tell(story)


def test_a_scan_that_is_refused_is_no_code_s_fault(tell):
    async def story(home):
        stack = home.world.ncp.stack
        was = stack.do_startScan
        stack.do_startScan = lambda **values: {"status": t.EmberStatus.MAC_TRANSMIT_QUEUE_FULL}
        await home.until_shows("Radio module not answering", 60)
        stack.do_startScan = was
        await home.until_shows("Enter the code", 120)
        await home.pair()
        assert not any((await home.held())["restarts"].values())

    tell(story)


def test_a_join_that_is_refused_is_no_code_s_fault(tell):
    async def story(home):
        stack = home.world.ncp.stack
        await home.until_shows("Enter the code", 60)
        was = stack.do_joinNetwork
        stack.do_joinNetwork = lambda **values: {"status": t.EmberStatus.NETWORK_BUSY}
        home.world.portal.add_device(*home.world.label)
        await home.sleep(300)
        assert home.shows("Enter the code") and "P04" not in home.log()
        stack.do_joinNetwork = was
        home.press()
        await home.until_shows("Is this your meter?", 200)

    tell(story)


def test_a_meter_whose_key_is_lost_does_not_cost_the_hub_s(tell):
    async def story(home):
        await home.pair()
        keys = home.world.ncp.stack.keys
        meter = home.world.meter.eui64
        del keys[meter]
        await home.sleep(600)
        assert cbke_count(home) == 1
        await until_fresh(home, 300)
        assert meter in keys

    tell(story)


@pytest.mark.slow
def test_a_hub_that_has_lost_the_key_is_not_pestered(tell):
    async def story(home):
        await home.pair()
        stack = home.world.ncp.stack
        was = stack.do_sendUnicast

        def refuse(**values):
            if values["aps_frame"].options & 0x20 and values["nwk"] == 0:
                return {"status": t.EmberStatus.KEY_NOT_AUTHORIZED, "sequence": 0}
            return was(**values)

        stack.do_sendUnicast = refuse
        await home.sleep(3600)
        assert 2 <= cbke_count(home) <= 9, cbke_count(home)
        stack.do_sendUnicast = was
        await until_fresh(home, 1000)

    tell(story)


def test_a_meter_with_a_new_address(tell):
    async def story(home):
        await home.pair()
        world = home.world
        old, new = world.meter.node_id, 0x1234
        world.meter.node_id = new
        world.hub.addresses[new] = world.hub.addresses.pop(old)
        world.ncp.stack.addresses.pop(old, None)
        await until_fresh(home, 900)
        assert world.hub.responder.completed == 1

    tell(story)


@pytest.mark.parametrize("silent", ["gas mirror", "clock"])
def test_a_server_that_is_silent_does_not_hide_the_others(tell, silent):
    async def story(home):
        home.world.hub.may_read = lambda message: (
            message.frame.destination != 2 if silent == "gas mirror" else message.frame.cluster != TIME
        )
        await home.pair()
        held = await home.until_held(
            lambda held: held["meters"]["0"]["instantaneous_demand"]["state"] == "live", 60, "a reading"
        )
        assert held["meters"]["0"]["current_summation_delivered"]["value"] and (
            home.shows("USING") or home.shows("SENDING OUT")
        )

    tell(story)


def test_a_network_that_is_lost_while_looking_for_the_meters(tell):
    async def story(home):
        home.world.meter.powered = False
        await home.until_shows("Enter the code", 60)
        home.world.portal.add_device(*home.world.label)
        await home.until_shows("Finding your meters", 300)
        home.world.ncp.stack.in_range = False
        home.world.hub.rotate_key()
        await home.sleep(15)
        home.world.ncp.stack.in_range = True
        await home.until(lambda: "by the trust centre" in home.log(), 900, "a rejoin by the trust centre")
        home.world.meter.powered = True
        await home.until_shows("Is this your meter?", 400)

    tell(story)


@pytest.mark.slow
def test_a_home_without_gas_leaves_its_keys_alone(tell):
    async def story(home):
        await home.pair()
        requests = []
        stack = home.world.ncp.stack
        for command in ("do_requestLinkKey", "do_sendBroadcast"):
            was = getattr(stack, command)
            count = lambda was=was, command=command, **values: requests.append(command) or was(**values)  # noqa: E731
            setattr(stack, command, count)
        await home.sleep(2 * 3600)
        assert "do_requestLinkKey" not in requests and 2 <= len(requests) <= 6, requests

    tell(story, gas=False)


@pytest.mark.slow
def test_gas_that_comes_later_is_found_and_asked_no_more_often_than_other_gas(tell):
    async def story(home):
        mirror = home.world.hub.attributes[2][METERING]
        known = mirror[0x0306]
        mirror[0x0306] = Raw(status=0x94)
        await home.pair()
        assert "1" not in (await home.held())["meters"]
        mirror[0x0306] = known
        await home.until_held(lambda held: "1" in held["meters"], 900, "gas")
        for _ in range(3):
            home.world.hub.served.clear()
            await home.sleep(3600)
            assert 10 <= home.world.hub.served.count((METERING, 0x0000)) <= 14
        assert home.shows("Gas")

    tell(story)


def test_a_mirror_that_has_not_heard_its_meter_is_unknown_not_empty(tell):
    async def story(home):
        mirror = home.world.hub.attributes[2][METERING]
        mirror[0x0000], mirror[0x0007] = Raw(0x25, bytes(6)), Raw(0xE2, bytes(4))
        await home.pair()
        held = await home.until_held(lambda held: "1" in held["meters"], 60, "gas")
        assert held["meters"]["1"]["current_summation_delivered"]["value"] is None
        assert not home.shows("00000.000 m3")

    tell(story)


@pytest.mark.slow
@pytest.mark.parametrize("start", [-86400, -90])
def test_a_price_that_is_over_is_not_shown_and_not_asked_for_without_end(tell, start):
    async def story(home):
        meter = home.world.meter
        (key,) = [key for key in meter.commands if key[1] == PRICE and key[2] == 0]
        current = meter.commands[key]
        asked = []

        def over(payload, message):
            asked.append(home.clock.elapsed_s)
            command, body = current(payload, message)
            at = 5 + body[4]
            # StartTime and DurationInMinutes.
            body = bytearray(body)
            struct.pack_into("<IH", body, at + 4 + 4 + 1 + 2 + 1 + 1, home.clock.utc + start, 1)
            return command, bytes(body)

        meter.commands[key] = over
        await home.pair()
        await home.sleep(600)
        assert len(asked) < 10
        assert not home.shows("p/kWh") and (await home.held())["prices"]["0"]["value"] is None
        meter.commands[key] = current
        await home.until_held(lambda held: held["prices"]["0"]["value"] is not None, 200, "a price")
        meter.commands[key] = lambda payload, message: None
        await home.until_held(lambda held: held["prices"]["0"]["value"] is None, 2000, "no price any more")

    tell(story)


def test_a_divisor_that_is_late_gives_no_wrong_number(tell):
    async def story(home):
        attributes = home.world.meter.attributes[1][METERING]
        right = attributes[0x0302]
        attributes[0x0302] = Raw(status=0x94)
        await home.until_shows("Enter the code", 60)
        home.world.portal.add_device(*home.world.label)
        await home.sleep(150)
        assert not home.shows("Is this your meter?")
        attributes[0x0302] = right
        await home.until_shows("Is this your meter?", 400)
        held = await home.held()
        assert held["meters"]["0"]["divisor"] == 1000

    tell(story)


_ODD = {
    "demand as text": (0x0400, Raw(0x41, b"\x01a")),
    "demand as a long integer": (0x0400, Raw(0x2F, b"\xff" * 7 + b"\x7f")),
    "demand beyond any fuse": (0x0400, Raw(0x2A, b"\xff\xff\x7f")),
    "summation as text": (0x0000, Raw(0x41, b"\x01a")),
    "summation as an array": (0x0000, Raw(0x48, b"\x20\x01\x00\x05")),
    "summation as a float": (0x0000, Raw(0x39, b"\x00\x00\x80\x3f")),
    "summation of all ones": (0x0000, Raw(0x25, b"\xff" * 6)),
    "serial as a number": (0x0308, Raw(0x23, b"\x01\x02\x03\x04")),
    "serial longer than its frame": (0x0308, Raw(0x41, b"\xf0abc")),
    "serial of odd octets": (0x0308, Raw(0x41, b"\x0a\xff\xfe\x00<b>\"'\\\n")),
    "formatting as text": (0x0303, Raw(status=0x86)),
    "update period as text": (0x000A, Raw(0x41, b"\x02ab")),
    "update period of two minutes": (0x000A, Raw(0x20, b"\x78")),
    "time as text": ("time", 0x0000, Raw(0x41, b"\x01a")),
    "time as a long integer": ("time", 0x0000, Raw(0x27, b"\xfe" + b"\xff" * 7)),
    "time status as text": ("time", 0x0001, Raw(0x41, b"\x01a")),
    "gas time as a long integer": ("gas", 0x0007, Raw(0x27, b"\xfe" + b"\xff" * 7)),
    "gas serial longer than its frame": ("gas", 0x0308, Raw(0x41, b"\xf0abc")),
    "gas type as an array": ("gas", 0x0306, Raw(0x48, b"\x20\x01\x00\x05")),
}


@pytest.mark.parametrize("what", _ODD)
def test_values_of_the_wrong_kind(tell, what):
    async def story(home):
        world = home.world
        *where, identifier, value = _ODD[what]
        attributes = {
            "time": lambda: world.hub.attributes[1][TIME],
            "gas": lambda: world.hub.attributes[2][METERING],
        }.get(where[0] if where else "", lambda: world.meter.attributes[1][METERING])()
        attributes[identifier] = value
        await home.until_shows("Enter the code", 60)
        world.portal.add_device(*world.label)
        await home.until_shows("Is this your meter?", 300)
        home.press()
        await home.until_held(lambda held: held["stage"] == 6, 60, "readings")
        await home.sleep(300)
        held = await home.held()
        assert not any(held["restarts"].values()) and held["stage"] == 6 and held["outcome"] is None, held
        meter = held["meters"]["0"]
        if what.startswith("demand"):
            # No direction, no money: what is not known, or cannot be, is a dash.
            assert not home.shows("USING") and not home.shows("SENDING OUT") and not home.shows("an hour")
            assert (held["held_back"] > 0) == (what == "demand beyond any fuse")
        elif what.startswith("summation"):
            assert home.shows("--") and held["today"][0] is None
        else:
            assert meter["current_summation_delivered"]["value"] > 4_600_000
            assert meter["instantaneous_demand"]["state"] == "live"
            assert home.shows("USING") or home.shows("SENDING OUT")

    tell(story)


def test_a_divisor_of_the_wrong_kind_gives_no_number_at_all(tell):
    async def story(home):
        home.world.meter.attributes[1][METERING][0x0302] = Raw(0x2A, b"\x18\xfc\xff")
        await home.until_shows("Enter the code", 60)
        home.world.portal.add_device(*home.world.label)
        await home.until_shows("Joined, no data yet", 600)
        assert not any((await home.held())["restarts"].values())

    tell(story)


def test_key_establishment_messages_that_come_twice(tell):
    async def story(home):
        stack = home.world.ncp.stack
        was = stack.callback

        def twice(name, **values):
            was(name, **values)
            if name == "incomingMessageHandler" and values["aps_frame"].clusterId == 0x0800:
                asyncio.get_running_loop().call_later(1.5, lambda: was(name, **values))

        stack.callback = twice
        await home.pair()
        assert cbke_count(home) == 1 and "failed" not in home.log()

    tell(story)


def test_a_neighbour_s_hub_that_is_full_hides_no_code(tell):
    async def story(home):
        home.world.neighbour.open_to_all = True
        home.world.neighbour.child_slots = 0
        for _ in range(10):
            await home.sleep(60)
            assert home.shows("Enter the code"), home.log()[-500:]
        home.world.portal.add_device(*home.world.label)
        await home.until_shows("Is this your meter?", 300)

    tell(story, neighbour=True)


@pytest.mark.parametrize("is_open", [False, True])
def test_a_flood_of_beacons(tell, is_open):
    async def story(home):
        stack = home.world.ncp.stack
        was = stack._scan

        async def flooded(mask):
            for number in range(300):
                stack.callback(
                    "networkFoundHandler",
                    networkFound=t.EmberZigbeeNetwork(
                        channel=11 + number % 16, panId=0x1000 + number, extendedPanId=t.ExtendedPanId(os.urandom(8)),
                        allowingJoin=is_open and number % 30 == 0, stackProfile=2, nwkUpdateId=0,
                    ),
                    lqi=255, rssi=-20,
                )  # fmt: skip
                if number % 20 == 0:
                    await asyncio.sleep(0.1)
            await was(mask)

        stack._scan = flooded
        await home.until_shows("Enter the code", 60)
        home.world.portal.add_device(*home.world.label)
        await home.until_shows("Is this your meter?", 900)
        assert not any((await home.held())["restarts"].values())

    tell(story)


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[" * 4000, b"\xff\xfe", b"x" * 200_000, b'{"meter": 7}'])
def test_a_store_that_is_damaged(tell, content):
    async def story(home):
        await home.pair()
        home.power_off()
        (home.flash / "state.json").write_bytes(content)
        home.power_on()
        await home.until_shows("Is this your meter?", 200)
        home.press()
        await until_fresh(home, 60)
        assert not any((await home.held())["restarts"].values())

    tell(story)
