"""The simulated board: UART, panel and button are sockets that the simulator has opened.

INKMETER_SOCKETS names their inherited descriptors (uart, panel, button, and one for probe.py), INKMETER_PANEL the
panel's size.
"""

import asyncio
import os

NAME = "simulator"
PANEL_WIDTH, PANEL_HEIGHT = [int(n) for n in os.getenv("INKMETER_PANEL").split("x")]

_uart, _panel, _button = [open(int(n), "r+b") for n in os.getenv("INKMETER_SOCKETS").split(",")[:3]]


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


_presses = asyncio.StreamReader(_button)


async def pressed():
    """Ends when the OK button has been pressed."""
    await _presses.readexactly(1)
