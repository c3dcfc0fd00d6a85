"""Paints a screen on the panel: marks first, then bands of them, of which only what differs is sent."""

import asyncio
import struct
from binascii import crc32

from inkmeter.lazy import module


def _marks(view, now):
    with module("screens") as screens:
        return screens.picture(view, now)


async def paint(display, now, full):
    """Brings the panel up to date with the view at uptime `now`, by a full refresh if `full`.

    Returns whether it took a full refresh, or None where not a pixel had changed and the panel slept on. Raises
    OSError(ETIMEDOUT) where it does not answer.
    """
    view = display.view
    marks = _marks(view, now)
    with module("canvas", "font") as canvas:
        easel = canvas.Canvas(view.width, view.height)
        with module(display.panel[0], "ssd1680") as driver:
            panel = driver.Panel(view.width, view.height, *display.panel[1:])
            return await _show(display, easel, panel, marks, full or not display.known)


def _rows(easel, marks, width):
    # (number of the eight rows, their octets), from the top; the last band may go on below the panel.
    page = 0
    bands = easel.bands(marks)
    try:
        for band in bands:
            for at in range(0, len(band), width):
                yield page, memoryview(band)[at : at + width]
                page += 1
    finally:
        bands.close()


async def _show(display, easel, panel, marks, full):
    shown = display.shown
    pages = len(shown) // 4
    changed = bytearray(pages)
    rows = _rows(easel, marks, display.view.width)
    try:
        for page, octets in rows:
            if page >= pages:
                continue
            crc = struct.pack("<I", crc32(octets))
            if not full and crc == shown[page * 4 : page * 4 + 4]:
                continue
            if display.known or not any(changed):
                display.known = False
                await panel.wake(full)
            shown[page * 4 : page * 4 + 4] = crc
            changed[page] = 1
            panel.new(page, octets)
            if full:
                panel.old(page, octets)
            await asyncio.sleep_ms(0)
    finally:
        rows.close()
    if not any(changed):
        return None
    await panel.refresh(full)
    if not full:
        # Some panels swap the planes after mode 2: both are written, so that neither can be stale.
        for page, octets in _rows(easel, marks, display.view.width):
            if page < pages and changed[page]:
                panel.old(page, octets)
                panel.new(page, octets)
                await asyncio.sleep_ms(0)
    panel.sleep()
    display.known = True
    return full
