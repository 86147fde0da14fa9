"""Reading pictures that come from outside; runs in a worker process only."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

from simulator.errors import FileUnreadable

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
#: modes of pixels, by the colour spaces of profiles
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
#: width times height
_PIXELS_MAX = 50_000_000


def check_picture(path: Path) -> str | None:
    """Decode a picture whole, to know that it can be painted from; answers why it cannot, else None."""
    try:
        open_picture(path)
    except FileUnreadable as error:
        return str(error)
    return None


def open_picture(path: Path) -> Image.Image:
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
            raise  # the disk's fault: what Pillow raises itself has no number
        raise FileUnreadable("This is not a picture that can be read.") from error
    except Exception as error:  # a broken file makes decoders raise anything at all
        raise FileUnreadable("This is not a picture that can be read.") from error


def _eight_bits(picture: Image.Image) -> Image.Image:
    """16 bits of grey as 8: Pillow would cut off what is lighter than 255, not divide."""
    if not picture.mode.startswith("I"):
        return picture
    return picture.convert("I").point(lambda level: level / 256).convert("L")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Bring a picture's colours to what is shown without a profile; a broken one is ignored."""
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
