"""What no page sends, and a script, a mistake or another site may: it is refused in words, and changes nothing."""

import base64
import json
import os
import socket
import struct
import threading
from types import SimpleNamespace

import pytest
from served import serving

from host_tools import cli
from host_tools.web import addresses

UNREADABLE = "That request could not be understood."


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A home for orders that are to change nothing."""
    with serving(tmp_path_factory.mktemp("odd")) as home:
        yield home


def refusal(home, body):
    """(status, words) of an order that is refused; `body` is bytes as they are, or (what, value)."""
    status, answer, _ = home.post("/do", body if isinstance(body, bytes) else {"do": body[0], "value": body[1]})
    return status, json.loads(answer).get("error")


def said_live(home, text):
    """The answer to an order on the page's socket."""
    host, port = home.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as live, live.makefile("rb") as heard:
        key = base64.b64encode(os.urandom(16)).decode()
        live.sendall((f"GET /live HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                      f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())  # fmt: skip
        while heard.readline().strip():
            pass
        data = text.encode()
        # A final frame of text, as long as 64 bits can say, with a mask of nothing.
        live.sendall(b"\x81\xff" + struct.pack(">Q", len(data)) + bytes(4) + data)
        while True:
            opcode, length = heard.read(2)
            assert opcode == 0x81, "the server has closed"
            if length > 125:
                length = int.from_bytes(heard.read(2 if length == 126 else 8), "big")
            told = json.loads(heard.read(length))
            if told["type"] == "answer":
                return told["it"]


def test_a_button_that_is_refused_leaves_the_speed_as_it_is(home):
    home.do("speed", 10)
    for value in ({"name": "xyz", "down": True}, {"name": "ok", "down": "yes"}, {"name": ["ok"], "down": True},
                  {"down": True}, {}, "ok"):  # fmt: skip
        assert refusal(home, ("button", value))[0] == 422, value
        assert home.state()["speed"] == 10, value
    # And neither does one of a device without power; a finger that was on it before can be taken off.
    home.do("button", {"name": "ok", "down": True})
    assert home.state()["speed"] == 1
    home.do("plug", False)
    assert refusal(home, ("button", {"name": "next", "down": True})) == (422, "The display has no power.")
    assert home.state()["speed"] == 1
    refusal(home, ("button", {"name": "ok", "down": False}))
    assert home.state()["speed"] == 10
    refusal(home, ("button", {"name": "ok", "down": True}))
    assert home.state()["speed"] == 10


def test_an_order_nested_without_end_cannot_be_read(odd):
    nests = ["[" * 200_000, '{"a":' * 200_000, '{"do": "new", "value": ' + "[" * 500 + "]" * 500 + "}"]
    for nest in nests:
        assert refusal(odd, nest.encode()) == (400, UNREADABLE)
        assert said_live(odd, nest)["error"] == UNREADABLE
    assert said_live(odd, json.dumps({"do": "main-switch", "value": True, "id": 7})) == {"id": 7, "result": None}


def test_a_replay_nested_without_end_is_refused_on_the_command_line(tmp_path, capsys):
    (file := tmp_path / "replay.json").write_text("[" * 200_000)
    assert cli.main(["run", "--port", "0", "--folder", str(tmp_path), "--replay", str(file)]) == 1
    said = capsys.readouterr().err
    assert said == f"inkmeter run: {file} is not a replay file\n"


def test_what_is_no_http_is_answered_and_not_complained_of(odd):
    status, answer, _ = odd.post("/do", b"{}", {"Content-Encoding": "gzip"})
    assert status == 400 and json.loads(answer)["error"] == UNREADABLE
    host, port = odd.url.removeprefix("http://").split(":")
    both = b"POST /do HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    for text in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/9\r\nHost: x\r\n\r\n", both):
        with socket.create_connection((host, int(port)), timeout=10) as raw:
            raw.sendall(text)
            assert b" 400 " in raw.recv(64), text
    # That it has printed nothing the fixture's end looks at.
    assert odd.state()["words"]


def test_refusals_have_the_headers_that_keep_browsers_careful(odd):
    for path, headers in (
        ("/nothing", {}),
        ("/download/nothing", {}),
        ("/static/../x", {}),
        ("/", {"Host": "evil.example"}),
    ):
        _, _, answered = odd.get(path, headers)
        assert answered["X-Content-Type-Options"] == "nosniff", path
        assert "default-src 'none'" in answered["Content-Security-Policy"], path


def test_many_may_take_the_keys_away_at_once(odd):
    whole = odd.get("/download/zigbee_pc_keys")[1]
    assert whole
    found = []
    threads = [threading.Thread(target=lambda: found.extend(odd.get("/download/zigbee_pc_keys")[1] for _ in range(25)))
               for _ in range(4)]  # fmt: skip
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == [whole] * 100


def test_numbers_that_are_none_are_refused_everywhere(odd):
    before = odd.state()
    ranges = ("sun", "window", "distance", "loss", "noise", "speed", "hub-channel")
    for number in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999"):
        for name in ranges:
            assert refusal(odd, f'{{"do": "{name}", "value": {number}}}'.encode()) == (400, UNREADABLE), (name, number)
        for value in (f'{{"seed": {number}}}', f'{{"start_us": {number}}}'):
            assert refusal(odd, f'{{"do": "new", "value": {value}}}'.encode()) == (400, UNREADABLE), value
        steps = f'"steps": [[{number}, "loss", 1]], "scenario": null, "until_us": 1'
        replay = f'{{"do": "replay", "value": {{"inkmeter": 1, "settings": {{}}, {steps}}}}}'
        assert refusal(odd, replay.encode()) == (400, UNREADABLE)
        assert "Infinity" not in said_live(odd, f'{{"do": "loss", "value": {number}, "id": 1}}')["error"]
    for number in ("nan", "inf", "-inf", "1e999", "1e-300", "1e300", "0"):
        for order in (f"reset=watchdog@{number}", f"error=51@{number}", f"burst=2@{number}"):
            status, words = refusal(odd, ("faults", order))
            assert status == 422 and "seconds" in words, order
        for order in (f"noise={number}", f"delay={number}"):
            assert refusal(odd, ("faults", order))[0] == 422 or number in ("0", "1e-300"), order
    odd.do("faults", "")
    after = odd.state()
    assert (after["run"], after["speed"], after["values"]["loss"]) == (before["run"], 1, before["values"]["loss"])
    odd.until(lambda now: now["elapsed_s"] > after["elapsed_s"] + 1)


@pytest.mark.parametrize("arguments", [("--at", "nan", "top-up"), ("--at", "inf", "top-up"), ("--baud", "nan")])
def test_numbers_that_are_none_are_refused_on_the_command_line(arguments, capsys):
    with pytest.raises(SystemExit):
        cli.main(["run", *arguments])
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("button", "words"),
    [("remove-us", "This device has been removed from your list."),
     ("swap-hub-empty", "Your hub has been replaced, and the new one does not know this device. Add it again.")],
)  # fmt: skip
def test_the_suppliers_pages_know_of_what_the_hub_tab_does(home, button, words):
    home.do("speed", 60)
    home.until(lambda now: "P02" in now["words"])
    home.do("pair-for-me")
    home.until(lambda now: now["portal"]["requests"][0]["stage"].startswith("Done"), 60)
    home.do(button)
    removed = home.state()["portal"]
    assert removed["devices"] == [] and removed["requests"][0]["failed"]
    assert removed["requests"][0]["stage"] == words


def test_served_to_all_it_prints_an_address_that_others_can_open(monkeypatch):
    with addresses.listen("0.0.0.0", 0) as listening:
        port = listening.getsockname()[1]
        monkeypatch.setattr(addresses, "own_address", lambda family: "192.0.2.7")
        assert addresses.opened_by(listening) == f"192.0.2.7:{port}"
        # Without a network it has none.
        monkeypatch.setattr(addresses, "own_address", lambda family: None)
        assert addresses.opened_by(listening) == f"0.0.0.0:{port}"
    with addresses.listen("127.0.0.1", 0) as listening:
        assert addresses.opened_by(listening) == f"127.0.0.1:{listening.getsockname()[1]}"
    # What listens on both kinds of address is best known by the one that there is.
    for both, address in ((0, "192.0.2.7"), (1, "[::]")):
        listening = SimpleNamespace(getsockname=lambda: ("::", 80, 0, 0), getsockopt=lambda *_, both=both: both)
        monkeypatch.setattr(addresses, "own_address", lambda family: "192.0.2.7" if family == socket.AF_INET else None)
        assert addresses.opened_by(listening) == f"{address}:80"
    monkeypatch.setattr(addresses, "own_address", lambda family: "2001:db8::7")
    assert addresses.opened_by(listening) == "[2001:db8::7]:80"


def test_an_address_of_its_own_needs_no_network(monkeypatch):
    class Unconnected(socket.socket):
        def connect(self, address):
            raise OSError("Network is unreachable")

    monkeypatch.setattr(addresses.socket, "socket", Unconnected)
    assert addresses.own_address(socket.AF_INET) is None


def test_loopback_is_loopback_however_it_is_written():
    for name, alone in (("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("0.0.0.0", False),
                        ("::ffff:192.0.2.7", False)):  # fmt: skip
        assert addresses.is_loopback(SimpleNamespace(getsockname=lambda name=name: (name, 80))) is alone


def test_the_machines_own_names_are_its_own_where_others_can_reach_it():
    assert addresses.names("127.0.0.1", False, "MyPC") == {"localhost", "127.0.0.1"}
    assert addresses.names("0.0.0.0", True, "MyPC") == {"localhost", "0.0.0.0", "mypc", "mypc.local"}
    assert addresses.names("::", True, "a.example.org") == {"localhost", "::", "a.example.org", "a.local"}
    assert addresses.names("", True, "mac.local") == {"localhost", "mac.local"}
    assert addresses.names("", True, "") == {"localhost"}


def test_served_to_all_it_answers_to_the_machines_names_and_to_no_others(tmp_path, odd):
    name = socket.gethostname().partition(".")[0]
    with serving(tmp_path / "run", "--host", "0.0.0.0") as home:
        port = home.url.rsplit(":", 1)[1]
        assert home.get("/")[0] == 200
        assert addresses.own_address(socket.AF_INET) is None or "0.0.0.0" not in home.said
        assert f"Anyone who can reach {home.url.removeprefix('http://')}" in home.said
        for host in (name, name.upper(), f"{name}.local", "localhost", "127.0.0.1"):
            assert home.get("/", {"Host": f"{host}:{port}"})[0] == 200, host
        own = f"{name}.local:{port}"
        same, other = ({"Host": own, "Origin": f"http://{site}"} for site in (own, "evil.example"))
        assert home.post("/do", {"do": "main-switch", "value": True}, same)[0] == 200
        assert home.post("/do", {"do": "main-switch", "value": True}, other)[0] == 403
        for host in ("evil.example", f"{name}.evil.example", f"{name}.local.evil.example", f"x{name}", ".local"):
            assert home.get("/", {"Host": f"{host}:{port}"})[0] == 403, host
    # Where nobody else can reach it, the machine's name is as strange as any other.
    for host in (name, f"{name}.local"):
        assert odd.get("/", {"Host": host})[0] == (200 if host == "localhost" else 403), host


def test_addresses_that_are_none_are_no_fault_of_the_servers(odd):
    wrong = [{"Origin": "http://["}, {"Origin": "http://x:99999999"}, *({"Host": host} for host in ("a b", "x:y", "["))]
    for headers in (*wrong, {"Host": ""}):
        assert odd.get("/", headers)[0] in (400, 403), headers
