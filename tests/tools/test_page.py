"""The page of `make run`, asked as a browser asks it, with the real firmware behind it."""

import asyncio
import io
import json

import aiohttp
import pytest
from PIL import Image

from host_tools import cli, screen_reader, web
from host_tools.sim.portal import Timeline
from host_tools.sim.run import run
from host_tools.sim.world import Settings

QUICK = Timeline(accepted=0.1, matched=0.1, hub_reached=0.1, listed=0.1, granted=0.5)


def browse(story, tmp_path):
    """Serves a home, a good deal faster than real time, and runs an async function of (get, post, home)."""

    async def home_story(home):
        port = web._free_port("127.0.0.1", 0)
        serving = asyncio.get_running_loop().create_task(web.serve(home, "127.0.0.1", port))
        base = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession() as session:
            for _ in range(100):
                try:
                    await (await session.get(base)).text()
                    break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.5)
            try:
                await story(session, base, home)
            finally:
                serving.cancel()

    run(Settings(timeline=QUICK), tmp_path, home_story, real_time=20.0)


async def state(session, base):
    async with session.get(f"{base}/events") as events:
        line = await events.content.readline()
        return json.loads(line.removeprefix(b"data: "))


async def until_shown(session, base, text, seconds=10):
    for _ in range(seconds):
        async with session.get(f"{base}/screen.png") as answer:
            picture = Image.open(io.BytesIO(await answer.read()))
        if screen_reader.shows(picture, text):
            return picture
        await asyncio.sleep(1)
    raise AssertionError(f"the picture never showed {text!r}")


async def wait_for(session, base, condition, seconds=300):
    for _ in range(seconds):
        if condition(found := await state(session, base)):
            return found
        await asyncio.sleep(1)
    raise AssertionError(found)


def test_from_the_code_to_the_readings(tmp_path, capsys):
    async def story(session, base, home):
        page = await (await session.get(base)).text()
        assert "add a device" in page and "pair for me" in page
        await wait_for(session, base, lambda now: "P02" in now["words"])
        assert (await until_shown(session, base, "Waiting for your supplier")).size == (296, 128)

        wrong = await session.post(f"{base}/add-device", data={"eui64": "12", "install_code": ""})
        assert wrong.status == 422 and (await wrong.json())["field"] == "eui64"
        eui64, code = home.world.label
        good = await session.post(f"{base}/add-device", data={"eui64": eui64, "install_code": code})
        assert good.status == 200
        await session.post(f"{base}/press")

        now = await wait_for(session, base, lambda now: "P11" in now["words"])
        assert now["requests"][0][1].startswith("Done")
        await until_shown(session, base, "Is this your meter?")
        await session.post(f"{base}/press")
        now = await wait_for(session, base, lambda now: now["words"] == "Reading your meters")
        assert [mark for _, mark in now["stages"]] == ["done"] * 6 + ["now"]
        assert [name for name, _ in now["meters"]] == [
            "Number on the meter", "Electricity", "Sent out", "Power now", "Gas",
        ]  # fmt: skip
        assert "http://127.0.0.1:" in capsys.readouterr().out

    browse(story, tmp_path)


def test_pair_for_me(tmp_path):
    async def story(session, base, home):
        await wait_for(session, base, lambda now: "P02" in now["words"])
        await session.post(f"{base}/pair-for-me")
        await wait_for(session, base, lambda now: "P11" in now["words"])

    browse(story, tmp_path)


def test_buttons_go_down_and_up_and_the_light_answers(tmp_path):
    async def story(session, base, home):
        await wait_for(session, base, lambda now: "P02" in now["words"])
        assert (await state(session, base))["buttons"] == ["next", "ok", "back"]
        lights = home.world.device.lights
        for name in ("next", "ok", "back"):
            before = len(lights)
            assert (await session.post(f"{base}/button", data={"name": name, "down": "1"})).status == 200
            await asyncio.sleep(1)
            assert len(lights) > before, name
            assert (await session.post(f"{base}/button", data={"name": name, "down": "0"})).status == 200
        await asyncio.sleep(1)
        pressed = [line.split()[-1] for line in home.log().splitlines() if "button:" in line]
        assert pressed == ["1", "2", "4"]
        for form in ({"name": "power", "down": "1"}, {"name": "ok"}, {"name": "ok", "down": "2"}, {}):
            assert (await session.post(f"{base}/button", data=form)).status == 422, form
        assert (await state(session, base))["light"]["words"] == "please look"

    browse(story, tmp_path)


def test_other_sites_get_nothing_and_odd_forms_an_answer(tmp_path):
    async def story(session, base, home):
        for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
            for path in ("press", "pair-for-me", "button"):
                assert (await session.post(f"{base}/{path}", headers=headers)).status == 403, headers
        assert (await session.get(base, headers={"Host": "evil.example:8321"})).status == 403
        assert (await session.post(f"{base}/press", headers={"Origin": base})).status == 200
        local = base.replace("127.0.0.1", "localhost").removeprefix("http://")
        assert (await session.get(base, headers={"Host": local})).status == 200
        assert home.world.portal.requests == []
        for kind, body in (
            ("multipart/form-data", b"x"),
            ("multipart/form-data; boundary=q", b"--q\r\nnonsense"),
            ("application/x-www-form-urlencoded; charset=klingon", b"eui64=1"),
            ("application/x-www-form-urlencoded", b"eui64=%ff\xff"),
            ("application/json", b"{}"),
        ):
            answer = await session.post(f"{base}/add-device", data=body, headers={"Content-Type": kind})
            assert answer.status in (400, 422) and (await answer.json())["message"], kind

    browse(story, tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [["run", "--port", "99999"], ["run", "--port", "-1"], ["ncp", "--listen", "127.0.0.1:x"], ["run", "--baud", "0"]],
)
def test_a_number_that_cannot_be_is_refused_in_words(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2 and "is no " in capsys.readouterr().err


def test_an_address_that_is_not_there_is_said_so(capsys):
    assert cli.main(["run", "--host", "192.0.2.1"]) == 1
    assert cli.main(["ncp", "--listen", "192.0.2.1:0"]) == 1
    said = capsys.readouterr().err
    assert said.count("inkmeter ") == 2 and "Traceback" not in said


def test_a_port_that_is_taken_is_left_alone():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert web._free_port("127.0.0.1", port) != port


@pytest.mark.parametrize("command", ["run", "demo", "sim", "scenarios", "build", "deploy", "fonts", "lint", "ncp"])
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0 and "usage: inkmeter" in capsys.readouterr().out


def test_a_mistake_is_answered_in_words(capsys):
    assert cli.main(["build", "toaster"]) == 1
    assert "there is no board 'toaster'" in capsys.readouterr().err
    assert cli.main(["deploy", "simulator", "/dev/inkmeter-nothing"]) == 1
    assert "/dev/inkmeter-nothing" in capsys.readouterr().err
