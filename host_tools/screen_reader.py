"""Reads the panel's picture: does it show this text, pixel for pixel?

Texts are drawn with the device's font files and looked for in the picture; nothing of the firmware runs here.
"""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

from PIL import Image

from host_tools import fonts

FONTS = tuple(recipe.name for recipe in fonts.RECIPES)


@dataclasses.dataclass(frozen=True)
class Glyph:
    """Columns of ink, one integer each, the top row its lowest bit."""

    columns: tuple[int, ...]


@functools.cache
def load(name: str, folder: Path = fonts.OUTPUT) -> dict[str, Glyph]:
    """A font's glyphs by character."""
    return {character: Glyph(columns) for character, columns in fonts.read(name, folder).items()}


def find(picture: Image.Image, text: str, font: str) -> tuple[int, int] | None:
    """(x, y) of the top left of `text` in `picture`, or None. Its whole cells must agree, paper and ink."""
    glyphs = load(font)
    if any(character not in glyphs for character in text):
        return None
    wanted = [column for character in text for column in glyphs[character].columns]
    rows = height(font)
    mask = (1 << rows) - 1
    inked = next(i for i, column in enumerate(wanted) if column)
    columns = _columns(picture)
    for x in range(picture.width - len(wanted) + 1):
        if not columns[x + inked]:
            continue
        for y in range(picture.height - rows + 1):
            if all(columns[x + i] >> y & mask == column for i, column in enumerate(wanted)):
                return x, y
    return None


def width(text: str, font: str) -> int:
    """Pixels that the text takes across. Raises KeyError for a character that the font lacks."""
    return sum(len(load(font)[character].columns) for character in text)


@functools.cache
def height(name: str, folder: Path = fonts.OUTPUT) -> int:
    """Rows of a line of text."""
    return (folder / f"{name}.fnt").read_bytes()[4] - 1  # the last row is air between lines


def _columns(picture: Image.Image) -> list[int]:
    # Each column's ink as an integer, the top row its lowest bit. A picture on its side has them as rows.
    turned = picture.convert("1").transpose(Image.Transpose.ROTATE_270)
    stride = (turned.width + 7) // 8
    data = turned.tobytes()
    spare = stride * 8 - turned.width
    full = (1 << turned.width) - 1
    rows = [int.from_bytes(data[at : at + stride], "big") >> spare for at in range(0, len(data), stride)]
    return [~row & full for row in rows]


def shows(picture: Image.Image, text: str, font: str | None = None) -> bool:
    """Whether the picture shows the text, in that font or in any."""
    return any(find(picture, text, name) is not None for name in ([font] if font else FONTS))
