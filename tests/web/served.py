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
        for again in range(20):
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.status, answer.read(), answer.headers
            except urllib.error.HTTPError as error:
                return error.code, error.read(), error.headers
            except OSError:
                # Between two runs connections end.
                if request.data is not None or again == 19:
                    raise
                time.sleep(0.1)
        raise AssertionError

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
    """`inkmeter run` with these arguments, until the end of the with block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "host_tools.cli", "run", "--port", "0", "--folder", str(folder), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    said = ""
    try:
        for line in process.stdout:
            said += line
            if "Ctrl-C ends it" in line:
                break
        else:
            raise AssertionError(said)
        home = Served(process, re.search(r"http://\S+?(?=/\s)", said)[0])
        home.said = said
        yield home
        assert process.poll() is None, process.stdout.read()
    finally:
        process.send_signal(signal.SIGINT)
        try:
            said, _ = process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
            raise AssertionError(f"it did not end on Ctrl-C: {said}") from None
    assert "Traceback" not in said and "never retrieved" not in said, said
