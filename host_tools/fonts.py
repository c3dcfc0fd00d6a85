"""Makes the firmware's fonts from DejaVu, a face under a free licence (Bitstream Vera and public domain).

    inkmeter fonts

Each font is one file, read glyph by glyph on the device; its layout stands in firmware/inkmeter/canvas.py.
DejaVu carries hinting for one-bit rendering, which few outline faces do: letters stay crisp at 14 pixels.
"""

from __future__ import annotations

import dataclasses
import struct
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from host_tools import ROOT

FACES = Path("/usr/share/fonts/truetype/dejavu")
OUTPUT = ROOT / "firmware/inkmeter/fonts"
_TEXT = "".join(map(chr, range(32, 127))) + "£"


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One font: its name on the device, the face's file, the size in pixels and the characters it has."""

    name: str
    face: str
    size: int
    characters: str


RECIPES = (
    Recipe("body", "DejaVuSansCondensed-Bold.ttf", 14, _TEXT),
    Recipe("head", "DejaVuSansCondensed-Bold.ttf", 18, _TEXT),
    Recipe("code", "DejaVuSansMono-Bold.ttf", 15, " 0123456789ABCDEF?"),
    Recipe("large", "DejaVuSans-Bold.ttf", 50, "0123456789.-?"),
)


class FaceMissing(Exception):
    """The face is not installed; the message names the package."""


def _rows(recipe: Recipe, font: ImageFont.FreeTypeFont) -> tuple[int, int]:
    """The first row with ink and the number of rows, over all of a recipe's characters."""
    boxes = [font.getbbox(c, mode="1") for c in recipe.characters if c != " "]
    top = min(box[1] for box in boxes)
    return top, max(box[3] for box in boxes) - top


def _glyph(character: str, font: ImageFont.FreeTypeFont, top: int, height: int) -> tuple[int, bytes]:
    """(width, MONO_VLSB bitmap with 0 for ink) of one character."""
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
    index, bitmaps, widest = bytearray(), bytearray(), 0
    for character in sorted(recipe.characters):
        width, bitmap = _glyph(character, font, top, height)
        index += struct.pack("<HBH", ord(character), width, len(bitmaps))
        bitmaps += bitmap
        widest = max(widest, width)
    head = struct.pack("<4sBBB", b"IKF1", height, len(index) // 5, widest)
    return head + bytes(index) + bytes(bitmaps)


def make_all(output: Path = OUTPUT) -> list[Path]:
    """Writes all fonts; returns their paths."""
    output.mkdir(parents=True, exist_ok=True)
    paths = []
    for recipe in RECIPES:
        path = output / f"{recipe.name}.fnt"
        path.write_bytes(make(recipe))
        paths.append(path)
    return paths
