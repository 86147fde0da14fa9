"""Reads pictures from outside; runs in a worker process only."""

from contextlib import suppress
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

from simulator.errors import FileUnreadable

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
#: width times height
_PIXELS_MAX = 50_000_000


def check_image(path: Path) -> str | None:
    """Decode a picture completely; returns why it cannot be used, or None."""
    try:
        open_image(path)
    except FileUnreadable as error:
        return str(error)
    return None


def open_image(path: Path) -> Image.Image:
    """Read a picture as RGB, upright, on white where it is transparent. Raises FileUnreadable."""
    try:
        with Image.open(path, formats=_FORMATS) as picture:
            if picture.width * picture.height <= _PIXELS_MAX:
                return _plain(ImageOps.exif_transpose(picture), picture.info.get("icc_profile"))
    except MemoryError:
        raise
    except Exception as error:  # decoders raise anything for a broken file
        if isinstance(error, OSError) and error.errno is not None:
            raise  # an error of the disk: errors of Pillow itself have no errno
        raise FileUnreadable("This is not a picture that can be read.") from error
    raise FileUnreadable("The picture has too many pixels.")


def _plain(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert to sRGB on white; a profile that is broken or of another colour space is ignored."""
    if picture.mode.startswith("I"):
        # Pillow would clip 16 bits of grey instead of dividing them.
        picture = picture.convert("I").point(lambda level: level / 256).convert("L")
    shown = picture.convert("RGBA")
    if profile:
        plain = picture if picture.mode in ("L", "CMYK") else picture.convert("RGB")
        with suppress(ImageCms.PyCMSError, OSError):
            source, srgb = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
            if found := ImageCms.profileToProfile(plain, source, srgb, outputMode="RGB"):
                found.putalpha(shown.getchannel("A"))
                shown = found
    return Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown).convert("RGB")
