"""What the simulator draws from people's pictures and videos keeps their colours, at a bounded cost."""

from pathlib import Path
from typing import Any

import av
import pytest
from av.video.stream import VideoStream
from PIL import Image

from simulator.drawing.images import open_image
from simulator.video.decode import check_video, open_frame, read_frames
from simulator.video.encode import write_video
from simulator.video.spec import FramePosition, Keyframe
from tests.media.codecs.bombs import still_video
from tests.media.codecs.flat import BT601, BT709, FULL, STRIPES, first_frame, middle, shown, striped_video
from tests.media.codecs.profiles import P3, grey_profile, rgb_profile
from tests.media.pictures import colour

_HD = (1280, 720)
_WAYS: dict[str, dict[str, Any]] = {
    "BT.709": {"matrix": BT709, "size": (640, 480)},
    "BT.601": {"matrix": BT601, "size": (640, 480)},
    "BT.601 in HD": {"matrix": BT601, "size": _HD},
    "untagged SD": {"matrix": BT601, "tagged": False, "size": (640, 480)},
    "untagged HD": {"matrix": BT709, "tagged": False, "size": _HD},
    "full range": {"matrix": BT709, "extent": FULL, "size": (640, 480)},
}


@pytest.mark.parametrize("way", _WAYS.values(), ids=_WAYS.keys())
def test_a_video_that_is_used_keeps_its_colours(way: dict[str, Any], tmp_path: Path) -> None:
    source = striped_video(tmp_path / "a", **way)
    width, height = way["size"]
    for position in FramePosition:
        still = open_frame(Keyframe(path=source, position=position))
        for stripe, paint in enumerate(STRIPES):
            assert pytest.approx(paint, abs=3) == colour(still, (middle(stripe, width), height // 2))
    write_video(read_frames(source), way["size"], tmp_path / "b.mp4")
    frame = first_frame(tmp_path / "b.mp4")
    for stripe, paint in enumerate(STRIPES):
        assert pytest.approx(paint, abs=3) == shown(frame, middle(stripe, frame.width))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_picture_s_profile_is_obeyed(mode: str, tmp_path: Path) -> None:
    image = Image.new(mode, (64, 48), (204, 60, 41))
    image.save(tmp_path / "a", "PNG", icc_profile=rgb_profile(P3, 2.2))
    assert pytest.approx((223, 36, 14), abs=3) == colour(open_image(tmp_path / "a"), (30, 20))


@pytest.mark.parametrize(("mode", "level"), [("L", 100), ("I;16", 100 * 257)])
def test_greys_are_read(mode: str, level: int, tmp_path: Path) -> None:
    image = Image.new(mode, (64, 48), level)
    image.save(tmp_path / "a", "PNG")
    assert (100, 100, 100) == colour(open_image(tmp_path / "a"), (30, 20))
    image.save(tmp_path / "b", "PNG", icc_profile=grey_profile(1.0))
    assert colour(open_image(tmp_path / "b"), (30, 20))[0] > 150


def _counted(path: Path, frames: int, group: int) -> Path:
    """A video whose frames grow lighter, and which stands alone every so many of them."""
    with av.open(path, "w", format="mp4") as out:
        track = out.add_stream("libx264", rate=24, options={"preset": "ultrafast", "g": str(group)})
        assert isinstance(track, VideoStream)
        track.width, track.height, track.pix_fmt = 64, 36, "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame(64, 36, "yuv420p")
            for index, plane in enumerate(frame.planes):
                plane.update(bytes([128 if index else 16 + number]) * plane.buffer_size)
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
    return path


@pytest.mark.parametrize(("frames", "group"), [(1, 24), (60, 24), (60, 250), (60, 1), (50, 7)])
def test_the_last_frame_is_the_last_one(frames: int, group: int, tmp_path: Path) -> None:
    path = _counted(tmp_path / "a", frames, group)
    expected = round((frames - 1) * 255 / 219)
    last = open_frame(Keyframe(path=path, position=FramePosition.LAST))
    assert (expected,) * 3 == pytest.approx(colour(last, (30, 20)), abs=3)
    assert isinstance(check_video(path, 10), dict)


def test_a_video_with_far_too_many_frames_is_refused(tmp_path: Path) -> None:
    path = still_video(tmp_path / "a", size=(64, 36), frames=20_500, rate=10_000)
    assert "The video has too many frames." == check_video(path, 10)
