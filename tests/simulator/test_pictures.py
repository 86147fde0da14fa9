"""What the simulator draws from a prompt: right in size and format, and as the words say."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image, ImageChops, ImageStat

from simulator.drawing.palette import PALETTES
from simulator.drawing.picture import caption_strip, compose_picture, printable
from simulator.drawing.prompt import read_prompt
from simulator.drawing.subjects import draw_subject, sections, wearable
from simulator.formats import PICTURE_SIZES, AspectRatio
from tests.simulator.pictures import difference, drawn_at, spec_of


@pytest.mark.parametrize(
    ("ratio", "suffix", "kind"),
    [*((ratio, ".jpg", "JPEG") for ratio in AspectRatio), (AspectRatio.ULTRAWIDE, ".png", "PNG")],
)
def test_a_picture_has_the_documented_size_and_format(
    tmp_path: Path, ratio: AspectRatio, suffix: str, kind: str
) -> None:
    path = drawn_at("a tiger in the jungle", tmp_path / f"picture{suffix}", ratio=ratio, full_size=True)
    with Image.open(path) as picture:
        picture.load()
        assert (picture.size, picture.format, picture.mode) == (PICTURE_SIZES[ratio], kind, "RGB")


def test_the_same_generation_is_drawn_the_same_and_another_one_differently() -> None:
    first, again = (compose_picture(spec_of("a castle by the sea")) for _ in range(2))
    other = compose_picture(spec_of("a castle by the sea", identifier=str(uuid4())))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_the_subject_comes_from_the_prompt() -> None:
    """Two prompts of the same mood and land differ most where their subject stands."""
    cat, car = (compose_picture(spec_of(f"a {what} in a meadow at noon")) for what in ("cat", "car"))
    middle, edge = (150, 125, 234, 334), (0, 0, 84, 209)
    assert difference(cat.crop(middle), car.crop(middle)) > 3 * difference(cat.crop(edge), car.crop(edge))


@pytest.mark.parametrize(
    "prompt", ["a red fox in the snow", "city at night, rain", "portrait of an old sailor", ""]
)
def test_four_pictures_of_one_prompt_differ_clearly(prompt: str) -> None:
    pictures = [compose_picture(spec_of(prompt, identifier=f"picture {at}")) for at in range(4)]
    again = compose_picture(spec_of(prompt, identifier="picture 0"))
    assert difference(pictures[0], again) == 0
    assert min(difference(one, other) for one, other in combinations(pictures, 2)) > 8


@pytest.mark.parametrize(
    ("prompt", "colour"),
    [
        ("a blue teapot", "2f6fd0"),
        ("an orange cat in the grass", "f08a2e"),
        ("ein rotes Auto", "d93a32"),
        ("un gato negro", "33333c"),
        ("緑のドラゴンと龍", "3f9b56"),
        ("a woman with red hair", "d93a32"),
        ("abstract shapes in teal", "1f9a94"),
        ("a lamp in purple", "7d4bb8"),
    ],
)
def test_a_colour_of_the_prompt_is_obeyed(prompt: str, colour: str) -> None:
    """Seen in the light of the scene, over a good part of the picture."""
    reds = bytes.fromhex(colour)
    pictures = [compose_picture(spec_of(prompt, identifier=f"picture {at}")) for at in range(3)]
    assert all(_share_like(picture, (reds[0], reds[1], reds[2])) > 0.02 for picture in pictures)


def _share_like(picture: Image.Image, colour: tuple[int, int, int]) -> float:
    """Share of the picture that has nearly this colour."""
    small = picture.resize((256, 256), Image.Resampling.BOX)
    channels = ImageChops.difference(small, Image.new("RGB", small.size, colour)).split()
    near = [channel.point(lambda value: 255 * (value < 48)) for channel in channels]
    return ImageStat.Stat(ImageChops.multiply(ImageChops.multiply(near[0], near[1]), near[2])).mean[0] / 255


def test_each_colour_goes_to_what_it_names() -> None:
    reading = read_prompt("a blue teapot on a green table beside a red car, all in gold")
    names = {name: bytes(colour).hex() for name, colour in reading.colours.items()}
    assert names == {"teapot": "2f6fd0", "near": "3f9b56", "car": "d93a32"}
    assert [bytes(colour).hex() for colour in reading.free_colours] == ["e8b53a"]


@pytest.mark.parametrize(
    ("prompt", "subjects", "place"),
    [
        ("two foxes in the woods", ["fox", "fox"], "forest"),
        ("un gato en la playa", ["cat"], "water"),
        ("ein Haus am See", ["house"], "water"),
        ("雪山の狐", ["fox"], "mountains"),
        ("красный трактор в поле", ["car"], "hills"),
        ("🐼 downtown", ["panda"], "city"),
        ("a selfie", ["person"], "portrait"),
        ("nothing that anybody knows", [], "abstract"),
    ],
)
def test_a_prompt_is_read_in_several_languages(prompt: str, subjects: list[str], place: str) -> None:
    reading = read_prompt(prompt)
    assert (subjects, place) == (reading.subjects, reading.place)


@pytest.mark.parametrize("name", [name for name in sections() if name[0] not in "_+"])
def test_every_subject_can_bedrawn_at(name: str) -> None:
    """With everything that it can wear; a mistake in the file of subjects shows here."""
    worn = [thing for thing in sections() if thing[0] == "+" and wearable(thing, name)]
    drawn = draw_subject(name, worn, PALETTES["noon"], {}, 100)
    box = drawn.getchannel("A").getbbox()
    assert drawn.size == (100, 100)
    assert box is not None
    assert (box[2] - box[0]) * (box[3] - box[1]) > 1_500


def test_a_symbol_counts_as_its_name() -> None:
    spoken, drawn = (compose_picture(spec_of(prompt)) for prompt in ("x guitar at noon", "x 🎸 at noon"))
    plain = compose_picture(spec_of("x at noon"))
    assert difference(spoken, drawn) < difference(spoken, plain)


@pytest.mark.parametrize(
    "prompt",
    [
        "\x00\x07\u202e\u2066 controls and directions \ufeff",
        "مرحبا بالعالم ﷺ שלום",
        "漢字かな交じり文 한국어 ไทย",
        "👩‍👩‍👧‍👦" * 500,
        "\U0010ffff\ufffe\udfff",
        "ﬃ" + "\u0301" * 3000,
        "a" * 5000,
        "word " * 1000,
        "\n\n\n",
    ],
)
def test_no_prompt_is_too_strange_to_bedrawn_at(prompt: str) -> None:
    assert compose_picture(spec_of(prompt)).size == (384, 384)


def test_prompt_model_and_aspect_ratio_are_written_under_a_picture() -> None:
    plain = compose_picture(spec_of("cat"))
    for other in (spec_of("cats"), replace(spec_of("cat"), model="photon-flash-1")):
        changed = ImageChops.difference(plain, compose_picture(other)).getbbox()
        assert changed is not None
        assert changed[1] > 350
    assert (
        caption_strip((800, 600), "cat", "1:1").tobytes() != caption_strip((800, 600), "cat", "4:3").tobytes()
    )


def test_a_long_prompt_is_cut_after_two_lines() -> None:
    sizes = [caption_strip((800, 600), "word " * count, "photon-1").size for count in (1, 40, 900)]
    assert sizes[0][1] < sizes[1][1] == sizes[2][1] < 120


@pytest.mark.parametrize(
    ("prompt", "caption"),
    [("Café Ångström", "Cafe Angstrom"), ("I ♥ 東京!", "I black heart suit …!"), ("a\n\nb", "a b")],
)
def test_a_caption_uses_letters_that_the_font_has(prompt: str, caption: str) -> None:
    assert printable(prompt) == caption


def test_a_black_and_white_photo_has_no_colours() -> None:
    red, green, blue = (
        compose_picture(spec_of("a black and white photo of a dog")).crop((0, 0, 384, 325)).split()
    )
    assert red.tobytes() == green.tobytes() == blue.tobytes()
