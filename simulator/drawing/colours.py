"""Colours, and the palettes that give a scene its time of day and mood."""

from dataclasses import dataclass

from PIL import Image, ImageStat

Colour = tuple[int, int, int]

#: below this brightness of the sky it is night
_NIGHTFALL = 0.34


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Go from `one` (share 0) to `other` (share 1)."""
    return (
        round(one[0] + (other[0] - one[0]) * share),
        round(one[1] + (other[1] - one[1]) * share),
        round(one[2] + (other[2] - one[2]) * share),
    )


def brightness(colour: Colour) -> float:
    """How bright a colour looks, from 0 to 1."""
    return (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]) / 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    #: zenith, middle and horizon
    sky: tuple[Colour, Colour, Colour]
    #: sun or moon
    light: Colour
    #: the farthest and the nearest land
    far: Colour
    near: Colour
    water: Colour
    #: what catches the eye: balloons, roofs, cars
    accents: tuple[Colour, Colour]

    @property
    def dark(self) -> bool:
        return brightness(self.sky[1]) < _NIGHTFALL


def _hex(colours: str) -> list[Colour]:
    return [(code >> 16, code >> 8 & 255, code & 255) for code in (int(c, 16) for c in colours.split())]


def _palette(colours: str) -> Palette:
    top, middle, horizon, light, far, near, water, first, second = _hex(colours)
    return Palette(
        sky=(top, middle, horizon), light=light, far=far, near=near, water=water, accents=(first, second)
    )


#: by mood: zenith, middle, horizon, light, far land, near land, water, two accents
PALETTES: dict[str, Palette] = {
    "dawn": _palette("4a5fa5 de93a6 ffd9ae fff4d6 b394b4 3d4a73 8d8bb8 ee6c5c ffd07a"),
    "sunset": _palette("33266b c94c6e ffb066 ffe9a8 9a5780 331b45 8d4a7a ff7a4d ffd166"),
    "noon": _palette("2f7fc9 82c0ea e3f3f5 fffbe2 8fb9bd 2f7a55 3f93b8 e8503f ffd24a"),
    "night": _palette("080d29 18285f 4f6aa8 f6f1dc 33498a 0b142f 22386f f2b84b 7fd1ff"),
    "aurora": _palette("07142c 12505f 74c9a4 eef7e6 2c6a74 081e2c 1c5a66 9bf0c0 c38cff"),
    "autumn": _palette("5f86b4 e4b98a fbe4b6 fff3d0 c08d68 7c3a1f 8e8f8a d9482b f2a93b"),
    "winter": _palette("6f97c6 b9d2e8 f5f1f0 ffffff a9bfd8 dfe9f3 8fb3cf d8434e 3d6fb0"),
    "neon": _palette("150a3c 6a1a86 ff6aa0 ffe08a 5a2390 160a35 4b1f86 2de2e6 ff2fa0"),
    "forest": _palette("4f8f94 a5cfae eef3cf fffbe0 82ae95 1d4f3c 5c9c93 e2574c f4c95d"),
    "desert": _palette("3f93c2 f1cf9c ffe6bd fffae0 d9a377 a3562f 8fb8b0 c8402f 2f9c95"),
    "spring": _palette("77aee6 c9d6f5 ffe6ec fffdf0 a8bfc0 5c9a5a 8bb8d6 ef6f9a ffd75e"),
    "sea": _palette("1d6fa8 6fc3d8 dff5ea fffde4 6aa9b8 e2c48d 2390a8 ff6f59 ffd166"),
    "space": _palette("04040f 0f1238 3a2a66 fbeecb 4a4478 2b2944 241f4d ff9f59 6fe0ff"),
}


def _named(table: str) -> dict[str, Colour]:
    names, codes = table.split()[::2], table.split()[1::2]
    return dict(zip(names, _hex(" ".join(codes)), strict=True))


#: the colours that a prompt may give to its subject
NAMED_COLOURS = _named(
    "red d93a32 orange f08a2e yellow f7cf46 gold e8b53a green 3f9b56 teal 1f9a94 blue 2f6fd0"
    " purple 7d4bb8 pink ee78a6 brown 8a5a3a white f4f2ec black 33333c grey 9aa0aa gray 9aa0aa"
)


def palette_of(picture: Image.Image) -> Palette:
    """Take a scene's colours from a picture: its sky from above, its land from below."""
    small = picture.resize((16, 16), Image.Resampling.BOX)
    above, middle, horizon, land, ground = (
        _average(small.crop((0, top, 16, bottom)))
        for top, bottom in ((0, 3), (3, 6), (6, 9), (9, 12), (12, 16))
    )
    vivid = sorted(_dominant(picture), key=_vividness, reverse=True)
    return Palette(
        sky=(above, middle, horizon),
        light=mix(max((above, middle, horizon, *vivid), key=brightness), (255, 250, 230), 0.6),
        far=mix(horizon, land, 0.6),
        near=mix(ground, (0, 0, 0), 0.25),
        water=mix(middle, land, 0.5),
        accents=(vivid[0], vivid[1]),
    )


def _average(picture: Image.Image) -> Colour:
    red, green, blue = ImageStat.Stat(picture).mean
    return round(red), round(green), round(blue)


def _dominant(picture: Image.Image) -> list[Colour]:
    quantised = picture.resize((48, 48), Image.Resampling.BOX).quantize(8)
    codes = (quantised.getpalette() or [])[: 8 * 3]
    colours = [(codes[at], codes[at + 1], codes[at + 2]) for at in range(0, len(codes) - 2, 3)]
    return [*colours, (230, 90, 80), (250, 205, 110)]


def _vividness(colour: Colour) -> int:
    return max(colour) - min(colour)
