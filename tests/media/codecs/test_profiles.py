"""Pictures of every colour space become sRGB when they are written anew, whatever their mode."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.media.codecs.pictures import convert_picture, shrink_picture
from bot.media.codecs.probing import probe
from tests.media.codecs.profiles import ADOBE, P3, grey_profile, ink_profile, rgb_profile
from tests.media.pictures import colour

_CASES = Path(__file__).parents[4] / "shared" / "cases"
_PAINT = (200, 60, 40)
#: light of a space as light of sRGB
_FROM_P3 = ((1.2249, -0.2249, 0.0), (-0.0421, 1.0421, 0.0), (-0.0196, -0.0786, 1.0983))
_FROM_ADOBE = ((1.3984, -0.3984, 0.0), (0.0, 1.0, 0.0), (0.0, -0.0429, 1.0429))


def _shown(paint: tuple[int, ...], matrix: Any, gamma: float | None = None) -> tuple[int, ...]:
    """Without a gamma it is the curve of sRGB."""
    levels = [part / 255 for part in paint]
    light = [_light(one) if gamma is None else one**gamma for one in levels]
    mixed = (sum(a * b for a, b in zip(row, light, strict=True)) for row in matrix)
    return tuple(_srgb(max(0.0, one)) for one in mixed)


def _srgb(light: float) -> int:
    return round(255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))


def _light(level: float) -> float:
    return level / 12.92 if level <= 0.04045 else float(((level + 0.055) / 1.055) ** 2.4)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _png(image: Image.Image, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG with chunks of its own behind its header."""
    content = _saved(image, "PNG")
    more = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return content[:33] + more + content[33:]


def _flat(mode: str = "RGB") -> Image.Image:
    return Image.new("RGB", (64, 48), _PAINT).convert(mode, palette=Image.Palette.ADAPTIVE)


def _converted(content: bytes, folder: Path) -> Image.Image:
    (folder / "a").write_bytes(content)
    convert_picture(folder / "a", folder / "b", 10_000_000)
    with Image.open(folder / "b") as image:
        image.load()
    assert not {"icc_profile", "gamma", "chromaticity"} & set(image.info)
    return image


def _check(content: bytes, expected: tuple[int, ...], folder: Path) -> None:
    assert pytest.approx(expected, abs=3) == colour(_converted(content, folder), (30, 20))
    shrink_picture(folder / "a", folder / "c", 10_000_000)
    with Image.open(folder / "c") as image:
        assert pytest.approx(expected, abs=3) == colour(image, (30, 20))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("HEIF", {"quality": 100})]
)
@pytest.mark.parametrize("space", [(P3, _FROM_P3), (ADOBE, _FROM_ADOBE)], ids=["P3", "Adobe RGB"])
def test_a_profile_is_obeyed_with_and_without_alpha(
    space: Any, kind: str, options: dict[str, Any], mode: str, tmp_path: Path
) -> None:
    primaries, matrix = space
    content = _saved(_flat(mode), kind, icc_profile=rgb_profile(primaries, 2.2), **options)
    _check(content, _shown(_PAINT, matrix, 563 / 256), tmp_path)


def test_transparent_pictures_are_converted_by_their_profile(tmp_path: Path) -> None:
    image = _flat()
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    found = _converted(_saved(image, "PNG", icc_profile=rgb_profile(P3, 2.2)), tmp_path)
    assert "RGBA" == found.mode
    assert pytest.approx(_shown(_PAINT, _FROM_P3, 563 / 256), abs=3) == colour(found, (30, 20))
    assert image.getchannel("A").tobytes() == found.getchannel("A").tobytes()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_jpeg_or_a_palette_with_a_profile_is_converted(kind: str, tmp_path: Path) -> None:
    image = _flat("P" if kind == "PNG" else "RGB")
    options = {} if kind == "PNG" else {"quality": 100}
    stored = colour(image, (30, 20))
    content = _saved(image, kind, icc_profile=rgb_profile(ADOBE, 2.2), **options)
    _check(content, _shown(stored, _FROM_ADOBE, 563 / 256), tmp_path)


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_a_grey_profile_is_obeyed(mode: str, tmp_path: Path) -> None:
    level: Any = {"L": 100, "LA": (100, 255), "I;16": 100 * 257}[mode]
    image = Image.new(mode, (64, 48), level)
    content = _saved(image, "PNG", icc_profile=grey_profile(1.5))
    _check(content, (_srgb((100 / 255) ** 1.5),) * 3, tmp_path)


def test_inks_are_shown_as_their_profile_says(tmp_path: Path) -> None:
    image = Image.new("CMYK", (64, 48), (255, 0, 0, 0))
    # L* 53, a* 80, b* 67 is the red of sRGB.
    content = _saved(image, "JPEG", quality=100, icc_profile=ink_profile(cyan=(136, 208, 195)))
    red, green, blue = colour(_converted(content, tmp_path), (30, 20))
    assert red > 240
    assert max(green, blue) < 30
    assert not probe(tmp_path / "a").plain


@pytest.mark.parametrize("profile", [ink_profile(cyan=(0, 0, 0)), b"garbage"])
def test_a_profile_of_another_kind_is_ignored(profile: bytes, tmp_path: Path) -> None:
    content = _saved(_flat(), "WEBP", lossless=True, icc_profile=profile)
    _check(content, _PAINT, tmp_path)


@pytest.mark.parametrize("mode", ["RGB", "P", "L", "RGBA"])
def test_the_gamma_of_a_png_is_obeyed(mode: str, tmp_path: Path) -> None:
    image = _flat(mode)
    stored = colour(image, (30, 20))
    content = _png(image, (b"gAMA", struct.pack(">I", 100_000)))
    _check(content, tuple(_srgb(part / 255) for part in stored), tmp_path)


def _places(*numbers: float) -> bytes:
    return struct.pack(">8I", *(round(one * 100_000) for one in numbers))


_P3_PLACES = _places(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
_SRGB_PLACES = _places(0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
_USUAL = (b"gAMA", struct.pack(">I", 45_455))


def test_the_primaries_of_a_png_are_obeyed(tmp_path: Path) -> None:
    content = _png(_flat(), _USUAL, (b"cHRM", _P3_PLACES))
    _check(content, _shown(_PAINT, _FROM_P3), tmp_path)


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100_000))],
        [_USUAL, (b"cHRM", _SRGB_PLACES)],
        [_USUAL],
        [(b"cHRM", _places(*[0.0] * 8)), _USUAL],
        [(b"gAMA", bytes(4))],
        [(b"cICP", bytes((1, 13, 0, 1))), (b"gAMA", struct.pack(">I", 100_000))],
    ],
)
def test_what_means_srgb_or_nothing_changes_nothing(
    chunks: list[tuple[bytes, bytes]], tmp_path: Path
) -> None:
    _check(_png(_flat(), *chunks), _PAINT, tmp_path)
    assert probe(tmp_path / "a").plain


def test_code_points_of_a_png_are_obeyed_before_its_profile(tmp_path: Path) -> None:
    content = _saved(_flat(), "PNG", icc_profile=rgb_profile(ADOBE, 2.2))
    told = b"cICP" + bytes((12, 13, 0, 1))
    told = struct.pack(">I", 4) + told + struct.pack(">I", zlib.crc32(told))
    _check(content[:33] + told + content[33:], _shown(_PAINT, _FROM_P3), tmp_path)
    assert not probe(tmp_path / "a").plain


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_code_points_of_heic_and_avif_are_obeyed(kind: str, tmp_path: Path) -> None:
    content = bytearray(_saved(_flat(), kind, quality=100))
    at = content.index(b"colrnclx") + 8
    content[at : at + 2] = (12).to_bytes(2, "big")
    _check(bytes(content), _shown(_PAINT, _FROM_P3), tmp_path)


@pytest.mark.parametrize(("transfer", "level"), [(16, 148), (18, 191)])
def test_a_picture_in_hdr_is_tone_mapped(transfer: int, level: int, tmp_path: Path) -> None:
    """The level is that of paper's white (ITU-R BT.2408)."""
    content = _png(Image.new("RGB", (64, 48), (level,) * 3), (b"cICP", bytes((9, transfer, 0, 1))))
    red, green, blue = colour(_converted(content, tmp_path), (30, 20))
    assert 225 < red < 250
    assert max(red, green, blue) - min(red, green, blue) <= 2


def test_sixteen_bits_of_colour_keep_them(tmp_path: Path) -> None:
    """Pillow writes none: a PNG of 16 bits by hand, with a gamma of 1."""
    head = struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0)
    row = b"\0" + struct.pack(">3H", *(part * 257 for part in _PAINT)) * 2
    chunks = (
        (b"IHDR", head),
        (b"gAMA", struct.pack(">I", 100_000)),
        (b"IDAT", zlib.compress(row * 2)),
        (b"IEND", b""),
    )
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    found = colour(_converted(content, tmp_path), (1, 1))
    assert pytest.approx([_srgb(part / 255) for part in _PAINT], abs=3) == found


@pytest.mark.skipif(not _CASES.exists(), reason="the cases lie beside the repository")
def test_the_case_is_shown_right(tmp_path: Path) -> None:
    assert "RGB" == _converted((_CASES / "p3_opaque_alpha.heic").read_bytes(), tmp_path).mode
    _check((_CASES / "p3_opaque_alpha.heic").read_bytes(), (217, 42, 23), tmp_path)
