"""Reads the panel's picture: does it show this text, pixel for pixel?

Texts are drawn with the device's font files and looked for in the picture; nothing of the firmware runs here.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from pathlib import Path

from PIL import Image

from host_tools import fonts

FONTS = tuple(recipe.name for recipe in fonts.RECIPES)
_SPACE = 9  # columns between two words of one text
_UNIT = "kW"
_ICONS = str.maketrans(fonts.ICONS)


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


def read(picture: Image.Image) -> list[str]:
    """The lines of text that the picture shows in any font, from the top; what touches another thing is not read.
    Icons are read as what they show.
    """
    columns = _columns(picture)
    found: list[tuple[int, int, int, str]] = []
    taken: list[tuple[int, int, int, int]] = []
    for name in sorted(FONTS, key=height, reverse=True):
        top, rows = _band(name)
        glyphs = _by_first_ink(name)
        mask = (1 << rows) - 1
        for y in range(picture.height - rows + 1):
            slices = [column >> y & mask for column in columns]
            for left, right, text in _runs(slices, glyphs):
                # A rule or a bar may look like a stop, a minus or a low line.
                if not any(character.isalnum() or character in fonts.ICONS for character in text):
                    continue
                if not any(left < x2 and x1 < right and y < y2 and y1 < y + rows for x1, y1, x2, y2 in taken):
                    found.append((y, left, rows, text.translate(_ICONS)))
                    taken.append((left, y, right, y + rows))
                    if top is not None and (end := _unit_ends(columns, y, rows, right)):
                        found.append((y, right, rows, _UNIT))
                        taken.append((right, y, end, y + rows))
    return _in_order(found)


def _unit_ends(columns: list[int], y: int, rows: int, x: int) -> int | None:
    # Where the unit behind a figure ends, None where there is none. It has no descenders, and so the rule below may
    # stand in its cells.
    for name in FONTS:
        glyphs = load(name)
        if not all(character in glyphs for character in _UNIT):
            continue
        wanted = [column for character in _UNIT for column in glyphs[character].columns]
        ink = functools.reduce(operator.or_, wanted)
        top = (ink & -ink).bit_length() - 1
        mask = (1 << ink.bit_length() - top) - 1
        wanted = [column >> top for column in wanted]
        for at in range(y, y + rows - mask.bit_length() + 1):
            for left in range(x, min(x + _SPACE, len(columns) - len(wanted) + 1)):
                if all(columns[left + i] >> at & mask == column for i, column in enumerate(wanted)):
                    return left + len(wanted)
    return None


@functools.cache
def _band(name: str) -> tuple[int | None, int]:
    # Where a line of a font stands: (its first row, how many). Of a font for figures alone only what its digits have:
    # its cells are so high that rules and other lines stand in them. For others (None, all).
    glyphs = load(name)
    if "a" in glyphs or "A" in glyphs:
        return None, height(name)
    ink = functools.reduce(operator.or_, (column for digit in "0123456789" for column in glyphs[digit].columns))
    top = (ink & -ink).bit_length() - 1
    return top, ink.bit_length() - top


def _in_order(found: list[tuple[int, int, int, str]]) -> list[str]:
    # Pieces whose middles are on one height are one line.
    lines: list[list[tuple[int, int, int, str]]] = []
    for piece in sorted(found, key=lambda piece: piece[0] + piece[2] / 2):
        middle = piece[0] + piece[2] / 2
        if lines and abs(lines[-1][0][0] + lines[-1][0][2] / 2 - middle) < 6:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return ["  ".join(piece[3] for piece in sorted(line, key=lambda piece: piece[1])) for line in lines]


@functools.cache
def _by_first_ink(name: str) -> dict[int, list[tuple[str, int, tuple[int, ...]]]]:
    # (character, how many empty columns before its ink, columns) by the first column with ink; the widest first.
    table: dict[int, list[tuple[str, int, tuple[int, ...]]]] = {}
    top, rows = _band(name)
    mask = (1 << rows) - 1
    for character, glyph in load(name).items():
        columns = tuple(column >> (top or 0) & mask for column in glyph.columns)
        empty = next((i for i, column in enumerate(columns) if column), None)
        if empty is not None:
            table.setdefault(columns[empty], []).append((character, empty, columns))
    for glyphs in table.values():
        glyphs.sort(key=lambda glyph: -len(glyph[2]))
    return table


def _glyph_at(
    slices: list[int], x: int, glyphs: dict[int, list[tuple[str, int, tuple[int, ...]]]]
) -> tuple[int, int, str] | None:
    # (first column, the one after the last, character) of the glyph whose ink begins in this column.
    for character, empty, wanted in glyphs.get(slices[x], ()):
        left = x - empty
        if left >= 0 and tuple(slices[left : left + len(wanted)]) == wanted:
            return left, left + len(wanted), character
    return None


def _runs(slices: list[int], glyphs: dict[int, list[tuple[str, int, tuple[int, ...]]]]) -> list[tuple[int, int, str]]:
    # Texts in one row of the picture: (first column, the one after the last, text).
    runs: list[tuple[int, int, str]] = []
    x = 0
    while x < len(slices):
        if not slices[x]:
            x += 1
            continue
        found = _glyph_at(slices, x, glyphs)
        if not found:
            x += 1
            continue
        left, right, character = found
        if runs and left - runs[-1][1] <= _SPACE and left >= runs[-1][1]:
            before = runs.pop()
            runs.append((before[0], right, before[2] + (" " if left > before[1] else "") + character))
        else:
            runs.append((left, right, character))
        x = right
    return [run for run in runs if len(run[2]) > 1]
