"""Colours stay in every still and every rendition, and tags say what the numbers mean."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.media.codecs.probing import probe
from bot.media.codecs.transcoding import transcode
from bot.media.codecs.videos import take_still
from tests.media.codecs.flat import (
    BT601,
    BT601_PAL,
    BT709,
    BT2020,
    FULL,
    GBR,
    SMPTE240,
    STRIPES,
    first_frame,
    flat_video,
    middle,
    shown,
    striped_video,
)
from tests.media.pictures import colour

_CASES = Path(__file__).parents[4] / "shared" / "cases"
_HD = (1280, 720)

_SDR: dict[str, dict[str, Any]] = {
    "BT.709 in SD": {"matrix": BT709},
    "BT.709 in HD": {"matrix": BT709, "size": _HD},
    "BT.601 in HD": {"matrix": BT601, "size": _HD},
    "PAL": {"matrix": BT601_PAL, "primaries": 5, "transfer": 6},
    "NTSC": {"matrix": BT601, "primaries": 6, "transfer": 6},
    "untagged SD": {"matrix": BT601, "tagged": False},
    "untagged HD": {"matrix": BT709, "tagged": False, "size": _HD},
    "full range": {"matrix": BT709, "extent": FULL},
    "full range in HD": {"matrix": BT709, "extent": FULL, "size": _HD},
    "JPEG range": {
        "matrix": BT601,
        "extent": FULL,
        "pixels": "yuvj420p",
        "codec": "mjpeg",
        "container": "mov",
    },
    "SMPTE 240M": {"matrix": SMPTE240},
    "10 bits": {"matrix": BT709, "pixels": "yuv420p10le"},
    "10 bits of BT.601": {"matrix": BT601, "pixels": "yuv422p10le"},
    "BT.2020's matrix": {"matrix": BT2020, "pixels": "yuv420p10le"},
    "4:4:4": {"matrix": BT709, "pixels": "yuv444p"},
    "RGB": {"matrix": GBR, "pixels": "gbrp14le"},
    "RGB of 10 bits": {"matrix": GBR, "pixels": "gbrp10le"},
    "untagged RGB in HD": {"matrix": GBR, "tagged": False, "pixels": "gbrp10le", "size": _HD},
    "RGB of 8 bits": {"matrix": GBR, "pixels": "gbrp", "codec": "libvpx-vp9", "container": "webm"},
    "H.264": {"matrix": BT709, "codec": "libx264", "container": "mp4", "primaries": 1, "transfer": 1},
    "H.264 of full range": {"matrix": BT709, "codec": "libx264", "container": "mp4", "extent": FULL},
    "VP9": {"matrix": BT709, "codec": "libvpx-vp9", "container": "webm", "size": _HD},
    "MPEG-4": {"matrix": BT601, "tagged": False, "codec": "mpeg4", "container": "avi"},
}


def _converted(source: Path, max_bytes: int = 10_000_000) -> Path:
    found, target = probe(source), source.with_name("target.mp4")
    transcode(source, target, max_bytes, (found.width, found.height), found.duration_ms or 0)
    return target


def _still(source: Path) -> Image.Image:
    take_still(source, target := source.with_name("still"))
    with Image.open(target) as image:
        image.load()
        return image


@pytest.mark.parametrize("way", _SDR.values(), ids=_SDR.keys())
def test_flat_colours_stay_in_stills_and_renditions(way: dict[str, Any], tmp_path: Path) -> None:
    source = striped_video(tmp_path / "a", **way)
    target = _converted(source)
    frame = first_frame(target)
    stills = [_still(source), _still(target)]
    for stripe, paint in enumerate(STRIPES):
        assert pytest.approx(paint, abs=3) == shown(frame, middle(stripe, frame.width))
        for still in stills:
            at = (middle(stripe, still.width), still.height // 2)
            assert pytest.approx(paint, abs=3) == colour(still, at)


@pytest.mark.parametrize("size", [(640, 480), _HD])
def test_a_smaller_rendition_has_the_same_colours_and_tags(size: tuple[int, int], tmp_path: Path) -> None:
    """Players guess by the size where nothing is said, and the size changes here."""
    source = striped_video(tmp_path / "a", matrix=BT709 if size == _HD else BT601, tagged=False, size=size)
    found, target = probe(source), tmp_path / "b"
    transcode(source, target, 10_000_000, (size[0] // 4, size[1] // 4), found.duration_ms or 0)
    frame = first_frame(target)
    assert size[0] // 4 == frame.width
    for stripe, paint in enumerate(STRIPES):
        assert pytest.approx(paint, abs=3) == shown(frame, middle(stripe, frame.width))


def test_the_tags_say_what_the_pixels_are(tmp_path: Path) -> None:
    for name, matrix, primaries, transfer in (("a", BT709, 1, 1), ("b", BT601, 6, 6), ("c", BT601_PAL, 5, 6)):
        source = flat_video(
            tmp_path / name, (199, 39, 40), matrix=matrix, primaries=primaries, transfer=transfer
        )
        frame = first_frame(_converted(source))
        assert (matrix, primaries, transfer) == (frame.colorspace, frame.color_primaries, frame.color_trc)


@pytest.mark.parametrize("level", [0, 60, 200, 255])
@pytest.mark.parametrize(("codec", "container"), [("ffv1", "matroska"), ("png", "mov")])
def test_grey_stays_grey(codec: str, container: str, level: int, tmp_path: Path) -> None:
    source = flat_video(
        tmp_path / "a",
        (level, level, level),
        matrix=BT709,
        extent=FULL,
        tagged=False,
        pixels="gray",
        codec=codec,
        container=container,
    )
    assert pytest.approx((level,) * 3, abs=3) == shown(first_frame(_converted(source)))
    still = _still(source)
    assert pytest.approx((level,) * 3, abs=3) == colour(still, (still.width // 2, still.height // 2))
