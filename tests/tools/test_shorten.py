"""Short private names for the device, and the one place that sends."""

import ast
import re

import pytest

from host_tools import ROOT
from host_tools.flatten import flat
from host_tools.shorten import NotOwn, program, shorten

FIRMWARE = sorted((ROOT / "firmware/inkmeter").rglob("*.py"))

MODULE = """
from micropython import const
_KEPT = const(5)
_TABLE = {1: 2}
class _Inner:
    def __init__(self, _value):
        self._value = _value  # _value stays in comments
        self.public = "_value"
    def __enter__(self):
        return self._value + _KEPT + _TABLE[1]
    def __exit__(self, *exc):
        pass
def _first(): return _Inner(3)
"""


def test_private_names_are_short_and_all_else_stays():
    short = shorten(MODULE)
    assert short.count("\n") == MODULE.count("\n")
    for kept in ("_KEPT = const(5)", "__init__", "__enter__", 'self.public = "_value"', "# _value stays"):
        assert kept in short
    for gone in ("_TABLE", "_Inner", "self._value", "_first"):
        assert gone not in short
    names = {node.name for node in ast.walk(ast.parse(short)) if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    assert len(names) == 5 and all(len(name) == 2 for name in names if not name.startswith("__"))


def test_the_short_module_does_the_same():
    for source in (MODULE, shorten(MODULE)):
        space = {}
        exec(source.replace("from micropython import const", "const = int"), space)
        made = [value for name, value in space.items() if name.startswith("_") and isinstance(value, type)]
        with made[0](3) as result:
            assert result == 10
        assert made[0](3).public == "_value"


@pytest.mark.parametrize(
    "source",
    ["from inkmeter.radio import _hidden\n", "import radio\nradio._hidden()\n", "def f(other): return other._hidden\n"],
)
def test_another_file_s_private_name_is_refused(source):
    with pytest.raises(NotOwn, match="_hidden"):
        shorten(source)


@pytest.mark.parametrize("path", FIRMWARE, ids=lambda path: path.stem)
def test_no_two_names_of_a_file_become_one(path):
    def private(source):
        return {
            name
            for node in ast.walk(ast.parse(source))
            for name in (getattr(node, "id", None), getattr(node, "attr", None), getattr(node, "name", None))
            if name and name[0] == "_" and name[1:2] != "_" and len(name) > 1
        }

    source = path.read_text()
    assert len(private(shorten(source))) == len(private(source))


def test_one_file_alone_sends():
    for command in ("sendUnicast", "sendBroadcast", "sendMulticast", "sendReply", "sendRaw"):
        senders = [path.stem for path in FIRMWARE if f'"{command}' in path.read_text()]
        if command == "sendReply":
            # What acknowledges a block of a long message has no content.
            assert senders == ["blocks"]
            assert re.search(r'"sendReply", sender, .*, b""\)', (ROOT / "firmware/inkmeter/blocks.py").read_text())
            continue
        assert senders == (["radio"] if command in ("sendUnicast", "sendBroadcast") else []), command
    sends = [node.name for node in ast.walk(ast.parse((ROOT / "firmware/inkmeter/radio.py").read_text()))
             if isinstance(node, ast.AsyncFunctionDef) and "sendUnicast" in ast.unparse(node)]  # fmt: skip
    assert sends == ["_transmit"]


def run_program(sources):
    """What `main.answer()` gives in a program of plain modules."""
    import sys
    import types

    before = dict(sys.modules)
    sys.modules["micropython"] = types.SimpleNamespace(const=lambda value: value)
    try:
        for module, source in sources.items():
            made = types.ModuleType(module)
            sys.modules[module] = made
            exec(source, made.__dict__)
            parent, _, name = module.rpartition(".")
            if parent:
                setattr(sys.modules[parent], name, made)
        return made.answer()
    finally:
        sys.modules.clear()
        sys.modules.update(before)


PROGRAM = {
    "inkmeter": "",
    "inkmeter.inner": "",
    "inkmeter.colours": "from micropython import const\nRED = const(3)\nBLUE = const(RED << 4 | 1)\n"
    "_HIDDEN = const(9)\n"
    "SHADE = const(_HIDDEN + 1)\n_SHADE = const(1)\nNAME = const('red')\n\ndef mixed():\n    return RED + _HIDDEN\n",
    "inkmeter.lamp": "class Lamp:\n    def __init__(self, colour, *, brightness=1):\n"
    "        self.colour = self.lamp = colour\n"
    "        self.brightness = brightness\n\n    def read(self, colours):\n"
    "        return [self.colour + other for other in colours if other > 0]\n\n"
    "class Broken(Exception):\n    pass\n\ndef size():\n    return 1\n",
    "inkmeter.inner.shelf": "from inkmeter import lamp\nfrom inkmeter.lamp import size as of_lamp\n\nwide = 7\n\n"
    "def size():\n    return 10 + of_lamp() + lamp.size()\n\n"
    "def other(lamp):\n    return lamp.depth\n",
    "inkmeter.main": "from inkmeter import colours as c\n"
    "from inkmeter.colours import (\n    BLUE,\n    RED,\n    SHADE,\n    mixed,\n)\n"
    "from inkmeter.lamp import Broken, Lamp\n"
    "from inkmeter.inner import shelf as s\n\nclass Deep:\n    depth = 3\n\ndef sizes():\n"
    "    wide = 1\n    return wide, s.size(), s.wide, s.other(Deep())\n\ndef answer():\n"
    "    lamp = Lamp(BLUE, brightness=c.RED)\n"
    "    colour = lamp.read([1, RED, -SHADE])\n    try:\n        raise Broken('£', c.BLUE)\n"
    "    except Broken as error:\n        name = type(error).__name__\n"
    "    return colour, lamp.brightness, mixed(), c.NAME, name, (lambda colour: colour * 2)(c.RED), scoped(2, 3, 4), "
    "sizes()\n\n"
    "outside = 5\n\ndef scoped(error, shade, keep, outside=outside):\n    total = [0]\n"
    "    def add(amount, shade=shade):\n        nonlocal keep\n        keep += amount\n        total[0] += shade\n"
    "    try:\n        add(error)\n        raise ValueError(error)\n    except ValueError as error:\n"
    "        return total[0] + keep + outside, error.args\n",
}


def test_a_program_does_the_same_without_its_numbers_and_names():
    short = program(PROGRAM, kept={"answer"})
    result = ([50, 52], 3, 12, "red", "Broken", 6, (14, (2,)), (1, 12, 7, 3))
    assert run_program(PROGRAM) == result
    assert run_program(short) == result
    assert {module: text.count("\n") for module, text in short.items()} == {
        flat(module): text.count("\n") for module, text in PROGRAM.items() if module != "inkmeter"
    }
    everything = "".join(short.values())
    assert set(short) == {"colours", "lamp", "inner", "inner_shelf", "main"}
    for gone in ("inkmeter", "size", "import BLUE", "BLUE,", "brightness=", "self.colour", "mixed", "Lamp"):
        assert gone not in everything.replace("brightness=3", ""), gone
    assert "read(" in everything and "class Broken" in everything and "_RED = const(3)" in everything


def test_names_that_a_board_uses_stay():
    assert "mixed" in program(PROGRAM, kept={"mixed"})["main"]


def test_an_f_string_is_refused():
    with pytest.raises(NotOwn, match="f-string"):
        program({"box": "x = 1\nprint(f'{x}')\n"})


def test_the_firmware_names_stay_apart():
    sources = {
        path.relative_to(ROOT / "firmware")
        .as_posix()
        .removesuffix(".py")
        .removesuffix("/__init__")
        .replace("/", "."): path.read_text()
        for path in FIRMWARE
    }
    short = program(sources)
    for module, source in sources.items():
        if module == "inkmeter":
            continue
        before, after = ast.dump(ast.parse(source)), ast.dump(ast.parse(short[flat(module)]))
        assert before.count("FunctionDef(") == after.count("FunctionDef("), module
        assert len(short[flat(module)].splitlines()) == len(source.splitlines()), module
    # No number is left as a name.
    for text in short.values():
        for line in text.splitlines():
            assert not re.match(r"[A-Z]\w* = const\((0x|\d)", line), line
