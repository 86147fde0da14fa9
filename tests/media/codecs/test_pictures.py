"""A picture that is written anew is upright, in plain colours, without metadata, and fits."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import ExifTags, Image, ImageCms, ImageDraw

from bot.domain.errors import MediaRefused
from bot.media.codecs.pictures import convert_picture, shrink_picture
from tests.media.pictures import colour, moving_picture, picture

LARGE = 10_000_000


def _write(folder: Path, content: bytes) -> Path:
    path = folder / "source"
    path.write_bytes(content)
    return path


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _converted(source: Path, max_bytes: int = LARGE) -> Image.Image:
    target = source.with_name("target")
    convert_picture(source, target, max_bytes)
    with Image.open(target) as image:
        image.load()
        return image


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("HEIF", "JPEG"), ("AVIF", "JPEG"), ("WEBP", "JPEG"), ("JPEG", "JPEG"), ("GIF", "PNG"), ("PNG", "PNG")],
)
def test_every_still_picture_is_converted_to_jpeg_or_png(kind: str, expected: str, tmp_path: Path) -> None:
    image = _converted(_write(tmp_path, picture(kind)))
    assert (expected, (64, 48), "RGB") == (image.format, image.size, image.mode)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_rotated_picture_is_turned_upright(orientation: int, tmp_path: Path) -> None:
    """The red corner is at the top left when it is shown as its EXIF data ask for."""
    shown = Image.new("RGB", (64, 48), "white")
    ImageDraw.Draw(shown).rectangle((0, 0, 15, 15), "red")
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "a camera"
    lying = _saved(shown.transpose(undo[orientation]), "JPEG", exif=exif, quality=95)
    image = _converted(_write(tmp_path, lying))
    assert (64, 48) == image.size
    assert (250, 5, 5) == pytest.approx(colour(image, (6, 6)), abs=25)
    assert (255, 255, 255) == pytest.approx(colour(image, (57, 41)), abs=25)
    assert {} == dict(image.getexif())


def test_metadata_with_places_and_names_is_removed(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 0.0)
    exif[ExifTags.Base.Artist] = "somebody"
    convert_picture(_write(tmp_path, picture("HEIF", exif=exif.tobytes())), tmp_path / "target", LARGE)
    content = (tmp_path / "target").read_bytes()
    assert b"Exif" not in content
    assert b"somebody" not in content


def test_transparency_is_kept_and_an_opaque_alpha_channel_is_not(tmp_path: Path) -> None:
    for paint, mode in (((255, 0, 0, 100), "RGBA"), ((255, 0, 0, 255), "RGB")):
        content = _saved(Image.new("RGBA", (64, 48), paint), "WEBP", lossless=True)
        assert mode == _converted(_write(tmp_path, content)).mode


def test_colours_of_other_spaces_are_brought_to_the_usual_one(tmp_path: Path) -> None:
    """In a space whose red is our green, a red picture is a green one."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    image = Image.new("RGB", (64, 48), (200, 30, 60))
    content = _saved(image, "WEBP", lossless=True, icc_profile=bytes(profile))
    converted = _converted(_write(tmp_path, content))
    assert (30, 200, 60) == pytest.approx(colour(converted, (9, 9)), abs=8)
    assert "icc_profile" not in converted.info


def test_sixteen_bits_of_grey_keep_their_shades(tmp_path: Path) -> None:
    content = _saved(Image.new("I;16", (64, 48), 0x8000), "PNG")
    assert (128, 128, 128) == colour(_converted(_write(tmp_path, content)), (9, 9))


def test_a_broken_profile_is_ignored(tmp_path: Path) -> None:
    content = _saved(Image.new("RGB", (64, 48), "red"), "WEBP", lossless=True, icc_profile=b"no profile")
    assert (254, 0, 0) == pytest.approx(colour(_converted(_write(tmp_path, content)), (9, 9)), abs=3)


@pytest.mark.parametrize("kind", ["CMYK", "I;16", "LA", "P", "1"])
def test_every_colour_format_is_read(kind: str, tmp_path: Path) -> None:
    image = Image.new(kind, (64, 48))
    content = _saved(image, "JPEG" if kind == "CMYK" else "PNG")
    assert _converted(_write(tmp_path, content)).mode in {"RGB", "RGBA"}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_that_is_too_large_becomes_a_smaller_jpeg(kind: str, tmp_path: Path) -> None:
    source = _write(tmp_path, picture(kind, (900, 600), quality=95))
    most = source.stat().st_size // 4
    image = _converted(source, most)
    assert ("JPEG", True) == (image.format, (tmp_path / "target").stat().st_size <= most)
    assert 1.5 == pytest.approx(image.width / image.height, rel=0.01)


def test_a_large_transparent_picture_is_laid_on_white(tmp_path: Path) -> None:
    image = Image.frombytes("RGBA", (600, 400), bytes(range(256)) * 3750)
    source = _write(tmp_path, _saved(image, "PNG", compress_level=0))
    image = _converted(source, 40_000)
    assert ("JPEG", "RGB") == (image.format, image.mode)


def test_a_shrunk_picture_is_as_good_as_its_size_allows(tmp_path: Path) -> None:
    source, target = _write(tmp_path, picture("PNG", (900, 600))), tmp_path / "target"
    widths = []
    for most in (400_000, 150_000, 60_000):
        shrink_picture(source, target, most)
        assert most / 3 < target.stat().st_size <= most
        with Image.open(target) as image:
            widths.append(image.width)
    assert widths == sorted(widths, reverse=True)
    with pytest.raises(MediaRefused, match=r"cannot be made as small as 0\.005 MB"):
        shrink_picture(source, target, 5_000)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_a_moving_picture_is_refused(kind: str, tmp_path: Path) -> None:
    for use in (convert_picture, shrink_picture):
        with pytest.raises(MediaRefused, match="This picture is animated"):
            use(_write(tmp_path, moving_picture(kind)), tmp_path / "target", LARGE)
