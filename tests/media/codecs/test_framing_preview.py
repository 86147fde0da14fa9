"""The drawing of where a reframe puts its source, made by a confined process."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot.domain.generations.framing import framing
from bot.domain.generations.media import Reference
from bot.domain.generations.models import AspectRatio
from bot.domain.generations.requests import ReframeImageRequest
from bot.media.storage.folder import FolderStorage
from tests.media.libraries import arrived, open_library

_GREEN = (20, 160, 60)


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path)


async def _drawn(storage: FolderStorage, **values: int) -> Image.Image:
    """The drawing of a green picture in a square frame."""
    content = BytesIO()
    Image.new("RGB", (400, 200), _GREEN).save(content, "PNG")
    async with open_library(storage) as library:
        media = await library.store_file(arrived(storage, content.getvalue()))
        request = ReframeImageRequest(source=Reference.of(media), aspect_ratio=AspectRatio.SQUARE, **values)
        drawing = await library.draw_framing(media, framing(request, media), member="ada")
    with Image.open(BytesIO(drawing)) as shown:
        assert shown.format == "PNG"
        return shown.convert("RGB")


def _is_green(picture: Image.Image, x: float, y: float) -> bool:
    pixel = picture.getpixel((round(picture.width * x), round(picture.height * y)))
    return isinstance(pixel, tuple) and all(
        abs(one - other) < 3 for one, other in zip(pixel, _GREEN, strict=True)
    )


@pytest.mark.parametrize(
    ("values", "green", "new"),
    [
        # Across the middle, half as high as the frame.
        ({"grid_position_x": 0}, [(0.5, 0.5), (0.1, 0.3)], [(0.5, 0.1), (0.5, 0.9)]),
        ({"grid_position_y": 0}, [(0.5, 0.1), (0.5, 0.4)], [(0.5, 0.6), (0.5, 0.9)]),
        ({"resized_width": 768, "grid_position_x": 0}, [(0.2, 0.5)], [(0.7, 0.5)]),
    ],
)
async def test_the_source_is_where_it_will_be(
    storage: FolderStorage,
    values: dict[str, int],
    green: list[tuple[float, float]],
    new: list[tuple[float, float]],
) -> None:
    shown = await _drawn(storage, **values)
    assert shown.size == (360, 360)
    assert [True] * len(green) == [_is_green(shown, *at) for at in green]
    assert [False] * len(new) == [_is_green(shown, *at) for at in new]


async def test_what_lies_outside_of_the_frame_is_dark(storage: FolderStorage) -> None:
    shown = await _drawn(storage, grid_position_x=-768, resized_width=1536)
    assert shown.width > shown.height
    dark, bright = (shown.getpixel((round(shown.width * at), shown.height // 2)) for at in (0.15, 0.5))
    assert isinstance(dark, tuple)
    assert isinstance(bright, tuple)
    assert sum(dark) < sum(bright) / 2
