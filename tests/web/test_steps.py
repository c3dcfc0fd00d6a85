"""Steps, fingers and speeds: what is ordered at once, what comes again in a replay, and what a press means."""

import asyncio
import subprocess
import sys
import time

import pytest
from served import RIGHT, serving

from host_tools.sim.run import run
from host_tools.sim.world import Settings
from host_tools.web import folders
from host_tools.web.bench import Bench
from host_tools.web.orders import Order

MESSAGES = [f"message:m{n}" for n in range(8)]


def test_steps_of_one_instant_keep_their_order_and_a_replay_has_the_same(tmp_path):
    changes = [*MESSAGES, "tariff:economy-7", "neighbour"]
    with serving(tmp_path / "run", *[word for one in changes for word in ("--at", "1", one)]) as home:
        home.do("speed", 10)
        home.until(lambda now: now["steps"] == len(changes))
        first = home.replay()
        assert [f"{name.removeprefix('change-')}:{value}".rstrip(":") for _, name, value in first["steps"]] == changes
        run = home.state()["run"]
        home.do("replay", first)
        home.until(lambda now: now["run"] > run and now["steps"] == len(changes))
        assert home.replay()["steps"] == first["steps"]


def test_a_speed_that_is_chosen_while_a_button_is_down_waits_for_the_finger(home):
    home.do("button", {"name": "ok", "down": True})
    home.do("speed", 300)
    assert home.state()["speed"] == 1
    time.sleep(0.4)
    home.do("button", {"name": "ok", "down": False, "held_ms": 400})
    home.until(lambda now: now["speed"] == 300)
    (down, up) = [at_us for at_us, name, _ in home.replay()["steps"] if name == "button"]
    assert 400_000 <= up - down < 5_000_000


def test_nobody_waits_for_a_finger_that_is_not_there(home):
    status, _, _ = home.post("/do", {"do": "button", "value": {"name": "ok", "held_ms": 60_000}})
    assert status == 422
    home.do("button", {"name": "ok", "down": True})
    # However long a page says that it was there.
    assert home.post("/do", {"do": "load-kettle", "value": True})[0] == 200
    before = home.state()["elapsed_s"]
    home.do("load-kettle", False)
    assert home.state()["elapsed_s"] - before < 5


def test_what_follows_a_replay_goes_at_the_speed_that_was_chosen_before(home):
    home.do("speed", 10)
    home.until(lambda now: now["elapsed_s"] > 5)
    now = home.state()
    home.do("replay", home.replay())
    replayed = home.until(lambda other: other["run"] > now["run"] and other["held"])
    assert replayed["speed"] == 10
    home.do("new", {"seed": 3})
    assert home.until(lambda other: other["run"] > replayed["run"])["speed"] == 10


def test_a_replay_holds_no_field_that_the_form_does_not_have(home):
    home.do("speed", 10)
    home.until(lambda now: "P02" in now["words"])
    home.do("add-device", {**RIGHT, **home.label(), "secret": "DEADBEEF"})
    (step,) = [value for _, name, value in home.replay()["steps"] if name == "add-device"]
    assert "secret" not in step and step["consent"] is True


def test_the_end_of_a_replay_does_not_stop_a_home_that_ends(tmp_path):
    async def story(home):
        bench = Bench(home, Order(until_us=1_000_000))
        bench.hold()
        assert home.clock.hold_us is not None
        bench.leave()
        await home.sleep(2)
        assert home.clock.hold_us is None

    run(Settings(), tmp_path, story)


def test_a_firmware_that_answers_nothing_is_told_of_until_it_does(tmp_path):
    async def silence():
        raise TimeoutError

    async def story(home):
        bench = Bench(home, Order())
        living = asyncio.create_task(bench.live())
        await home.sleep(5)
        assert bench.held and not bench.failure
        home.held = silence
        await home.sleep(30)
        assert bench.failure == "the firmware does not answer any more"
        del home.held
        await home.sleep(30)
        assert not bench.failure
        living.cancel()

    run(Settings(), tmp_path, story)


def test_a_firmware_that_reads_nothing_does_not_stop_the_home(tmp_path):
    async def story(home):
        # It does not run meanwhile, and the sockets between are full after some hundred.
        for _ in range(5000):
            home.world.device.ask()
            home.world.device.to_uart(b"\x00" * 100)
        await home.sleep(5)
        assert (await home.held())["stage"] >= 0

    run(Settings(), tmp_path, story)


def test_a_folder_is_one_runs_alone(home, tmp_path, monkeypatch):
    command = [sys.executable, "-m", "host_tools.cli", "run", "--port", "0", "--folder", str(tmp_path / "run")]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert second.returncode == 1 and "is in use by another" in second.stderr
    assert home.state()["words"]
    # Where none is named the next one is taken.
    monkeypatch.setattr(folders, "FOLDER", tmp_path / "usual")
    with folders.taken() as first, folders.taken() as other:
        assert (first.name, other.name) == ("usual", "usual-2")
    with folders.taken() as first, pytest.raises(folders.InUse), folders.taken(first):
        pass
