"""The simulator knows the API by itself; what it and the bot know of the same facts must be equal."""

import ast
from pathlib import Path

import simulator
from bot.domain.generations import models as ours
from bot.domain.money.pricing import published_rates
from simulator import formats as theirs
from simulator.formats import VideoShape
from simulator.generations.pricing import image_price, video_price

PACKAGE = Path(simulator.__file__).parent


def _imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_the_simulator_imports_nothing_of_the_bot() -> None:
    """Not even inside a function."""
    files = list(PACKAGE.rglob("*.py"))
    assert len(files) > 30
    assert {} == {
        str(file): foreign
        for file in files
        if (foreign := {name for name in _imports(file) if name.split(".")[0] in ("bot", "adapters")})
    }


def test_both_know_the_same_sizes() -> None:
    assert {ratio.value: size for ratio, size in ours.PICTURE_SIZES.items()} == {
        ratio.value: size for ratio, size in theirs.PICTURE_SIZES.items()
    }
    for ratio in theirs.AspectRatio:
        for resolution in theirs.Resolution:
            assert ours.video_size(ours.AspectRatio(ratio), ours.Resolution(resolution)) == theirs.video_size(
                ratio, resolution
            )


def test_both_know_the_same_prices() -> None:
    rates = published_rates()
    for model in theirs.ImageModel:
        width, height = theirs.PICTURE_SIZES[theirs.AspectRatio.SQUARE]
        cost = -(-rates.image[ours.ImageModel(model)] * width * height // 1_000_000)
        assert cost == image_price(model, theirs.AspectRatio.SQUARE)
    for video in theirs.VideoModel:
        second = VideoShape(width=1000, height=1000, duration_ms=1000)
        assert rates.video[ours.VideoModel(video)] * theirs.FPS == video_price(video, second)
