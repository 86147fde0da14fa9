"""Bar charts with matplotlib, on its own dark background: readable in every theme of a chat.

Only what runs in a confined process imports this module, because matplotlib takes most of a second to import.
"""

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# It keeps a list of fonts in a folder of the user; this process must leave nothing behind.
with TemporaryDirectory() as _folder:
    os.environ |= {"MPLCONFIGDIR": _folder, "OPENBLAS_NUM_THREADS": "1"}
    from matplotlib import font_manager, rc_context
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ft2font import FT2Font
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    del os.environ["MPLCONFIGDIR"], os.environ["OPENBLAS_NUM_THREADS"]

from PIL import Image

from bot.domain.money.pricing import MICROUSD
from bot.domain.reports.charts import BarChart
from bot.media.disk import disk_errors

#: in inches; what is not in time is as high as its bars need
_WIDTH, _HEIGHT, _BAR_HEIGHT, _DPI = 8.0, 4.5, 0.34, 150
_BACKGROUND, _TEXT, _MUTED, _GRID = "#1e2029", "#f2f3f5", "#b5bac4", "#3a3e4c"
#: of each series; told apart also by people who do not tell red from green, and by their brightness
_COLOURS = ("#5aa9ff", "#ffb454")
_TITLE, _LABEL, _SMALL = 15, 10, 9
#: in inches: where the title and the lines below it begin, and room for them
_MARGIN, _TOP, _LINE = 0.22, 0.4, 0.36
#: colours of the picture, among them the edges of letters
_PALETTE = 128
#: fonts with the letters of most languages, the first one that has a letter draws it
_FONTS = (
    "DejaVu Sans",
    "Noto Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans JP",
    "Droid Sans Fallback",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "IPAGothic",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Noto Emoji",
    "Symbola",
    "Segoe UI Emoji",
    "Unifont",
)
#: bars whose own amount is written at them, and labels of an axis of days
_NOTED, _DAY_LABELS = 14, 12
_BAR_WIDTH = 0.72
#: bars below each other, and days, that there is room for at least
_BARS_MIN, _DAYS_MIN = 2, 7
#: the shortest axis in dollars, and room above the highest bar for its amount
_LEAST, _HEADROOM = 0.001, 1.12
#: room behind the longest bar for what is written there, as a share of it
_NOTE_ROOM = 0.32
#: more decimals below this amount in dollars
_CENTS, _TENTHS = 10, 0.1


def draw_chart(target: Path, chart: BarChart) -> None:
    """Write a chart as PNG."""
    content = _draw(chart)
    with disk_errors():
        target.write_bytes(content)


def _draw(chart: BarChart) -> bytes:
    """Draw a chart as PNG."""
    fonts = _fonts()
    settings: dict[Any, Any] = {
        "font.family": list(fonts),
        # A name with dollar signs is a name, not a formula.
        "text.parse_math": False,
        "text.color": _TEXT,
        "axes.labelcolor": _MUTED,
        "xtick.color": _MUTED,
        "ytick.color": _MUTED,
    }
    with rc_context(settings):
        figure = Figure(figsize=(_WIDTH, _height(chart)), dpi=_DPI, facecolor=_BACKGROUND)
        canvas = FigureCanvasAgg(figure)
        _add_head(figure, chart, fonts)
        axes = figure.add_subplot(facecolor=_BACKGROUND)
        if chart.bars:
            _add_bars(axes, chart, fonts)
        else:
            axes.set_axis_off()
            axes.text(0.5, 0.55, chart.empty, ha="center", va="center", fontsize=_TITLE, color=_MUTED)
        canvas.draw()  # type: ignore[no-untyped-call]
        size = canvas.get_width_height()
        pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
        picture = Image.frombuffer("RGBA", size, pixels).convert("RGB")
    content = BytesIO()
    picture.quantize(_PALETTE).save(content, "PNG", optimize=True)
    return content.getvalue()


def _height(chart: BarChart) -> float:
    """The height of the picture in inches."""
    if chart.in_time or not chart.bars:
        return _HEIGHT
    return _TOP + _LINE * len(chart.lines) + 1.1 + _BAR_HEIGHT * max(len(chart.bars), _BARS_MIN)


def _add_head(figure: Figure, chart: BarChart, fonts: dict[str, FT2Font]) -> None:
    height = _height(chart)
    for number, line in enumerate((chart.title, *chart.lines)):
        top = 1 - (_MARGIN + number * _LINE) / height
        size, weight, colour = (_LABEL, "normal", _MUTED) if number else (_TITLE, "bold", _TEXT)
        text = _with_glyphs(line, fonts, line)
        figure.text(0.25 / _WIDTH, top, text, va="top", fontsize=size, weight=weight, color=colour)
    bottom, top = 0.12 / height, (_TOP + _LINE * len(chart.lines)) / height
    figure.set_layout_engine("constrained", rect=(0.01, bottom, 0.98, 1 - top - bottom))


def _add_bars(axes: Axes, chart: BarChart, fonts: dict[str, FT2Font]) -> None:
    positions = range(len(chart.bars))
    labels = [_with_glyphs(bar.label, fonts, bar.short_id) for bar in chart.bars]
    sums = [_dollars(sum(bar.parts)) for bar in chart.bars]
    starts = [0.0] * len(chart.bars)
    for number, colour in zip(range(len(chart.bars[0].parts)), _COLOURS, strict=False):
        sizes = [_dollars(bar.parts[number]) for bar in chart.bars]
        name = chart.series[number] if chart.series else None
        if chart.in_time:
            axes.bar(positions, sizes, _BAR_WIDTH, bottom=starts, color=colour, label=name)
        else:
            axes.barh(positions, sizes, _BAR_WIDTH, left=starts, color=colour, label=name)
        starts = [start + size for start, size in zip(starts, sizes, strict=True)]
    if chart.in_time:
        _label_days(axes, chart.axis, labels, sums)
    else:
        _label_values(axes, [bar.note for bar in chart.bars], labels, sums)
    if chart.series:
        axes.legend(
            loc="lower right",
            bbox_to_anchor=(1, 1),
            ncols=2,
            frameon=False,
            fontsize=_SMALL,
            labelcolor=_TEXT,
        )
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_axisbelow(True)


def _label_days(axes: Axes, name: str, labels: list[str], sums: list[float]) -> None:
    count, largest = len(sums), max(*sums, _LEAST)
    every = -(-count // _DAY_LABELS)
    # Counted from the newest day, which always has its label.
    shown = [at for at in range(count) if (count - 1 - at) % every == 0]
    axes.set_xticks(shown, [labels[at] for at in shown], fontsize=_SMALL)
    axes.tick_params(length=0)
    axes.set_xlim(-0.6, max(count, _DAYS_MIN) - 0.4)
    axes.set_ylim(0, largest * _HEADROOM)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(_amounts(largest)))
    axes.set_xlabel(name, fontsize=_SMALL)
    axes.set_ylabel("Dollars", fontsize=_SMALL)
    axes.grid(visible=True, axis="y", color=_GRID, linewidth=0.8)
    if count <= _NOTED:
        for at, amount in enumerate(sums):
            if amount:
                note = _amounts(largest)(amount, 0)
                axes.annotate(
                    note, (at, amount), (0, 3), textcoords="offset points", ha="center", fontsize=_SMALL
                )


def _label_values(axes: Axes, notes: list[str], labels: list[str], sums: list[float]) -> None:
    largest = max(*sums, _LEAST)
    axes.set_yticks(range(len(sums)), labels, fontsize=_LABEL, color=_TEXT)
    axes.tick_params(length=0)
    axes.set_ylim(max(len(sums), _BARS_MIN) - 0.4, -0.6)
    axes.set_xlim(0, largest * (1 + _NOTE_ROOM))
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(_amounts(largest)))
    axes.set_xlabel("Dollars", fontsize=_SMALL)
    axes.grid(visible=True, axis="x", color=_GRID, linewidth=0.8)
    for at, (note, amount) in enumerate(zip(notes, sums, strict=True)):
        axes.annotate(
            note,
            (amount, at),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=_SMALL,
            # so that no line of the grid runs through it
            bbox={"facecolor": _BACKGROUND, "linewidth": 0, "pad": 1},
        )


def _dollars(microusd: int) -> float:
    return max(0, microusd) / MICROUSD


def _amounts(largest: float) -> Callable[[float, int], str]:
    """Writes amounts of an axis, with as many decimals as its largest needs."""
    decimals = 3 if largest < _TENTHS else 2 if largest < _CENTS else 0

    def write(amount: float, _position: int) -> str:
        return f"${amount:,.{decimals}f}"

    return write


def _fonts() -> dict[str, FT2Font]:
    """The fonts of this system that can be drawn with, by family, in the order in which they are tried."""
    found: dict[str, FT2Font] = {}
    for entry in [one for one in font_manager.fontManager.ttflist if one.name in _FONTS]:
        try:
            font = FT2Font(entry.fname)
        except (OSError, RuntimeError):
            # Damaged, or in a folder that this process may not read.
            font_manager.fontManager.ttflist.remove(entry)
        else:
            found.setdefault(entry.name, font)
    return {name: found[name] for name in _FONTS if name in found}


def _with_glyphs(text: str, fonts: dict[str, FT2Font], instead: str) -> str:
    """The text without what no font has, which would be boxes; `instead` where nothing is left."""
    drawn = "".join(one for one in text if any(font.get_char_index(ord(one)) for font in fonts.values()))
    drawn = " ".join(drawn.split())
    is_whole = bool(drawn) and drawn == text
    return drawn if is_whole or any(one.isalnum() for one in drawn) else instead
