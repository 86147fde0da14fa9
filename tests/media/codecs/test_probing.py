"""A picture is what it decodes to, not what it is called."""

import struct
import zlib
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.domain.errors import MediaRefused
from bot.media.codecs import pictures
from bot.media.codecs.pictures import probe_picture
from bot.media.codecs.probe import Probe
from bot.media.codecs.probing import probe
from tests.media.pictures import moving_picture, picture


def _write(folder: Path, content: bytes, name: str = "a") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("kind", "mime"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("HEIF", "image/heic"),
        ("AVIF", "image/avif"),
    ],
)
def test_pictures_are_recognised_by_content(kind: str, mime: str, tmp_path: Path) -> None:
    expected = Probe(mime=mime, width=64, height=48)
    assert expected == probe(_write(tmp_path, picture(kind), "a.txt"))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_animated_pictures_are_recognised(kind: str, tmp_path: Path) -> None:
    assert probe(_write(tmp_path, moving_picture(kind))).animated


def test_the_size_is_that_of_the_displayed_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    found = probe(_write(tmp_path, picture("JPEG", (64, 48), exif=exif)))
    assert (48, 64, False) == (found.width, found.height, found.plain)


@pytest.mark.parametrize(("kind", "mime"), [("MPO", "image/jpeg"), ("HEIF", "image/heic")])
def test_several_pictures_in_one_file_are_its_first(kind: str, mime: str, tmp_path: Path) -> None:
    found = probe(_write(tmp_path, moving_picture(kind)))
    assert (mime, False) == (found.mime, found.animated)


def test_cmyk_pictures_are_recognised(tmp_path: Path) -> None:
    path = tmp_path / "a"
    Image.new("CMYK", (8, 8)).save(path, "JPEG")
    assert not probe(path).plain


@pytest.mark.parametrize(
    "content", [b"just words\n" * 20, b"", b"%PDF-1.7", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF"]
)
def test_other_files_are_refused_whatever_their_name(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(MediaRefused, match="not a picture"):
        probe(_write(tmp_path, content, "picture.png"))


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM"])
def test_other_kinds_of_pictures_are_refused(kind: str, tmp_path: Path) -> None:
    with pytest.raises(MediaRefused, match="not a picture"):
        probe(_write(tmp_path, picture(kind)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_truncated_picture_is_refused(kind: str, part: float, tmp_path: Path) -> None:
    content = picture(kind, (200, 200))
    with pytest.raises(MediaRefused, match="broken or not complete"):
        probe(_write(tmp_path, content[: int(len(content) * part)]))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_a_moving_picture_that_breaks_off_is_refused(kind: str, tmp_path: Path) -> None:
    content = moving_picture(kind, 4, (100, 100))
    with pytest.raises(MediaRefused, match="broken or not complete"):
        probe(_write(tmp_path, content[: int(len(content) * 0.8)]))


def test_a_picture_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, picture())
    assert probe_picture(path, 64 * 48).width == 64
    with pytest.raises(MediaRefused, match="too large"):
        probe_picture(path, 64 * 48 - 1)


@pytest.mark.parametrize(("width", "height"), [(10_000, 6_000), (12_000, 8_000), (60_000, 60_000)])
def test_a_pixel_bomb_is_refused_before_it_is_decoded(width: int, height: int, tmp_path: Path) -> None:
    """The header alone is enough: there are no pixels to decode."""
    with pytest.raises(MediaRefused, match="at most 50 megapixels"):
        probe(_write(tmp_path, _png_header(width, height)))


def _png_header(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


_SEEDS = {kind: picture(kind, (24, 24)) for kind in ("JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF")} | {
    f"moving {kind}": moving_picture(kind, 3, (16, 16)) for kind in ("WEBP", "PNG", "GIF", "MPO")
}


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(sorted(_SEEDS)),
    place=st.integers(0, 3000),
    patch=st.binary(min_size=1, max_size=12),
)
def test_whatever_is_broken_the_answer_is_a_probe_or_a_refusal(kind: str, place: int, patch: bytes) -> None:
    content = bytearray(_SEEDS[kind])
    at = place % len(content)
    content[at : at + len(patch)] = patch
    with TemporaryDirectory() as folder, suppress(MediaRefused):
        assert probe(_write(Path(folder), bytes(content))).width > 0


_JPEGS = {
    "baseline": picture("JPEG", (120, 80)),
    "progressive": picture("JPEG", (120, 80), progressive=True),
    "without subsampling": picture("JPEG", (120, 80), subsampling=0),
    "smaller than a scaled pixel": picture("JPEG", (5, 3)),
}


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(sorted(_JPEGS)),
    place=st.integers(0, 10_000),
    removed=st.integers(0, 10_000),
    patch=st.binary(max_size=20),
)
def test_a_broken_jpeg_is_refused_as_if_it_were_decoded_in_full_size(
    kind: str, place: int, removed: int, patch: bytes
) -> None:
    content = bytearray(_JPEGS[kind])
    at = place % len(content)
    content[at : at + removed] = patch
    with TemporaryDirectory() as folder:
        path = _write(Path(folder), bytes(content))
        with pytest.MonkeyPatch.context() as full_size:
            full_size.setattr(pictures, "_SCALED_DECODING", frozenset())
            expected = _verdict(path)
        assert expected == _verdict(path)


def _verdict(path: Path) -> Probe | str:
    try:
        return probe(path)
    except MediaRefused as refusal:
        return str(refusal)
