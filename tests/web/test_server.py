"""What the page's server answers, asked without a browser, with the real firmware behind it."""

import http.client
import io
import json
import os
import random
import re
import signal
import socket
import struct
import threading
import time
import zipfile
from types import SimpleNamespace

import pytest
from PIL import Image
from served import RIGHT

from host_tools import screen_reader
from host_tools.web import addresses, view


def form(home, **changes):
    """The supplier's form, rightly filled in but for the changes."""
    return {**RIGHT, **home.code, **changes}


def secrets(home):
    """Each key that was ever in use, in both orders of its octets, in capitals."""
    keys = re.findall('"([0-9a-fA-F:]{32,})"', home.get("/download/zigbee_pc_keys")[1].decode())
    assert len(keys) > 3
    octets = [bytes.fromhex(key.replace(":", "")) for key in keys]
    return [one.hex().upper() for key in octets for one in (key, key[::-1])]


@pytest.fixture
def with_code(home):
    """A home whose panel shows its code; the code read from the picture."""
    home.do("speed", 10)
    home.until(lambda now: "P02" in now["words"])
    home.code = home.label()
    return home


def picture(home):
    return Image.open(io.BytesIO(home.get("/screen.png")[1])).convert("1")


def test_a_device_that_was_removed_is_not_starting():
    held = {"stage": 0, "outcome": "H02"}
    bench = SimpleNamespace(world=SimpleNamespace(device=True), failure="", held=held)
    assert view.words(bench) == "Off the meter network, H02"
    held["outcome"] = "P06"
    assert view.words(bench) == "Starting, P06"


def test_one_that_has_lost_its_network_reads_no_meters():
    held = {"stage": 6, "outcome": "H01"}
    bench = SimpleNamespace(world=SimpleNamespace(device=True), failure="", held=held)
    assert view.words(bench) == "Meter network lost, H01"
    held["outcome"] = "N01"
    assert view.words(bench) == "Radio module not answering, N01"
    held["outcome"] = None
    assert view.words(bench) == "Reading your meters"


def test_from_the_code_to_the_readings(with_code):
    home = with_code
    assert picture(home).size == (296, 128)
    assert screen_reader.shows(picture(home), "Waiting for your supplier")
    assert screen_reader.shows(picture(home), home.code["eui64"][:4])
    assert home.do("add-device", form(home)) == "R1001"
    home.do("speed", 60)
    now = home.until(lambda now: "P11" in now["words"])
    assert now["portal"]["requests"][0]["stage"].startswith("Done")
    for down in (True, False):
        home.do("button", {"name": "ok", "down": down})
    home.until(lambda now: now["words"] == "Reading your meters")
    assert [name for name, _ in home.state()["meters"]] == [
        "Meter number", "Electricity", "Exported", "Power now", "Gas",
    ]  # fmt: skip
    replay = json.loads(home.get("/download/replay.json")[1])
    assert home.code["install_code"] not in json.dumps(replay)
    assert home.get("/download/air.pcap")[1][:4] == b"\xd4\xc3\xb2\xa1"
    assert b"Normal" in home.get("/download/zigbee_pc_keys")[1]
    told = home.get("/download/story.json")[1].decode().replace(" ", "").upper()
    assert len(json.loads(home.get("/download/story.json")[1])) > 40
    for secret in [home.code["install_code"], *secrets(home)]:
        assert secret not in told and secret not in json.dumps(replay).upper()
    log = home.get("/download/firmware.log")[1].decode()
    assert "keys: agreed" in log
    assert home.get("/download/readings.csv")[1].startswith(
        b"unix_time_s,power_w,import_wh,export_wh,display_power_w,display_import,display_export,display_gas\n"
    )
    assert home.get("/download/passwd")[0] == 404
    with zipfile.ZipFile(io.BytesIO(home.get("/download/history.zip")[1])) as history:
        assert history.testzip() is None
        assert {"read-me.txt", "half-hours.csv", "days.csv"} <= set(history.namelist())

    # The same again, from the seed and what was done: the same log to the byte.
    home.do("replay", replay)
    again = home.until(lambda now: now["held"] and now["steps"] == len(replay["steps"]), 60)
    assert again["words"] == "Reading your meters"
    log_again = home.get("/download/firmware.log")[1].decode()
    assert log_again == log[: len(log_again)] and "keys: agreed" in log_again
    assert json.loads(home.get("/download/replay.json")[1])["steps"] == replay["steps"]


def test_other_sites_get_nothing(home):
    press = {"do": "button", "value": {"name": "ok", "down": True}}
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
        assert home.post("/do", press, headers)[0] == 403, headers
        assert home.post("/scan", {}, headers)[0] == 403, headers
        live = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}  # fmt: skip
        assert home.get("/live", {**live, **headers})[0] == 403, headers
    assert home.get("/", {"Host": "evil.example:8321"})[0] == 403
    assert home.post("/do", press, {"Origin": home.url})[0] == 200
    assert home.get("/", {"Host": home.url.replace("127.0.0.1", "localhost").removeprefix("http://")})[0] == 200
    # A form of another site's can be sent without asking; JSON cannot.
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain"):
        assert home.post("/do", press, {"Content-Type": kind})[0] == 415
        assert home.post("/scan", {}, {"Content-Type": kind})[0] == 415
    headers = home.get("/")[2]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    for path in ("/static/../server.py", "/static/%2e%2e/server.py", "/download/..%2f..%2fserver.py"):
        assert home.get(path)[0] in (403, 404), path


def test_odd_orders_are_answered_in_words(home):
    for body in (b"", b"{", b"[]", b"7", b"\xff\xfe", b'{"do": 1}', b'{"value": 1}', b'{"do": "replay"}',
                 b'{"do": "replay", "value": {"inkmeter": 1}}'):  # fmt: skip
        status, answer, _ = home.post("/do", body)
        assert status in (400, 422) and json.loads(answer)["error"], body
    for name, value, words in (
        ("nonsense", None, "nothing here called"), ("button", {"name": "off", "down": True}, "no such button"),
        ("button", {"name": "ok", "down": 1}, "on or off"), ("loss", 91, "from 0 to 90"), ("loss", "9", "from 0 to 90"),
        ("loss", True, "from 0 to 90"), ("hub-power", "on", "on or off"), ("speed", 7, "speeds are"),
        ("speed", True, "speeds are"), ("scenario", "heaven", "no scenario"), ("new", {"seed": -1}, "cannot be"),
        ("new", {"start": "yesterday"}, "Say the day and the time like this"), ("new", {"start_us": 5}, "cannot be"),
        ("new", {"start": "2027-03-28T01:30"}, "there is no 01:30"), ("tariff", "free", "one of credit-flat"),
        ("sample-day-says", "well", "only be read"), ("change-house-moved", "castle", "no home 'castle'"),
        ("neighbour-open", True, "no neighbour's hub"), ("new", {"seed": "1"}, "cannot be"),
        ("new", {"timeline": 1}, "no setting"), ("new", [], "no settings"),
        ("faults", "explode", "is not a fault"), ("hub-channel", 7, "one of"), ("remove-device", "12", "16 characters"),
        ("remove-device", "00DB1234567890A0", "not on your list"), ("add-device", None, "could not be understood"),
    ):  # fmt: skip
        status, answer, _ = home.post("/do", {"do": name, "value": value})
        assert status == 422 and words in json.loads(answer)["error"], (name, value, answer)
    assert home.state()["portal"]["requests"] == []


def test_it_stands_still_when_held_and_answers_all_the_same(home):
    home.do("hold")
    first = home.state()
    assert first["held"]
    home.do("load-kettle", True)
    second = home.state()
    assert second["values"]["load-kettle"] and second["elapsed_s"] - first["elapsed_s"] < 0.2
    home.do("speed", 60)
    home.until(lambda now: now["elapsed_s"] > first["elapsed_s"] + 30)


def test_who_asks_right_after_another_home_was_ordered_gets_that_one(home):
    # One connection, as long as the server lets it live.
    asking = http.client.HTTPConnection(home.url.removeprefix("http://"), timeout=30)

    def ask(method, path, body=None):
        asking.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        with asking.getresponse() as answer:
            return json.load(answer)

    number = ask("GET", "/state")["run"]
    for name in ("pairing", "hub-rebooted") * 4:
        ask("POST", "/do", {"do": "scenario", "value": name})
        number += 1
        assert ask("GET", "/state")["run"] == number


def test_whoever_has_connected_gets_an_answer_also_when_another_home_begins(home):
    address = home.url.removeprefix("http://")
    went_wrong, answers, done = [], [], threading.Event()

    def ask_again_and_again(path):
        while not done.is_set():
            asking = http.client.HTTPConnection(address, timeout=30)
            try:
                asking.connect()
                # A browser on a busy machine.
                time.sleep(random.choice((0, 0.003, 0.03)))
                asking.request("GET", path, headers={"Connection": "close"})
                with asking.getresponse() as answer:
                    answers.append((answer.status, len(answer.read()) > 100))
            except (OSError, http.client.HTTPException) as error:
                went_wrong.append((path, error))
            finally:
                asking.close()

    paths = "/", "/static/watch.js", "/screen.png", "/state"
    threads = [threading.Thread(target=ask_again_and_again, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for name in ("pairing", "hub-rebooted") * 4:
        home.do("scenario", name)
        time.sleep(0.5)
    done.set()
    for thread in threads:
        thread.join()
    assert not went_wrong, went_wrong
    assert len(answers) > 20 and set(answers) == {(200, True)}


def test_a_press_lasts_as_long_as_the_finger_did_however_late_it_is_heard_of(home):
    home.do("speed", 10)
    home.until(lambda now: "P02" in now["words"])
    for held_ms in (0, 300, 2500):
        home.do("button", {"name": "next", "down": True})
        home.do("button", {"name": "next", "down": False, "held_ms": held_ms})
        (down, _, _), (up, name, noted) = home.replay()["steps"][-2:]
        assert held_ms <= (up - down) / 1000 < held_ms + 1000
        assert (name, noted) == ("button", {"name": "next", "down": False})
    home.do("button", {"name": "next", "down": True})
    for odd in (-1, 60_001, "300", True, None):
        status, answer, _ = home.post("/do", {"do": "button", "value": {"name": "next", "down": False, "held_ms": odd}})
        assert (status, json.loads(answer)["error"]) == (422, "Choose from 0 to 60000.")
    home.do("button", {"name": "next", "down": False, "held_ms": 0})


def test_power_and_reset(home):
    home.do("speed", 10)
    home.until(lambda now: "P02" in now["words"])
    home.do("plug", False)
    assert home.state()["words"] == "Switched off"
    status, answer, _ = home.post("/do", {"do": "button", "value": {"name": "ok", "down": True}})
    assert status == 422 and "no power" in json.loads(answer)["error"]
    home.do("plug", True)
    home.until(lambda now: "P02" in now["words"])
    home.do("reset")
    assert home.state()["words"] in ("Starting", "Waiting for your supplier, P02")
    home.until(lambda now: "P02" in now["words"])


def test_a_port_that_is_taken_is_left_alone():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with addresses.listen("127.0.0.1", port) as other:
            assert other.getsockname()[1] != port


def test_browsers_that_vanish_take_nothing_with_them(with_code):
    home = with_code
    home.do("add-device", form(home))
    home.do("speed", 60)
    home.until(lambda now: "P11" in now["words"])
    address = ("127.0.0.1", int(home.url.rsplit(":", 1)[1]))
    upgrade = (
        b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    )
    # In the middle of the long story of a pairing, or of files; gone without a word.
    for i in range(300):
        with socket.create_connection(address) as browser:
            browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if i % 5 == 4:
                browser.sendall(upgrade)
                browser.recv(100)
            else:
                name = (b"download/air.pcap", b"", b"static/watch.js")[i % 3]
                browser.sendall(b"GET /%b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % name * 3)
            time.sleep(i % 10 / 1000)
    before = home.state()["elapsed_s"]
    home.until(lambda now: now["elapsed_s"] > before + 60)


def test_a_firmware_that_has_ended_does_not_end_the_page(home):
    home.do("speed", 10)
    home.until(lambda now: "P02" in now["words"])
    (device,) = home.children()
    os.kill(device, signal.SIGKILL)
    home.until(lambda now: "stopped" in now["words"])
    home.do("new", {"seed": 5})
    home.until(lambda now: "P02" in now["words"])
