"""What somebody hears who cannot see the panel."""

import pytest
from PIL import Image

from host_tools import ROOT, fonts, screen_reader

PICTURES = sorted((ROOT / "docs/pictures").glob("*_*.png"))


def read(path):
    """The lines of one of the documents' pictures, which are twice as large as the panel."""
    with Image.open(path) as image:
        return screen_reader.read(image.convert("1").resize((image.width // 2, image.height // 2), Image.NEAREST))


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("now-credit_2.9_en_normal", ["→ USING  at", "0.95  kW", "24.50p/kWh", "Today  £1.85, 5.42 kWh"]),
        ("now-credit_2.13_en_normal", ["0.95  kW"]),
        ("now-credit_2.9_en_large", ["0.95  kW"]),
        ("now-credit_4.2_en_normal", ["0.95  kW", "●○○ low"]),
        ("now-export_2.9_en_normal", ["← SENDING OUT", "1.89  kW"]),
        ("zero_2.9_en_normal", ["£0.57"]),
        ("prepay-credit_2.9_en_normal", ["£12.34"]),
        ("price-export_4.2_en_normal", ["22.10", "p/kWh  from"]),
    ],
)
def test_the_main_figure_is_read_with_its_unit(name, lines):
    (path,) = (path for path in PICTURES if path.stem == name)
    found = read(path)
    for line in lines:
        assert sum(line in one for one in found) == 1, found


def test_rules_bars_and_icons_are_no_letters():
    for path in PICTURES:
        for line in read(path):
            assert not set(line) & set(fonts.ICONS), (path.name, line)
            assert "__" not in line and "- -" not in line, (path.name, line)
