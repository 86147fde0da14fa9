"""Videos are shown as their display matrix asks, and are as long as their pictures."""

import struct
from fractions import Fraction
from functools import cache
from io import BytesIO
from pathlib import Path

import av
import pytest
from av.container import OutputContainer
from av.video.stream import VideoStream
from PIL import Image

from bot.domain.errors import MediaRefused
from bot.media.codecs.probing import probe
from bot.media.codecs.transcoding import transcode
from bot.media.codecs.videos import take_still
from tests.media.pictures import colour
from tests.media.videos import HERTZ, RATE, frame_of, silence

_CASES = Path(__file__).parents[4] / "shared" / "cases"
_SIZE = (128, 72)
_LARGE = 10_000_000

#: a, b, c and d of the matrix, and where the white corner at the top left is shown
_MATRICES = {
    "as it lies": ((1, 0, 0, 1), "left top"),
    "hflip": ((-1, 0, 0, 1), "right top"),
    "vflip": ((1, 0, 0, -1), "left bottom"),
    "half turn": ((-1, 0, 0, -1), "right bottom"),
    "clockwise": ((0, 1, -1, 0), "right top"),
    "counter-clockwise": ((0, -1, 1, 0), "left bottom"),
    "transpose": ((0, 1, 1, 0), "left top"),
    "transverse": ((0, -1, -1, 0), "right bottom"),
}


@cache
def _corner() -> bytes:
    """A video that is white at its top left and black elsewhere."""
    image = Image.new("RGB", _SIZE, "black")
    image.paste("white", (0, 0, 40, 30))
    content = BytesIO()
    with av.open(content, "w", format="mp4") as out:
        track = _track(out)
        for _ in range(4):
            out.mux(track.encode(frame_of(image)))
        out.mux(track.encode(None))
    return content.getvalue()


def _track(out: OutputContainer) -> VideoStream:
    """A track for pictures that are quickly encoded."""
    track = out.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
    track.width, track.height, track.pix_fmt = *_SIZE, "yuv420p"
    track.codec_context.thread_count = 1
    return track


def _with_matrix(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    content = bytearray(_corner())
    # ISO 14496-12, 8.3.2: the matrix stands 40 bytes behind the version of the track header.
    at = content.index(b"tkhd") + 4 + 40
    a, b, c, d = (one << 16 for one in matrix)
    struct.pack_into(">9i", content, at, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


def _white_at(image: Image.Image) -> str:
    width, height = image.size
    places = {
        f"{side} {end}": colour(image, (x, y))
        for side, x in (("left", 10), ("right", width - 10))
        for end, y in (("top", 10), ("bottom", height - 10))
    }
    return max(places, key=lambda place: sum(places[place]))


@pytest.mark.parametrize(("matrix", "place"), _MATRICES.values(), ids=_MATRICES.keys())
def test_a_display_matrix_is_honoured_in_the_still_and_converted(
    matrix: tuple[int, int, int, int], place: str, tmp_path: Path
) -> None:
    source, target = _with_matrix(tmp_path / "a", matrix), tmp_path / "b"
    found = probe(source)
    size = _SIZE if matrix[0] else _SIZE[::-1]
    assert size == (found.width, found.height)
    transcode(source, target, _LARGE, size, found.duration_ms or 0)
    assert probe(target).plain
    for path in (source, target):
        take_still(path, tmp_path / "still")
        with Image.open(tmp_path / "still") as still:
            assert (size, place) == (still.size, _white_at(still))


def test_a_mirrored_video_is_converted_and_a_rotated_one_is_not(tmp_path: Path) -> None:
    """Readers that know turns do not all know mirrors."""
    plain = {
        name: probe(_with_matrix(tmp_path / "a", matrix)).plain for name, (matrix, _) in _MATRICES.items()
    }
    mirrored = {"hflip", "vflip", "transpose", "transverse"}
    assert {name: name not in mirrored for name in _MATRICES} == plain


def _with_sound(path: Path, container: str, *, sound_s: float, late_s: float = 0) -> Path:
    """One second of pictures, which begin late, with sound of its own length."""
    with av.open(path, "w", format=container) as out:
        track = _track(out)
        voice = out.add_stream("aac", rate=HERTZ)
        frame = frame_of(Image.new("RGB", _SIZE, "red"))
        for number in range(RATE):
            frame.pts, frame.time_base = number + round(late_s * RATE), Fraction(1, RATE)
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
        for number in range(round(sound_s * HERTZ / 1024)):
            out.mux(voice.encode(silence(number)))
        out.mux(voice.encode(None))
    return path


@pytest.mark.parametrize("container", ["mp4", "mov", "matroska"])
@pytest.mark.parametrize(("sound_s", "late_s"), [(5, 0), (5, 2), (4, 3), (0.2, 0)])
def test_the_length_is_that_of_the_pictures(
    container: str, sound_s: float, late_s: float, tmp_path: Path
) -> None:
    path = _with_sound(tmp_path / "a", container, sound_s=sound_s, late_s=late_s)
    assert 1000 == pytest.approx(probe(path).duration_ms, abs=60)


@pytest.mark.parametrize(
    ("container", "edits"),
    [("mp4", True), ("mp4", False), ("mov", True), ("mov", False), ("matroska", True)],
)
@pytest.mark.parametrize("late_ms", [0, 1000, -500])
def test_what_is_written_anew_is_as_long_as_its_source(
    container: str, late_ms: int, edits: bool, tmp_path: Path
) -> None:
    """Late, early and with or without an edit list, at a rate that varies."""
    source, target = tmp_path / "a", tmp_path / "b"
    options = {} if edits else {"use_editlist": "0"}
    with av.open(source, "w", format=container, options=options) as out:
        track = _track(out)
        track.codec_context.time_base = Fraction(1, 1000)
        voice = out.add_stream("aac", rate=HERTZ)
        frame = frame_of(Image.new("RGB", _SIZE, "red"))
        for number in range(30):
            frame.pts, frame.time_base = late_ms + 50 * number + 20 * (number % 2), Fraction(1, 1000)
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
        for number in range(3 * HERTZ // 1024):
            out.mux(voice.encode(silence(number)))
        out.mux(voice.encode(None))
    found = probe(source)
    transcode(source, target, _LARGE, _SIZE, found.duration_ms or 0)
    assert probe(target).duration_ms == pytest.approx(found.duration_ms, abs=120)


def test_a_frame_that_is_shown_for_long_is_written(tmp_path: Path) -> None:
    """Its rate would give the encoder fewer bits than it takes."""
    source, target = tmp_path / "a", tmp_path / "b"
    with av.open(source, "w", format="mp4") as out:
        track = _track(out)
        track.codec_context.time_base = Fraction(1, 1000)
        frame = frame_of(Image.new("RGB", _SIZE, "red"))
        for at in (0, 20_000):
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
    transcode(source, target, _LARGE, _SIZE, probe(source).duration_ms or 0)
    assert (probe(target).duration_ms or 0) >= 20_000


@pytest.mark.parametrize("part", [0.1, 0.2])
def test_a_video_with_sound_that_breaks_off_is_refused(part: float, tmp_path: Path) -> None:
    path = _with_sound(tmp_path / "a", "matroska", sound_s=1)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(MediaRefused, match="broken"):
        probe(path)


@pytest.mark.skipif(not _CASES.exists(), reason="the cases lie beside the repository")
@pytest.mark.parametrize(
    ("name", "mirrored"),
    [
        ("audio_longer.mp4", False),
        ("subs_longer.mkv", False),
        ("mx_hflip.mp4", True),
        ("mxh_hflip.mp4", True),
    ],
)
def test_the_cases_are_read_right(name: str, mirrored: bool, tmp_path: Path) -> None:
    found = probe(_CASES / name)
    if mirrored:
        assert not found.plain
        assert 2000 == found.duration_ms
    take_still(_CASES / name, tmp_path / "still")
    assert found.duration_ms
    assert found.duration_ms < 4_500
