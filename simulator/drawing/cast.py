"""Who appears in a scene, how large, and where each stands."""

from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from simulator.drawing.colours import Palette, mix
from simulator.drawing.sky import gradient
from simulator.drawing.stage import Stage
from simulator.drawing.subjects import (
    ACCESSORIES,
    AFLOAT,
    AIRBORNE,
    GENERIC,
    draw_subject,
    takes_belongings,
)
from simulator.drawing.words import SUBJECTS, all_matches

_FEET, _KEEL = 0.9, 0.84


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    name: str
    #: a transparent square, lit like the scene
    drawn: Image.Image
    #: where the middle of its lower edge stands, in pixels
    x: int
    y: int

    @property
    def side(self) -> int:
        return self.drawn.width

    @property
    def grounded(self) -> bool:
        return self.name not in AIRBORNE and self.name not in AFLOAT

    def enter(self, picture: Image.Image) -> None:
        if self.grounded:
            soft = shadow(self.side)
            foot = self.y - round(self.side * 0.03)
            picture.paste((12, 12, 24), (self.x - soft.width // 2, foot - soft.height // 2), soft)
        picture.paste(self.drawn, (self.x - self.side // 2, self.y - self.side), self.drawn)


def cast(words: list[str], frame: tuple[int, int], stage: Stage) -> list[Actor]:
    """Choose whom the words name, and place them in a frame of this size."""
    width, height = frame
    named = all_matches(words, SUBJECTS)
    owners = [name for name in named if takes_belongings(name)]
    belongings = {name for name in named if name in ACCESSORIES} if owners else set()
    shown = [name for name in named if name not in belongings][:2] or [GENERIC]
    side = round(min(height * 0.66, width * (0.78 if len(shown) == 1 else 0.5)))
    found: list[Actor] = []
    for at, name in enumerate(shown):
        x = round(width * (0.5 + (at - (len(shown) - 1) / 2) * min(0.42, 0.9 * side / width)))
        if len(shown) == 1 and width > height:
            x += round(width * stage.chance.uniform(-0.1, 0.1))
        if name in AIRBORNE:
            y = round(max(stage.horizon * stage.chance.uniform(0.98, 1.1), side + height * 0.05))
        else:
            y = round(height * (_KEEL if name in AFLOAT else _FEET))
        drawn = _lit(draw_subject(name, belongings, stage.palette, side), stage.palette)
        found.append(Actor(name=name, drawn=drawn, x=x, y=y))
    return found


def shadow(side: int) -> Image.Image:
    """Make the soft shadow under somebody `side` pixels wide."""
    half, low = round(side * 0.42), round(side * 0.07)
    small = Image.new("L", (half // 2, low // 2))
    ImageDraw.Draw(small).ellipse(
        (half // 12, low // 12, half // 2 - half // 12, low // 2 - low // 12), fill=120
    )
    return small.filter(ImageFilter.GaussianBlur(low / 14)).resize(
        (half * 2, low * 2), Image.Resampling.BICUBIC
    )


def _lit(drawn: Image.Image, palette: Palette) -> Image.Image:
    """Light a flat drawing from above and give it some of the scene's air."""
    alpha = drawn.getchannel("A")
    warm, cool = mix((255, 255, 255), palette.light, 0.35), mix((205, 200, 215), palette.sky[1], 0.25)
    light = gradient(drawn.size, drawn.height, (warm, warm, cool))
    lit = ImageChops.multiply(drawn.convert("RGB"), light)
    lit = Image.blend(lit, Image.new("RGB", lit.size, palette.sky[1]), 0.14 if palette.dark else 0.05)
    lit.putalpha(alpha)
    return lit
