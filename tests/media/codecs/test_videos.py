"""A video is what its packets and frames are, not what it claims."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image

from bot.domain.errors import MediaRefused
from bot.media.codecs.probe import Probe
from bot.media.codecs.probing import probe
from bot.media.codecs.videos import take_still
from tests.media.pictures import colour
from tests.media.videos import RATE, claims, half_white, silence, turned, video


@pytest.mark.parametrize(
    ("codec", "container", "mime", "plain"),
    [
        ("libx264", "mp4", "video/mp4", True),
        ("libx264", "mov", "video/quicktime", True),
        ("libvpx-vp9", "webm", "video/webm", False),
        ("libx264", "matroska", "video/x-matroska", True),
        ("mpeg4", "avi", "video/x-msvideo", False),
    ],
)
def test_videos_are_recognised_by_content(
    codec: str, container: str, mime: str, plain: bool, tmp_path: Path
) -> None:
    path = video(tmp_path / "a.txt", codec=codec, container=container)
    found = probe(path)
    assert (mime, 128, 72, plain) == (found.mime, found.width, found.height, found.plain)
    assert found.duration_ms == pytest.approx(12 * 1000 / RATE, abs=1)


def test_the_size_is_that_of_the_displayed_video(tmp_path: Path) -> None:
    """A phone's video lies on its side in the file, and old cameras have oblong pixels."""
    upright = turned(video(tmp_path / "turned", size=(128, 72)))
    oblong = video(tmp_path / "oblong", size=(96, 72), shape=Fraction(4, 3))
    expected = Probe(mime="video/mp4", width=72, height=128, duration_ms=500)
    assert expected == probe(upright)
    assert (128, 72) == (probe(oblong).width, probe(oblong).height)


def test_a_video_as_browsers_record_it_is_measured(tmp_path: Path) -> None:
    """It has neither a length nor an index, because both are known only at its end."""
    path = video(tmp_path / "a", codec="libvpx-vp9", container="webm", live="1")
    with av.open(path) as container:
        assert container.duration is None
    assert probe(path).duration_ms == pytest.approx(500, abs=1)


def test_one_frame_is_a_video(tmp_path: Path) -> None:
    assert probe(video(tmp_path / "a", frames=1)).duration_ms == pytest.approx(1000 / RATE, abs=1)


@pytest.mark.parametrize(
    ("codec", "pixels", "plain"),
    [("libx264", "yuv444p", False), ("libx264", "yuv420p10le", False), ("libx264", "yuvj420p", True)],
)
def test_rare_colour_formats_are_recognised(codec: str, pixels: str, plain: bool, tmp_path: Path) -> None:
    assert probe(video(tmp_path / "a", codec=codec, pixels=pixels)).plain is plain


@pytest.mark.parametrize(
    "content",
    [
        b"just words\n" * 20,
        b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"<html><video src='a.mp4'></html>",
    ],
)
def test_what_is_called_a_video_and_is_none_is_refused(content: bytes, tmp_path: Path) -> None:
    """Playlists above all: they would make a reader open other files."""
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaRefused, match="not a picture or a video"):
        probe(path)


@pytest.mark.parametrize(
    "begin", [b"\0\0\0\x20ftypisom", b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", b"RIFF\0\0\0\0AVI "]
)
def test_a_file_with_only_the_signature_of_a_video_is_refused(begin: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(begin + b"#EXTM3U\nfile:///etc/passwd\n" * 50)
    with pytest.raises(MediaRefused, match=r"broken or not complete|no video track"):
        probe(path)


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("flags", ["faststart", "-faststart"])
def test_a_truncated_video_is_refused(part: float, flags: str, tmp_path: Path) -> None:
    """Whether its table of contents comes first or last."""
    path = video(tmp_path / "a", frames=48, movflags=flags)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(MediaRefused, match=r"broken or not complete|not one frame"):
        probe(path)


def test_half_a_last_frame_is_refused(tmp_path: Path) -> None:
    """The file is whole but for some bytes at its very end, which a decoder would paint over."""
    path = video(tmp_path / "a", codec="mpeg4", container="avi", frames=24, noise=True)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(MediaRefused, match="broken or not complete"):
        probe(path)


def test_a_video_whose_end_cannot_be_decoded_is_refused(tmp_path: Path) -> None:
    """All its packets are there, and the last of them are empty."""
    path = video(tmp_path / "a", codec="png", container="mov", pixels="rgb24", frames=48, noise=True)
    content = bytearray(path.read_bytes())
    begin, end = int(len(content) * 0.8), int(len(content) * 0.97)
    content[begin:end] = bytes(end - begin)
    path.write_bytes(content)
    with pytest.raises(MediaRefused, match="broken or not complete"):
        probe(path)


def test_a_length_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A WebM says how long it is in its header: here four minutes of which half a second exists."""
    path = video(tmp_path / "a", codec="libvpx-vp9", container="webm")
    claims(path, b"\x44\x89\x88", 0, ">d", 240_000)
    with pytest.raises(MediaRefused, match="broken or not complete"):
        probe(path)


@pytest.mark.parametrize(("box", "at", "value"), [(b"stts", 12, 0x7FF_FFFF), (b"mdhd", 12, 1)])
def test_an_endless_video_is_refused(box: bytes, at: int, value: int, tmp_path: Path) -> None:
    """A few frames that are each shown for hours."""
    path = claims(video(tmp_path / "a"), box, at, ">I", value)
    with pytest.raises(MediaRefused, match="too long: at most 5 minutes"):
        probe(path)


def test_a_video_without_frames_is_refused(tmp_path: Path) -> None:
    path = video(tmp_path / "a")
    claims(path, b"stsz", 8, ">I", 0)
    claims(path, b"stts", 4, ">I", 0)
    with pytest.raises(MediaRefused, match=r"not one frame|broken"):
        probe(path)


def test_a_file_with_audio_only_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(path, "w") as out:
        voice = out.add_stream("aac", rate=44_100)
        for number in range(20):
            out.mux(voice.encode(silence(number)))
        out.mux(voice.encode(None))
    with pytest.raises(MediaRefused, match="no video track"):
        probe(path)


def test_a_frame_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    """25 megapixels of one colour in a few kilobytes."""
    path = video(tmp_path / "a", codec="png", container="mov", pixels="rgb24", size=(5000, 5000), frames=1)
    assert path.stat().st_size < 500_000
    with pytest.raises(MediaRefused, match="frames are too large"):
        probe(path)


@pytest.mark.parametrize("size", [(60_000, 60_000), (8_000, 8_000)])
def test_a_frame_that_grows_while_it_is_decoded_is_refused(size: tuple[int, int], tmp_path: Path) -> None:
    """The container says 128 × 72, and the picture in it something else."""
    path = video(tmp_path / "a", codec="mjpeg", container="mov", pixels="yuvj420p", frames=3)
    content = bytearray(path.read_bytes())
    at = -1
    while (at := content.find(b"\xff\xc0\x00\x11", at + 1)) >= 0:
        struct.pack_into(">HH", content, at + 5, *size)
    path.write_bytes(content)
    with pytest.raises(MediaRefused, match="broken or not complete"):
        probe(path)


def test_the_poster_is_the_first_displayed_frame(tmp_path: Path) -> None:
    source, target = turned(video(tmp_path / "a")), tmp_path / "still"
    take_still(source, target)
    with Image.open(target) as still:
        assert ("JPEG", (72, 128)) == (still.format, still.size)
        assert (254, 0, 0) == pytest.approx(colour(still, (36, 64)), abs=20)


def test_the_poster_is_upright(tmp_path: Path) -> None:
    """What is at the left of the frame in the file is shown at the top."""
    take_still(turned(half_white(tmp_path / "a")), tmp_path / "still")
    with Image.open(tmp_path / "still") as still:
        assert (255, 255, 255) == pytest.approx(colour(still, (36, 10)), abs=10)
        assert (0, 0, 0) == pytest.approx(colour(still, (36, 118)), abs=10)
