"""Makes the firmware's fonts from DejaVu, a face under a free licence (Bitstream Vera and public domain).

    inkmeter fonts

Each font is one file, read glyph by glyph on the device; its layout stands in firmware/inkmeter/canvas.py.
DejaVu carries hinting for one-bit rendering, which few outline faces do: letters stay crisp at 14 pixels.
"""

from __future__ import annotations

import dataclasses
import functools
import struct
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from host_tools import ROOT

FACES = Path("/usr/share/fonts/truetype/dejavu")
OUTPUT = ROOT / "firmware/inkmeter/fonts"
# Accented letters of Welsh and of what suppliers write; the height of a line leaves accented capitals no room, so
# those stand without their accents.
_ACCENTED = "àáâäçèéêëìíîïñòóôöùúûüýÿŵŷẁẅỳ"
_UNACCENTED = dict(zip("ÀÁÂÄÇÈÉÊËÌÍÎÏÑÒÓÔÖÙÚÛÜÝŴŶ", "AAAACEEEEIIIINOOOOUUUUYWY", strict=True))
# What no keyboard has: arrows, a tick, a cross and typographers' marks, which suppliers' messages may hold.
ICONS = {"\1": "→", "\2": "←", "\3": "✓", "\4": "✗", "\5": "●", "\6": "○", "\7": "▲"}
_LIKE = {"\N{EN DASH}": "-", "\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{LEFT SINGLE QUOTATION MARK}": "'",
         "\N{LEFT DOUBLE QUOTATION MARK}": '"', "\N{RIGHT DOUBLE QUOTATION MARK}": '"'}  # fmt: skip
_DRAWN_AS = _UNACCENTED | ICONS | _LIKE
_RUN = "".join(map(chr, range(32, 127)))
_TEXT = _RUN + "£°²³·€…" + _ACCENTED + "".join(_DRAWN_AS)
_FIGURES = "-./0123456789"
_NUMBER = _FIGURES + "£p?%"


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One font: its name on the device, the face's file, the size in pixels and the characters it has."""

    name: str
    face: str
    size: int
    characters: str


# In the order of their numbers in firmware/inkmeter/font.py
RECIPES = (
    Recipe("body", "DejaVuSansCondensed-Bold.ttf", 14, _TEXT),
    Recipe("head", "DejaVuSansCondensed-Bold.ttf", 18, _TEXT),
    Recipe("big", "DejaVuSansCondensed-Bold.ttf", 23, _TEXT),
    Recipe("wide", "DejaVuSansCondensed-Bold.ttf", 30, _TEXT),
    Recipe("code", "DejaVuSansMono-Bold.ttf", 15, " 0123456789ABCDEF?"),
    Recipe("large", "DejaVuSans-Bold.ttf", 50, _NUMBER),
    Recipe("huge", "DejaVuSansCondensed-Bold.ttf", 62, _NUMBER),
    Recipe("tall", "DejaVuSans-Bold.ttf", 80, _NUMBER),
    Recipe("mid", "DejaVuSans-Bold.ttf", 36, _NUMBER),
    Recipe("giant", "DejaVuSansCondensed-Bold.ttf", 106, _NUMBER),
)


class FaceMissing(Exception):
    """The face is not installed; the message names the package."""


def _rows(recipe: Recipe, font: ImageFont.FreeTypeFont) -> tuple[int, int]:
    """The first row with ink and the number of rows, over all of a recipe's characters but the icons."""
    boxes = [font.getbbox(c, mode="1") for c in recipe.characters if c != " " and c not in _DRAWN_AS]
    top = min(box[1] for box in boxes)
    return top, max(box[3] for box in boxes) - top


def _glyph(character: str, font: ImageFont.FreeTypeFont, top: int, height: int) -> tuple[int, bytes]:
    """(width, MONO_VLSB bitmap with 0 for ink) of one character."""
    character = _DRAWN_AS.get(character, character)
    width = max(1, round(font.getlength(character, mode="1")))
    pages = (height + 7) // 8
    image = Image.new("1", (width, pages * 8), 1)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    draw.text((0, -top), character, font=font, fill=0)
    pixels = image.load()
    columns = bytearray()
    for page in range(pages):
        for x in range(width):
            columns.append(sum(1 << bit for bit in range(8) if pixels[x, page * 8 + bit]))
    return width, bytes(columns)


def make(recipe: Recipe) -> bytes:
    """The font file of a recipe. Raises FaceMissing."""
    face = FACES / recipe.face
    if not face.exists():
        raise FaceMissing(f"{recipe.face} is not here: install the package fonts-dejavu-core or fonts-dejavu-extra")
    # Raqm, the other layout engine, needs a library that not every machine has, and spaces letters differently.
    font = ImageFont.truetype(str(face), recipe.size, layout_engine=ImageFont.Layout.BASIC)
    top, height = _rows(recipe, font)
    height += 1  # a row of air under each line of text
    baseline = font.getbbox("0", mode="1")[3] - top
    run = next(run for run in (_RUN, _FIGURES, " ") if set(run) <= set(recipe.characters))
    others = "".join(character for character in recipe.characters if character not in run)
    widths, bitmaps = bytearray(), bytearray()
    for character in run + others:
        width, bitmap = _glyph(character, font, top, height)
        widths.append(width)
        bitmaps += bitmap
    encoded = others.encode()
    head = struct.pack("<4s6B", b"IKF2", height, baseline, ord(run[0]), len(run), len(encoded), len(widths))
    return head + encoded + bytes(widths) + bytes(bitmaps)


def make_all(output: Path = OUTPUT) -> list[Path]:
    """Writes all fonts; returns their paths."""
    output.mkdir(parents=True, exist_ok=True)
    paths = []
    for recipe in RECIPES:
        path = output / f"{recipe.name}.fnt"
        path.write_bytes(make(recipe))
        paths.append(path)
    return paths


@functools.cache
def read(name: str, folder: Path = OUTPUT) -> dict[str, tuple[int, ...]]:
    """A font's glyphs by character: columns of ink, one integer each, the top row its lowest bit. Raises ValueError."""
    data = (folder / f"{name}.fnt").read_bytes()
    magic, height, _, first, run, size, count = struct.unpack_from("<4s6B", data)
    if magic != b"IKF2":
        raise ValueError(f"{name}.fnt is not a font")
    characters = "".join(map(chr, range(first, first + run))) + data[10 : 10 + size].decode()
    widths = data[10 + size : 10 + size + count]
    at = 10 + size + count
    pages = (height + 7) // 8
    glyphs = {}
    for character, width in zip(characters, widths, strict=True):
        bitmap = data[at : at + width * pages]
        at += width * pages
        glyphs[character] = tuple(
            sum((~bitmap[page * width + x] & 0xFF) << 8 * page for page in range(pages)) & (1 << height) - 1
            for x in range(width)
        )
    return glyphs
