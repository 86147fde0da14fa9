"""Thumbnails and family trees, drawn by a confined process."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot.domain.errors import MediaUnavailable
from bot.domain.jobs.lineage import Shown, TreeNode, placed
from bot.media.storage.folder import FolderStorage
from tests.media.libraries import arrived, open_library

_GREEN = (20, 160, 60)


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path)


def png(mode: str = "RGB", colour: tuple[int, ...] = _GREEN) -> bytes:
    content = BytesIO()
    Image.new(mode, (1000, 500), colour).save(content, "PNG")
    return content.getvalue()


def at(picture: Image.Image, x: int, y: int) -> tuple[int, ...]:
    pixel = picture.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return pixel


def near(pixel: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return all(abs(one - other) < 6 for one, other in zip(pixel, wanted, strict=True))


async def test_a_thumbnail_is_small_made_once_and_removed_with_its_picture(storage: FolderStorage) -> None:
    async with open_library(storage) as library:
        media = await library.store_file(arrived(storage, png("RGBA", (0, 0, 0, 0))))
        file = await library.thumbnail(media, member="ada")
        async with library.local(file) as path:
            with Image.open(path) as shown:
                assert ("JPEG", (320, 160)) == (shown.format, shown.size)
                assert near(at(shown, 9, 9), (255, 255, 255)), "what is transparent is white"
        await storage.put_rendition(media.file, "thumb", arrived(storage, b"made before"))
        assert file == await library.thumbnail(media, member="bob")
        async with library.local(file) as path:
            assert b"made before" == path.read_bytes()
        await storage.remove(media.file)
        assert not await storage.exists(file)
        with pytest.raises(MediaUnavailable):
            await library.thumbnail(media, member="ada")


async def test_a_tree_has_its_own_background_pictures_and_placeholders(storage: FolderStorage) -> None:
    nodes = [
        TreeNode(key="secret", parent=None, shown=Shown.HIDDEN),
        TreeNode(key="a", parent="secret", shown=Shown.FULL, lines=("#4n6p8r", "/imagine"), asked=True),
        TreeNode(key="b", parent="a", shown=Shown.FULL, lines=("#4n6p8s", "/reframe")),
        TreeNode(key="c", parent="a", shown=Shown.DELETED),
    ]
    async with open_library(storage) as library:
        media = await library.store_file(arrived(storage, png()))
        lost = await library.store_file(arrived(storage, png("L", (9,))))
        await storage.remove(lost.file)
        drawing = await library.draw_lineage(placed(nodes), {"a": media, "b": lost}, member="ada")
    with Image.open(BytesIO(drawing)) as shown:
        assert "PNG" == shown.format
        picture = shown.convert("RGB")
    # Three generations of 176 pixels with 68 between, and two rows; the middle one is centred.
    assert (3 * 176 + 2 * 68 + 48, 2 * 152 + 22 + 48) == picture.size
    middle = (24 + 176 + 68 + 88, 24 + 87 + 56)
    assert near(at(picture, *middle), _GREEN)
    background = at(picture, 2, 2)
    assert max(background) < 60, "readable in a light chat, too: it is not transparent"
    corner = (24 + 20, 24 + 87 + 10)
    assert near(at(picture, *corner), (58, 54, 72)), "nothing of a hidden result is drawn"
