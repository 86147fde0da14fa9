"""Reads pictures from outside; runs in a worker process only."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

from simulator.errors import FileUnreadable

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
#: pixel modes by the colour space of a profile
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
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
            _check_size(picture)
            upright = _in_srgb(ImageOps.exif_transpose(_eight_bits(picture)), picture.info.get("icc_profile"))
            if not upright.has_transparency_data:
                return upright.convert("RGB")
            layer = upright.convert("RGBA")
            white = Image.new("RGBA", layer.size, "white")
            return Image.alpha_composite(white, layer).convert("RGB")
    except (FileUnreadable, MemoryError):
        raise
    except OSError as error:
        if error.errno is not None:
            raise  # an error of the disk: errors of Pillow itself have no errno
        raise FileUnreadable("This is not a picture that can be read.") from error
    except Exception as error:  # decoders raise anything for a broken file
        raise FileUnreadable("This is not a picture that can be read.") from error


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Convert 16 bits of grey to 8: Pillow would clip values above 255 instead of dividing them."""
    if not picture.mode.startswith("I"):
        return picture
    return picture.convert("I").point(lambda level: level / 256).convert("L")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert the colours to sRGB; a broken profile is ignored."""
    if not profile:
        return picture
    alpha = picture.convert("RGBA").getchannel("A") if picture.has_transparency_data else None
    try:
        space = ImageCms.ImageCmsProfile(BytesIO(profile))
        mode = _MODES.get(space.profile.xcolor_space)
        if mode is None or (picture.mode == "CMYK") != (mode == "CMYK"):
            return picture
        plain = picture if picture.mode == mode else picture.convert("RGB").convert(mode)
        shown = ImageCms.profileToProfile(plain, space, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture
    if shown is None:
        return picture
    if alpha is not None:
        shown.putalpha(alpha)
    return shown


def _check_size(picture: Image.Image) -> None:
    if picture.width * picture.height > _PIXELS_MAX:
        raise FileUnreadable("The picture has too many pixels.")
