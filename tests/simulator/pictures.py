"""What tests of pictures share: specs, drawn files and how much two pictures differ."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageStat

from simulator.drawing.picture import draw_picture
from simulator.drawing.spec import PictureSpec, Placement, ReferenceImage
from simulator.formats import PICTURE_SIZES, AspectRatio

#: how many times smaller pictures are than those of the API, where their size is no matter
SMALLER = 4


class _SmallPicture(PictureSpec):
    @property
    def size(self) -> tuple[int, int]:
        width, height = PICTURE_SIZES[self.aspect_ratio]
        return width // SMALLER, height // SMALLER


def spec_of(
    prompt: str,
    *,
    full_size: bool = False,
    ratio: AspectRatio = AspectRatio.SQUARE,
    references: Sequence[ReferenceImage] = (),
    identifier: str = "5e9d0a33-5f0d-4d0e-9d8c-2d8f4f2f2b11",
    **placement: Any,
) -> PictureSpec:
    return (PictureSpec if full_size else _SmallPicture)(
        id=identifier,
        prompt=prompt,
        model="photon-1",
        aspect_ratio=ratio,
        references=tuple(references),
        placement=Placement.from_request(placement),
    )


def drawn_at(prompt: str, path: Path, **more: Any) -> Path:
    draw_picture(spec_of(prompt, **more), path)
    return path


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures when looked at from afar, from 0 to 255."""
    far = [picture.convert("RGB").resize((48, 48), Image.Resampling.BOX) for picture in (one, other)]
    return sum(ImageStat.Stat(ImageChops.difference(*far)).mean) / 3
