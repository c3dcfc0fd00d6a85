"""The pictures in the documents are what the firmware draws today."""

import pytest
from PIL import Image, ImageChops

from host_tools import pictures


@pytest.mark.parametrize("panel", ["2.9", "2.13"])
def test_the_documents_pictures_are_true(panel):
    taken = pictures.take(panel)
    assert {path.stem for path in pictures.FOLDER.glob(f"{panel}-*.png")} == set(taken)
    for name, picture in taken.items():
        with Image.open(pictures.FOLDER / f"{name}.png") as kept:
            smaller = kept.convert("1").resize(picture.size, Image.Resampling.NEAREST)
        assert not ImageChops.logical_xor(smaller, picture.convert("1")).getbbox(), f"{name}: run `make pictures`"
