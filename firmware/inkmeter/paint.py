"""Paints a picture on the panel: in bands, of which only what differs is sent."""

import asyncio
import struct
from binascii import crc32

from inkmeter.lazy import module


async def paint(display, marks, full):
    """Shows the picture that is `marks`, by a full refresh if `full`.

    Returns whether it took a full refresh, or None where not a pixel had changed and the panel slept on. Raises
    OSError(ETIMEDOUT) where it does not answer.
    """
    view = display.view
    full = full or not display.known
    changed = bytearray(len(display.shown) // 4)
    with module(display.panel[0], "ssd1680") as driver:
        panel = driver.Panel(view.width, view.height, *display.panel[1:])
        async with display.lock:
            await _send(display, panel, marks, changed, full)
        if not any(changed):
            return None
        if full:
            marks = None
        await panel.refresh(full)
        if not full:
            async with display.lock:
                await _settle(display, panel, marks, changed)
        panel.sleep()
    display.known = True
    return full


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


async def _send(display, panel, marks, changed, full):
    # Sends the rows that differ, or all of them, and marks them in `changed`.
    shown = display.shown
    view = display.view
    with module("canvas", "font") as canvas:
        rows = _rows(canvas.Canvas(view.width, view.height), marks, view.width)
        try:
            for page, octets in rows:
                if page >= len(changed):
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


async def _settle(display, panel, marks, changed):
    # Some panels swap the planes after mode 2: both are written, so that neither can be stale.
    view = display.view
    with module("canvas", "font") as canvas:
        for page, octets in _rows(canvas.Canvas(view.width, view.height), marks, view.width):
            if page < len(changed) and changed[page]:
                panel.old(page, octets)
                panel.new(page, octets)
                await asyncio.sleep_ms(0)
