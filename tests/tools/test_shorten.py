"""Short private names for the device, and the one place that sends."""

import ast

import pytest

from host_tools import ROOT
from host_tools.shorten import NotOwn, shorten

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
        assert senders == (["radio"] if command in ("sendUnicast", "sendBroadcast") else []), command
    sends = [node.name for node in ast.walk(ast.parse((ROOT / "firmware/inkmeter/radio.py").read_text()))
             if isinstance(node, ast.AsyncFunctionDef) and "sendUnicast" in ast.unparse(node)]  # fmt: skip
    assert sends == ["_transmit"]
