"""The phone that scans the code on the panel: reads the QR code in the panel's picture, and what it says."""

from __future__ import annotations

import re

import zxingcpp
from PIL import Image

_SCALE = 3
_FORM = re.compile(r"Z:([0-9A-F]{16})\$I:([0-9A-F]{16,36})", re.IGNORECASE)


def read(picture: Image.Image) -> dict[str, str] | None:
    """{"eui64": ..., "install_code": ...} of the pairing code in a picture of the panel; None where there is none."""
    large = picture.convert("L").resize((picture.width * _SCALE, picture.height * _SCALE), Image.Resampling.NEAREST)
    for code in zxingcpp.read_barcodes(large):
        if found := _FORM.search(code.text):
            return {"eui64": found[1].upper(), "install_code": found[2].upper()}
    return None
