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


def test_what_cannot_be_read_now_is_not_replaced():
    class Failing(Flash):
        def open(self, name, mode="r"):
            if mode == "r":
                raise trouble
            return Flash.open(self, name, mode)

    for trouble in (OSError(5), MemoryError()):
        flash = Failing()
        assert on(flash, store.load) == {}
        on(flash, store.put, "meter", "4711")
        assert flash.steps == [], trouble


class Files:
    """A file system that counts what is written."""

    def __init__(self):
        self.held = {}
        self.writes = 0

    def open(self, name, mode):
        return _Open(self, name, mode)

    def rename(self, old, new):
        self.held[new] = self.held.pop(old)

    def remove(self, name):
        if name not in self.held:
            raise OSError(2)
        del self.held[name]


class _Open:
    def __init__(self, files, name, mode):
        self.files, self.name = files, name
        if mode == "rb" and name not in files.held:
            raise OSError(2)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    def read(self):
        return self.files.held[self.name]

    def write(self, held):
        self.files.writes += 1
        self.files.held[self.name] = bytes(held)


def test_a_file_is_written_only_when_it_changes_and_dropped_for_both_meters():
    files = Files()
    for held in (b"one", bytearray(b"one"), b"two"):
        on(files, store.keep, "tiers0", held)
    assert files.writes == 2 and files.held == {"tiers0": b"two"}
    on(files, store.keep, "figures1", b"x")
    on(files, store.keep, "tiersome", b"y")
    on(files, store.drop, "tiers", "figures")
    assert files.held == {"tiersome": b"y"}
