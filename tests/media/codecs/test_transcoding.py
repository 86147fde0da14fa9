"""What is written anew is H.264 that fits, shows the same, and plays while it arrives."""

from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image

from bot.domain.errors import MediaRefused
from bot.media.codecs.probing import probe
from bot.media.codecs.transcoding import transcode
from bot.media.codecs.videos import take_still
from tests.media.pictures import colour
from tests.media.videos import RATE, frame_of, half_white, turned, video

LARGE = 10_000_000


def _transcode(source: Path, max_bytes: int = LARGE) -> Path:
    found, target = probe(source), source.with_name("target.mp4")
    transcode(source, target, max_bytes, (found.width, found.height), found.duration_ms or 0)
    return target


@pytest.mark.parametrize(
    ("codec", "container"),
    [("libx264", "mp4"), ("libvpx-vp9", "webm"), ("libx264", "matroska"), ("mpeg4", "avi"), ("mjpeg", "mov")],
)
def test_every_video_becomes_h264_in_mp4(codec: str, container: str, tmp_path: Path) -> None:
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    source = video(tmp_path / "a", codec=codec, container=container, pixels=pixels)
    target = _transcode(source)
    before, after = probe(source), probe(target)
    assert ("video/mp4", True) == (after.mime, after.plain)
    assert (before.width, before.height) == (after.width, after.height)
    assert before.duration_ms == pytest.approx(after.duration_ms, abs=45)
    with av.open(target) as container_:
        assert sum(1 for _ in container_.decode(video=0)) == 12


def test_the_index_comes_first(tmp_path: Path) -> None:
    content = _transcode(video(tmp_path / "a")).read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_sound_is_kept_and_silence_stays_silent(tmp_path: Path) -> None:
    with av.open(_transcode(video(tmp_path / "a", frames=24, sound=True))) as container:
        (voice,) = container.streams.audio
        assert "aac" == voice.codec_context.name
        seconds = sum(frame.samples for frame in container.decode(voice)) / voice.rate
    assert seconds == pytest.approx(1, abs=0.1)
    with av.open(_transcode(video(tmp_path / "b"))) as container:
        assert () == container.streams.audio


def test_a_rotated_video_is_written_upright(tmp_path: Path) -> None:
    """What is at the left of the frame in the file is shown at the top."""
    target = _transcode(turned(half_white(tmp_path / "a")))
    with av.open(target) as container:
        frame = next(container.decode(video=0))
        assert (72, 128, 0) == (frame.width, frame.height, frame.rotation)
    take_still(target, tmp_path / "still")
    with Image.open(tmp_path / "still") as still:
        assert (255, 255, 255) == pytest.approx(colour(still, (36, 10)), abs=12)
        assert (0, 0, 0) == pytest.approx(colour(still, (36, 118)), abs=12)


def test_colours_are_kept(tmp_path: Path) -> None:
    source = video(tmp_path / "a", codec="libvpx-vp9", container="webm")
    for path, still in ((source, "before"), (_transcode(source), "after")):
        take_still(path, tmp_path / still)
    with Image.open(tmp_path / "before") as before, Image.open(tmp_path / "after") as after:
        assert colour(before, (60, 40)) == pytest.approx(colour(after, (60, 40)), abs=8)


@pytest.mark.parametrize("divisor", [2, 5, 15])
def test_a_video_fits_and_keeps_its_shape(divisor: int, tmp_path: Path) -> None:
    """Noise is what an encoder can do least with; odd sizes become even."""
    source = video(tmp_path / "a", size=(642, 362), frames=24, noise=True)
    most = source.stat().st_size // divisor
    target = _transcode(source, most)
    assert target.stat().st_size <= most
    found = probe(target)
    assert (0, 0) == (found.width % 2, found.height % 2)
    assert 642 / 362 == pytest.approx(found.width / found.height, rel=0.03)


def test_less_space_means_a_smaller_picture(tmp_path: Path) -> None:
    source = video(tmp_path / "a", size=(640, 360), frames=24)
    large, small = (probe(_transcode(source, most)).width for most in (200_000, 40_000))
    assert (640, True) == (large, small < 640)


def test_large_frames_are_not_kept(tmp_path: Path) -> None:
    found = probe(_transcode(video(tmp_path / "a", size=(2560, 1440), frames=2)))
    assert (1920, 1080) == (found.width, found.height)


def test_what_nobody_would_watch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaRefused, match=r"cannot be made as small as 0\.002 MB"):
        _transcode(video(tmp_path / "a", size=(640, 360), frames=24), 2_000)


def test_a_video_that_breaks_in_its_middle_is_refused(tmp_path: Path) -> None:
    source = video(tmp_path / "a", codec="png", container="mov", pixels="rgb24", frames=60, noise=True)
    content = bytearray(source.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 50_000] = bytes(50_000)
    source.write_bytes(content)
    assert probe(source).duration_ms == 2500
    with pytest.raises(MediaRefused, match="broken or not complete"):
        _transcode(source)


def test_a_video_that_changes_its_size_midway_is_written_at_one(tmp_path: Path) -> None:
    source = tmp_path / "a.webm"
    with av.open(source, "w", format="webm") as out:
        track = out.add_stream("libvpx-vp9", rate=24)
        track.width, track.height, track.pix_fmt = 128, 72, "yuv420p"
        out.mux(track.encode(frame_of(Image.new("RGB", (128, 72), "red"))))
        out.mux(track.encode(None))
        tick = Fraction(1, RATE)
        other = av.CodecContext.create("libvpx-vp9", "w")
        assert isinstance(other, av.VideoCodecContext)
        other.width, other.height, other.pix_fmt, other.time_base = 72, 128, "yuv444p", tick
        frame = frame_of(Image.new("RGB", (72, 128), "red")).reformat(format="yuv444p")
        frame.pts = 1
        for packet in [*other.encode(frame), *other.encode(None)]:
            packet.stream = track
            packet.pts = packet.dts = 1000
            packet.time_base = Fraction(1, 1000)
            out.mux(packet)
    with av.open(source) as container:
        assert {(128, 72), (72, 128)} == {(frame.width, frame.height) for frame in container.decode(video=0)}
    with av.open(_transcode(source)) as container:
        assert {(128, 72)} == {(frame.width, frame.height) for frame in container.decode(video=0)}


def test_fast_motion_keeps_sixty_frames_a_second(tmp_path: Path) -> None:
    source = video(tmp_path / "a", frames=48, rate=240)
    with av.open(_transcode(source)) as container:
        frames = sum(1 for _ in container.decode(video=0))
    assert 10 <= frames <= 13
