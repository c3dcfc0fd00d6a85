"""ESP32 DevKit (WROOM-32 or WROVER), WeAct Studio 4.2 inch e-paper module (SSD1683), EFR32 module on UART 2.

The wiring table is in README.md beside this file.
"""

import asyncio

from machine import PWM, SPI, UART, Pin
from micropython import const

NAME = "esp32_devkit_weact_4in2"
PANEL_WIDTH = 400
PANEL_HEIGHT = 300
PANEL = "ssd1683"
BUTTONS = 3

_UART_TX = const(32)
_UART_RX = const(33)
_NCP_RESET = const(21)
_SPI_SCK = const(18)
_SPI_MOSI = const(23)
_PANEL_CS = const(5)
_PANEL_DC = const(27)
_PANEL_RST = const(26)
_PANEL_BUSY = const(25)
_NEXT = const(22)
_OK = const(0)  # BOOT on the development board
_BACK = const(13)
_LIGHT = const(4)

_DEBOUNCE_MS = const(20)
_LIGHT_HZ = const(1000)


def uart():
    """115,200 baud. The receive buffer holds a third of a second; `timeout_char` keeps the driver from an
    interrupt a byte (ports/esp32/machine_uart.c).
    """
    return UART(2, 115200, tx=_UART_TX, rx=_UART_RX, rxbuf=4096, txbuf=512, timeout=0, timeout_char=2)


def panel():
    """(spi, cs, dc, rst, busy); the controller takes up to 20 MHz."""
    spi = SPI(2, baudrate=10_000_000, sck=Pin(_SPI_SCK), mosi=Pin(_SPI_MOSI))
    return (
        spi,
        Pin(_PANEL_CS, Pin.OUT, value=1),
        Pin(_PANEL_DC, Pin.OUT, value=0),
        Pin(_PANEL_RST, Pin.OUT, value=1),
        Pin(_PANEL_BUSY, Pin.IN),
    )


_pins = [Pin(number, Pin.IN, Pin.PULL_UP) for number in (_NEXT, _OK, _BACK)]
_edge = asyncio.ThreadSafeFlag()
for _pin in _pins:
    _pin.irq(lambda pin: _edge.set(), Pin.IRQ_FALLING | Pin.IRQ_RISING)
_levels = 0


def _read():
    return sum([(not pin()) << bit for bit, pin in enumerate(_pins)])


async def buttons():
    """Waits until a button goes down or up; returns the levels: bit 0 Next, 1 OK, 2 Back, 1 while down.

    An edge is told at once; contacts have 20 ms to come to rest before the next one is looked at.
    """
    global _levels
    while True:
        await asyncio.sleep_ms(_DEBOUNCE_MS)
        _edge.clear()
        if _read() == _levels:
            await _edge.wait()
        if _read() != _levels:
            _levels = _read()
            return _levels


_light = PWM(Pin(_LIGHT), freq=_LIGHT_HZ, duty_u16=0)


def light(level, state):
    """The light's brightness, 0 to 255. A single colour says it by its pattern; see `inkmeter.light` for `state`."""
    _light.duty_u16(level * level)  # the eye sees the square root


_reset = Pin(_NCP_RESET, Pin.OPEN_DRAIN, value=1)


async def reset_ncp():
    """Pulls nRESET low for 100 ms."""
    _reset(0)
    await asyncio.sleep_ms(100)
    _reset(1)
