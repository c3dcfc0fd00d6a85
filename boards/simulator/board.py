"""The simulated board: UART, panel, light and buttons are sockets that the simulator has opened.

INKMETER_SOCKETS names their inherited descriptors (uart, panel and light, buttons, and one for probe.py),
INKMETER_PANEL the panel's size and controller, INKMETER_BUTTONS how many buttons there are.
"""

import asyncio
import os

NAME = "simulator"
_size, PANEL = os.getenv("INKMETER_PANEL").split(",")
PANEL_WIDTH, PANEL_HEIGHT = [int(n) for n in _size.split("x")]
BUTTONS = int(os.getenv("INKMETER_BUTTONS"))

_uart, _panel, _buttons = [open(int(n), "r+b") for n in os.getenv("INKMETER_SOCKETS").split(",")[:3]]


def uart():
    """The NCP's UART: a non-blocking stream."""
    return _uart


class _Spi:
    def write(self, data):
        _panel.write(b"S" + len(data).to_bytes(2, "little"))
        _panel.write(data)


class _Pin:
    def __init__(self, name):
        self._name = name

    def __call__(self, level=None):
        if level is not None:
            _panel.write(b"P" + self._name + (b"\x01" if level else b"\x00"))
            return None
        _panel.write(b"B")
        return _panel.read(1)[0]


def panel():
    """(spi, cs, dc, rst, busy) of the e-paper panel."""
    return _Spi(), _Pin(b"c"), _Pin(b"d"), _Pin(b"r"), _Pin(b"b")


async def reset_ncp():
    """Pulses the radio module's nRESET."""
    _panel.write(b"N")


_levels = asyncio.StreamReader(_buttons)


async def buttons():
    """Waits until a button goes down or up; returns the levels: bit 0 Next, 1 OK, 2 Back, 1 while down."""
    return (await _levels.readexactly(1))[0]


def light(level, state):
    """The light's brightness, 0 to 255, and what it says, of `inkmeter.light`."""
    _panel.write(b"L" + bytes((level, state)))
