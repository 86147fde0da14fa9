"""The functions of this package that worker processes run for the media library.

The bot names them and runs none of them: the libraries that decode and encode are imported where they are
called. They would take 30 MB of the bot's memory and a quarter of a second of its start.
"""
# ruff: noqa: PLC0415

from pathlib import Path

from bot.domain.jobs.lineage import PlacedNode
from bot.domain.reports.charts import BarChart
from bot.media.codecs.probe import Probe

#: what a worker process imports once, before the first of these calls
CODECS = tuple(
    f"bot.media.codecs.{name}"
    for name in ("framing", "lineage", "pictures", "probing", "transcoding", "videos")
)

#: what a worker process imports once, before the first chart
CANVAS = "bot.media.codecs.bar_chart"


def probe(path: Path) -> Probe:
    from bot.media.codecs import probing

    return probing.probe(path)


def convert_picture(source: Path, target: Path, max_bytes: int) -> None:
    from bot.media.codecs import pictures

    pictures.convert_picture(source, target, max_bytes)


def shrink_picture(source: Path, target: Path, max_bytes: int) -> None:
    from bot.media.codecs import pictures

    pictures.shrink_picture(source, target, max_bytes)


def draw_thumbnail(source: Path, target: Path) -> None:
    from bot.media.codecs import pictures

    pictures.draw_thumbnail(source, target)


def take_still(source: Path, target: Path) -> None:
    from bot.media.codecs import videos

    videos.take_still(source, target)


def transcode(source: Path, target: Path, max_bytes: int, size: tuple[int, int], duration_ms: int) -> None:
    from bot.media.codecs import transcoding

    transcoding.transcode(source, target, max_bytes, size, duration_ms)


def draw_framing(
    source: Path,
    target: Path,
    size: tuple[int, int],
    crop: tuple[int, int, int, int],
    placed: tuple[int, int, int, int],
) -> None:
    from bot.media.codecs import framing

    framing.draw_framing(source, target, size, crop, placed)


def draw_lineage(target: Path, nodes: tuple[PlacedNode, ...], stills: tuple[tuple[str, Path], ...]) -> None:
    from bot.media.codecs import lineage

    lineage.draw_lineage(target, nodes, stills)


def draw_chart(target: Path, chart: BarChart) -> None:
    from bot.media.codecs import bar_chart

    bar_chart.draw_chart(target, chart)
