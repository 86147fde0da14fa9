"""Pictures that are made from other pictures: variations, styles, characters and reframes."""

from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from simulator.drawing.images import check_image
from simulator.drawing.picture import compose_picture
from simulator.drawing.spec import ReferenceImage
from simulator.formats import PICTURE_SIZES, AspectRatio
from tests.simulator.pictures import SMALLER, difference, drawn_at, spec_of


@pytest.mark.parametrize(("role", "weight"), [("image_ref", 0.85), ("modify_image_ref", 1.0)])
def test_a_variation_is_closer_to_its_reference_than_a_new_picture_is(
    tmp_path: Path, role: str, weight: float
) -> None:
    wide = AspectRatio.ULTRAWIDE
    path = drawn_at("a red house in the desert", tmp_path / "reference.jpg", ratio=wide)
    source = ReferenceImage(path=path, role=role, weight=weight)
    variation = compose_picture(spec_of("a fox in winter", references=[source], ratio=wide))
    unrelated = compose_picture(spec_of("a fox in winter", ratio=wide))
    with Image.open(path) as reference:
        assert difference(variation, reference) < difference(unrelated, reference) / 2
        assert difference(variation, reference) > 1


def test_a_heavier_reference_shows_more(tmp_path: Path) -> None:
    path = drawn_at("a boat at sunset", tmp_path / "reference.jpg")
    with Image.open(path) as reference:
        distances = [
            difference(
                compose_picture(
                    spec_of(
                        "a robot in the city",
                        references=[ReferenceImage(path=path, role="image_ref", weight=weight)],
                    )
                ),
                reference,
            )
            for weight in (0.0, 0.3, 0.6, 0.9)
        ]
    assert distances == sorted(distances, reverse=True)


def test_a_style_lends_its_colours(tmp_path: Path) -> None:
    path = tmp_path / "style.png"
    Image.new("RGB", (300, 200), (20, 160, 60)).save(path)
    source = ReferenceImage(path=path, role="style_ref", weight=0.8)
    red, green, blue = ImageStat.Stat(compose_picture(spec_of("a winter day", references=[source]))).mean
    assert green > 1.2 * max(red, blue)


def test_a_character_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "face.png"
    Image.new("RGB", (300, 300), (255, 0, 255)).save(path)
    source = ReferenceImage(path=path, role="character_ref", weight=1.0)
    picture = compose_picture(spec_of("a knight at night", references=[source]))
    assert _count_of(picture, (255, 0, 255)) > 625


def _count_of(picture: Image.Image, colour: tuple[int, int, int]) -> int:
    difference = ImageChops.difference(picture, Image.new("RGB", picture.size, colour)).convert("L")
    return sum(difference.histogram()[:12])


@pytest.mark.parametrize("ratio", list(AspectRatio))
def test_a_reframe_shows_its_source_whole_and_undistorted(tmp_path: Path, ratio: AspectRatio) -> None:
    source = Image.open(drawn_at("a cat and a car", tmp_path / "source.png", ratio=AspectRatio.CLASSIC))
    with source:
        media = ReferenceImage(path=tmp_path / "source.png", role="media", weight=1.0)
        picture = compose_picture(spec_of("", ratio=ratio, references=[media]))
        width, height = (side // SMALLER for side in PICTURE_SIZES[ratio])
        scale = min(width / source.width, height / source.height)
        shown = (round(source.width * scale), round(source.height * scale))
        left, top = (width - shown[0]) // 2, (height - shown[1]) // 2
        found = picture.crop((left, top, left + shown[0], top + shown[1]))
        assert picture.size == (width, height)
        assert ImageStat.Stat(ImageChops.difference(found, source.resize(shown))).mean < [3, 3, 3]


def test_a_reframe_places_its_source_as_asked(tmp_path: Path) -> None:
    path = drawn_at("a dog on the beach", tmp_path / "source.png", full_size=True)
    media = ReferenceImage(path=path, role="media", weight=1.0)
    picture = compose_picture(
        spec_of(
            "",
            ratio=AspectRatio.PORTRAIT,
            full_size=True,
            references=[media],
            x_start=200,
            x_end=1000,
            y_start=100,
            y_end=700,
            resized_width=400,
            resized_height=300,
            grid_position_x=30,
            grid_position_y=700,
        )
    )
    with Image.open(path) as source:
        asked = source.crop((200, 100, 1000, 700)).resize((400, 300), Image.Resampling.BICUBIC)
    assert ImageChops.difference(picture.crop((30, 700, 430, 1000)), asked).getbbox() is None


def test_surroundings_continue_the_source(tmp_path: Path) -> None:
    path = tmp_path / "source.png"
    Image.linear_gradient("L").convert("RGB").resize((400, 400)).save(path)
    media = ReferenceImage(path=path, role="media", weight=1.0)
    picture = compose_picture(spec_of("", ratio=AspectRatio.PORTRAIT, full_size=True, references=[media]))
    above, below = (ImageStat.Stat(picture.crop((0, top, 1152, top + 40))).mean[0] for top in (400, 1610))
    assert above < 40
    assert below > 215


@pytest.mark.parametrize(
    "content", [b"", b"<svg/>", b"\xff\xd8\xff\xe0 not really", b"\x89PNG\r\n\x1a\n" + b"\0" * 64]
)
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken"
    path.write_bytes(content)
    assert check_image(path) is not None


def test_a_picture_of_too_many_pixels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    Image.new("1", (9000, 9000)).save(path)
    assert check_image(path) is not None
