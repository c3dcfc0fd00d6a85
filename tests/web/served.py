"""A home as `make run` serves it, in a process of its own."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

# The supplier's form for the household of `demo`, but for the device's codes.
RIGHT = {"device_type": "CAD", "mpan": "1200000000011", "mprn": "7400000018", "postcode": "ZZ9 9ZZ", "consent": True}
_GREETED = "Press Ctrl-C to stop."


class Served:
    """A served home: its address, and what it answers."""

    def __init__(self, process, url):
        self.process = process
        self.url = url

    def get(self, path, headers=None):
        """(status, body, headers) of a GET."""
        return self._ask(urllib.request.Request(self.url + path, headers=headers or {}))

    def post(self, path, body, headers=None):
        """(status, body, headers) of a POST; `body` is JSON, or bytes as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **(headers or {})}
        return self._ask(urllib.request.Request(self.url + path, data=data, headers=headers))

    @staticmethod
    def _ask(request):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers

    def children(self):
        """The process ids of the MicroPythons that it runs."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for task in tasks for pid in task.read_text().split()]

    def state(self):
        return json.loads(self.get("/state")[1])

    def replay(self):
        """The run so far, as a link has it."""
        return json.loads(self.get("/download/replay.json")[1])

    def label(self):
        """What the panel shows for the supplier's form, as a phone scans it."""
        for _ in range(100):
            status, body, _ = self.post("/scan", {})
            if status == 200:
                return json.loads(body)["result"]
            time.sleep(0.1)
        raise AssertionError(body)

    def do(self, name, value=None):
        """Orders something; returns what came of it, an AssertionError for a refusal."""
        status, body, _ = self.post("/do", {"do": name, "value": value})
        assert status == 200, body
        return json.loads(body)["result"]

    def until(self, condition, seconds=30, what="what was waited for"):
        """Waits, in the wall's seconds, until a condition of the state holds."""
        until = time.monotonic() + seconds
        while not condition(state := self.state()):
            assert time.monotonic() < until, f"{what}: {state}"
            time.sleep(0.1)
        return state


@contextlib.contextmanager
def serving(folder, *arguments):
    """`inkmeter run` with these arguments, until the end of the with block. After its greeting it is to say nothing."""
    # Not a pipe: one that nobody reads is full some day, and whoever writes to it stands still.
    printed = folder.with_name(f"{folder.name}.printed")
    with printed.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "host_tools.cli", "run", "--port", "0", "--folder", str(folder), *arguments],
            stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        home = _greeted(process, printed)
        yield home
        assert process.poll() is None, printed.read_text()
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"it did not end on Ctrl-C: {printed.read_text()}") from None
    said = printed.read_text().removeprefix(home.said).strip()
    assert not said, said


def _greeted(process, printed):
    while not (said := re.search(rf".*{_GREETED}\n", printed.read_text(), re.DOTALL)):
        assert process.poll() is None, printed.read_text()
        time.sleep(0.05)
    home = Served(process, re.search(r"http://\S+?(?=/\s)", said[0])[0])
    home.said = said[0]
    return home
