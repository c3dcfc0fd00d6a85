"""Any text that fits our one size of QR code, read back by zxing."""

import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from inkmeter import qr
from PIL import Image

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def picture(rows: list[int], scale: int = 3) -> Image.Image:
    quiet = 4
    side = (qr.SIZE + 2 * quiet) * scale
    image = Image.new("L", (side, side), 255)
    for y, row in enumerate(rows):
        for x in range(qr.SIZE):
            if row >> qr.SIZE - 1 - x & 1:
                left, top = (x + quiet) * scale, (y + quiet) * scale
                image.paste(0, (left, top, left + scale, top + scale))
    return image


@given(st.text(ALPHABET, min_size=1, max_size=61))
def test_any_text(text):
    (found,) = zxingcpp.read_barcodes(picture(qr.matrix(text)), formats=zxingcpp.BarcodeFormat.QRCode)
    assert found.text == text


def test_a_text_that_does_not_fit():
    for text in ("A" * 62, "abc"):
        try:
            qr.matrix(text)
        except ValueError:
            continue
        raise AssertionError(text)
