"""Everything that can go wrong on the road: each ends on the right screen, in words, and ends with its cause."""

import itertools

import pytest
from bellows.types import NcpResetCode

from host_tools.sim.crypto import mmo
from host_tools.sim.ncp.tokens import ERASED_INSTALL_CODE, install_code_token
from host_tools.sim.portal import Timeline


async def ask_supplier(home, code=None):
    await home.until_shows("Enter the code on their site", 60)
    eui64, own = home.world.label
    home.world.portal.add_device(eui64, code or own)


async def finish(home, seconds=300):
    """The rest of the road, once nothing is in its way."""
    await home.until_shows("Is this your meter?", seconds)
    home.press()
    await home.until(lambda: home.shows("USING") or home.shows("SENDING OUT"), 60, "readings")
    await home.sleep(30)
    held = await home.held()
    assert held["outcome"] is None and held["meters"]["0"]["instantaneous_demand"]["state"] == "live"
    assert not home.world.panel.complaints
    return held


def test_a_wrong_install_code(tell):
    async def story(home):
        wrong = mmo.with_crc(bytes(16)).hex()
        await ask_supplier(home, wrong)
        await home.until_shows("Code does not match", 200)
        assert home.shows("Check the code at the")
        home.world.portal.add_device(*home.world.label)
        await finish(home)

    tell(story)


def test_a_hub_that_never_opens(tell):
    async def story(home):
        await home.until_shows("Waiting for your supplier", 60)
        await home.sleep(3600)
        assert home.shows("Waiting for your supplier") and home.shows("Enter the code on their site")
        assert home.world.ncp.stack.state == 0  # it has not even knocked
        home.world.portal.add_device(*home.world.label)
        home.press()
        await finish(home)

    tell(story)


def test_a_device_left_alone_listens_less_and_less_often(tell):
    async def story(home):
        await home.sleep(3600)
        lines = [line for line in home.log().splitlines() if "pairing: not let in" in line]
        times = [float(line[1:].split("]")[0]) for line in lines]
        gaps = [b - a for a, b in itertools.pairwise(times)]
        often = gaps[:10]
        assert len(often) >= 10 and all(45 <= gap < 80 for gap in often)
        assert len({round(gap) for gap in often}) > 5  # not in step with the neighbours'
        assert all(220 < gap < 270 for gap in gaps[-8:]) and len(times) < 35
        home.press()
        await home.sleep(12)
        assert home.log().count("pairing: not let in") == len(times) + 3

    tell(story)


def test_a_form_that_is_filled_in_late_and_a_window_that_is_short(tell):
    async def story(home):
        await home.sleep(5000)
        home.world.portal.add_device(*home.world.label)
        await finish(home)

    tell(story, timeline=Timeline(accepted=0.1, matched=0.1, hub_reached=0.1, listed=0.1, window=300, granted=1))


def test_a_window_that_runs_out(tell):
    async def story(home):
        await ask_supplier(home, mmo.with_crc(bytes(16)).hex())
        await home.until_shows("Supplier's time ran out", 1200)
        assert home.shows("Ask them to open it again")
        home.world.portal.add_device(*home.world.label)
        home.press()
        await finish(home)

    tell(story)


def test_no_hub_in_range(tell):
    async def story(home):
        home.world.ncp.stack.in_range = False
        await home.until_shows("No meter network heard", 90)
        assert home.shows("Move nearer the")
        home.world.ncp.stack.in_range = True
        await ask_supplier_when_heard(home)
        await finish(home)

    async def ask_supplier_when_heard(home):
        await home.until_shows("Enter the code on their site", 200)
        home.world.portal.add_device(*home.world.label)

    tell(story)


def test_a_hub_whose_radio_has_no_room(tell):
    async def story(home):
        home.world.hub.child_slots = 0
        await ask_supplier(home)
        await home.until_shows("Meter network is full", 200)
        assert home.shows("Ask supplier to remove a device")
        home.world.hub.child_slots = 1
        await finish(home)

    tell(story)


def test_a_hub_whose_list_is_full(tell):
    async def story(home):
        home.world.hub.log_size = 0
        await ask_supplier(home)
        await home.sleep(30)
        assert "full" in home.world.portal.requests[0].stage and home.world.portal.requests[0].failed
        assert home.shows("Waiting for your supplier")
        home.world.hub.log_size = 3
        home.world.portal.add_device(*home.world.label)
        await finish(home)

    tell(story)


def test_a_neighbour_s_hub_that_is_open_and_louder(tell):
    async def story(home):
        home.world.neighbour.open_to_all = True
        home.world.neighbour.position = (1.0, 1.0)
        await ask_supplier(home)
        await finish(home)
        assert home.world.ncp.stack.flash.trust_centre == home.world.hub.eui64
        assert "channel 15" in home.log()

    tell(story, neighbour=True)


def test_a_neighbour_s_pairing_does_not_blame_the_code(tell):
    async def story(home):
        home.world.neighbour.open_to_all = True
        await home.until(lambda: "pairing: ended with" in home.log(), 120, "the neighbour has been tried")
        await home.sleep(5)
        assert home.shows("Waiting for your supplier")
        home.world.portal.add_device(*home.world.label)
        await finish(home)

    tell(story, neighbour=True)


@pytest.mark.parametrize("whose", ["hub", "device"])
def test_the_certificate_of_another_device(tell, whose):
    async def story(home):
        world = home.world
        holder = world.hub.responder if whose == "hub" else world.ncp.stack.tokens
        own = dict(holder.identities)
        holder.identities.clear()
        holder.identities.update(world.identities(bytes(range(8)), (1, 2)))
        await ask_supplier(home)
        await home.until_shows("Security check refused", 200)
        assert home.shows("Device certificate not accepted") and home.shows("P06")
        assert world.hub.responder.completed == 0
        holder.identities.update(own)
        await finish(home, 3900)

    tell(story)


def test_a_certificate_of_another_authority(tell):
    async def story(home):
        world = home.world
        own = dict(world.hub.responder.identities)
        for authority in world.authorities.values():
            authority.issuer = b"STRANGER"
        world.hub.responder.identities.update(world.identities(world.hub.eui64, (1, 2)))
        await ask_supplier(home)
        await home.until_shows("Security check refused", 200)
        world.hub.responder.identities.update(own)
        home.press()
        await finish(home)

    tell(story)


def test_a_tampered_confirmation(tell):
    async def story(home):
        hub = home.world.hub
        hub.responder.faults.add("tampered confirmation")
        await ask_supplier(home)
        await home.until_shows("Security check refused", 200)
        own_key = home.world.ncp.stack.keys[hub.eui64]
        assert hub.responder.completed == 0 and not own_key.authorised
        hub.responder.faults.clear()
        await finish(home, 1200)
        assert home.world.ncp.stack.keys[hub.eui64].key == hub.keys[home.world.ncp.stack.eui64].key

    tell(story)


@pytest.mark.parametrize("when", ["initiate", "ephemeral", "confirm"])
def test_a_hub_that_falls_silent(tell, when):
    async def story(home):
        home.world.hub.responder.faults.add(f"silent after {when}")
        await ask_supplier(home)
        await home.until_shows("Joined, no data yet", 400)
        assert home.shows("Wait up to 1 hour")
        home.world.hub.responder.faults.clear()
        await finish(home, 900)

    tell(story)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("unknown issuer", "Security check refused"),
        ("invalid certificate", "Security check refused"),
        ("bad message", "Security check refused"),
        ("two suites", "Security check refused"),
        ("busy", "Meter network is full"),
    ],
)
def test_every_reason_to_terminate(tell, fault, words):
    async def story(home):
        home.world.hub.responder.faults.add(fault)
        await ask_supplier(home)
        await home.until_shows(words, 300)
        home.world.hub.responder.faults.clear()
        home.press()
        await finish(home)

    tell(story)


def test_a_hub_that_is_busy_but_once(tell):
    async def story(home):
        responder = home.world.hub.responder
        responder.faults.add("busy")
        await ask_supplier(home)
        await home.until(lambda: bool(responder.terminated), 200, "the hub was busy")
        responder.faults.clear()
        await finish(home)
        assert not any(screen_shows(home, "Meter network is full"))

    def screen_shows(home, words):
        from host_tools import screen_reader

        return [screen_reader.shows(screen.picture, words) for screen in home.screens]

    tell(story)


@pytest.mark.parametrize("code", [NcpResetCode.RESET_WATCHDOG, NcpResetCode.RESET_SOFTWARE, NcpResetCode.RESET_ASSERT])
@pytest.mark.parametrize("moment", ["generate", "calculate", "join"])
def test_a_radio_module_that_restarts_on_the_way(tell, code, moment):
    async def story(home):
        ncp = home.world.ncp
        await ask_supplier(home)
        if moment == "join":
            await home.until(lambda: ncp.stack.state == 1, 200, "joining", every=0.01)
        else:
            await home.until(lambda: ncp.stack.cbke.radio_off, 200, "computing")
            if moment == "calculate":
                await home.until(lambda: not ncp.stack.cbke.radio_off, 5, "keys made")
                await home.until(lambda: ncp.stack.cbke.radio_off, 20, "computing again")
        ncp.reboot(code)
        await finish(home)
        assert "ncp: link lost" in home.log()

    tell(story)


@pytest.mark.parametrize("noise", [0.001, 0.003, 0.008])
def test_noise_on_the_uart(tell, noise):
    async def story(home):
        world = home.world
        world.uart_to_ncp.noise = world.uart_to_host.noise = noise
        await ask_supplier(home)
        await home.until_shows("Is this your meter?", 1800)
        home.press()
        await home.until(lambda: home.shows("USING") or home.shows("SENDING OUT"), 300, "readings")
        assert world.uart_to_ncp.hurt + world.uart_to_host.hurt > 0
        world.uart_to_ncp.noise = world.uart_to_host.noise = 0.0
        await home.until_held(
            lambda held: held["outcome"] is None and held["meters"]["0"]["instantaneous_demand"]["state"] == "live",
            120, "readings on a clean wire",
        )  # fmt: skip
        held = await home.held()
        assert held["ash"]["discarded"] + held["ash"]["retransmissions"] > 0
        register = held["meters"]["0"]["current_summation_delivered"]["value"]
        assert 4_631_207 <= register <= world.household.import_wh

    tell(story)


def test_a_radio_module_that_does_not_answer(tell):
    async def story(home):
        home.world.uart_to_ncp.cut = True
        await home.until_shows("Radio module not answering", 60)
        assert home.shows("Switch off and on again")
        home.world.uart_to_ncp.cut = False
        await ask_supplier(home)
        await finish(home)

    tell(story)


def test_a_wire_that_breaks_while_reading(tell):
    async def story(home):
        await ask_supplier(home)
        await finish(home)
        home.world.uart_to_host.cut = True
        await home.until_shows("Radio module not answering", 120)
        home.world.uart_to_host.cut = False
        await home.until(lambda: home.shows("USING") or home.shows("SENDING OUT"), 120, "readings again")

    tell(story)


def test_an_ezsp_version_that_is_not_known(tell):
    async def story(home):
        home.world.ncp.ezsp.version = 7
        await home.until_shows("Radio module too old", 60)
        assert home.shows("Update its firmware, EZSP 7")

    tell(story)


def test_firmware_without_key_establishment(tell):
    async def story(home):
        home.world.ncp.ezsp.unknown |= {
            "getCertificate",
            "getCertificate283k1",
            "generateCbkeKeys",
            "generateCbkeKeys283k1",
        }
        await ask_supplier(home)
        await home.until_shows("Security check refused", 300)

    tell(story)


def test_a_radio_module_that_makes_no_key_from_its_install_code(tell):
    async def story(home):
        home.world.ncp.stack.unsupported_install_code = True
        await ask_supplier(home)
        await finish(home)
        assert "making it here" in home.log()

    tell(story)


@pytest.mark.parametrize("token", [ERASED_INSTALL_CODE, bytes(20)])
def test_an_install_code_that_is_damaged(tell, token):
    async def story(home):
        good = home.world.ncp.stack.tokens.install_code
        home.world.ncp.stack.tokens.install_code = token
        await home.until_shows("This device's code is", 60)
        assert home.shows("P05")
        home.world.ncp.stack.tokens.install_code = good
        await ask_supplier_later(home)
        await finish(home)

    async def ask_supplier_later(home):
        await home.until_shows("Enter the code on their site", 120)
        home.world.portal.add_device(*home.world.label)

    tell(story)


def test_a_short_install_code(tell):
    async def story(home):
        home.world.ncp.stack.tokens.install_code = install_code_token(bytes.fromhex("83FED3407A93"))
        await home.until_shows("83FE D340 7A93", 60)
        home.world.portal.add_device(home.world.label[0], "83FED3407A932B70")
        await finish(home)

    tell(story)


def test_a_link_that_is_lost_and_found(tell):
    async def story(home):
        await ask_supplier(home)
        await finish(home)
        home.world.ncp.stack.in_range = False
        await home.until_shows("Lost the meter network", 300)
        await home.sleep(1200)
        assert home.shows("H01")
        home.world.ncp.stack.in_range = True
        await home.until(lambda: home.shows("USING") or home.shows("SENDING OUT"), 1000, "readings again")
        assert home.world.hub.responder.completed == 1

    tell(story)


def test_a_network_key_that_has_moved_on(tell):
    async def story(home):
        await ask_supplier(home)
        await finish(home)
        home.world.ncp.stack.in_range = False
        home.world.hub.rotate_key()
        await home.sleep(15)
        home.world.ncp.stack.in_range = True
        await home.until(lambda: "by the trust centre" in home.log(), 600, "a rejoin by the trust centre")
        await home.until(lambda: home.shows("USING") or home.shows("SENDING OUT"), 300, "readings again")
        assert home.world.hub.responder.completed == 1

    tell(story)


def test_a_meter_that_is_silent_while_the_hub_is_not(tell):
    async def story(home):
        await ask_supplier(home)
        await finish(home)
        home.world.meter.powered = False
        await home.until_held(
            lambda held: held["meters"]["0"]["instantaneous_demand"]["state"] == "stale",
            200,
            "stale readings",
        )
        await home.until_shows("--", 60)
        assert not home.shows("Lost the meter network")
        home.world.meter.powered = True
        await home.until(lambda: not home.shows("--"), 200, "readings again")

    tell(story)


@pytest.mark.parametrize("stage", [2, 3, 4])
def test_a_device_that_is_removed_while_it_pairs(tell, stage):
    async def story(home):
        await ask_supplier(home)
        await home.until_held(lambda held: held["stage"] >= stage, 300, "on its way")
        home.world.portal.remove_device(home.world.label[0])
        await home.until_shows("Supplier removed this device", 120)
        for _ in range(3):
            home.press()
            await home.until_shows("Enter the code on their site", 60)
            await home.sleep(20)
        assert "P07" not in home.log()
        home.world.portal.add_device(*home.world.label)
        await finish(home)

    tell(story)


def test_a_device_that_the_supplier_removes(tell):
    async def story(home):
        await ask_supplier(home)
        await finish(home)
        home.world.hub.remove(home.world.ncp.stack.eui64)
        await home.until_shows("Supplier removed this device", 60)
        assert home.shows("Press OK to pair again")
        home.press()
        await home.until_shows("Enter the code on their site", 120)
        home.world.portal.add_device(*home.world.label)
        await finish(home)
        assert home.world.hub.responder.completed == 2

    tell(story)


def test_a_power_cut_between_the_agreement_and_the_first_reading(tell):
    async def story(home):
        await ask_supplier(home)
        await home.until(lambda: home.world.hub.responder.completed == 1, 200, "the hub has agreed")
        home.power_off()
        await home.sleep(10)
        home.power_on()
        await finish(home)

    tell(story)


def test_a_link_key_that_the_radio_module_has_lost(tell):
    async def story(home):
        await ask_supplier(home)
        await finish(home)
        home.power_off()
        stack = home.world.ncp.stack
        stack.keys[home.world.hub.eui64].authorised = False
        home.power_on()
        await home.until(lambda: home.world.hub.responder.completed == 2, 300, "a second agreement")
        await home.until(lambda: stack.keys[home.world.hub.eui64].authorised, 30, "the new key is kept")
        await home.until(lambda: home.shows("USING") or home.shows("SENDING OUT"), 300, "readings again")
        assert "the link key is not good any more" in home.log()

    tell(story)


def test_a_state_file_that_is_damaged(tell):
    async def story(home):
        await ask_supplier(home)
        await finish(home)
        assert "store:" not in home.log() and not (home.flash / "state.new").exists()
        home.power_off()
        (home.flash / "state.json").write_text('{"key_with": "00')
        home.power_on()
        await finish(home)
        assert home.world.hub.responder.completed == 2

    tell(story)


def test_a_panel_that_is_stuck_does_not_stop_the_readings(tell):
    async def story(home):
        await ask_supplier(home)
        await finish(home)
        busy = home.world.panel.busy
        home.world.panel.busy = lambda now: 1
        home.world.household.set_load("test", 3000)
        await home.until(lambda: "panel: does not answer" in home.log(), 80, "the panel is given up on")
        held = await home.held()
        assert held["meters"]["0"]["instantaneous_demand"]["state"] == "live"
        home.world.panel.busy = busy
        await home.sleep(120)
        assert home.shows("USING") or home.shows("SENDING OUT")

    tell(story)
