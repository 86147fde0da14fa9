"""What a scene is about, drawn into a square of its own."""

from collections.abc import Callable, Collection

from PIL import Image

from simulator.drawing.brush import Brush, finish, sheet
from simulator.drawing.colours import Palette
from simulator.drawing.subjects import living, things
from simulator.drawing.subjects.animals import ANIMALS, draw_animal

GENERIC = "balloon"

#: those that do not stand on the ground
AIRBORNE = frozenset({"balloon", "rocket", "fish", "bird", "butterfly", "sunglasses"})

#: those that lie on the water
AFLOAT = frozenset({"boat"})

_DRAWINGS: dict[str, Callable[[Brush, Palette], None]] = {
    "astronaut": living.draw_astronaut,
    "balloon": things.draw_balloon,
    "bird": living.draw_bird,
    "boat": things.draw_boat,
    "butterfly": living.draw_butterfly,
    "car": things.draw_car,
    "castle": things.draw_castle,
    "crystal": living.draw_crystal,
    "cup": things.draw_cup,
    "fish": living.draw_fish,
    "flower": living.draw_flower,
    "guitar": things.draw_guitar,
    "house": things.draw_house,
    "lighthouse": things.draw_lighthouse,
    "mushroom": living.draw_mushroom,
    "person": living.draw_person,
    "robot": living.draw_robot,
    "rocket": things.draw_rocket,
    "sunglasses": things.draw_sunglasses,
    "tree": living.draw_tree,
}

#: where somebody's eyes are, and how wide sunglasses sit
_EYES = dict.fromkeys(ANIMALS, (32.5, 0.48)) | {"person": (25.0, 0.27), "robot": (31.0, 0.46)}
#: who can hold a guitar
_PLAYERS = frozenset({*ANIMALS, "person", "robot", "astronaut"})
ACCESSORIES = frozenset({"guitar", "sunglasses"})


def draw_subject(name: str, belongings: Collection[str], palette: Palette, size: int) -> Image.Image:
    """Draw a subject with what it wears and holds, `size` pixels wide and high."""
    image, brush = sheet(size)
    if name in ANIMALS:
        draw_animal(brush, ANIMALS[name])
    else:
        _DRAWINGS[name](brush, palette)
    if "sunglasses" in belongings and name in _EYES:
        height, scale = _EYES[name]
        things.draw_sunglasses(brush.turned(50, height, scale=scale).turned(-50, -50), palette)
    if "guitar" in belongings and name in _PLAYERS:
        things.draw_guitar(brush.turned(48, 74, scale=0.74, degrees=58).turned(-50, -76), palette)
    return finish(image)


def takes_belongings(name: str) -> bool:
    return name in _PLAYERS
