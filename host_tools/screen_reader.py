"""Reads the panel's picture: does it show this text, pixel for pixel?

Texts are drawn with the device's font files and looked for in the picture; nothing of the firmware runs here.
"""

from __future__ import annotations

import dataclasses
import functools
import struct
from pathlib import Path

from PIL import Image

from host_tools import fonts

FONTS = ("body", "head", "code", "large")


@dataclasses.dataclass(frozen=True)
class Glyph:
    """Columns of ink, one integer each, the top row its lowest bit."""

    columns: tuple[int, ...]


@functools.cache
def load(name: str, folder: Path = fonts.OUTPUT) -> dict[str, Glyph]:
    """A font's glyphs by character."""
    data = (folder / f"{name}.fnt").read_bytes()
    magic, height, count, _ = struct.unpack_from("<4sBBB", data)
    if magic != b"IKF1":
        raise ValueError(f"{name}.fnt is not a font")
    pages = (height + 7) // 8
    start = 7 + 5 * count
    glyphs = {}
    for i in range(count):
        code, width, offset = struct.unpack_from("<HBH", data, 7 + 5 * i)
        bitmap = data[start + offset : start + offset + width * pages]
        columns = tuple(
            sum((~bitmap[page * width + x] & 0xFF) << 8 * page for page in range(pages)) & (1 << height) - 1
            for x in range(width)
        )
        glyphs[chr(code)] = Glyph(columns)
    return glyphs


def _trim(columns: list[int]) -> list[int]:
    while columns and not columns[0]:
        columns.pop(0)
    while columns and not columns[-1]:
        columns.pop()
    return columns


def find(picture: Image.Image, text: str, font: str) -> tuple[int, int] | None:
    """(x, y) of the first ink of `text` in `picture`, or None. Ink and paper of its own columns must agree."""
    glyphs = load(font)
    if any(character not in glyphs for character in text):
        return None
    wanted = _trim([column for character in text for column in glyphs[character].columns])
    height = max(column.bit_length() for column in wanted)
    top = min((column & -column).bit_length() - 1 for column in wanted if column)
    wanted = [column >> top for column in wanted]
    height -= top
    pixels = picture.convert("1").load()
    columns = [
        sum(1 << y for y in range(picture.height) if not pixels[x, y]) for x in range(picture.width)
    ]
    mask = (1 << height) - 1
    for x in range(picture.width - len(wanted) + 1):
        for y in range(picture.height - height + 1):
            if all(columns[x + i] >> y & mask == column for i, column in enumerate(wanted)):
                return x, y
    return None


def shows(picture: Image.Image, text: str, font: str | None = None) -> bool:
    """Whether the picture shows the text, in that font or in any."""
    return any(find(picture, text, name) is not None for name in ([font] if font else FONTS))
