"""What the painters of one scene share."""

from dataclasses import dataclass
from random import Random

from PIL import Image

from simulator.drawing.colours import Palette


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    #: painted on from back to front
    picture: Image.Image
    #: what shows through where the picture is transparent; None where it is not
    behind: Image.Image | None = None
    #: row where the land begins, in pixels
    horizon: int
    palette: Palette
    #: the same for one generation whenever it is painted
    chance: Random

    @property
    def view(self) -> Image.Image:
        """What somebody who stands there sees."""
        return self.behind or self.picture
