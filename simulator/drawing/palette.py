"""Colours, and the palettes that set the light of a scene."""

from dataclasses import dataclass, fields
from typing import Self

from PIL import Image

Colour = tuple[int, int, int]

BLACK: Colour = (30, 26, 34)
WHITE: Colour = (255, 253, 248)
#: below this brightness of the sky it is night
_NIGHT = 88


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Blend from `one` (share 0) to `other` (share 1)."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def from_hex(code: str) -> Colour:
    red, green, blue = bytes.fromhex(code)
    return red, green, blue


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    #: the sky from above to the horizon
    zenith: Colour
    sky: Colour
    horizon: Colour
    #: sun or moon, the farthest and the nearest land
    light: Colour
    far: Colour
    near: Colour
    water: Colour
    #: what catches the eye: roofs, coats, cars
    accent: Colour
    second: Colour

    @property
    def dark(self) -> bool:
        return sum(self.sky) / 3 < _NIGHT

    @classmethod
    def parse(cls, codes: str) -> Self:
        return cls(**dict(zip((f.name for f in fields(cls)), map(from_hex, codes.split()), strict=True)))

    def mixed(self, other: "Palette", share: float) -> "Palette":
        names = [field.name for field in fields(self)]
        return Palette(**{name: mix(getattr(self, name), getattr(other, name), share) for name in names})


#: by mood: zenith, sky, horizon, light, far land, near land, water, two accents
PALETTES = {
    "dawn": Palette.parse("4a5fa5 de93a6 ffd9ae fff4d6 b394b4 3d4a73 8d8bb8 ee6c5c ffd07a"),
    "sunset": Palette.parse("33266b c94c6e ffb066 ffe9a8 9a5780 331b45 8d4a7a ff7a4d ffd166"),
    "noon": Palette.parse("2f7fc9 82c0ea e3f3f5 fffbe2 8fb9bd 2f7a55 3f93b8 e8503f ffd24a"),
    "night": Palette.parse("080d29 18285f 4f6aa8 f6f1dc 33498a 0b142f 22386f f2b84b 7fd1ff"),
    "storm": Palette.parse("2b3447 5b6b7d a9b4ba eef2f0 5d6f7c 29363f 46606e e0654b f0c05a"),
    "aurora": Palette.parse("07142c 12505f 74c9a4 eef7e6 2c6a74 081e2c 1c5a66 9bf0c0 c38cff"),
    "autumn": Palette.parse("5f86b4 e4b98a fbe4b6 fff3d0 c08d68 7c3a1f 8e8f8a d9482b f2a93b"),
    "winter": Palette.parse("6f97c6 b9d2e8 f5f1f0 ffffff a9bfd8 dfe9f3 8fb3cf d8434e 3d6fb0"),
    "neon": Palette.parse("150a3c 6a1a86 ff6aa0 ffe08a 5a2390 160a35 4b1f86 2de2e6 ff2fa0"),
    "forest": Palette.parse("4f8f94 a5cfae eef3cf fffbe0 82ae95 1d4f3c 5c9c93 e2574c f4c95d"),
    "desert": Palette.parse("3f93c2 f1cf9c ffe6bd fffae0 d9a377 a3562f 8fb8b0 c8402f 2f9c95"),
    "spring": Palette.parse("77aee6 c9d6f5 ffe6ec fffdf0 a8bfc0 5c9a5a 8bb8d6 ef6f9a ffd75e"),
    "sea": Palette.parse("1d6fa8 6fc3d8 dff5ea fffde4 6aa9b8 e2c48d 2390a8 ff6f59 ffd166"),
    "underwater": Palette.parse("1f86b8 17679c 0f4577 e8fbff 14568a 0a2c50 12507f ff8a5c ffd166"),
    "space": Palette.parse("04040f 0f1238 3a2a66 fbeecb 4a4478 2b2944 241f4d ff9f59 6fe0ff"),
    "warm": Palette.parse("5b3a2e 8d5a3c c98a55 ffe2a8 7a4a33 4a2a20 6b4a3c d9703a f2c063"),
}


def palette_of(picture: Image.Image) -> Palette:
    """Take a palette from a picture: its sky from above, its land from below, its most vivid colours."""
    zenith, sky, horizon, far, near = _colours(picture, (1, 5))
    vivid = sorted(_colours(picture, (8, 8)), key=lambda colour: max(colour) - min(colour))
    return Palette(
        zenith=zenith,
        sky=sky,
        horizon=horizon,
        light=mix(horizon, WHITE, 0.6),
        far=mix(horizon, far, 0.6),
        near=mix(near, BLACK, 0.25),
        water=mix(sky, far, 0.5),
        accent=vivid[-1],
        second=vivid[-9],
    )


def _colours(picture: Image.Image, size: tuple[int, int]) -> list[Colour]:
    """Average colours of a picture that is divided into so many fields, row by row."""
    pixels = picture.resize(size, Image.Resampling.BOX).tobytes()
    return list(zip(pixels[::3], pixels[1::3], pixels[2::3], strict=True))
