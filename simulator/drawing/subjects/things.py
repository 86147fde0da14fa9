"""Things that people make: instruments, vehicles, buildings."""

from simulator.drawing.brush import Brush, arc
from simulator.drawing.colours import Colour, Palette, mix

_BLACK: Colour = (30, 28, 36)
_WHITE: Colour = (255, 253, 248)
_STEEL: Colour = (186, 198, 212)
_GLASS: Colour = (150, 205, 232)
_WOOD: Colour = (120, 74, 44)
_STONE: Colour = (206, 198, 190)


def draw_guitar(brush: Brush, palette: Palette) -> None:
    """Draw an electric guitar, its neck pointing up."""
    body = palette.accents[0]
    brush.box(47.4, 8, 52.6, 60, _WOOD)
    brush.blob([(45, 2), (51, 0), (56, 4), (54, 14), (46, 14)], mix(_WOOD, _BLACK, 0.4))
    for row in range(3):
        brush.circle(44.4, 3.5 + row * 4, 1.3, _STEEL)
        brush.circle(55.6, 3.5 + row * 4, 1.3, _STEEL)
    brush.blob(
        [
            (38, 46),
            (44, 56),
            (56, 56),
            (63, 47),
            (66, 54),
            (62, 66),
            (69, 80),
            (62, 94),
            (50, 97),
            (37, 94),
            (31, 80),
            (38, 66),
            (32, 52),
        ],
        mix(body, _BLACK, 0.3),
    )
    brush.blob(
        [
            (38, 48),
            (44, 58),
            (56, 58),
            (62, 50),
            (64, 55),
            (60, 66),
            (66, 80),
            (60, 92),
            (50, 95),
            (39, 92),
            (33, 80),
            (40, 66),
            (34, 53),
        ],
        body,
    )
    brush.blob([(42, 62), (58, 60), (60, 74), (55, 86), (43, 80)], mix(_WHITE, body, 0.12))
    brush.box(47.4, 40, 52.6, 68, _WOOD)
    for y in (70, 77):
        brush.box(43.5, y, 56.5, y + 3.4, _BLACK, radius=1)
    brush.box(43, 85, 57, 88, _STEEL, radius=1)
    for x in (48.4, 49.5, 50.6, 51.6):
        brush.line([(x, 8), (x, 86)], 0.25, _WHITE)
    for y in range(16, 58, 6):
        brush.line([(47.4, y), (52.6, y)], 0.4, _STEEL)


def draw_sunglasses(brush: Brush, palette: Palette) -> None:
    """Draw sunglasses across the middle of the square."""
    frame, lens = _BLACK, mix(palette.sky[0], _BLACK, 0.55)
    for side in (-1, 1):
        part = brush.turned(50, 50)
        shape = [
            (side * x, y) for x, y in ((6, -9), (24, -12), (42, -10), (44, 0), (36, 12), (20, 13), (8, 5))
        ]
        part.blob(shape, frame)
        inner = [(side * 24 + (x - side * 24) * 0.85, y * 0.82) for x, y in shape]
        part.blob(inner, lens)
        part.polygon(
            [(side * 24 - 9, -8), (side * 24 - 3, -8.5), (side * 24 - 10, 6), (side * 24 - 14, 3)],
            mix(lens, _WHITE, 0.4),
        )
        part.line([(side * 42, -6), (side * 48, -8)], 3, frame)
    brush.line(arc((50, 47), 8, 5, 200, 340), 2.6, frame)


def draw_car(brush: Brush, palette: Palette) -> None:
    paint = palette.accents[0]
    dark = mix(paint, _BLACK, 0.35)
    brush.blob([(22, 68), (30, 52), (42, 46), (60, 46), (74, 56), (80, 68)], dark)
    brush.blob([(28, 66), (34, 54), (43, 50), (50, 50), (50, 67)], _GLASS)
    brush.blob([(54, 67), (54, 50), (60, 50), (69, 57), (74, 67)], _GLASS)
    brush.blob([(4, 78), (8, 68), (24, 64), (50, 63), (76, 64), (93, 69), (97, 80), (94, 88), (6, 88)], paint)
    brush.box(5, 80, 95, 86, dark, radius=3)
    brush.box(10, 71, 90, 72, mix(paint, _WHITE, 0.45), radius=0.5)
    brush.ellipse(91, 74, 3.4, 2.6, (255, 244, 196))
    brush.ellipse(8, 74, 2.4, 2.4, (226, 60, 60))
    brush.line([(53, 70), (58, 70)], 1.2, dark)
    for x in (25, 75):
        brush.circle(x, 86, 10.5, _BLACK)
        brush.circle(x, 86, 5.6, _STEEL)
        brush.circle(x, 86, 2, _BLACK)


def draw_rocket(brush: Brush, palette: Palette) -> None:
    brush = brush.turned(50, 50, degrees=18).turned(-50, -50)
    for width, length, colour in (
        (11, 97, (255, 120, 60)),
        (7, 92, (255, 206, 96)),
        (3.6, 86, (255, 248, 220)),
    ):
        brush.blob(
            [
                (50 - width, 72),
                (50 + width, 72),
                (50 + width * 0.5, 84),
                (50, length),
                (50 - width * 0.5, 84),
            ],
            colour,
        )
    fin = palette.accents[0]
    for side in (-1, 1):
        brush.polygon([(50 + side * 13, 50), (50 + side * 27, 74), (50 + side * 12, 70)], fin)
    brush.blob([(50, 2), (62, 20), (66, 42), (61, 70), (50, 73), (39, 70), (34, 42), (38, 20)], _WHITE)
    brush.blob([(50, 2), (59, 15), (61, 22), (50, 24), (39, 22), (41, 15)], fin)
    brush.circle(50, 38, 8.4, mix(_STEEL, _BLACK, 0.25))
    brush.circle(50, 38, 6.2, _GLASS)
    brush.ellipse(48, 35.6, 2.4, 1.6, _WHITE, degrees=-35)
    brush.box(37, 58, 63, 61, fin)


def draw_boat(brush: Brush, palette: Palette) -> None:
    sail = mix(_WHITE, palette.accents[1], 0.12)
    brush.line([(48, 6), (48, 82)], 1.8, _WOOD)
    brush.blob([(50, 8), (66, 34), (84, 68), (66, 72), (51, 72)], sail)
    brush.blob([(46, 14), (38, 42), (22, 70), (34, 72), (46, 72)], mix(sail, palette.accents[0], 0.75))
    brush.polygon([(48, 4), (60, 7), (48, 11)], palette.accents[0])
    brush.blob([(10, 78), (50, 81), (92, 77), (84, 91), (50, 94), (22, 92)], mix(_WOOD, _BLACK, 0.1))
    brush.line([(12, 79.5), (50, 82), (90, 79)], 1.6, _WHITE)


def draw_castle(brush: Brush, palette: Palette) -> None:
    roof, dark, bright = palette.accents[0], mix(_STONE, _BLACK, 0.16), mix(_STONE, _WHITE, 0.2)
    for x, top, half, wall in ((50, 22, 9, dark), (30, 38, 7, _STONE), (70, 38, 7, _STONE)):
        brush.box(x - half, top, x + half, 96, wall)
        brush.polygon([(x - half - 2.5, top), (x, top - 22), (x + half + 2.5, top)], roof)
        brush.line([(x, top - 22), (x, top - 30)], 0.7, _BLACK)
        brush.polygon([(x, top - 30), (x + 8, top - 28), (x, top - 25.5)], palette.accents[1])
        brush.box(x - 1.8, top + 8, x + 1.8, top + 16, _BLACK, radius=1.8)
    for left, right, top, wall in ((12, 34, 64, _STONE), (66, 88, 64, _STONE), (34, 66, 58, bright)):
        brush.box(left, top, right, 96, wall)
        for merlon in range(left, right - 2, 6):
            brush.box(merlon, top - 4, merlon + 3.4, top + 1, wall)
    brush.box(43, 74, 57, 96, _WOOD, radius=7)
    brush.box(43, 88, 57, 96, _WOOD)


def draw_house(brush: Brush, palette: Palette) -> None:
    wall = mix(_WHITE, palette.accents[1], 0.3)
    brush.box(66, 26, 75, 50, mix(_STONE, _BLACK, 0.25))
    brush.box(20, 54, 80, 95, wall)
    brush.polygon([(12, 57), (50, 22), (88, 57)], palette.accents[0])
    brush.polygon([(12, 57), (50, 22), (50, 28), (18, 57)], mix(palette.accents[0], _WHITE, 0.2))
    brush.box(43, 70, 57, 95, _WOOD, radius=3)
    brush.circle(54, 83, 1, (255, 220, 120))
    for x in (26, 62):
        brush.box(x, 66, x + 12, 79, mix(_WOOD, _BLACK, 0.2), radius=1)
        brush.box(x + 1.2, 67.2, x + 10.8, 77.8, (255, 226, 150))
        brush.line([(x + 6, 67), (x + 6, 78)], 0.9, _WOOD)
    brush.circle(50, 44, 4.5, (255, 226, 150))


def draw_lighthouse(brush: Brush, palette: Palette) -> None:
    red = palette.accents[0]
    brush.blob([(20, 97), (32, 88), (50, 86), (70, 88), (82, 97)], mix(_STONE, _BLACK, 0.4))
    brush.polygon([(38, 92), (42.5, 28), (57.5, 28), (62, 92)], _WHITE)
    for top, bottom in ((36, 47), (58, 69), (80, 91)):
        left, right = 42.5 - (top - 28) * 0.07, 57.5 + (top - 28) * 0.07
        brush.polygon([(left, top), (right, top), (right + 0.8, bottom), (left - 0.8, bottom)], red)
    brush.box(39, 25, 61, 28.5, _BLACK, radius=1)
    brush.box(44, 13, 56, 25, (255, 236, 160))
    brush.polygon([(41, 13), (50, 3), (59, 13)], red)


def draw_cup(brush: Brush, palette: Palette) -> None:
    china = palette.accents[0]
    for x in (40, 50, 60):
        brush.line([(x, 38), (x - 3, 30), (x + 3, 22), (x, 14)], 1.8, mix(_WHITE, palette.sky[2], 0.4))
    brush.line(arc((74, 66), 11, 11, -90, 90), 5, china)
    brush.blob([(24, 48), (76, 48), (75, 72), (66, 90), (34, 90), (25, 72)], china)
    brush.ellipse(50, 48, 26, 6, mix(china, _WHITE, 0.35))
    brush.ellipse(50, 48.6, 23, 4.6, (86, 52, 34))
    brush.ellipse(50, 92, 34, 4.5, mix(china, _WHITE, 0.55))


def draw_balloon(brush: Brush, palette: Palette) -> None:
    """Draw a hot-air balloon: what is shown where the prompt names nothing that can be drawn."""
    first, second = palette.accents
    brush.blob(
        [(50, 2), (76, 12), (84, 34), (70, 58), (56, 72), (44, 72), (30, 58), (16, 34), (24, 12)], first
    )
    for half, colour in ((24, mix(second, _WHITE, 0.15)), (14, first), (5, mix(second, _WHITE, 0.15))):
        brush.blob(
            [
                (50, 2),
                (50 + half, 14),
                (50 + half * 1.12, 34),
                (50 + half * 0.7, 58),
                (50 + half * 0.2, 72),
                (50 - half * 0.2, 72),
                (50 - half * 0.7, 58),
                (50 - half * 1.12, 34),
                (50 - half, 14),
            ],
            colour,
        )
    for x in (44.5, 55.5):
        brush.line([(x, 71), (x + (50 - x) * 0.2, 84)], 0.6, _WOOD)
    brush.box(44, 84, 56, 94, _WOOD, radius=2)
    brush.box(43.4, 83.4, 56.6, 86, mix(_WOOD, _WHITE, 0.3), radius=1)
