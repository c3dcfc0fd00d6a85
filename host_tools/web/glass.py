"""What the eye sees of an e-ink panel: the picture, and the ghosts of those before it.

The controller decides which pixels a refresh drives (see host_tools/sim/panel.py). A full refresh drives each one
through black and white to its end. A partial one drives only those that change, and not quite all the way: some of the
old remains, until the next full one. How much is a guess that looks about right; no figure is published.
"""

from __future__ import annotations

from PIL import Image, ImageChops

_REACHED = 0.96  # of the way to its end that a partial refresh takes a pixel


class Glass:
    """The panel's picture in shades of grey, from one refresh to the next."""

    def __init__(self) -> None:
        self._ideal: Image.Image | None = None
        self.seen: Image.Image | None = None

    def refresh(self, picture: Image.Image, full: bool) -> None:
        """The panel shows another picture ("1" mode) from now on."""
        target = picture.convert("L")
        if full or self._ideal is None or self.seen is None or self.seen.size != target.size:
            self.seen = target
        else:
            driven = ImageChops.difference(self._ideal, target)
            nearly = Image.blend(self.seen, target, _REACHED)
            self.seen = Image.composite(nearly, self.seen, driven)
        self._ideal = target
