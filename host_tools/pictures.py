"""`inkmeter pictures`: the pictures of the screens that the documents show, taken from a run of the real firmware."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image

from host_tools import ROOT
from host_tools.sim.run import Run, run
from host_tools.sim.world import Settings

FOLDER = ROOT / "docs/pictures"
_SCALE = 2


def take(panel: str) -> dict[str, Image.Image]:
    """The screens of a pairing, a day's two directions and a lost link on this size of panel, by name."""
    pictures: dict[str, Image.Image] = {}

    async def story(home: Run) -> None:
        def take_one(name: str) -> None:
            pictures[f"{panel}-{name}"] = home.screens[-1].picture

        await home.until_shows("Enter the code", 60)
        take_one("pairing")
        home.world.portal.add_device(*home.world.label)
        await home.until_shows("Joining the meter network", 300)
        take_one("progress")
        await home.until_shows("Is this your meter?", 300)
        take_one("confirm")
        home.press()
        await home.until_shows("SENDING OUT", 60)
        take_one("sending-out")
        household = home.world.household
        await home.until(lambda: household.demand_w > 500, 12 * 3600, "evening comes")
        await home.until(lambda: home.shows("USING") and home.shows("an hour"), 120, "what is used, and its cost")
        take_one("using")
        home.world.ncp.stack.in_range = False
        await home.until_shows("Lost the meter network", 600)
        take_one("lost")

    with tempfile.TemporaryDirectory() as folder:
        run(Settings(panel=panel), Path(folder), story)
    return pictures


def make_all(folder: Path = FOLDER) -> list[Path]:
    """Writes the pictures, each pixel of the panel four of the file; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for panel in ("2.9", "2.13"):
        for name, picture in take(panel).items():
            path = folder / f"{name}.png"
            picture.resize((picture.width * _SCALE, picture.height * _SCALE), Image.Resampling.NEAREST).save(
                path, optimize=True
            )
            paths.append(path)
    return paths
