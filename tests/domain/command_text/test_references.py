"""Pictures and videos in a typed command: jobs, addresses, and how strong they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.command_text.parsing import parse
from bot.domain.commands import Animate, Extend, Imagine, Reframe
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.requests import CHARACTER_REFS_MAX, IMAGE_REFS_MAX, STYLE_REFS_MAX
from bot.domain.options import read_reference

_ID, _OTHER = "01k9zv3f5k0q8x7w2m4n6p8r", "01k9zv3f5k0q8x7w2m4n6p8s"
_URL, _FILM = "https://fox.example/a.png?b=1&c=2", "https://fox.example/a.mp4"
_JOB, _ADDRESS = Reference(job=_ID), Reference(url=_URL)


@pytest.mark.parametrize("written", [_ID, _ID.upper(), f"#{_ID}", f'"{_ID}"'])
def test_a_job_is_read_however_its_id_is_pasted(written: str) -> None:
    assert Imagine(prompt="a fox", image=(_JOB,)) == parse(f"/imagine a fox --image {written}")
    assert Animate(prompt="a fox", end=_JOB) == parse(f"/animate a fox --end={written}")


def test_an_address_is_read_whole() -> None:
    assert Imagine(prompt="a fox", style=(_ADDRESS,)) == parse(f"/imagine a fox --style {_URL}")
    assert Imagine(prompt="a fox", style=(_ADDRESS,)) == parse(f"/imagine --style={_URL} a fox")


def test_what_stands_first_without_a_flag_is_what_the_command_builds_on() -> None:
    film = Reference(url=_FILM, kind=MediaKind.VIDEO)
    assert Animate(start=_ADDRESS, prompt="a fox runs") == parse(f"/animate {_URL} a fox runs")
    assert Animate(start=_JOB) == parse(f"/animate {_ID}")
    assert Reframe(aspect_ratio="1:1", media=film, prompt="sky") == parse(f"/reframe {_FILM} 1:1 sky")
    assert Extend(job=_ID, to=_OTHER, prompt="on and on") == parse(f"/extend {_ID} {_OTHER} on and on")


def test_an_address_within_the_words_is_what_they_build_on() -> None:
    assert Animate(prompt="like but red", start=Reference(url=_URL)) == parse(f"/animate like {_URL} but red")


def test_job_is_still_a_name_for_what_is_reframed() -> None:
    assert Reframe(aspect_ratio="9:16", media=_JOB) == parse(f"/reframe 9:16 --job {_ID}")


@given(st.sampled_from([_ID, _URL]), st.integers(0, 100))
def test_an_influence_follows_an_at_sign(written: str, percent: int) -> None:
    weight = percent / 100
    command = parse(f"/imagine a fox --image {written}@{weight} --modify {written}@{weight:.4f}")
    assert isinstance(command, Imagine)
    expected = read_reference(written).model_copy(update={"weight": weight})
    assert ((expected,), expected) == (command.image, command.modify)


def test_an_address_in_the_brackets_that_chats_know_is_read_without_them() -> None:
    weighted = _ADDRESS.model_copy(update={"weight": 0.5})
    assert Imagine(prompt="a fox", image=(weighted,)) == parse(f"/imagine a fox --image <{_URL}>@0.5")
    assert Animate(prompt="a fox", start=_ADDRESS) == parse(f"/animate <{_URL}> a fox")


@pytest.mark.parametrize("written", [f"{_ID}@0.85", f"{_URL}@1", f"<{_URL}>@85"])
def test_an_influence_beside_a_word_without_a_flag_does_not_make_it_part_of_the_prompt(written: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^start: this takes no influence"):
        parse(f"/animate {written} a fox")


@pytest.mark.parametrize("written", ["https://", "https:///a.png", "https://[fox/a.png", "<>", "<fox>"])
def test_what_only_begins_like_an_address_is_refused(written: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^start: .* is (neither a job's id nor|not) an address"):
        parse(f"/animate a fox --start {written}")


def test_an_at_sign_elsewhere_in_an_address_belongs_to_it() -> None:
    for url in (
        "https://fox.example/@0.5/a.png",
        "https://fox.example/img@2x.png",
        "https://a:b@fox.example/",
    ):
        assert Imagine(prompt="a fox", image=(Reference(url=url),)) == parse(f"/imagine a fox --image {url}")


@pytest.mark.parametrize("weight", ["1.01", "1.5", "2", "85", "1.00001", "0,85", "85%"])
def test_an_influence_that_is_none_is_never_read_as_part_of_an_address(weight: str) -> None:
    """`@85` above all: somebody who means 85 percent must not get a picture that cannot be found."""
    with pytest.raises(
        InvalidRequest, match=rf"^image: an influence lies between 0 and 1, .* not at {weight}$"
    ):
        parse(f"/imagine a fox --image {_URL}@{weight}")


@pytest.mark.parametrize(
    "text",
    [
        f"/imagine a fox --character {_ID}@0.85",
        f"/animate a fox --start {_URL}@1",
        f"/animate a fox --end {_URL}@.5",
        f"/extend {_ID} --image {_ID}@0",
        f"/reframe 1:1 --media {_ID}@0.85",
        f"/reframe 1:1 --first_frame {_ID}@85",
    ],
)
def test_an_influence_is_refused_where_none_is_taken(text: str) -> None:
    with pytest.raises(InvalidRequest, match="this takes no influence: leave out what follows the @"):
        parse(text)


@pytest.mark.parametrize(
    ("option", "most"),
    [("image", IMAGE_REFS_MAX), ("character", CHARACTER_REFS_MAX), ("style", STYLE_REFS_MAX)],
)
@given(data=st.data())
def test_several_pictures_are_taken_in_their_order_up_to_so_many(
    option: str, most: int, data: st.DataObject
) -> None:
    urls = data.draw(st.lists(st.sampled_from([_ID, _OTHER, _URL]), min_size=1, max_size=6))
    text = f"/imagine a fox {' '.join(f'--{option} {url}' for url in urls)}"
    if len(urls) > most:
        with pytest.raises(InvalidRequest, match=f"^{option} can be given {most} times at most$"):
            parse(text)
    else:
        assert tuple(map(read_reference, urls)) == getattr(parse(text), option)


def test_the_one_picture_to_modify_is_not_given_twice() -> None:
    with pytest.raises(InvalidRequest, match="--modify is given twice; keep one"):
        parse(f"/imagine a fox --modify {_ID} --modify {_URL}")


@pytest.mark.parametrize(
    "written",
    [
        "fox.png",
        "ftp://fox.example/a",
        "file:///etc/passwd",
        "data:x",
        "0" * 23,
        "'https://a b'",
        "x" * 999,
    ],
)
def test_what_is_neither_a_job_nor_an_address_is_refused_with_the_remedy(written: str) -> None:
    words = r"^start: .* is neither a job's id nor an address; attach a file"
    with pytest.raises(InvalidRequest, match=words) as told:
        parse(f"/animate a fox --start {written}")
    assert len(str(told.value)) < 200


def test_an_address_without_end_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="an address has 2000 characters at most"):
        parse(f"/animate a fox --start https://fox.example/{'x' * 2000}")


@given(st.text(max_size=40))
def test_any_text_is_a_reference_or_is_refused(text: str) -> None:
    for written in (text, f"https://{text}", f"https://fox.example/{text}@1"):
        try:
            found = read_reference(written)
        except ValueError:
            continue
        assert found.key.isprintable()
