"""What survives a power cut: read back whole, or as if it had never been there."""

import io

from inkmeter import store


class Flash:
    """A file system of two files at the most; `steps` is what was done to it."""

    def __init__(self, text=None):
        self.text = text
        self.steps = []

    def open(self, name, mode="r"):
        self.steps.append((mode, name))
        if mode == "r" and self.text is None:
            raise OSError(2)
        return io.StringIO(self.text if mode == "r" else "")

    def rename(self, old, new):
        self.steps.append((old, new))


def on(flash, call, *args):
    kept = store.os
    store.os = flash
    store.open = flash.open
    try:
        return call(*args)
    finally:
        store.os = kept
        del store.open


def test_a_damaged_file_is_as_good_as_none():
    assert on(Flash('{"meter": "4711"}'), store.load) == {"meter": "4711"}
    for text in (None, "", '{"meter": "47', "[1, 2]", "null", "\x00\x00"):
        assert on(Flash(text), store.load) == {}, text


def test_the_file_is_replaced_whole():
    flash = Flash('{"meter": "4711"}')
    on(flash, store.put, "key_with", "00")
    assert flash.steps == [("r", "state.json"), ("w", "state.new"), ("state.new", "state.json")]
