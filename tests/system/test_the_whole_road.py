"""From a device that shows its code to readings that equal the meters' registers."""

import pytest
import zxingcpp

from host_tools import screen_reader
from host_tools.demo import demo
from host_tools.sim.world import Settings


async def paired(home):
    await home.pair()
    held = await home.held()
    assert held["stage"] == 6 and held["outcome"] is None
    assert held["meters"]["0"]["serial"] == "21E0047731"
    return held


def check_reading(home, held):
    value = held["meters"]["0"]["instantaneous_demand"]
    assert value["state"] == "live"
    assert held["meters"]["0"]["current_summation_delivered"]["value"] <= home.world.household.import_wh


@pytest.mark.parametrize("version", range(8, 15))
def test_every_ezsp_version(tell, version):
    async def story(home):
        check_reading(home, await paired(home))

    tell(story, ezsp_version=version, seed=version)


@pytest.mark.parametrize(
    ("device", "hub", "suite"), [((1, 2), (1, 2), 2), ((2,), (1, 2), 2), ((1,), (1, 2), 1), ((1, 2), (1,), 1)]
)
def test_the_best_suite_that_both_sides_have(tell, device, hub, suite):
    async def story(home):
        await paired(home)
        assert f"keys: agreed, suite {suite}" in home.log()

    tell(story, suites=device, hub_suites=hub)


def test_a_hub_that_refuses_a_suite_it_offers(tell):
    async def story(home):
        home.world.hub.responder.identities.pop(2)
        offered = home.world.hub.attributes[1][0x0800]
        offered[0x0000] = type(offered[0x0000])(0x31, 3)
        await paired(home)
        assert "keys: agreed, suite 1" in home.log()

    tell(story)


@pytest.mark.parametrize("panel", ["2.9", "2.13"])
def test_the_code_on_the_screen_is_the_device_s(tell, panel):
    async def story(home):
        await home.until_shows("Waiting for", 60)
        await home.sleep(3)
        eui64, code = home.world.label
        picture = home.picture()
        (found,) = zxingcpp.read_barcodes(picture.convert("L"))
        assert found.text == f"Z:{eui64}$I:{code}"
        for digits in (eui64, code):
            for at in range(0, len(digits), 8):
                pair = " ".join(digits[at : at + 8][i : i + 4] for i in (0, 4) if digits[at : at + 8][i : i + 4])
                # Groups may be parted by the end of a line.
                assert all(screen_reader.shows(picture, group, "code") for group in pair.split())
        assert screen_reader.shows(picture, "Enter the code") and not home.world.panel.complaints

    tell(story, panel=panel)


def test_the_small_panel_shows_readings_too(tell):
    async def story(home):
        await paired(home)
        for _ in range(4):
            home.press("next")
            await home.sleep(10)
        assert home.shows(f"{home.world.household.gas_litres // 1000:05d}.") and not home.world.panel.complaints

    tell(story, panel="2.13")


def test_no_gas_meter_no_gas_on_the_screen(tell):
    async def story(home):
        await paired(home)
        assert not home.shows("Gas")

    tell(story, gas=False)


def test_registers_and_power_follow_the_meter(tell):
    async def story(home):
        await paired(home)
        household = home.world.household
        for watts in (3000, 200, -1500):
            household.set_load("test", 0)
            household.set_load("test", watts - household.demand_w)
            power = household.demand_w
            held = await home.until_held(
                lambda held, power=power: held["meters"]["0"]["instantaneous_demand"]["value"] == power,
                30,
                f"{power} W",
            )
            check_reading(home, held)
            # Other things in the house may have been switched meanwhile, but not often.
            await home.until_shows("SENDING OUT" if household.demand_w < 0 else "USING", 60)

    tell(story)


def test_what_the_meter_does_not_know_is_not_shown_as_zero(tell):
    async def story(home):
        await paired(home)
        home.world.meter.fails |= {0x0400, 0x0000}
        held = await home.until_held(
            lambda held: held["meters"]["0"]["instantaneous_demand"]["value"] is None, 30, "an unknown power"
        )
        assert held["meters"]["0"]["instantaneous_demand"]["state"] == "live"
        await home.until(lambda: not home.shows("USING") and not home.shows("SENDING OUT"), 90, "no direction")
        home.world.meter.fails.clear()
        await home.until(lambda: home.shows("USING") or home.shows("SENDING OUT"), 90, "the readings come back")

    tell(story)


def test_already_paired_it_reads_within_five_seconds(tell):
    async def story(home):
        await paired(home)
        home.power_off()
        await home.sleep(30)
        home.power_on()
        served = home.world.meter.served
        served.clear()
        await home.until(lambda: (0x0702, 0x0400) in served, 5, "the power is asked for", every=0.05)
        await home.sleep(0.2)
        held = await home.held()
        assert held["meters"]["0"]["instantaneous_demand"]["state"] == "live"
        assert home.world.hub.responder.completed == 1  # no second key establishment
        assert not home.shows("Is this your meter?")

    tell(story)


def test_the_same_seed_gives_the_same_run(tell, tmp_path):
    async def story(home):
        await home.pair()
        await home.sleep(600)
        held = await home.held()
        pictures = [(screen.at_s, screen.full, screen.picture.tobytes()) for screen in home.screens]
        return held, home.log(), pictures, home.world.uart_to_host.bytes, home.world.air.frames

    first, second, other = (tell(story, seed=seed) for seed in (7, 7, 8))
    assert first == second
    assert first[1] != other[1]


def test_the_radio_module_is_told_to_be_secure(tell):
    async def story(home):
        await home.until_shows("Enter the code on their site", 60)
        stack = home.world.ncp.stack
        assert stack.configuration[0x0C] == 2 and stack.configuration[0x0D] == 5  # Zigbee PRO, ENC-MIC-32

    tell(story)


def test_the_panel_sleeps_between_refreshes_and_ages_slowly(tell):
    async def story(home):
        await paired(home)
        before = len(home.screens)
        awake = 0
        for at in range(60):
            home.world.household.set_load("test", 3000 if at % 2 else 1000)
            await home.sleep(10)
            if not home.world.panel.busy(home.clock.now_us):
                # A refresh has just ended.
                await home.sleep(1)
                awake += not home.world.panel.busy(home.clock.now_us)
        assert 10 <= len(home.screens) - before <= 600 // 30 + 2
        assert awake == 0  # BUSY is high in deep sleep
        runs = "".join("F" if screen.full else "." for screen in home.screens).split("F")
        assert max(len(run) for run in runs) == 8

    tell(story)


def test_secrets_stay_out_of_the_log(tell):
    async def story(home):
        await paired(home)
        log = home.log().upper().replace(" ", "")
        code = home.world.label[1]
        keys = [key.key.hex().upper() for key in home.world.ncp.stack.keys.values()]
        for secret in (code, code[:32], home.world.hub.network.key.hex().upper(), *keys):
            assert secret not in log
            assert secret[:12] not in log
            # Nor as Python prints octets and lists of them.
            octets = bytes.fromhex(secret)[:6]
            assert repr(octets)[2:-1] not in home.log() and str(list(octets))[1:-1] not in home.log()

    tell(story)


def test_the_demonstration(tmp_path):
    assert demo(Settings(seed=3), tmp_path)
    assert (tmp_path / "report.json").exists() and len(list(tmp_path.glob("screen-*.png"))) > 5
