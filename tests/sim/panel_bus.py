"""A host for the panel emulator: what the tests send it, and what they see of the glass."""

from __future__ import annotations

from host_tools.sim.panel import Ssd1680

FULL, PARTIAL, PARTIAL_POWERED = 0xF7, 0xFF, 0xFC


class Bus:
    """A host with a logic analyser: sends commands and waits for BUSY only when told to."""

    def __init__(self, width: int = 16, height: int = 4, *, start: bool = True, **options) -> None:
        self.panel = Ssd1680(width, height, **options)
        self.now = 0
        if start:
            self.hardware_reset()
            self.send(0x12).wait()
            self.send(0x18, 0x80).send(0x21, 0x00, 0x80)

    def pin(self, name: str, level: int) -> Bus:
        self.panel.set_pin(name, level, self.now)
        return self

    def hardware_reset(self) -> Bus:
        self.pin("rst", 0)
        self.now += 10_000
        self.pin("rst", 1)
        self.now += 10_000
        return self

    def send(self, command: int, *parameters: int) -> Bus:
        self.pin("dc", 0).pin("cs", 0)
        self.panel.spi(bytes([command]), self.now)
        self.pin("dc", 1)
        self.panel.spi(bytes(parameters), self.now)
        return self.pin("cs", 1)

    def data(self, *parameters: int) -> Bus:
        self.pin("dc", 1).pin("cs", 0)
        self.panel.spi(bytes(parameters), self.now)
        return self.pin("cs", 1)

    def wait(self) -> Bus:
        while self.panel.busy(self.now):
            self.now += 1000
        return self

    def busy_us(self) -> int:
        """How long BUSY stays high from now on, to the microsecond."""
        low, high = self.now, self.now + 10_000_000
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.panel.busy(middle) else (low, middle)
        return low - self.now

    def window(self, xs: int, xe: int, ys: int, ye: int) -> Bus:
        return self.send(0x44, xs, xe).send(0x45, ys & 255, ys >> 8, ye & 255, ye >> 8)

    def at(self, x: int, y: int) -> Bus:
        return self.send(0x4E, x).send(0x4F, y & 255, y >> 8)

    def write(self, plane: int, *rows: str) -> Bus:
        """Writes portrait rows of '#' (black) and '.' (white) from the top left corner of the RAM on."""
        data = b"".join(_bits(row) for row in rows)
        return self.window(0, len(rows[0]) // 8 - 1, 0, len(rows) - 1).at(0, 0).send(plane, *data)

    def refresh(self, sequence: int = FULL) -> Bus:
        return self.send(0x22, sequence).send(0x20)

    def show(self, *rows: str) -> Bus:
        """A whole clean update: both planes, then mode 1."""
        return self.write(0x24, *rows).write(0x26, *rows).refresh().wait()

    @property
    def picture(self) -> list[str]:
        return art(self.panel, self.now)

    @property
    def complaints(self) -> list[str]:
        return self.panel.complaints


def _bits(row: str) -> bytes:
    return int(row.replace("#", "0").replace(".", "1"), 2).to_bytes(len(row) // 8, "big")


def art(panel: Ssd1680, now: int) -> list[str]:
    image = panel.picture(now)
    assert image.mode == "1" and image.size == (panel.height, panel.width)
    return ["".join("." if image.getpixel((x, y)) else "#" for x in range(image.width)) for y in range(image.height)]


def portrait(*rows: str) -> list[str]:
    """The landscape picture that portrait rows make: a quarter turn against the clock."""
    return ["".join(column) for column in reversed(list(zip(*rows, strict=True)))]


BLACK, WHITE = "#" * 16, "." * 16
ROWS = (".#######" + "########", "########" + "#######.", "..######" + "########", "########" + "######..")
INVERSE = ("#......." + "........", "........" + ".......#", "##......" + "........", "........" + "......##")
