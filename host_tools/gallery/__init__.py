"""`inkmeter screens`: every page of every kind of home and every trouble, as the firmware draws them.

The firmware as built draws on the 32-bit MicroPython (`on_device.py`); here the pictures are unpacked, written as
PNG files and put together on contact sheets.
"""

from __future__ import annotations

import dataclasses
import functools
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from host_tools import BUILD, ROOT, build, fonts, toolchain, words

FOLDER = BUILD / "screens"
REFERENCE = ROOT / "tests/tools/screens.txt"
DOCUMENTS = ROOT / "docs/pictures"
_SCRIPT = Path(__file__).parent / "on_device.py"
_KINDS = {16: "box", 17: "box", 18: "squares", 19: "bars"}
# What docs/using.md shows
SHOWN = (
    "now-credit_2.9_en_normal", "now-export_2.9_en_normal", "now-stale_2.9_en_normal", "now-credit_4.2_en_normal",
    "now-export_4.2_en_normal", "now-credit_2.13_en_normal", "now-credit_2.9_en_large", "now-credit_2.9_cy_normal",
    "day-export_2.9_en_normal", "week-credit_2.9_en_normal", "kept_2.9_en_normal", "price-tou_2.9_en_normal",
    "price-export_4.2_en_normal",
    "meters-tou_2.9_en_normal", "prepay-credit_2.9_en_normal", "message-confirm_2.9_en_normal",
    "message-private_2.9_en_normal", "events_2.9_en_normal",
    "status_2.9_en_normal", "survey-180_2.9_en_normal", "zero_2.9_en_normal", "settings-pin_2.9_en_normal",
    "trouble-H01_2.9_en_normal", "trouble-P02_2.9_en_normal", "trouble-P11_2.9_en_normal", "away_2.9_en_normal",
)  # fmt: skip


class DrawingFailed(Exception):
    """The firmware did not draw; the message is what it said."""


@dataclasses.dataclass(frozen=True)
class Mark:
    """One mark of a picture: what it is, where it is, and its text if it is one. Pixels, from the top left."""

    kind: str
    left: int
    top: int
    right: int
    bottom: int
    text: str = ""
    font: str = ""


@dataclasses.dataclass(frozen=True)
class Picture:
    """One picture: its name (case_size_language_theme), its size, its marks as the firmware has them, its rows."""

    name: str
    width: int
    height: int
    marks: bytes
    rows: bytes

    @property
    def crc(self) -> int:
        """Of the pixels."""
        return zlib.crc32(self.image().tobytes())

    def image(self) -> Image.Image:
        """The picture as the panel shows it."""
        return _image(self)

    def texts(self) -> list[str]:
        """What is written, in the order in which it was laid out."""
        return [mark.text for mark in self.decoded() if mark.kind == "text"]

    def decoded(self) -> list[Mark]:
        """The marks, with the room that each takes: of a text the rows with ink."""
        return list(_decode(self.marks))


@functools.lru_cache(maxsize=4096)
def _image(picture: Picture) -> Image.Image:
    # Each octet is a column of eight rows, the top one its lowest bit; spare rows are at the top.
    spare = -picture.height % 8
    pages = len(picture.rows) // picture.width
    turned = Image.new("1", (pages * 8, picture.width), 1)
    columns = b"".join(
        bytes(_REVERSED[picture.rows[page * picture.width + x]] for page in range(pages)) for x in range(picture.width)
    )
    turned.frombytes(columns)
    upright = turned.transpose(Image.Transpose.TRANSPOSE)
    return upright.crop((0, spare, picture.width, spare + picture.height))


_REVERSED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


@functools.cache
def _glyphs(font: int) -> tuple[str, dict[str, tuple[int, int, int]]]:
    """(name, {character: (width, first row with ink, row after the last one)}) of a font."""
    recipe = fonts.RECIPES[font]
    found = {}
    for character, columns in fonts.read(recipe.name).items():
        ink = functools.reduce(lambda a, b: a | b, columns, 0)
        found[character] = (len(columns), (ink & -ink).bit_length() - 1 if ink else 0, ink.bit_length())
    return recipe.name, found


def _decode(marks: bytes) -> Iterator[Mark]:
    at = 0
    while at < len(marks):
        size, kind, x, y = struct.unpack_from("<BBHH", marks, at)
        body = marks[at + 6 : at + 6 + size]
        at += 6 + size
        if kind < 16:
            name, glyphs = _glyphs(kind)
            text = body.decode()
            known = [glyphs.get(character, glyphs["?"]) for character in text]
            inked = [one for one in known if one[2]]
            if inked:
                top = min(one[1] for one in inked)
                bottom = max(one[2] for one in inked)
                yield Mark("text", x, y + top, x + sum(one[0] for one in known), y + bottom, text, name)
        elif kind < 18:
            width, height = struct.unpack("<HH", body)
            yield Mark("white" if kind == 17 else "box", x, y, x + width, y + height)
        elif kind == 18:
            side = body[0] * 29
            yield Mark("squares", x, y, x + side, y + body[0] * ((len(body) - 1) // 4))
        else:
            step, bar, up, down, _ = body[:5]
            count = (len(body) - 5) // 2
            ups = [level for level in body[5 : 5 + count] if level <= 250]
            downs = [level for level in body[5 + count :] if level <= 250]
            high = max(ups, default=0) * up // 250
            low = max(downs, default=0) * down // 250
            yield Mark("bars", x, y - high, x + step * (count - 1) + bar, y + max(low, 1))


def draw(*wanted: str, folder: Path = FOLDER) -> list[Picture]:
    """Draws the pictures whose names hold all of these words. Raises DrawingFailed."""
    folder.mkdir(parents=True, exist_ok=True)
    root = build.build("simulator", short=False)
    codes = ",".join(outcome.code for outcome in words.read()[1])
    done = subprocess.run(
        [toolchain.interpreter().path, "-X", "heapsize=600k", str(_SCRIPT), str(root), str(folder), codes, *wanted],
        capture_output=True, text=True, check=False, timeout=90, cwd=folder,
    )  # fmt: skip
    if done.returncode:
        raise DrawingFailed(done.stdout + done.stderr)
    return list(_unpack((folder / "pictures.bin").read_bytes()))


def _unpack(data: bytes) -> Iterator[Picture]:
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        name = data[at:end].decode()
        at, end = end + 1, data.index(b"\n", end + 1)
        width, height, marks, rows = map(int, data[at:end].split())
        at = end + 1
        yield Picture(name, width, height, data[at : at + marks], data[at + marks : at + marks + rows])
        at += marks + rows


def sheet(pictures: list[Picture], columns: int) -> Image.Image:
    """A contact sheet, each picture with its name under it."""
    width = max(picture.width for picture in pictures) + 12
    height = max(picture.height for picture in pictures) + 24
    rows = -(-len(pictures) // columns)
    result = Image.new("L", (columns * width, rows * height), 200)
    draw = ImageDraw.Draw(result)
    font = ImageFont.truetype(str(fonts.FACES / "DejaVuSansCondensed.ttf"), 11)
    for i, picture in enumerate(pictures):
        x, y = i % columns * width + 6, i // columns * height + 4
        result.paste(picture.image(), (x, y))
        draw.text((x, y + picture.height + 2), picture.name, fill=0, font=font)
    return result


def reference(pictures: list[Picture]) -> str:
    """What tests compare with: a line for each case, with the CRC-32 of the pixels in each size, language and theme."""
    lines: dict[str, list[str]] = {}
    for picture in pictures:
        lines.setdefault(picture.name.split("_", 1)[0], []).append(f"{picture.crc:08x}")
    return "".join(f"{case} {' '.join(crcs)}\n" for case, crcs in lines.items())


def document(picture: Picture, folder: Path = DOCUMENTS) -> Path:
    """Writes a picture for the documents, each pixel of the panel four of the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{picture.name}.png"
    image = picture.image()
    image.resize((image.width * 2, image.height * 2), Image.Resampling.NEAREST).save(path, optimize=True)
    return path


def make_all(*wanted: str, folder: Path = FOLDER) -> list[Path]:
    """Writes each picture, a contact sheet of all, and one of each size, language and theme; returns the sheets."""
    pictures = draw(*wanted, folder=folder)
    for old in folder.glob("*.png"):
        old.unlink()
    groups: dict[str, list[Picture]] = {}
    for picture in pictures:
        picture.image().save(folder / f"{picture.name}.png")
        groups.setdefault(picture.name.split("_", 1)[1], []).append(picture)
    sheets = []
    for name, members in groups.items():
        path = folder / f"sheet_{name}.png"
        sheet(members, 4 if members[0].width > 300 else 6).save(path)
        sheets.append(path)
    path = folder / "contact-sheet.png"
    sheet(pictures, 24).save(path)
    return [path, *sheets]


def make_documents() -> list[Path]:
    """Writes the documents' pictures and the reference; returns the paths."""
    pictures = draw()
    paths = [document(picture) for picture in pictures if picture.name in SHOWN]
    REFERENCE.write_text(reference(pictures))
    path = DOCUMENTS / "every-page.png"
    members = [picture for picture in pictures if picture.name.endswith("_2.9_en_normal")]
    sheet(members, 6).quantize(4).save(path, optimize=True)
    return [*paths, REFERENCE, path]
