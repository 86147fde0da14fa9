"""Draws the family tree of a result. Runs inside a confined process."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bot.domain.jobs.lineage import DELETED, HIDDEN, PlacedNode, Shown
from bot.media.codecs.pictures import open_upright
from bot.media.disk import disk_errors

#: pixels of a node's picture and of its place, of the margin and of text
_WIDTH, _HEIGHT, _CAPTION = 176, 112, 40
_ACROSS, _DOWN, _MARGIN, _FONT = 68, 22, 24, 15
_LINE, _RADIUS = 3, 10
#: The background belongs to the picture, so that it can be read in a dark and in a light chat.
_BACKGROUND, _EMPTY, _EDGE = (30, 28, 38), (58, 54, 72), (150, 142, 176)
_TEXT, _SOFT, _ASKED = (244, 242, 250), (186, 180, 204), (240, 200, 90)
_PLACEHOLDERS = {Shown.HIDDEN: HIDDEN, Shown.DELETED: DELETED, Shown.FULL: "no picture"}

_Box = tuple[int, int, int, int]


def draw_lineage(target: Path, nodes: tuple[PlacedNode, ...], stills: tuple[tuple[str, Path], ...]) -> None:
    """Write a PNG of a tree; `stills` are pictures by the keys of their nodes."""
    width = (max(one.column for one in nodes) + 1) * (_WIDTH + _ACROSS) - _ACROSS
    height = round((max(one.row for one in nodes) + 1) * (_HEIGHT + _CAPTION + _DOWN) - _DOWN)
    canvas = Image.new("RGB", (width + 2 * _MARGIN, height + 2 * _MARGIN), _BACKGROUND)
    draw = ImageDraw.Draw(canvas)
    boxes = {one.node.key: _box(one) for one in nodes}
    for one in nodes:
        if one.node.parent is not None:
            _connect(draw, boxes[one.node.parent], boxes[one.node.key])
    pictures = dict(stills)
    for one in nodes:
        box = boxes[one.node.key]
        draw.rounded_rectangle(box, _RADIUS, fill=_EMPTY)
        if (still := pictures.get(one.node.key)) is not None:
            canvas.paste(*_fitted(still, box))
        _write(draw, one, box, has_picture=still is not None)
    content = BytesIO()
    canvas.save(content, "PNG", optimize=True)
    with disk_errors():
        target.write_bytes(content.getvalue())


def _box(one: PlacedNode) -> _Box:
    left = _MARGIN + one.column * (_WIDTH + _ACROSS)
    top = _MARGIN + round(one.row * (_HEIGHT + _CAPTION + _DOWN))
    return left, top, left + _WIDTH, top + _HEIGHT


def _connect(draw: ImageDraw.ImageDraw, parent: _Box, child: _Box) -> None:
    begin, end = (parent[2], (parent[1] + parent[3]) // 2), (child[0], (child[1] + child[3]) // 2)
    middle = end[0] - _ACROSS // 2
    draw.line((begin, (middle, begin[1]), (middle, end[1]), end), fill=_EDGE, width=_LINE)


def _fitted(still: Path, box: _Box) -> tuple[Image.Image, tuple[int, int]]:
    """A picture as large as it fits into a box, and its corner."""
    picture = open_upright(still)
    picture.thumbnail((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS)
    return picture, (box[0] + (_WIDTH - picture.width) // 2, box[1] + (_HEIGHT - picture.height) // 2)


def _write(draw: ImageDraw.ImageDraw, one: PlacedNode, box: _Box, *, has_picture: bool) -> None:
    """Write what a node is below its picture, and in place of one that there is none of."""
    font, node = ImageFont.load_default(_FONT), one.node
    if not has_picture:
        centre = ((box[0] + box[2]) // 2, (box[1] + box[3]) // 2)
        draw.text(centre, _PLACEHOLDERS[node.shown], fill=_SOFT, font=font, anchor="mm")
    if node.asked:
        draw.rounded_rectangle(box, _RADIUS, outline=_ASKED, width=2 * _LINE)
    for number, line in enumerate(node.lines):
        place = (box[0], box[3] + 3 + number * (_FONT + 3))
        draw.text(place, line, fill=_SOFT if number else _TEXT, font=font)
