"""Draws charts. Runs inside a confined process, which alone imports the plotting library."""

from pathlib import Path

from bot.domain.reports.charts import BarChart
from bot.media.disk import disk_errors

#: what a process imports once to draw charts
CANVAS = "bot.media.codecs.bar_chart"


def draw_chart(target: Path, chart: BarChart) -> None:
    """Write a chart as PNG."""
    from bot.media.codecs.bar_chart import draw  # noqa: PLC0415 - the bot's own process never imports it

    content = draw(chart)
    with disk_errors():
        target.write_bytes(content)
