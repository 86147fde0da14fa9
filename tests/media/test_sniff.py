"""Declared types only say what is worth a look; the bytes decide."""

from pathlib import Path

import pytest

from bot.domain.generations.media import MediaKind, kind_of_address
from bot.media.codecs.probing import probe
from bot.media.declared_types import PICTURE_ENDINGS, VIDEO_ENDINGS, kind_of_type
from tests.media.pictures import picture
from tests.media.videos import video

_CASES = Path(__file__).parents[3] / "shared" / "cases"


@pytest.mark.parametrize(
    "mime",
    ["image/jpg", "image/pjpeg", "image/x-png", "image/apng", "image/heic-sequence", "IMAGE/JPEG; charset=x"],
)
def test_pictures_are_known_by_every_name_that_clients_use(mime: str) -> None:
    assert MediaKind.PICTURE is kind_of_type(mime)


@pytest.mark.parametrize(
    "mime",
    [
        "video/3gpp",
        "video/3gpp2",
        "video/avi",
        "video/x-msvideo",
        "video/vnd.avi",
        "video/matroska",
        "video/x-m4v",
        "video/mov",
        "application/mp4",
    ],
)
def test_videos_are_known_by_every_name_that_clients_use(mime: str) -> None:
    assert MediaKind.VIDEO is kind_of_type(mime)


@pytest.mark.parametrize("mime", [None, "", "application/octet-stream", "binary/octet-stream", "*/*"])
def test_where_the_type_says_nothing_the_name_does(mime: str | None) -> None:
    for ending in PICTURE_ENDINGS:
        assert MediaKind.PICTURE is kind_of_type(mime, f"a.b.{ending.upper()}")
    for ending in VIDEO_ENDINGS:
        assert MediaKind.VIDEO is kind_of_type(mime, f"a.{ending}")
    assert kind_of_type(mime, "a.zip") is kind_of_type(mime, "a") is None


@pytest.mark.parametrize("mime", ["text/plain", "application/pdf", "audio/mpeg", "image/svg+xml", "nonsense"])
def test_what_is_certainly_neither_is_not_looked_at(mime: str) -> None:
    assert kind_of_type(mime, "a.png") is None


def test_addresses_know_the_endings_of_videos() -> None:
    for ending in VIDEO_ENDINGS:
        assert MediaKind.VIDEO is kind_of_address(f"https://a.example/b.{ending}?c=1")
    for ending in PICTURE_ENDINGS:
        assert MediaKind.PICTURE is kind_of_address(f"https://a.example/b.{ending}")


def test_a_name_decides_nothing_about_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(picture("WEBP"))
    assert "image/webp" == probe(tmp_path / "a.mp4").mime
    assert "video/mp4" == probe(video(tmp_path / "b.png")).mime


@pytest.mark.parametrize("container", ["3gp", "3g2", "ipod", "avi", "matroska", "mov"])
def test_every_container_is_read_by_its_bytes(container: str, tmp_path: Path) -> None:
    codec = "mpeg4" if container in {"3gp", "3g2", "avi"} else "libx264"
    size = (176, 144) if container.startswith("3g") else (128, 72)
    found = probe(video(tmp_path / "a", container=container, codec=codec, size=size))
    assert found.mime.startswith("video/")
    assert size == (found.width, found.height)


@pytest.mark.skipif(not _CASES.exists(), reason="the cases lie beside the repository")
def test_the_case_is_accepted_by_its_bytes() -> None:
    assert probe(_CASES / "mpeg4.3gp").duration_ms
