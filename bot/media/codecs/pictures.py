"""Probes, converts and shrinks pictures. Runs inside a sandboxed process."""

import errno
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import ExifTags, Image, ImageFile
from pillow_heif import register_heif_opener

from bot.domain.errors import MediaRefused
from bot.media.codecs.color_profiles import code_points, in_srgb, is_sdr
from bot.media.codecs.limits import check_frames, check_room, check_structure
from bot.media.codecs.metadata import exif_loads, without_metadata
from bot.media.codecs.probe import Probe
from bot.media.disk import disk_errors

#: decoded, 50 megapixels are 200 MB; some decoders take twice as much
MAX_PIXELS = 50_000_000
_BYTES_A_PIXEL = 8

#: of several pictures in one JPEG (`MPO`, from phones and cameras) or HEIC the first is used
_MIMES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "HEIF": "image/heic",
    "AVIF": "image/avif",
}
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF")
_ALBUMS = frozenset({"MPO", "HEIF"})
#: Decoders that read every bit of a file also where they draw it in one eighth of its size. The verdict is
#: the same, in one tenth of the memory and half of the time.
_SCALED_DECODING, _SCALE = frozenset({"JPEG", "MPO"}), 8

#: transposition by EXIF orientation, and the orientations that swap width and height
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TURNED = frozenset({5, 6, 7, 8})
#: Pillow modes that every viewer displays alike
_PLAIN_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA"})

#: exceptions that Pillow's decoders raise for broken files, besides OSError
_BROKEN = (
    OSError,
    RuntimeError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    EOFError,
    struct.error,
    zlib.error,
)

#: errno of an OSError caused by a broken file: Pillow's own have none, and EINVAL is a seek to a bad offset
_FILES_FAULT = frozenset({None, errno.EINVAL, errno.EOVERFLOW})

#: JPEG quality at which flat colours change imperceptibly
_QUALITY = 95
#: JPEG qualities to try at each size, and the scale factor for the next size
_QUALITIES = (_QUALITY, 85, 75)
_STEP = 0.75
#: smallest useful long side in pixels
_SMALLEST = 320
#: long side of a thumbnail in pixels: sharp on dense screens where it is shown in half its size
_THUMBNAIL = 320


def probe_picture(path: Path, max_pixels: int = MAX_PIXELS) -> Probe:
    """Decode a JPEG, PNG, WebP, GIF, HEIC or AVIF completely.

    Raises MediaRefused if it is broken or larger than `max_pixels`.
    """
    with _opened(path, max_pixels) as (image, sound):
        width, height = image.size
        animated = _moves(image)
        if image.format in _SCALED_DECODING:
            image.draft(None, (max(1, width // _SCALE), max(1, height // _SCALE)))
        _decode(image, max_pixels if animated else 0)
        orientation, readable = _orientation(image)
        if orientation in _TURNED:
            width, height = height, width
        mime = _MIMES[image.format or ""]
        plain = (
            sound
            and readable
            and orientation not in _UPRIGHT
            and image.mode in _PLAIN_MODES
            and is_sdr(code_points(path))
        )
    return Probe(mime=mime, width=width, height=height, animated=animated, plain=plain)


def convert_picture(source: Path, target: Path, max_bytes: int) -> None:
    """Convert a still picture to an upright JPEG or PNG without metadata, of at most `max_bytes`.

    Transparent pictures and those from PNG or GIF become PNG if that is small enough, all others JPEG. Raises
    MediaRefused for an animated one.
    """
    with _opened(source, MAX_PIXELS) as (image, _):
        drawn = image.format in {"PNG", "GIF"}
        picture = _still(image, code_points(source))
    if (picture.mode == "RGBA" or drawn) and source.stat().st_size <= max_bytes:
        content = BytesIO()
        picture.save(content, "PNG")
        if content.tell() <= max_bytes:
            _write(content, target)
            return
    _write(_fitting_jpeg(picture, max_bytes), target)


def shrink_picture(source: Path, target: Path, max_bytes: int) -> None:
    """Convert a picture to a JPEG of at most `max_bytes`; raises MediaRefused if it would get too small."""
    with _opened(source, MAX_PIXELS) as (image, _):
        picture = _still(image, code_points(source))
    _write(_fitting_jpeg(picture, max_bytes), target)


def draw_thumbnail(source: Path, target: Path) -> None:
    """Write a small JPEG of a picture."""
    with _opened(source, MAX_PIXELS) as (image, _):
        picture = _on_white(_still(image, code_points(source)))
    picture.thumbnail((_THUMBNAIL, _THUMBNAIL), Image.Resampling.LANCZOS)
    content = BytesIO()
    picture.save(content, "JPEG", quality=_QUALITIES[1])
    _write(content, target)


def open_upright(source: Path) -> Image.Image:
    """The picture as shown, without transparency."""
    with _opened(source, MAX_PIXELS) as (image, _):
        return _still(image, code_points(source)).convert("RGB")


def save_jpeg(picture: Image.Image, target: Path) -> None:
    content = BytesIO()
    picture.convert("RGB").save(content, "JPEG", quality=_QUALITY)
    _write(content, target)


@contextmanager
def _opened(path: Path, max_pixels: int) -> Iterator[tuple[ImageFile.ImageFile, bool]]:
    """Open a picture without its unreadable metadata; the second value is whether all of it was readable."""
    register_heif_opener()
    check_structure(path)
    with _translated(max_pixels):
        content, sound = without_metadata(path, max_pixels) or (None, True)
        file = path if content is None else BytesIO(content)
        with Image.open(file, formats=_FORMATS) as image:
            # The size is in the header, so this is checked before decoding.
            if image.width * image.height > max_pixels:
                raise _too_large(max_pixels)
            yield image, sound


def _orientation(image: ImageFile.ImageFile) -> tuple[int | None, bool]:
    """The EXIF orientation of a picture, and whether its EXIF data are readable."""
    data = image.info.get("exif")
    if data and not exif_loads(data):
        return None, False
    return image.getexif().get(ExifTags.Base.Orientation), True


def _moves(image: ImageFile.ImageFile) -> bool:
    return image.format not in _ALBUMS and bool(getattr(image, "is_animated", False))


def _decode(image: ImageFile.ImageFile, budget: int) -> None:
    """Decode the picture, of an animated one as many frames as fit in `budget` pixels."""
    image.load()
    if not budget:
        return
    frames = getattr(image, "n_frames", 1)
    check_frames(frames)
    for frame in range(1, min(frames, budget // max(1, image.width * image.height))):
        image.seek(frame)
        image.load()
    image.seek(0)


def _still(image: ImageFile.ImageFile, points: tuple[int, int] | None) -> Image.Image:
    """The upright picture in sRGB: RGBA if any pixel is transparent, else RGB."""
    if _moves(image):
        raise MediaRefused("This picture is animated: send a video as MP4, or a still picture.")
    image.load()
    orientation, _ = _orientation(image)
    turn = _UPRIGHT.get(orientation or 0)
    picture = in_srgb(image if turn is None else image.transpose(turn), image, points)
    # Screenshots often have an alpha channel without a transparent pixel.
    opaque = picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255)
    return picture.convert("RGB") if opaque else picture


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")


def _fitting_jpeg(picture: Image.Image, max_bytes: int) -> BytesIO:
    picture = _on_white(picture)
    long_side = max(picture.size)
    while True:
        for quality in _QUALITIES:
            content = BytesIO()
            picture.save(content, "JPEG", quality=quality)
            if content.tell() <= max_bytes:
                return content
        long_side = int(long_side * _STEP)
        if long_side < _SMALLEST:
            raise MediaRefused(f"This picture cannot be made as small as {max_bytes / 1e6:.3g} MB.")
        picture.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)


def _write(content: BytesIO, target: Path) -> None:
    with disk_errors():
        target.write_bytes(content.getbuffer())


def _too_large(max_pixels: int) -> MediaRefused:
    return MediaRefused(f"This picture is too large: at most {max_pixels / 1e6:g} megapixels are accepted.")


@contextmanager
def _translated(max_pixels: int) -> Iterator[None]:
    try:
        with warnings.catch_warnings(action="ignore"):
            # Pillow warns of many small defects in pictures that can still be displayed.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(max_pixels) from error
    except _BROKEN as error:
        if isinstance(error, OSError) and error.errno not in _FILES_FAULT:
            raise
        check_room(_BYTES_A_PIXEL * max_pixels)
        raise MediaRefused("This picture is broken or not complete.") from error
