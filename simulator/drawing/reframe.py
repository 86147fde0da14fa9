"""Puts a picture into a new frame and continues it over its edges."""

from PIL import Image, ImageFilter, ImageOps

from simulator.drawing.spec import Placement

#: the surroundings are drawn this much smaller, then blurred and enlarged
_SHRINK = 4


def reframe(
    picture: Image.Image, size: tuple[int, int], placement: Placement, resampling: Image.Resampling
) -> Image.Image:
    source = _cropped(picture, placement)
    source = source.resize(_shown_size(source.size, size, placement), resampling)
    left = (size[0] - source.width) // 2 if placement.x is None else placement.x
    top = (size[1] - source.height) // 2 if placement.y is None else placement.y
    framed = _surroundings(source, size, (left, top))
    framed.paste(source, (left, top))
    return framed


def _cropped(picture: Image.Image, placement: Placement) -> Image.Image:
    left, top, right, bottom = placement.crop
    left, top = min(left or 0, picture.width - 1), min(top or 0, picture.height - 1)
    right = min(picture.width if right is None else right, picture.width)
    bottom = min(picture.height if bottom is None else bottom, picture.height)
    return picture.crop((left, top, max(right, left + 1), max(bottom, top + 1)))


def _shown_size(source: tuple[int, int], frame: tuple[int, int], placement: Placement) -> tuple[int, int]:
    """Return the size as asked, else as large as fits; distorted only if both sides are asked for."""
    width, height = placement.width, placement.height
    if width and height:
        return width, height
    if width:
        scale = width / source[0]
    elif height:
        scale = height / source[1]
    else:
        scale = min(frame[0] / source[0], frame[1] / source[1])
    return max(1, round(source[0] * scale)), max(1, round(source[1] * scale))


def _surroundings(source: Image.Image, size: tuple[int, int], corner: tuple[int, int]) -> Image.Image:
    """Continue the source as if its edges were mirrors, ever softer."""
    small = (size[0] // _SHRINK, size[1] // _SHRINK)
    left, top = corner[0] // _SHRINK, corner[1] // _SHRINK
    tile = source.resize(
        (max(1, source.width // _SHRINK), max(1, source.height // _SHRINK)), Image.Resampling.BOX
    )
    mirrored = Image.new("RGB", small)
    for column in range(-(left // tile.width) - 1, (small[0] - left) // tile.width + 1):
        for row in range(-(top // tile.height) - 1, (small[1] - top) // tile.height + 1):
            copy = ImageOps.mirror(tile) if column % 2 else tile
            copy = ImageOps.flip(copy) if row % 2 else copy
            mirrored.paste(copy, (left + column * tile.width, top + row * tile.height))
    near = mirrored.filter(ImageFilter.GaussianBlur(max(small) / 90))
    # Far from the source only its colours are kept, so that no upside-down copy is recognised.
    far = mirrored.filter(ImageFilter.GaussianBlur(max(small) / 16))
    closeness = Image.new("L", small)
    closeness.paste(255, (left, top, left + tile.width, top + tile.height))
    closeness = closeness.filter(ImageFilter.GaussianBlur(max(small) / 24))
    return Image.composite(near, far, closeness).resize(size, Image.Resampling.BICUBIC)
