"""Serial faults to order, with the real firmware: whatever happens on the wire, it reads on."""

import pytest
from slowly import slow

from host_tools.sim.faults import CAUSES, Faults
from host_tools.sim.scenarios import fresh

METERING = 0x0702


def order(home, faults):
    for coroutine in Faults(faults).put_on(home.world):
        home.world.beside(coroutine)


@pytest.mark.parametrize(
    "faults",
    ["flip=0.002", "lose=0.002", "double=0.002", "split=0.5", "delay=0.3", "xoff=0.02", "boot-noise,reset=power-on@300",
     "burst=40@7", "noise=0.001,split=0.3,delay=0.1,xoff=0.005,burst=10@20"],
)  # fmt: skip
def test_it_pairs_and_reads_whatever_the_wire_does(tell, faults):
    async def story(home):
        order(home, faults)
        await home.until_shows("Enter the code", 120)
        home.world.portal.add_device(*home.world.label)
        await home.until_shows("Is this your meter?", 900)
        home.press()
        await home.sleep(600)
        held = await fresh(home, 120)
        assert (
            4_631_207 <= held["meters"]["0"]["current_summation_delivered"]["value"] <= home.world.household.import_wh
        )
        assert not any(held["restarts"].values()) and not home.world.panel.complaints

    tell(story)


@pytest.mark.parametrize("cause", ["watchdog", *slow(one for one in CAUSES if one != "watchdog")])
def test_it_reads_on_after_a_restart_for_any_reason(tell, cause):
    async def story(home):
        await home.pair()
        order(home, f"reset={cause}@120")
        await home.sleep(500)
        held = await fresh(home, 60)
        assert home.log().count("ncp: link lost") >= 3 and not any(held["restarts"].values())
        assert home.world.hub.responder.completed == 1

    tell(story)


@pytest.mark.parametrize("code", ["51", *slow(["80", "81", "ff"])])
def test_it_reads_on_after_an_error_frame_of_any_code(tell, code):
    async def story(home):
        await home.pair()
        order(home, f"error={code}@100")
        await home.sleep(350)
        await fresh(home, 90)

    tell(story)


@pytest.mark.slow
def test_an_hour_at_one_hurt_byte_in_a_thousand(tell):
    async def story(home):
        world = home.world
        await home.pair()
        served = world.meter.served
        served.clear()
        hurt = world.uart_to_host.hurt + world.uart_to_ncp.hurt
        order(home, "noise=0.001")
        began, last, registers, troubles = home.clock.elapsed_s, 0, [], set()
        while home.clock.elapsed_s < began + 3600:
            await home.sleep(5)
            held = await home.held()
            power = held["meters"]["0"]["instantaneous_demand"]
            # In order, never older than what was held, and never stale.
            assert power["utc"] >= last and power["state"] == "live", held
            last = power["utc"]
            registers.append(held["meters"]["0"]["current_summation_delivered"]["value"])
            troubles.add(held["outcome"])
        assert registers == sorted(registers) and registers[-1] <= world.household.import_wh
        assert world.uart_to_host.hurt + world.uart_to_ncp.hurt - hurt > 50
        # Each poll is answered once: one every ten seconds, and what was asked again after a restart of the link.
        polls = served.count((METERING, 0x0400))
        assert 330 <= polls <= 400, polls
        assert troubles == {None} and not any(held["restarts"].values())

    tell(story)
