"""What the simulator draws: right in size and format, from the prompt, and from its references."""

import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image, ImageChops, ImageStat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.drawing.images import check_image
from simulator.drawing.palette import PALETTES
from simulator.drawing.picture import compose_picture, draw_picture
from simulator.drawing.prompt import read_prompt
from simulator.drawing.spec import PictureSpec, Placement, ReferenceImage
from simulator.drawing.subjects import draw_subject, sections, wearable
from simulator.errors import FileUnavailable, FileUnreadable
from simulator.formats import PICTURE_SIZES, AspectRatio
from tests.simulator.client import ApiClient, served, simulator_at


def _spec(
    prompt: str,
    *,
    ratio: AspectRatio = AspectRatio.SQUARE,
    references: Sequence[ReferenceImage] = (),
    identifier: str = "5e9d0a33-5f0d-4d0e-9d8c-2d8f4f2f2b11",
    **placement: Any,
) -> PictureSpec:
    return PictureSpec(
        id=identifier,
        prompt=prompt,
        model="photon-1",
        aspect_ratio=ratio,
        references=tuple(references),
        placement=Placement.from_request(placement),
    )


def _drawn(prompt: str, path: Path, **more: Any) -> Path:
    draw_picture(_spec(prompt, **more), path)
    return path


def _difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures when looked at from afar, from 0 to 255."""
    far = [picture.convert("RGB").resize((48, 48), Image.Resampling.BOX) for picture in (one, other)]
    return sum(ImageStat.Stat(ImageChops.difference(*far)).mean) / 3


@pytest.mark.parametrize("ratio", list(AspectRatio))
@pytest.mark.parametrize(("suffix", "kind"), [(".jpg", "JPEG"), (".png", "PNG")])
def test_a_picture_has_the_documented_size_and_format(
    tmp_path: Path, ratio: AspectRatio, suffix: str, kind: str
) -> None:
    with Image.open(_drawn("a tiger in the jungle", tmp_path / f"picture{suffix}", ratio=ratio)) as picture:
        picture.load()
        assert (picture.size, picture.format, picture.mode) == (PICTURE_SIZES[ratio], kind, "RGB")


def test_the_same_generation_is_drawn_the_same_and_another_one_differently() -> None:
    first, again = (compose_picture(_spec("a castle by the sea")) for _ in range(2))
    other = compose_picture(_spec("a castle by the sea", identifier=str(uuid4())))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_the_subject_comes_from_the_prompt() -> None:
    """Two prompts of the same mood and land differ most where their subject stands."""
    cat, car = (compose_picture(_spec(f"a {what} in a meadow at noon")) for what in ("cat", "car"))
    middle, edge = (600, 500, 936, 1336), (0, 0, 336, 836)
    assert _difference(cat.crop(middle), car.crop(middle)) > 3 * _difference(cat.crop(edge), car.crop(edge))


@pytest.mark.parametrize(
    "prompt", ["a red fox in the snow", "city at night, rain", "portrait of an old sailor", ""]
)
def test_four_pictures_of_one_prompt_differ_clearly(prompt: str) -> None:
    pictures = [compose_picture(_spec(prompt, identifier=f"picture {at}")) for at in range(4)]
    again = compose_picture(_spec(prompt, identifier="picture 0"))
    assert _difference(pictures[0], again) == 0
    assert min(_difference(one, other) for one, other in combinations(pictures, 2)) > 8


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
    pictures = [compose_picture(_spec(prompt, identifier=f"picture {at}")) for at in range(3)]
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
        ("two foxes in the woods", ["fox"], "forest"),
        ("un gato en la playa", ["cat"], "water"),
        ("ein Haus am See", ["house"], "water"),
        ("雪山の狐", ["fox"], "mountains"),
        ("красный трактор в поле", ["car"], "hills"),
        ("🐼 downtown", ["panda"], "city"),
        ("nothing that anybody knows", [], None),
    ],
)
def test_a_prompt_is_read_in_several_languages(prompt: str, subjects: list[str], place: str | None) -> None:
    reading = read_prompt(prompt)
    assert (subjects, place) == (reading.subjects, reading.place)


@pytest.mark.parametrize("name", [name for name in sections() if name[0] not in "_+"])
def test_every_subject_can_be_drawn(name: str) -> None:
    """With everything that it can wear; a mistake in the file of subjects shows here."""
    worn = [thing.removeprefix("+") for thing in sections() if thing[0] == "+" and wearable(thing[1:], name)]
    drawn = draw_subject(name, worn, PALETTES["noon"], {}, 100)
    box = drawn.getchannel("A").getbbox()
    assert drawn.size == (100, 100)
    assert box is not None
    assert (box[2] - box[0]) * (box[3] - box[1]) > 1_500


def test_a_symbol_counts_as_its_name() -> None:
    spoken, drawn = (compose_picture(_spec(prompt)) for prompt in ("x guitar at noon", "x 🎸 at noon"))
    plain = compose_picture(_spec("x at noon"))
    assert _difference(spoken, drawn) < _difference(spoken, plain)


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
def test_no_prompt_is_too_strange_to_be_drawn(prompt: str) -> None:
    assert compose_picture(_spec(prompt)).size == (1536, 1536)


@pytest.mark.parametrize(("role", "weight"), [("image_ref", 0.85), ("modify_image_ref", 1.0)])
def test_a_variation_is_closer_to_its_reference_than_a_new_picture_is(
    tmp_path: Path, role: str, weight: float
) -> None:
    wide = AspectRatio.ULTRAWIDE
    path = _drawn("a red house in the desert", tmp_path / "reference.jpg", ratio=wide)
    source = ReferenceImage(path=path, role=role, weight=weight)
    variation = compose_picture(_spec("a fox in winter", references=[source], ratio=wide))
    unrelated = compose_picture(_spec("a fox in winter", ratio=wide))
    with Image.open(path) as reference:
        assert _difference(variation, reference) < _difference(unrelated, reference) / 2
        assert _difference(variation, reference) > 1


def test_a_heavier_reference_shows_more(tmp_path: Path) -> None:
    path = _drawn("a boat at sunset", tmp_path / "reference.jpg")
    with Image.open(path) as reference:
        distances = [
            _difference(
                compose_picture(
                    _spec(
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
    red, green, blue = ImageStat.Stat(compose_picture(_spec("a winter day", references=[source]))).mean
    assert green > 1.2 * max(red, blue)


def test_a_character_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "face.png"
    Image.new("RGB", (300, 300), (255, 0, 255)).save(path)
    source = ReferenceImage(path=path, role="character_ref", weight=1.0)
    picture = compose_picture(_spec("a knight at night", references=[source]))
    assert _count_of(picture, (255, 0, 255)) > 10_000


def _count_of(picture: Image.Image, colour: tuple[int, int, int]) -> int:
    difference = ImageChops.difference(picture, Image.new("RGB", picture.size, colour)).convert("L")
    return sum(difference.histogram()[:12])


@pytest.mark.parametrize("ratio", list(AspectRatio))
def test_a_reframe_shows_its_source_whole_and_undistorted(tmp_path: Path, ratio: AspectRatio) -> None:
    source = Image.open(_drawn("a cat and a car", tmp_path / "source.png", ratio=AspectRatio.CLASSIC))
    with source:
        media = ReferenceImage(path=tmp_path / "source.png", role="media", weight=1.0)
        picture = compose_picture(_spec("", ratio=ratio, references=[media]))
        width, height = PICTURE_SIZES[ratio]
        scale = min(width / source.width, height / source.height)
        shown = (round(source.width * scale), round(source.height * scale))
        left, top = (width - shown[0]) // 2, (height - shown[1]) // 2
        found = picture.crop((left, top, left + shown[0], top + shown[1]))
        assert picture.size == (width, height)
        assert ImageStat.Stat(ImageChops.difference(found, source.resize(shown))).mean < [3, 3, 3]


def test_a_reframe_places_its_source_as_asked(tmp_path: Path) -> None:
    path = _drawn("a dog on the beach", tmp_path / "source.png")
    media = ReferenceImage(path=path, role="media", weight=1.0)
    picture = compose_picture(
        _spec(
            "",
            ratio=AspectRatio.PORTRAIT,
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
        asked = source.crop((200, 100, 1000, 700)).resize((400, 300), Image.Resampling.LANCZOS)
    assert ImageChops.difference(picture.crop((30, 700, 430, 1000)), asked).getbbox() is None


def test_surroundings_continue_the_source(tmp_path: Path) -> None:
    path = tmp_path / "source.png"
    Image.linear_gradient("L").convert("RGB").resize((400, 400)).save(path)
    media = ReferenceImage(path=path, role="media", weight=1.0)
    picture = compose_picture(_spec("", ratio=AspectRatio.PORTRAIT, references=[media]))
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


def _png(colour: str = "orange") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(buffer, "PNG")
    return buffer.getvalue()


@asynccontextmanager
async def _gallery(answers: Sequence[Response | None]) -> AsyncIterator[str]:
    """A place on the web that gives these answers one after the other, the last one for ever."""
    left = list(answers)

    async def show(_: Request) -> Response:
        answer = left.pop(0) if len(left) > 1 else left[0]
        return answer or Response(status_code=503)

    async with served(Starlette(routes=[Route("/{name:path}", show)])) as url:
        yield f"{url}/picture.png"


async def _picture_of(caller: ApiClient, generation: dict[str, Any]) -> Image.Image:
    answer = await caller.http.get(generation["assets"]["image"])
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


async def test_a_variation_of_an_own_picture_resembles_it(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        first = await caller.ended((await caller.create("a mushroom at sunset", format="png"))["id"])
        url = first["assets"]["image"]
        refs = [{"url": url, "weight": 0.85}]
        second = await caller.ended((await caller.create("sunglasses", image_ref=refs))["id"])
        assert second["request"]["image_ref"] == refs
        reference, variation = await _picture_of(caller, first), await _picture_of(caller, second)
        assert (reference.format, variation.format) == ("PNG", "JPEG")
        assert _difference(reference, variation) < 20


async def test_a_reframe_over_the_wire_contains_its_source(tmp_path: Path) -> None:
    async with _gallery([Response(_png())]) as url, simulator_at(tmp_path) as caller:
        body = {
            "generation_type": "reframe_image",
            "model": "photon-flash-1",
            "aspect_ratio": "9:16",
            "media": {"url": url},
            "format": "png",
        }
        answer = await caller.call("POST", "/generations/image/reframe", json=body)
        assert answer.status_code == 201, answer.text
        assert answer.json()["request"] | body == answer.json()["request"]
        picture = await _picture_of(caller, await caller.ended(answer.json()["id"]))
        assert picture.size == (1152, 2048)
        assert picture.getpixel((576, 1024)) == (255, 165, 0)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"media": None}, 422),
        ({"generation_type": "image"}, 422),
        ({"aspect_ratio": None}, 422),
        ({"x_start": 100, "x_end": 100}, 400),
        ({"prompt": "ab"}, 400),
        ({"resized_width": 0}, 422),
    ],
)
async def test_a_reframe_is_checked(tmp_path: Path, change: dict[str, Any], status: int) -> None:
    async with simulator_at(tmp_path) as caller:
        body = {
            "generation_type": "reframe_image",
            "model": "photon-1",
            "aspect_ratio": "1:1",
            "media": {"url": "http://127.0.0.1:9/"},
        }
        answer = await caller.call("POST", "/generations/image/reframe", json={**body, **change})
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "answer", [Response(status_code=404), Response(b"no picture"), Response(b"\0" * 10_000_001), None]
)
async def test_an_unreadable_reference_fails_the_generation_and_is_paid_back(
    tmp_path: Path, answer: Response | None
) -> None:
    async with _gallery([answer]) as url, simulator_at(tmp_path) as caller:
        created = await caller.create("in vain", image_ref=[{"url": url}])
        ended = await caller.ended(created["id"])
        assert (created["failure_reason"], ended["state"]) == (None, "failed")
        assert ended["failure_reason"] == "Failed to read user input frames"
        assert await caller.credit() == 100_000.0


async def test_a_reference_that_comes_at_the_second_try_is_used(tmp_path: Path) -> None:
    async with _gallery([None, Response(_png())]) as url, simulator_at(tmp_path) as caller:
        ended = await caller.ended((await caller.create("patience", style_ref=[{"url": url}]))["id"])
        assert ended["state"] == "completed"


async def test_a_picture_is_drawn_although_its_reference_is_gone(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        async with _gallery([Response(_png("blue"))]) as url:
            created = await caller.create("gone by now", modify_image_ref={"url": url, "weight": 1})
            ended = await caller.ended(created["id"])
        red, _, blue = ImageStat.Stat(await _picture_of(caller, ended)).mean
        assert blue > 2 * red


async def test_references_are_read_by_the_fetcher_that_was_given(tmp_path: Path) -> None:
    asked: list[str] = []

    async def fetch(url: str) -> bytes:
        asked.append(url)
        if len(asked) == 1:
            raise FileUnavailable
        if "forbidden" in url:
            raise FileUnreadable
        return _png()

    async with simulator_at(tmp_path, fetch=fetch) as caller:
        good = await caller.create("allowed", image_ref=[{"url": "https://a.example/x.png"}])
        assert (await caller.ended(good["id"]))["state"] == "completed"
        bad = await caller.create("not allowed", image_ref=[{"url": "https://a.example/forbidden"}])
        assert (await caller.ended(bad["id"]))["state"] == "failed"
        assert asked == ["https://a.example/x.png"] * 2 + ["https://a.example/forbidden"]
