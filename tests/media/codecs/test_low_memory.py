"""A want of memory is no verdict on a file, whatever a decoder says."""

import mmap
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from bot.domain.errors import MediaRefused, ProcessingFailed
from bot.media.codecs.pictures import convert_picture
from bot.media.codecs.probe import Probe
from bot.media.codecs.probing import probe
from tests.media.videos import video
from tests.media_workers import SharedPool
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")

register_heif_opener()
_STEP = 4 << 20
_HEAP_STEPS = (1 << 20, 64 << 10)
#: what makes writing them quick; to read them takes as much memory as ever
_QUICKLY: dict[str, dict[str, object]] = {
    "HEIF": {"enc_params": {"preset": "ultrafast"}},
    "AVIF": {"speed": 10},
    "WEBP": {"method": 0},
}
#: a baseline JPEG is checked in an eighth of its size, and fits; the coefficients of a progressive one do not
_LARGE: dict[str, dict[str, object]] = {"JPEG": {"progressive": True}}


def _probe_with(left: int, path: Path) -> Probe:
    """Probe with so many bytes of memory left."""
    mapped, filled = [], []
    with suppress(OSError):
        while True:
            mapped.append(mmap.mmap(-1, _STEP))
    # What earlier calls have imported leaves free memory behind, which needs no new mapping.
    for size in _HEAP_STEPS:
        with suppress(MemoryError):
            while True:
                filled.append(bytearray(size))
    del mapped[: left // _STEP]
    return probe(path)


def _picture(path: Path, kind: str) -> Path:
    image = Image.linear_gradient("L").resize((4000, 3000)).convert("RGB")
    image.save(path, kind, quality=40, **_QUICKLY.get(kind, {}), **_LARGE.get(kind, {}))
    return path


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "WEBP", "JPEG", "PNG"])
async def test_a_decoder_without_memory_gives_no_verdict(kind: str, tmp_path: Path) -> None:
    path = _picture(tmp_path / "a", kind)
    async with SharedPool() as pool:
        with pytest.raises(ProcessingFailed, match="memory"):
            await pool.run(_probe_with, 32 << 20, path, timeout_s=PATIENCE_S)
        assert (await pool.run(probe, path, timeout_s=PATIENCE_S)).width == 4000


async def test_a_broken_picture_is_refused_where_there_is_room(tmp_path: Path) -> None:
    path = _picture(tmp_path / "a", "WEBP")
    path.write_bytes(path.read_bytes()[:400])
    async with SharedPool() as pool:
        with pytest.raises(MediaRefused, match="broken"):
            await pool.run(convert_picture, path, tmp_path / "b", 9_000_000, timeout_s=PATIENCE_S)


@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9"])
async def test_a_video_without_memory_is_not_refused(codec: str, tmp_path: Path) -> None:
    container = "mp4" if codec == "libx264" else "webm"
    path = video(tmp_path / "a", codec=codec, container=container, size=(2560, 1440), frames=2)
    async with SharedPool() as pool:
        with pytest.raises(ProcessingFailed, match="memory"):
            await pool.run(_probe_with, 8 << 20, path, timeout_s=PATIENCE_S)
