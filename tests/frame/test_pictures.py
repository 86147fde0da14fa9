"""The pictures in the README: they exist, have a text, and the animations are short and small."""

import re
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ANIMATIONS = sorted((ROOT / "docs").glob("*.webp"))


def test_every_picture_exists_and_has_a_text() -> None:
    sources = re.findall(r'(?:src|srcset)="(docs/[^"]+)"', README)
    assert sources
    assert [] == [one for one in sources if not (ROOT / one).is_file()]
    for image in re.findall(r"<img [^>]*>", README):
        assert re.search(r'alt="[^"]{20,}"', image), image


@pytest.mark.parametrize("animation", ANIMATIONS, ids=lambda path: path.stem)
def test_an_animation_is_short_and_small(animation: Path) -> None:
    assert f"docs/{animation.name}" in README
    assert animation.stat().st_size <= 1_500_000
    duration_ms = 0
    with Image.open(animation) as picture:
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            picture.load()
            duration_ms += picture.info["duration"]
    assert 6_000 <= duration_ms <= 12_000
