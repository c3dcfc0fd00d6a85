"""ESP32 DevKit (WROOM-32 or WROVER), WeAct Studio 2.9 inch e-paper module (SSD1680), EFR32 module on UART 2.

The wiring table is in README.md beside this file.
"""

import asyncio

from machine import SPI, UART, Pin
from micropython import const

NAME = "esp32_devkit_weact_2in9"
PANEL_WIDTH = 296
PANEL_HEIGHT = 128

_UART_TX = const(32)
_UART_RX = const(33)
_NCP_RESET = const(21)
_SPI_SCK = const(18)
_SPI_MOSI = const(23)
_PANEL_CS = const(5)
_PANEL_DC = const(27)
_PANEL_RST = const(26)
_PANEL_BUSY = const(25)
_BUTTON = const(0)  # BOOT on the development board

_DEBOUNCE_MS = const(50)


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


_button = Pin(_BUTTON, Pin.IN, Pin.PULL_UP)
_edge = asyncio.ThreadSafeFlag()
_button.irq(lambda pin: _edge.set(), Pin.IRQ_FALLING)


async def pressed():
    """Ends when the button has been down for 50 ms; each press ends it once."""
    while True:
        await _edge.wait()
        await asyncio.sleep_ms(_DEBOUNCE_MS)
        down = not _button()
        while not _button():
            await asyncio.sleep_ms(_DEBOUNCE_MS)
        # Contacts bounce on their way up too.
        await asyncio.sleep_ms(_DEBOUNCE_MS)
        _edge.clear()
        if down:
            return


_reset = Pin(_NCP_RESET, Pin.OPEN_DRAIN, value=1)


async def reset_ncp():
    """Pulls nRESET low for 100 ms."""
    _reset(0)
    await asyncio.sleep_ms(100)
    _reset(1)
