"""What every viewer shows is accepted: metadata that cannot be read is left out, pixels are never mended."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from bot.domain.errors import MediaRefused
from bot.media.codecs.pictures import convert_picture
from bot.media.codecs.probing import probe
from tests.media.pictures import colour, picture

_CASES = Path(__file__).parents[4] / "shared" / "cases"
_RED = (200, 30, 60)


def _red(kind: str, **options: object) -> bytes:
    file = BytesIO()
    Image.new("RGB", (64, 48), _RED).save(file, kind, **options)
    return file.getvalue()


def _chunk(kind: bytes, data: bytes, *, broken: bool = False) -> bytes:
    checksum = zlib.crc32(kind + data) ^ broken
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def _png_with(*chunks: bytes) -> bytes:
    content = _red("PNG")
    return content[:33] + b"".join(chunks) + content[33:]


def _jpeg_with(marker: int, data: bytes) -> bytes:
    content = _red("JPEG", quality=95)
    return content[:2] + bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data + content[2:]


def _webp_named(more: int) -> bytes:
    content = _red("WEBP", lossless=True)
    return content[:4] + struct.pack("<I", len(content) - 8 + more) + content[8:]


_LARGE = zlib.compress(b"words " * 400_000)
_BROKEN_METADATA = {
    "checksum": _png_with(_chunk(b"pHYs", bytes(9), broken=True)),
    "checksum of text": _png_with(_chunk(b"tEXt", b"Title\0words", broken=True)),
    "zTXt": _png_with(_chunk(b"zTXt", b"Title\0\0" + _LARGE)),
    "zTXt garbage": _png_with(_chunk(b"zTXt", b"Title\0\0garbage")),
    "iTXt": _png_with(_chunk(b"iTXt", b"Title\0\1\0en\0Titel\0" + _LARGE)),
    "long iTXt": _png_with(_chunk(b"iTXt", b"Title\0\0\0en\0Titel\0" + b"words " * 200_000)),
    "iCCP": _png_with(_chunk(b"iCCP", b"profile\0\0" + _LARGE)),
    "iCCP garbage": _png_with(_chunk(b"iCCP", b"profile\0\0garbage")),
    "eXIf garbage": _png_with(_chunk(b"eXIf", b"garbage that is no TIFF")),
    "gAMA cut": _png_with(_chunk(b"gAMA", b"a")),
    "cHRM cut": _png_with(_chunk(b"cHRM", b"abc")),
    "cICP cut": _png_with(_chunk(b"cICP", b"\1")),
    "sRGB empty": _png_with(_chunk(b"sRGB", b"")),
    "tRNS cut": _png_with(_chunk(b"tRNS", b"a")),
    "tRNS of broken checksum": _png_with(_chunk(b"tRNS", b"\0\1\0\1\0\1", broken=True)),
    "iCCP of an unknown kind": _png_with(_chunk(b"iCCP", b"name\0\5" + zlib.compress(b"x"))),
    "acTL cut": _png_with(_chunk(b"acTL", b"a")),
    "acTL without frames": _png_with(_chunk(b"acTL", struct.pack(">II", 5, 0))),
    "fcTL astray": _png_with(_chunk(b"fcTL", b"abc")),
    "JPEG with a short profile": _jpeg_with(0xE2, b"ICC_PROFILE\0"),
    "JPEG with a broken APP13": _jpeg_with(0xED, b"Photoshop 3.0\x008BIM\0\0"),
    "JPEG with a short APP14": _jpeg_with(0xEE, b"Adobe"),
    "JPEG with a short APP0": _jpeg_with(0xE0, b"JFIF"),
    "JPEG with a broken APP13 and no end": _jpeg_with(0xED, b"Photoshop 3.0\x008BIM\0\0")[:-2],
    "WebP that names a shorter length": _webp_named(-2),
    "WebP that names a longer length": _webp_named(100),
    "JPEG with EXIF garbage": _red("JPEG", quality=95, exif=b"Exif\0\0garbage that is no TIFF"),
    "WebP with EXIF garbage": _red("WEBP", lossless=True, exif=b"Exif\0\0garbage that is no TIFF"),
    "JPEG without its last byte": _red("JPEG", quality=95)[:-1],
    "JPEG without its last two bytes": _red("JPEG", quality=95)[:-2],
    "progressive JPEG without its last two bytes": _red("JPEG", quality=95, progressive=True)[:-2],
}


def _shows_red(content: bytes, folder: Path) -> None:
    source, target = folder / "source", folder / "target"
    source.write_bytes(content)
    found = probe(source)
    assert (64, 48, False) == (found.width, found.height, found.plain)
    convert_picture(source, target, 1_000_000)
    with Image.open(target) as image:
        assert pytest.approx(_RED, abs=4) == colour(image, (30, 20))
        assert not {"exif", "icc_profile", "Title"} & set(image.info)
    assert probe(target).plain


@pytest.mark.parametrize("content", _BROKEN_METADATA.values(), ids=_BROKEN_METADATA.keys())
def test_metadata_that_cannot_be_read_are_left_out(content: bytes, tmp_path: Path) -> None:
    _shows_red(content, tmp_path)


_GARBAGE = b"\xff\xd8garbage" * 50
_ODD = {
    "JPEG and garbage": _red("JPEG", quality=95) + _GARBAGE,
    "PNG and garbage": _red("PNG") + _GARBAGE,
    "PNG without its end": _red("PNG")[:-12],
    "PNG whose end is cut": _red("PNG")[:-4],
    "PNG with an odd tIME": _png_with(_chunk(b"tIME", b"\xff" * 7)),
    "PNG with an odd pHYs": _png_with(_chunk(b"pHYs", b"abc")),
    "GIF and garbage": _red("GIF") + _GARBAGE,
    "GIF without its end": _red("GIF")[:-1],
    "WebP and garbage": _red("WEBP", lossless=True) + _GARBAGE,
    "HEIC and garbage": _red("HEIF", quality=100) + _GARBAGE,
    "AVIF and garbage": _red("AVIF", quality=100) + _GARBAGE,
    "JPEG with filling": _jpeg_with(0xFF, b"")[:3] + _jpeg_with(0xFF, b"")[6:],
}


@pytest.mark.parametrize("content", _ODD.values(), ids=_ODD.keys())
def test_what_stands_behind_or_is_never_looked_at_does_not_matter(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    assert (64, 48) == (probe(tmp_path / "a").width, probe(tmp_path / "a").height)
    convert_picture(tmp_path / "a", tmp_path / "b", 1_000_000)
    with Image.open(tmp_path / "b") as image:
        assert pytest.approx(_RED, abs=4) == colour(image, (30, 20))


def test_a_webp_that_lacks_pixels_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(picture("WEBP", (200, 200))[:-400])
    with pytest.raises(MediaRefused, match="broken or not complete"):
        probe(tmp_path / "a")


def test_metadata_that_can_be_read_are_no_reason_to_write_anew(tmp_path: Path) -> None:
    words = PngImagePlugin.PngInfo()
    words.add_text("Title", "words " * 1_000, zip=True)
    words.add_itxt("Title", "words " * 1_000, zip=True)
    words.add_text("Author", "somebody")
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    (tmp_path / "a").write_bytes(_red("PNG", pnginfo=words, exif=exif, dpi=(300, 300)))
    assert probe(tmp_path / "a").plain


@pytest.mark.parametrize("missing", [40, 400])
@pytest.mark.parametrize("options", [{}, {"progressive": True}], ids=["baseline", "progressive"])
def test_a_jpeg_that_lacks_pixels_is_refused(missing: int, options: dict[str, bool], tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(picture("JPEG", (200, 200), **options)[:-missing])
    with pytest.raises(MediaRefused, match="broken or not complete"):
        probe(tmp_path / "a")


def test_a_png_that_lacks_pixels_is_refused_whatever_its_metadata(tmp_path: Path) -> None:
    content = _png_with(_chunk(b"pHYs", bytes(9), broken=True))
    at = content.index(b"IDAT") + 20
    (tmp_path / "a").write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    with pytest.raises(MediaRefused, match="broken or not complete"):
        probe(tmp_path / "a")


@pytest.mark.skipif(not _CASES.exists(), reason="the cases lie beside the repository")
@pytest.mark.parametrize(
    "name",
    [
        "x_png_badcrc_ancillary.png",
        "x_png_exif_garbage.png",
        "x_png_itxt_1_2MB.png",
        "trunc_2bytes.jpg",
    ],
)
def test_the_cases_are_accepted(name: str, tmp_path: Path) -> None:
    assert not probe(_CASES / name).animated
    convert_picture(_CASES / name, tmp_path / "target", 10_000_000)
    assert probe(tmp_path / "target").plain
