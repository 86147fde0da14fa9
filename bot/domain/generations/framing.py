"""Where a reframe puts its source in the new frame: geometry in pixels, and the check of its values.

The API documents the fields, not what the missing ones mean: the source is as large as fits, keeps its shape
unless both of its sides are given, and is centred.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Media
from bot.domain.generations.models import PICTURE_SIZES
from bot.domain.generations.requests import ReframeImageRequest, ReframeVideoRequest

ReframeRequest = ReframeImageRequest | ReframeVideoRequest

#: the fields that place the source
PLACEMENT = (
    "grid_position_x",
    "grid_position_y",
    "x_start",
    "x_end",
    "y_start",
    "y_end",
    "resized_width",
    "resized_height",
)
#: pixels of the longest side that a source may have in the new frame
_SIDE_MAX = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """The new frame, and the source in it."""

    #: size of the new frame
    width: int
    height: int
    #: the part of the source that is used, in the source's own pixels
    crop: Box
    #: where that part is in the new frame, which it may exceed
    placed: Box


def is_placed(request: ReframeRequest) -> bool:
    """Whether any value says where the source is placed."""
    return any(getattr(request, name) is not None for name in PLACEMENT)


def framing(request: ReframeRequest, source: Media) -> Framing:
    """Where a source is placed; raises InvalidRequest that names every value to change."""
    problems = list(_crop_problems(request, source))
    if problems:
        raise _invalid(problems)
    width, height = PICTURE_SIZES[request.aspect_ratio]
    left, top = request.x_start or 0, request.y_start or 0
    right = source.width if request.x_end is None else request.x_end
    bottom = source.height if request.y_end is None else request.y_end
    crop = Box(left=left, top=top, width=right - left, height=bottom - top)
    shown_width, shown_height = _shown_size(request, crop, (width, height))
    x, y = request.grid_position_x, request.grid_position_y
    placed = Box(
        left=(width - shown_width) // 2 if x is None else x,
        top=(height - shown_height) // 2 if y is None else y,
        width=shown_width,
        height=shown_height,
    )
    found = Framing(width=width, height=height, crop=crop, placed=placed)
    if problems := list(_place_problems(request, found)):
        raise _invalid(problems)
    return found


def describe_framing(found: Framing, source: Media) -> str:
    """The new frame and the source in it, in words."""
    crop, placed = found.crop, found.placed
    sentences = [f"The new frame is {found.width} × {found.height} pixels."]
    if (crop.width, crop.height) != (source.width, source.height):
        sentences.append(
            f"Of the source, {crop.width} × {crop.height} pixels are used: x from {crop.left} to "
            f"{crop.right}, y from {crop.top} to {crop.bottom}."
        )
    sentences.append(
        f"The source is shown in {placed.width} × {placed.height} pixels, {_distance(placed.left, 'left')} "
        f"and {_distance(placed.top, 'top')}."
    )
    if placed.left < 0 or placed.top < 0 or placed.right > found.width or placed.bottom > found.height:
        sentences.append("What is outside of the frame is cut off.")
    if placed.left > 0 or placed.top > 0 or placed.right < found.width or placed.bottom < found.height:
        sentences.append("The rest of the frame is generated.")
    return " ".join(sentences)


def _distance(pixels: int, side: str) -> str:
    return f"{pixels} from the {side}" if pixels >= 0 else f"{-pixels} beyond the {side} edge"


def describe_values(request: ReframeRequest) -> str:
    """What is known of the new frame while the source, or the frame in pixels, is not."""
    size = PICTURE_SIZES.get(request.aspect_ratio)
    frame = f"{size[0]} × {size[1]} pixels" if size is not None else str(request.aspect_ratio)
    given = [(name, getattr(request, name)) for name in PLACEMENT]
    values = ", ".join(f"{name} {value}" for name, value in given if value is not None)
    return f"The new frame is {frame}." + (f" Your values: {values}." if values else "")


def check_placement(request: ReframeRequest, source: Media | None) -> None:
    """Check all values together; without the source only what needs no size. Raises InvalidRequest."""
    if source is not None and is_placed(request) and request.aspect_ratio in PICTURE_SIZES:
        framing(request, source)
    elif problems := [*_crop_problems(request, None), *_outside(request)]:
        raise _invalid(problems)


def _invalid(problems: Sequence[str]) -> InvalidRequest:
    """All problems in one text; each begins with the option to change."""
    return InvalidRequest("; ".join(problems), option=problems[0].partition(" ")[0])


def _crop_problems(request: ReframeRequest, source: Media | None) -> Iterator[str]:
    sides = (
        ("x", request.x_start, request.x_end, source.width if source else None, "wide"),
        ("y", request.y_start, request.y_end, source.height if source else None, "high"),
    )
    for axis, start, end, size, extent in sides:
        if start is not None and end is not None and start >= end:
            yield f"{axis}_end must be larger than {axis}_start"
        elif size is not None and start is not None and start >= size:
            yield f"{axis}_start is {start}, and the source is only {size} pixels {extent}"
        elif size is not None and end is not None and end > size:
            yield f"{axis}_end is {end}, and the source is only {size} pixels {extent}"


def _shown_size(request: ReframeRequest, crop: Box, frame: tuple[int, int]) -> tuple[int, int]:
    width, height = request.resized_width, request.resized_height
    if width is not None and height is not None:
        return width, height
    if width is not None:
        return width, max(1, round(crop.height * width / crop.width))
    if height is not None:
        return max(1, round(crop.width * height / crop.height)), height
    scale = min(frame[0] / crop.width, frame[1] / crop.height)
    return max(1, round(crop.width * scale)), max(1, round(crop.height * scale))


def _place_problems(request: ReframeRequest, found: Framing) -> Iterator[str]:
    placed = found.placed
    if max(placed.width, placed.height) > _SIDE_MAX:
        given = "resized_width" if request.resized_width is not None else "resized_height"
        yield (
            f"{given} makes the source {placed.width} × {placed.height} pixels, and a side has at most "
            f"{_SIDE_MAX}"
        )
    if placed.right <= 0 or placed.left >= found.width:
        yield _not_visible("grid_position_x", placed.left, found)
    if placed.bottom <= 0 or placed.top >= found.height:
        yield _not_visible("grid_position_y", placed.top, found)


def _outside(request: ReframeRequest) -> Iterator[str]:
    """What is outside of the new frame whatever the size of the source."""
    size = PICTURE_SIZES.get(request.aspect_ratio)
    if size is None:
        return
    width, height = size
    for name, position, extent, side in (
        ("grid_position_x", request.grid_position_x, request.resized_width, width),
        ("grid_position_y", request.grid_position_y, request.resized_height, height),
    ):
        if position is not None and (position >= side or (extent is not None and position + extent <= 0)):
            yield f"{name} {position} is outside of the new frame of {width} × {height} pixels"


def _not_visible(name: str, position: int, found: Framing) -> str:
    return (
        f"{name} {position} puts the source of {found.placed.width} × {found.placed.height} pixels outside "
        f"of the new frame of {found.width} × {found.height}"
    )
