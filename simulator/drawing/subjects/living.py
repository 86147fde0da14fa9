"""People, robots, plants and smaller creatures."""

from simulator.drawing.brush import Brush, arc
from simulator.drawing.colours import Colour, Palette, mix

_BLACK: Colour = (32, 28, 36)
_WHITE: Colour = (255, 253, 248)
_SKIN: Colour = (226, 172, 132)
_STEEL: Colour = (188, 200, 214)
_LEAF: Colour = (62, 128, 74)
_WOOD: Colour = (104, 68, 46)


def draw_robot(brush: Brush, palette: Palette) -> None:
    dark, glow = mix(_STEEL, _BLACK, 0.4), palette.accents[1]
    brush.line([(50, 16), (50, 7)], 1.6, dark)
    brush.circle(50, 6, 3, palette.accents[0])
    for side in (-1, 1):
        brush.line([(50 + side * 20, 58), (50 + side * 30, 66), (50 + side * 29, 80)], 6, dark)
        brush.circle(50 + side * 29, 81, 4.6, _STEEL)
        brush.box(50 + side * 10 - 5, 82, 50 + side * 10 + 5, 96, dark, radius=2)
        brush.box(50 + side * 11 - 8, 91, 50 + side * 11 + 8, 97, _STEEL, radius=3)
        brush.circle(50 + side * 24, 32, 4.4, dark)
    brush.box(30, 52, 70, 86, _STEEL, radius=7)
    brush.box(26, 16, 74, 50, _STEEL, radius=10)
    brush.box(31, 22, 69, 44, _BLACK, radius=8)
    for side in (-1, 1):
        brush.circle(50 + side * 9, 31, 4.4, glow)
        brush.circle(50 + side * 9 + 1.2, 29.6, 1.4, _WHITE)
    brush.line(arc((50, 35), 6, 4.5, 20, 160), 1.5, glow)
    brush.box(38, 60, 62, 76, mix(_STEEL, _WHITE, 0.5), radius=3)
    brush.circle(44, 68, 3.4, palette.accents[0])
    for y in (65, 68, 71):
        brush.line([(51, y), (58, y)], 1, dark)


def draw_astronaut(brush: Brush, palette: Palette) -> None:
    suit, shade = (240, 242, 246), (190, 198, 212)
    brush.box(28, 44, 72, 78, shade, radius=8)
    for side in (-1, 1):
        brush.line([(50 + side * 9, 76), (50 + side * 11, 92)], 13, suit)
        brush.ellipse(50 + side * 12.5, 94, 9, 4.4, shade)
        brush.line([(50 + side * 17, 54), (50 + side * 27, 64), (50 + side * 25, 74)], 11, suit)
        brush.circle(50 + side * 25, 76, 5.6, palette.accents[0])
    brush.box(32, 46, 68, 84, suit, radius=12)
    brush.circle(50, 29, 22, suit)
    brush.ellipse(50, 30, 17, 15, (232, 186, 92))
    brush.ellipse(50, 30, 15.4, 13.4, mix(palette.sky[0], _BLACK, 0.45))
    brush.ellipse(43, 24.5, 5, 2.6, mix(palette.sky[2], _WHITE, 0.4), degrees=-30)
    brush.box(40, 60, 60, 72, shade, radius=2)
    for x, colour in ((44, palette.accents[0]), (50, palette.accents[1]), (56, (96, 190, 120))):
        brush.circle(x, 66, 1.8, colour)


def draw_person(brush: Brush, palette: Palette) -> None:
    """Draw somebody in a long coat and a scarf."""
    coat, scarf, hair = palette.accents[0], palette.accents[1], (70, 44, 36)
    for side in (-1, 1):
        brush.line([(50 + side * 6, 80), (50 + side * 6.5, 94)], 6.5, _BLACK)
        brush.ellipse(50 + side * 8, 95, 6, 2.6, _BLACK)
        brush.line(
            [(50 + side * 10, 46), (50 + side * 18, 60), (50 + side * 16, 72)], 7.5, mix(coat, _BLACK, 0.2)
        )
        brush.circle(50 + side * 16, 74, 3.4, _SKIN)
    brush.blob([(42, 40), (58, 40), (64, 60), (68, 86), (50, 89), (32, 86), (36, 60)], coat)
    brush.line([(50, 44), (50, 87)], 0.8, mix(coat, _BLACK, 0.4))
    brush.box(46.5, 32, 53.5, 42, mix(_SKIN, _BLACK, 0.12))
    brush.blob([(50, 5), (63, 12), (65, 26), (62, 36), (38, 36), (35, 26), (37, 12)], hair)
    brush.ellipse(50, 24, 11, 13, _SKIN)
    brush.blob([(38, 22), (42, 10), (56, 9), (62, 22), (54, 15)], hair)
    for side in (-1, 1):
        brush.circle(50 + side * 4.4, 25, 1.3, _BLACK)
        brush.ellipse(50 + side * 6.6, 29.4, 2, 1.2, (230, 140, 120))
    brush.line(arc((50, 29.5), 3.2, 2.4, 20, 160), 0.9, (150, 70, 64))
    brush.box(40, 37.5, 60, 43.5, scarf, radius=3)
    brush.box(54, 41, 60, 60, scarf, radius=2)


def draw_tree(brush: Brush, palette: Palette) -> None:
    leaf = mix(_LEAF, palette.near, 0.25)
    brush.blob([(45, 97), (47, 66), (40, 52), (50, 58), (58, 48), (54, 66), (57, 97)], _WOOD)
    crowns = ((32, 46, 18), (68, 44, 18), (50, 30, 23), (38, 28, 15), (62, 26, 15), (50, 48, 17))
    for x, y, radius in crowns:
        brush.circle(x, y, radius, mix(leaf, _BLACK, 0.18))
    for x, y, radius in crowns:
        brush.circle(x - 2, y - 3, radius * 0.84, leaf)
    for x, y, radius in crowns:
        brush.circle(x - 4, y - 6, radius * 0.5, mix(leaf, (206, 224, 120), 0.35))
    for x, y in ((30, 42), (44, 22), (60, 34), (70, 46), (52, 50), (38, 54)):
        brush.circle(x, y, 1.9, palette.accents[0])


def draw_flower(brush: Brush, palette: Palette) -> None:
    petal = palette.accents[1]
    brush.line([(50, 42), (51, 66), (49, 97)], 2.8, _LEAF)
    for side, y in ((-1, 72), (1, 80)):
        brush.blob(
            [(50, y), (50 + side * 14, y - 10), (50 + side * 27, y - 9), (50 + side * 16, y + 2)], _LEAF
        )
    for ring, (count, length, colour) in enumerate(
        ((16, 31, mix(petal, (214, 96, 30), 0.4)), (16, 27, petal))
    ):
        for step in range(count):
            turned = brush.turned(50, 36, degrees=(step + ring / 2) * 360 / count)
            turned.blob([(8, 0), (length * 0.6, -5.6), (length, 0), (length * 0.6, 5.6)], colour)
    brush.circle(50, 36, 12.5, (92, 54, 30))
    brush.circle(50, 36, 9, (124, 76, 40))
    for step in range(18):
        turned = brush.turned(50, 36, degrees=step * 137.5)
        turned.circle(1.9 * step**0.55, 0, 0.9, (196, 140, 70))


def draw_mushroom(brush: Brush, palette: Palette) -> None:
    cap, stem = palette.accents[0], (246, 232, 208)
    brush.blob([(42, 50), (58, 50), (60, 80), (66, 96), (34, 96), (40, 80)], stem)
    brush.ellipse(50, 56, 20, 6, mix(stem, _BLACK, 0.18))
    brush.blob([(50, 10), (74, 18), (91, 44), (84, 55), (50, 51), (16, 55), (9, 44), (26, 18)], cap)
    for x, y, radius in (
        (50, 22, 6.5),
        (31, 34, 5.4),
        (69, 34, 5.4),
        (50, 42, 4.2),
        (18, 45, 3.4),
        (82, 45, 3.4),
    ):
        brush.ellipse(x, y, radius, radius * 0.84, _WHITE)


def draw_fish(brush: Brush, palette: Palette) -> None:
    body, fin = palette.accents[0], mix(palette.accents[0], palette.accents[1], 0.6)
    brush.blob([(24, 50), (8, 30), (2, 36), (10, 50), (2, 66), (8, 72)], fin)
    brush.blob([(44, 30), (54, 14), (70, 22), (72, 34)], fin)
    brush.blob([(48, 68), (56, 82), (66, 78), (66, 66)], fin)
    brush.blob([(18, 50), (38, 30), (64, 26), (86, 38), (94, 50), (86, 61), (64, 73), (38, 69)], body)
    brush.blob([(40, 62), (64, 60), (90, 54), (84, 62), (64, 72), (44, 70)], mix(body, _WHITE, 0.5))
    for x, height in ((40, 13), (55, 16)):
        brush.blob(
            [(x, 50 - height), (x + 6, 50 - height), (x + 4, 50), (x + 6, 50 + height), (x, 50 + height)],
            mix(body, _WHITE, 0.75),
        )
    brush.blob([(58, 52), (46, 60), (48, 66), (62, 60)], fin)
    brush.circle(80, 45, 4.6, _WHITE)
    brush.circle(81, 45, 2.8, _BLACK)
    brush.circle(82, 44, 1, _WHITE)
    for x, y, radius in ((95, 34, 2.2), (91, 24, 1.5), (97, 18, 2.8)):
        brush.circle(x, y, radius, mix(palette.sky[2], _WHITE, 0.7))


def draw_bird(brush: Brush, palette: Palette) -> None:
    body, wing = palette.accents[0], mix(palette.accents[0], _BLACK, 0.22)
    brush.blob([(26, 60), (4, 70), (2, 80), (16, 78), (32, 70)], wing)
    brush.blob(
        [(52, 42), (36, 20), (22, 8), (24, 28), (32, 48), (44, 58)], mix(wing, palette.accents[1], 0.3)
    )
    brush.blob([(22, 66), (40, 46), (64, 36), (82, 36), (86, 46), (76, 62), (54, 74), (34, 74)], body)
    brush.blob([(40, 70), (60, 64), (80, 52), (74, 64), (54, 74)], mix(body, _WHITE, 0.6))
    brush.blob([(58, 46), (44, 24), (50, 4), (64, 22), (70, 44), (64, 54)], wing)
    brush.blob([(56, 46), (52, 26), (56, 14), (63, 28), (67, 44)], mix(wing, palette.accents[1], 0.5))
    brush.polygon([(84, 40), (97, 45), (84, 49)], (250, 186, 70))
    brush.circle(77, 42, 2.5, _BLACK)
    brush.circle(77.8, 41.2, 0.9, _WHITE)


def draw_butterfly(brush: Brush, palette: Palette) -> None:
    first, second = palette.accents
    for side in (-1, 1):
        part = brush.turned(50, 0)
        for size, colour in ((1.0, mix(first, _BLACK, 0.55)), (0.84, first), (0.5, second)):
            upper = ((4, 44), (14, 18), (36, 8), (46, 20), (40, 42), (20, 52))
            lower = ((4, 54), (24, 54), (36, 66), (30, 84), (16, 82), (6, 66))
            part.blob([(side * (20 + (x - 20) * size), 32 + (y - 32) * size) for x, y in upper], colour)
            part.blob([(side * (18 + (x - 18) * size), 68 + (y - 68) * size) for x, y in lower], colour)
        part.line([(0, 36), (side * 5, 24), (side * 12, 18)], 0.9, _BLACK)
        part.circle(side * 12, 18, 1.4, _BLACK)
    brush.ellipse(50, 54, 3, 20, _BLACK)
    brush.circle(50, 36, 3.6, _BLACK)


def draw_crystal(brush: Brush, palette: Palette) -> None:
    first, second = palette.accents
    for x, top, half, foot, tilt in ((28, 42, 9, 92, -16), (72, 38, 9, 92, 15), (50, 8, 15, 95, 0)):
        part = brush.turned(x, foot, degrees=tilt)
        height, edge = foot - top, (foot - top) * 0.76
        part.polygon([(-half, 0), (-half, -edge), (0, -height), (-half * 0.1, 0)], mix(first, _WHITE, 0.4))
        part.polygon([(half, 0), (half, -edge), (0, -height), (-half * 0.1, 0)], mix(first, _BLACK, 0.2))
        part.polygon(
            [
                (-half * 0.3, 0),
                (-half * 0.3, -edge * 0.96),
                (0, -height),
                (half * 0.4, -edge),
                (half * 0.3, 0),
            ],
            mix(second, _WHITE, 0.35),
        )
