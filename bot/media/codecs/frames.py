"""Converts video frames to display form: upright, square pixels, SDR. Runs inside a sandboxed process."""

import re
import struct
import sys
from array import array
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from av.filter import Graph
from av.filter.context import FilterContext
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from PIL import Image

from bot.media.codecs.color_spaces import BT709, Space, space_of, table

_MATRIX = struct.Struct("=5i")
#: rotations and flips by the signs of a display matrix's terms: without and with swapped width and height
_STRAIGHT = {
    (False, False): None,
    (True, False): Image.Transpose.FLIP_LEFT_RIGHT,
    (False, True): Image.Transpose.FLIP_TOP_BOTTOM,
    (True, True): Image.Transpose.ROTATE_180,
}
_ACROSS = {
    (False, True): Image.Transpose.ROTATE_270,
    (True, False): Image.Transpose.ROTATE_90,
    (False, False): Image.Transpose.TRANSPOSE,
    (True, True): Image.Transpose.TRANSVERSE,
}
#: not all players that rotate a video also mirror one
MIRRORED = frozenset(
    {
        Image.Transpose.FLIP_LEFT_RIGHT,
        Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.TRANSPOSE,
        Image.Transpose.TRANSVERSE,
    }
)
#: filters that swap width and height
TURNED = frozenset(_ACROSS.values())
#: FFmpeg filters by transposition
_TURNS: dict[Image.Transpose | None, tuple[str, ...]] = {
    None: (),
    Image.Transpose.ROTATE_90: ("transpose=cclock",),
    Image.Transpose.ROTATE_180: ("hflip", "vflip"),
    Image.Transpose.ROTATE_270: ("transpose=clock",),
    Image.Transpose.FLIP_LEFT_RIGHT: ("hflip",),
    Image.Transpose.FLIP_TOP_BOTTOM: ("vflip",),
    Image.Transpose.TRANSPOSE: ("transpose=cclock_flip",),
    Image.Transpose.TRANSVERSE: ("transpose=clock_flip",),
}

_RGB, _BT601 = 0, 6
_UNSPECIFIED = frozenset({0, 2, 3})
_LIMITED, _FULL = 1, 2
#: colour matrices that every player supports
_USUAL_MATRICES = frozenset({BT709, 5, _BT601})
_NAMES = {BT709: "bt709", 5: "bt470bg", _BT601: "smpte170m"}
#: colour matrices that the scaler can read; the others of BT.2020 are closest to its non-constant one
_MATRICES, _BT2020 = _USUAL_MATRICES | {4, 7, 9}, 9
#: pixels per side from which an untagged video counts as HD, as in players
_HD_WIDTH, _HD_HEIGHT = 1280, 577
#: level of a Hald image: the square root of the entries per side of its table
_LEVEL = 7
#: no dithering: it costs bits, and an encoder short of bits turns it into another colour
_ROUNDED = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp:sws_dither=none"
#: pixel formats of more than 8 bits by their 8-bit counterpart: converted while scaling they are dithered
_DEEP = re.compile(r"(yuva?4\d\dp|gray)\d+[lb]e")
_DEEP_RGB = "rgb48le"


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """Colour metadata of a frame as ITU-T H.273 code points; the range is FFmpeg's."""

    matrix: int
    range: int
    primaries: int = BT709
    transfer: int = BT709

    @property
    def space(self) -> Space | None:
        """The space to convert from for an SDR display; None if no conversion is needed."""
        return space_of(self.primaries, self.transfer)

    @property
    def written(self) -> "Colours":
        """The colours of the converted frame in 8-bit Y'CbCr."""
        if self.space is not None:
            return Colours(matrix=BT709, range=_LIMITED)
        return replace(self, matrix=self.matrix if self.matrix in _USUAL_MATRICES else BT709, range=_LIMITED)


_SCREEN = Colours(matrix=_RGB, range=_FULL)


def transpose_of(frame: VideoFrame) -> Image.Transpose | None:
    """The rotation or flip that a frame needs for display; None if it needs none."""
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(matrix, SideData):
        return None
    # ISO 14496-12, 8.3.2: rows of the matrix that multiplies a point (x, y, 1), in 16.16 fixed point.
    a, b, _, c, d = _MATRIX.unpack_from(matrix)
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return _STRAIGHT[a < 0, d < 0]
    return _ACROSS[b < 0, c < 0]


def colours_of(frame: VideoFrame) -> Colours:
    """The colours of a frame; where it has no metadata, the defaults of players."""
    name, primaries, transfer = frame.format.name, frame.color_primaries, frame.color_trc
    if frame.format.is_rgb or name.startswith("pal"):
        return Colours(matrix=_RGB, range=_FULL, primaries=_known(primaries), transfer=_known(transfer))
    jpeg = name.startswith("yuvj")
    matrix, extent = frame.colorspace, frame.color_range
    if matrix in _UNSPECIFIED:
        large = frame.width >= _HD_WIDTH or frame.height >= _HD_HEIGHT
        matrix = BT709 if large and not jpeg else _BT601
    elif matrix not in _MATRICES:
        matrix = _BT2020 if primaries == _BT2020 else BT709
    if jpeg or (extent == 0 and name.startswith(("gray", "ya"))):
        extent = _FULL
    return Colours(
        matrix=matrix, range=extent or _LIMITED, primaries=_known(primaries), transfer=_known(transfer)
    )


def _known(code: int) -> int:
    return BT709 if code in _UNSPECIFIED else code


class Renderer:
    """Converts frames to display form, in one size and one pixel format.

    Frames can change midway (a rotated camera, an adaptive stream); the output keeps the properties chosen
    for the first one.
    """

    def __init__(self, size: tuple[int, int], pixels: str, time_base: Fraction) -> None:
        self._size, self._pixels, self._time_base = size, pixels, time_base
        self._graph: Graph | None = None
        self._entry: FilterContext | None = None
        self._kind: tuple[object, ...] = ()
        self._written: Colours | None = None

    def draw(self, frame: VideoFrame) -> tuple[VideoFrame, Colours]:
        """The converted frame and its colours."""
        found = colours_of(frame)
        if self._written is None:
            self._written = found.written if self._pixels.startswith("yuv") else _SCREEN
        frame.time_base = self._time_base
        kind = (frame.width, frame.height, frame.format.name, found, transpose_of(frame))
        if self._graph is None or self._entry is None or kind != self._kind:
            self._graph, self._entry = self._built(frame, found, self._written)
            self._kind = kind
        _tag(frame, found)
        self._entry.push(frame)
        return self._graph.vpull(), self._written

    def _built(self, frame: VideoFrame, found: Colours, written: Colours) -> tuple[Graph, FilterContext]:
        graph = Graph()
        graph.threads = 1
        scale = f"scale={self._size[0]}:{self._size[1]}:{_ROUNDED}"
        entry = self._source(graph, frame, found)
        nodes = [entry, *_added(graph, *_TURNS[transpose_of(frame)])]
        tables: list[tuple[FilterContext, VideoFrame]] = []
        if found.space is not None:
            hald, lookup = _hald(found.space), graph.add("haldclut", "clut=first")
            nodes += [*_added(graph, scale, f"format={_DEEP_RGB}"), lookup]
            table_entry = self._source(graph, hald, _SCREEN)
            table_entry.link_to(lookup, 0, 1)
            tables.append((table_entry, hald))
        elif deep := _DEEP.fullmatch(frame.format.name):
            nodes += _added(graph, f"scale={_ROUNDED}", f"format={deep[1]}")
        if self._pixels.startswith("yuv"):
            scale += f":out_color_matrix={_NAMES[written.matrix]}:out_range=tv"
        nodes += _added(graph, scale, "setsar=1", f"format={self._pixels}", "buffersink")
        graph.link_nodes(*nodes)
        graph.configure()
        for table_entry, hald in tables:
            hald.time_base, hald.pts = self._time_base, 0
            table_entry.push(hald)
            table_entry.push(None)
        return graph, entry

    def _source(self, graph: Graph, frame: VideoFrame, found: Colours) -> FilterContext:
        form = {"video_size": f"{frame.width}x{frame.height}", "pix_fmt": frame.format.name}
        meaning = {"colorspace": str(found.matrix), "range": str(found.range)}
        return graph.add("buffer", **form, **meaning, time_base=str(self._time_base), pixel_aspect="1/1")


def _added(graph: Graph, *steps: str) -> list[FilterContext]:
    added = []
    for step in steps:
        name, _, args = step.partition("=")
        added.append(graph.add(name, args or None))
    return added


def _tag(frame: VideoFrame, found: Colours) -> None:
    """Set the colour metadata of a frame for the filter graph; the table converts primaries and transfer."""
    frame.colorspace, frame.color_range = found.matrix, found.range
    frame.color_primaries = frame.color_trc = BT709


@lru_cache(maxsize=1)
def _hald(space: Space) -> VideoFrame:
    """A lookup table as a Hald image, the format in which FFmpeg reads it."""
    side = _LEVEL**3
    numbers = array("H", (round(level * 0xFFFF) for colour in table(space, _LEVEL**2) for level in colour))
    if sys.byteorder == "big":
        numbers.byteswap()
    frame = VideoFrame(side, side, _DEEP_RGB)
    rows, row, line = numbers.tobytes(), side * 6, frame.planes[0].line_size
    frame.planes[0].update(
        b"".join(rows[at : at + row].ljust(line, b"\0") for at in range(0, side * row, row))
    )
    _tag(frame, _SCREEN)
    return frame
