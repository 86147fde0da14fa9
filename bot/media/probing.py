"""What a file really is, found out by decoding it. Runs inside a worker process."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from bot.domain.errors import MediaRefused

#: decoded, 50 megapixels are 200 MB
MAX_PIXELS = 50_000_000

#: several pictures in one JPEG (`MPO`, from phones and cameras) are shown as their first
_MIMES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
}

#: EXIF orientations in which a picture is shown lying on its side
_TURNED = frozenset({5, 6, 7, 8})

#: what Pillow's readers raise on broken files, besides OSError
_BROKEN = (
    OSError,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a picture is, whatever its name or its server says."""

    mime: str
    #: pixels, as shown: turned where the file asks for it
    width: int
    height: int
    bytes: int
    animated: bool


def probe_picture(source: str | Path | bytes, max_pixels: int = MAX_PIXELS) -> Probe:
    """Read a JPEG, PNG, WebP or GIF, by path or in memory, to its end.

    Raises MediaRefused where it is something else, broken, or larger than `max_pixels`.
    """
    file = BytesIO(source) if isinstance(source, bytes) else source
    with _translated(max_pixels), Image.open(file, formats=("JPEG", "PNG", "WEBP", "GIF")) as image:
        width, height = image.size
        # Known from the header, before anything is decoded.
        _check_size(width * height, max_pixels)
        mime = _MIMES[image.format or ""]
        animated = image.format != "MPO" and bool(getattr(image, "is_animated", False))
        _decode(image, max_pixels if animated else 0)
        if image.getexif().get(ExifTags.Base.Orientation) in _TURNED:
            width, height = height, width
    size = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
    return Probe(mime=mime, width=width, height=height, bytes=size, animated=animated)


def _check_size(pixels: int, max_pixels: int) -> None:
    if pixels > max_pixels:
        raise _too_large(max_pixels)


def _decode(image: ImageFile.ImageFile, budget: int) -> None:
    """Decode the picture, and as many frames of a moving one as `budget` pixels hold."""
    image.seek(0)
    image.load()
    if not budget:
        return
    frames = getattr(image, "n_frames", 1)
    for frame in range(1, min(frames, budget // max(1, image.width * image.height))):
        image.seek(frame)
        image.load()
    image.seek(0)


def _too_large(max_pixels: int) -> MediaRefused:
    return MediaRefused(f"This picture is too large: at most {max_pixels / 1e6:g} megapixels are accepted.")


@contextmanager
def _translated(max_pixels: int) -> Iterator[None]:
    try:
        with warnings.catch_warnings(action="ignore"):
            # Pillow warns of many small flaws that do not keep a picture from being shown.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(max_pixels) from error
    except UnidentifiedImageError as error:
        raise MediaRefused("This is not a picture: send a JPEG, PNG, WebP or GIF file.") from error
    except _BROKEN as error:
        raise MediaRefused("This picture is broken or not complete.") from error
