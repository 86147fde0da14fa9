"""Converts pictures to sRGB by their colour metadata. Runs inside a sandboxed process."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageFile, ImageFilter

from bot.media.codecs.color_spaces import SRGB_GAMUT, Gamut, Space, space_of, srgb_signal, srgb_space, table
from bot.media.codecs.limits import png_chunk
from bot.media.sniff import mime_of

#: entries per side of the 3D lookup table; values between them are interpolated
_STEPS = 49
#: bytes at the start of an ISO file that are searched for its colour box
_PROPERTIES = 1 << 18
_NCLX = b"colrnclx"
#: the gamma of sRGB, and the deviation within which a gamma counts as sRGB's
_SRGB_GAMMA, _NEAR_GAMMA = 0.45455, 0.02
#: the deviation within which primaries count as those of sRGB
_NEAR_PLACE = 0.005
#: colour space of an ICC profile by the Pillow mode that it applies to
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def code_points(path: Path) -> tuple[int, int] | None:
    """Primaries and transfer function of a file as ITU-T H.273 code points; None if it has none."""
    mime = mime_of(path)
    if mime == "image/png":
        chunk = png_chunk(path, b"cICP")
        return (chunk[0], chunk[1]) if chunk is not None and len(chunk) == 4 and chunk[2] == 0 else None  # noqa: PLR2004
    if mime not in {"image/heic", "image/heif", "image/avif"}:
        return None
    with path.open("rb") as file:
        beginning = file.read(_PROPERTIES)
    at = beginning.find(_NCLX)
    values = beginning[at + len(_NCLX) : at + len(_NCLX) + 4]
    if at < 0 or len(values) < 4:  # noqa: PLR2004
        return None
    return int.from_bytes(values[:2], "big"), int.from_bytes(values[2:], "big")


def is_sdr(points: tuple[int, int] | None) -> bool:
    """Whether code points mean SDR, which needs no conversion."""
    return points is None or space_of(*points) is None


def in_srgb(picture: Image.Image, source: ImageFile.ImageFile, points: tuple[int, int] | None) -> Image.Image:
    """Convert a picture to sRGB: RGBA if it can be transparent, else RGB.

    The colour metadata of `source` has the same precedence as in browsers: cICP of a PNG, ICC profile, code
    points of other formats, gamma of a PNG.
    """
    info = dict(source.info)
    if points is not None and source.format == "PNG":
        info.pop("icc_profile", None)
    alpha = None
    if picture.mode.startswith("I"):
        # 16-bit greyscale: Pillow would clip values above 255 instead of scaling them.
        picture = picture.convert("I").point(lambda level: level / 256).convert("L")
    if picture.has_transparency_data:
        alpha = picture.convert("RGBA").getchannel("A")
        picture = picture.getchannel("L") if picture.mode == "LA" else picture.convert("RGBA").convert("RGB")
    shown = _converted(picture, info, points).convert("RGB")
    # Otherwise Pillow would write the profile, which has been applied, into the new file.
    shown.info.clear()
    if alpha is not None:
        shown.putalpha(alpha)
    return shown


def _converted(picture: Image.Image, info: Mapping[Any, Any], points: tuple[int, int] | None) -> Image.Image:
    if profile := info.get("icc_profile"):
        return _by_profile(picture, profile)
    if points is not None:
        space = space_of(*points)
        return picture if space is None else _by_table(picture.convert("RGB"), space)
    if "srgb" not in info and "gamma" in info:
        return _by_gamma(picture, info["gamma"], info.get("chromaticity"))
    return picture


def _by_profile(picture: Image.Image, profile: bytes) -> Image.Image:
    try:
        space = ImageCms.ImageCmsProfile(BytesIO(profile))
        mode = _MODES.get(space.profile.xcolor_space)
        if mode is None or (picture.mode == "CMYK") != (mode == "CMYK"):
            return picture
        screen = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(picture.convert(mode), space, screen, outputMode="RGB") or picture
    except (ImageCms.PyCMSError, OSError):
        return picture  # other viewers ignore a broken profile too


def _by_table(picture: Image.Image, space: Space) -> Image.Image:
    numbers = [level for colour in table(space, _STEPS) for level in colour]
    return picture.filter(ImageFilter.Color3DLUT(_STEPS, numbers))


def _by_gamma(picture: Image.Image, gamma: float, places: tuple[float, ...] | None) -> Image.Image:
    """Apply a PNG's gAMA and cHRM; gamma separately, because the small table is too coarse for shadows."""
    if gamma <= 0:
        return picture
    picture = picture.convert("L" if picture.mode in {"1", "L"} else "RGB")
    if abs(gamma - _SRGB_GAMMA) > _NEAR_GAMMA:
        curve = [round(255 * srgb_signal((level / 255) ** (1 / gamma))) for level in range(256)]
        picture = picture.point(curve * len(picture.getbands()))
    gamut = None if places is None else _gamut(places)
    return picture if gamut is None or picture.mode == "L" else _by_table(picture, srgb_space(gamut))


def _gamut(places: tuple[float, ...]) -> Gamut | None:
    """The cHRM primaries of a PNG, white point first; None if missing or equal to those of sRGB."""
    white, red, green, blue = ((places[at], places[at + 1]) for at in range(0, 8, 2))
    gamut = Gamut(red=red, green=green, blue=blue, white=white)
    usual = (*SRGB_GAMUT.white, *SRGB_GAMUT.red, *SRGB_GAMUT.green, *SRGB_GAMUT.blue)
    if all(abs(one - other) <= _NEAR_PLACE for one, other in zip(places, usual, strict=True)):
        return None
    area = (red[0] - blue[0]) * (green[1] - blue[1]) - (green[0] - blue[0]) * (red[1] - blue[1])
    return gamut if min(white[1], red[1], green[1], blue[1]) > 0 and area else None
