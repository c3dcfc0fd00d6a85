"""The pages are what they were when somebody last looked, pixel for pixel; and the documents show today's."""

import zxingcpp
from inkmeter import install_code
from PIL import Image, ImageChops, ImageOps

from host_tools import gallery


def test_every_page_is_what_it_was(pictures):
    found = gallery.reference(pictures).splitlines()
    kept = gallery.REFERENCE.read_text().splitlines()
    changed = sorted({line.split()[0] for line in set(found) ^ set(kept)})
    assert not changed, f"{', '.join(changed)}: look at them (make screens), then make pictures"
    assert len(pictures) > 1200


def test_the_documents_pictures_are_true(pictures):
    shown = {picture.name: picture for picture in pictures if picture.name in gallery.SHOWN}
    assert set(shown) == set(gallery.SHOWN)
    for name, picture in shown.items():
        with Image.open(gallery.DOCUMENTS / f"{name}.png") as kept:
            smaller = kept.convert("1").resize((picture.width, picture.height), Image.Resampling.NEAREST)
        assert not ImageChops.logical_xor(smaller, picture.image()).getbbox(), f"{name}: make pictures"


def test_the_code_on_the_panel_can_be_read(pictures):
    label = install_code.label(bytes.fromhex("00DB1234567890A0"), bytes.fromhex("83FED3407A939723A5C639B26916D505C3B5"))
    found = 0
    for picture in pictures:
        if any(mark.kind == "squares" for mark in picture.decoded()):
            # The panel's edge is white too.
            paper = ImageOps.expand(picture.image().convert("L"), 12, 255)
            (code,) = zxingcpp.read_barcodes(paper, formats=zxingcpp.BarcodeFormat.QRCode)
            assert code.text == label, picture.name
            found += 1
    assert found == 5 * 12


def test_figures_do_not_show_while_they_are_hidden(pictures):
    for picture in pictures:
        if picture.name.startswith("away"):
            said = " ".join(picture.texts())
            assert "kW" not in said and "\N{POUND SIGN}" not in said and "21E0047731" not in said, picture.name
