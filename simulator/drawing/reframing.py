"""A picture in a new frame: the source stays as it is, the frame is filled with its surroundings."""

from PIL import Image, ImageFilter, ImageOps

from simulator.drawing.commission import PictureSpec, Placement
from simulator.drawing.sources import open_picture

#: surroundings are painted this much smaller, then blurred and enlarged
_SHRINK = 4


def paint_reframe(commission: PictureSpec) -> Image.Image:
    (source,) = commission.of_role("media")
    return reframe(open_picture(source.path), commission.size, commission.placement, Image.Resampling.LANCZOS)


def reframe(
    picture: Image.Image, size: tuple[int, int], placement: Placement, resampling: Image.Resampling
) -> Image.Image:
    """Put a picture into a new frame of this size."""
    motif = _crop(picture, placement)
    motif = motif.resize(_extent(motif.size, size, placement), resampling)
    left = (size[0] - motif.width) // 2 if placement.x is None else placement.x
    top = (size[1] - motif.height) // 2 if placement.y is None else placement.y
    picture = _context(motif, size, (left, top))
    picture.paste(motif, (left, top))
    return picture


def _crop(picture: Image.Image, placement: Placement) -> Image.Image:
    left, top, right, bottom = placement.crop
    box = (
        min(left or 0, picture.width - 1),
        min(top or 0, picture.height - 1),
        min(picture.width if right is None else right, picture.width),
        min(picture.height if bottom is None else bottom, picture.height),
    )
    return picture.crop((box[0], box[1], max(box[2], box[0] + 1), max(box[3], box[1] + 1)))


def _extent(source: tuple[int, int], frame: tuple[int, int], placement: Placement) -> tuple[int, int]:
    """How large the source is shown: as asked, else as large as fits; never distorted unless asked."""
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


def _context(motif: Image.Image, size: tuple[int, int], corner: tuple[int, int]) -> Image.Image:
    """Continue the source over its edges as if they were mirrors, ever softer."""
    small = (size[0] // _SHRINK, size[1] // _SHRINK)
    tile = motif.resize(
        (max(1, motif.width // _SHRINK), max(1, motif.height // _SHRINK)), Image.Resampling.BOX
    )
    mirrored = _mirror(tile, small, (corner[0] // _SHRINK, corner[1] // _SHRINK))
    near = mirrored.filter(ImageFilter.GaussianBlur(max(small) / 90))
    # What lies far from the source keeps its colours only, so that no upside-down twin is seen.
    far = mirrored.filter(ImageFilter.GaussianBlur(max(small) / 16))
    closeness = Image.new("L", small)
    left, top = corner[0] // _SHRINK, corner[1] // _SHRINK
    closeness.paste(255, (left, top, left + tile.width, top + tile.height))
    closeness = closeness.filter(ImageFilter.GaussianBlur(max(small) / 24))
    return Image.composite(near, far, closeness).resize(size, Image.Resampling.BICUBIC)


def _mirror(tile: Image.Image, size: tuple[int, int], corner: tuple[int, int]) -> Image.Image:
    canvas = Image.new("RGB", size)
    flipped = {(0, 0): tile, (1, 0): ImageOps.mirror(tile), (0, 1): ImageOps.flip(tile)}
    flipped[1, 1] = ImageOps.flip(flipped[1, 0])
    first_column, first_row = -(-corner[0] // tile.width), -(-corner[1] // tile.height)
    for column in range(-first_column, (size[0] - corner[0]) // tile.width + 1):
        for row in range(-first_row, (size[1] - corner[1]) // tile.height + 1):
            place = (corner[0] + column * tile.width, corner[1] + row * tile.height)
            canvas.paste(flipped[column % 2, row % 2], place)
    return canvas
