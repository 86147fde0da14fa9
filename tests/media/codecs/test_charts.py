"""The chart of usage, drawn with matplotlib by a confined process."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot.domain.reports.charts import Bar, BarChart
from bot.media.storage.folder import FolderStorage
from tests.media.libraries import open_library

_BACKGROUND = (0x1E, 0x20, 0x29)
#: a formula, a mention, letters that few fonts have, right-to-left text, and what is no letter at all
_NAMES = ("Ada", "$\\frac{$ <b>@everyone", "山田太郎", "مرحبا", "🦊🦊", "\U000e0041", "")


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path)


def _chart(*names: str, in_time: bool = False) -> BarChart:
    return BarChart(
        title="Spent this month: $12.40 · by member",
        lines=("190 pictures · 12 videos · median wait 14 s",),
        series=("Pictures", "Videos"),
        bars=tuple(
            Bar(label=name, parts=(2_000_000 + at, 1_500_000), note="$3.50", short_id="…1234")
            for at, name in enumerate(names)
        ),
        axis="Day",
        in_time=in_time,
        empty="No job has ended this month.",
    )


async def test_charts_are_drawn_on_their_own_background(storage: FolderStorage) -> None:
    """Names of people are drawn as text; nothing in them is a formula or fails."""
    drawn: list[Image.Image] = []
    async with open_library(storage) as library:
        days = _chart(*(f"{day} Jan" for day in range(1, 32)), in_time=True)
        for chart in (_chart(*_NAMES), days, _chart()):
            content = await library.draw_chart(chart, member="boss")
            assert len(content) < 100_000
            with Image.open(BytesIO(content)) as opened:
                assert opened.format == "PNG"
                drawn.append(opened.convert("RGB"))
    named, by_day, empty = drawn
    assert [1200, 1200, 1200] == [picture.width for picture in drawn]
    assert all(_is_near(picture.getpixel((0, picture.height - 1)), _BACKGROUND) for picture in drawn)
    for picture in (named, by_day):
        assert {(0x5A, 0xA9, 0xFF), (0xFF, 0xB4, 0x54)} <= _colours(picture)
    assert not {(0x5A, 0xA9, 0xFF), (0xFF, 0xB4, 0x54)} & _colours(empty)


def _is_near(pixel: object, colour: tuple[int, int, int]) -> bool:
    return isinstance(pixel, tuple) and all(abs(a - b) <= 2 for a, b in zip(pixel, colour, strict=True))


def _colours(picture: Image.Image) -> set[object]:
    found = picture.getcolors(picture.width * picture.height) or []
    return {colour for count, colour in found if count > 500}
