"""Animals, all of one family: they sit, look at us, and can wear sunglasses or play the guitar."""

from dataclasses import dataclass
from enum import StrEnum

from simulator.drawing.brush import Brush, arc
from simulator.drawing.colours import Colour, mix

_BLACK: Colour = (34, 28, 30)
_WHITE: Colour = (255, 252, 246)
_PINK: Colour = (240, 150, 150)


class Ears(StrEnum):
    ROUND = "round"
    POINTED = "pointed"
    FLOPPY = "floppy"
    LONG = "long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Animal:
    coat: Colour
    #: belly and muzzle
    light: Colour
    ears: Ears
    #: limbs and ears, where they differ from the coat
    limbs: Colour | None = None
    stripes: bool = False
    mane: Colour | None = None
    patches: bool = False
    tail: bool = True
    whiskers: bool = False


ANIMALS = {
    "bear": Animal(coat=(168, 112, 66), light=(226, 184, 132), ears=Ears.ROUND, tail=False),
    "panda": Animal(
        coat=(244, 242, 236), light=_WHITE, ears=Ears.ROUND, limbs=(44, 42, 48), patches=True, tail=False
    ),
    "cat": Animal(coat=(146, 150, 164), light=(236, 234, 236), ears=Ears.POINTED, whiskers=True),
    "tiger": Animal(coat=(240, 150, 58), light=(255, 238, 214), ears=Ears.ROUND, stripes=True, whiskers=True),
    "lion": Animal(
        coat=(232, 178, 96), light=(252, 228, 178), ears=Ears.ROUND, mane=(164, 88, 40), whiskers=True
    ),
    "dog": Animal(coat=(214, 160, 98), light=(252, 236, 208), ears=Ears.FLOPPY, limbs=(176, 118, 66)),
    "fox": Animal(coat=(226, 110, 48), light=(255, 242, 228), ears=Ears.POINTED, limbs=(84, 48, 38)),
    "rabbit": Animal(coat=(222, 212, 206), light=(252, 246, 242), ears=Ears.LONG, tail=False, whiskers=True),
}


def draw_animal(brush: Brush, animal: Animal) -> None:
    limbs = animal.limbs or mix(animal.coat, _BLACK, 0.08)
    shade = mix(animal.coat, _BLACK, 0.16)
    if animal.tail:
        brush.line([(66, 86), (78, 88), (86, 82), (89, 72), (86, 64)], 7.5, shade)
        brush.circle(86, 64, 4.4, animal.light if animal.ears is Ears.POINTED else limbs)
    brush.ellipse(50, 72, 21, 24, animal.coat)
    brush.ellipse(50, 76, 13.5, 17, animal.light)
    if animal.stripes:
        _body_stripes(brush)
    for side in (-1, 1):
        brush.ellipse(50 + side * 16, 92, 11, 6.5, limbs)
        brush.ellipse(50 + side * 17, 92.5, 6, 4, mix(limbs, animal.light, 0.6))
        brush.line([(50 + side * 16, 60), (50 + side * 23, 69), (50 + side * 20, 78)], 11, limbs)
    if animal.mane:
        for step in range(16):
            x, y = arc((50, 36), 25, 23, step * 22.5, step * 22.5 + 1)[0]
            brush.circle(x, y, 8.5, mix(animal.mane, _BLACK, 0.12 * (step % 2)))
    _ears(brush, animal, limbs)
    brush.blob([(50, 13), (66, 18), (75, 33), (69, 48), (50, 55), (31, 48), (25, 33), (34, 18)], animal.coat)
    if animal.stripes:
        _head_stripes(brush)
    _face(brush, animal)


def _ears(brush: Brush, animal: Animal, limbs: Colour) -> None:
    inner = mix(animal.light, _PINK, 0.5)
    for side in (-1, 1):
        part = brush.turned(50, 0)
        match animal.ears:
            case Ears.ROUND:
                part.circle(side * 19, 18, 9, limbs)
                part.circle(side * 19, 19, 5, limbs if animal.patches else inner)
            case Ears.POINTED:
                part.blob([(side * 24, 26), (side * 23, 3), (side * 15, 8), (side * 5, 18)], animal.coat)
                part.blob([(side * 20, 22), (side * 20.5, 8), (side * 15, 12), (side * 10, 18)], inner)
            case Ears.FLOPPY:
                part.ellipse(side * 25, 33, 7.5, 16, limbs, degrees=side * -12)
            case Ears.LONG:
                part.ellipse(side * 12, 16, 6.5, 15.5, animal.coat, degrees=side * 14)
                part.ellipse(side * 12, 16, 3.2, 11.5, inner, degrees=side * 14)


def _face(brush: Brush, animal: Animal) -> None:
    if animal.patches:
        for side in (-1, 1):
            brush.ellipse(50 + side * 11, 33, 6.5, 8, animal.limbs or _BLACK, degrees=side * 25)
    brush.ellipse(50, 43, 12.5, 9.5, animal.light)
    for side in (-1, 1):
        brush.circle(50 + side * 11, 32.5, 3.6, _BLACK if not animal.patches else _WHITE)
        brush.circle(50 + side * 11, 32.5, 3.0, _BLACK)
        brush.circle(50 + side * 11 + 1.1, 31.2, 1.2, _WHITE)
        brush.ellipse(50 + side * 18, 41, 4, 2.6, mix(animal.coat, _PINK, 0.55))
        brush.line(arc((50 + side * 3.4, 43.6), 3.4, 3.4, 10, 170), 0.9, _BLACK)
        if animal.whiskers:
            for tilt in (-3, 0, 3):
                brush.line([(50 + side * 13, 43 + tilt / 3), (50 + side * 29, 42 + tilt)], 0.45, _WHITE)
    brush.blob([(46, 38), (50, 37), (54, 38), (52.5, 41), (50, 42.4), (47.5, 41)], _BLACK)


def _head_stripes(brush: Brush) -> None:
    for side in (-1, 1):
        part = brush.turned(50, 0)
        part.polygon([(side * 0.2, 13), (side * 3.2, 14), (side * 0.6, 26)], _BLACK)
        part.polygon([(side * 6, 14.5), (side * 9.5, 16), (side * 5, 24)], _BLACK)
        for top in (32, 39):
            part.polygon([(side * 25, top), (side * 24, top + 4), (side * 17, top + 3)], _BLACK)


def _body_stripes(brush: Brush) -> None:
    for side in (-1, 1):
        part = brush.turned(50, 0)
        for top in (68, 76, 84):
            part.polygon([(side * 21.5, top - 2), (side * 21, top + 3), (side * 12, top + 2)], _BLACK)
