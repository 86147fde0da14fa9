"""Reading pictures that come from outside; runs in a worker process only."""

from pathlib import Path

from PIL import Image, ImageOps

from bot.providers.simulator.errors import Unreadable

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
#: width times height
_PIXELS_MAX = 50_000_000


def check_picture(path: Path) -> str | None:
    """Decode a picture whole, to know that it can be painted from; answers why it cannot, else None."""
    try:
        open_picture(path)
    except Unreadable as error:
        return str(error)
    return None


def open_picture(path: Path) -> Image.Image:
    """Read a picture as RGB, upright, on white where it is transparent. Raises Unreadable."""
    try:
        with Image.open(path, formats=_FORMATS) as picture:
            _check_size(picture)
            upright = ImageOps.exif_transpose(picture)
            if not upright.has_transparency_data:
                return upright.convert("RGB")
            layer = upright.convert("RGBA")
            white = Image.new("RGBA", layer.size, "white")
            return Image.alpha_composite(white, layer).convert("RGB")
    except (Unreadable, MemoryError):
        raise
    except OSError as error:
        if error.errno is not None:
            raise  # the disk's fault: what Pillow raises itself has no number
        raise Unreadable("This is not a picture that can be read.") from error
    except Exception as error:  # a broken file makes decoders raise anything at all
        raise Unreadable("This is not a picture that can be read.") from error


def _check_size(picture: Image.Image) -> None:
    if picture.width * picture.height > _PIXELS_MAX:
        raise Unreadable("The picture has too many pixels.")
