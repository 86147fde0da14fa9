"""An address among a command's words is what it builds on, or is refused; it is never drawn."""

import pytest

from bot.domain.command_text.parsing import parse
from bot.domain.commands import CATALOGUE, Animate, Extend, GenerateCommand, Imagine, Reframe, build
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Reference
from bot.domain.jobs.actions import Action, ActionInput, follow_up_request
from bot.domain.options import Kind, options, split_addresses
from tests.domain.people import job

URL, OTHER = "https://fox.example/a.png?b=1&c=2", "https://fox.example/b_(1).png"
MEDIUM = Reference(url=URL)


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("a fox", "a fox", ()),
        (URL, "", (URL,)),
        (f"{URL} a fox", "a fox", (URL,)),
        (f"a fox {URL}", "a fox", (URL,)),
        (f"a fox <{URL}>, red", "a fox, red", (URL,)),
        (f"a fox, {URL}, red", "a fox, red", (URL,)),
        (f"a fox ({OTHER}) runs.", "a fox runs.", (OTHER,)),
        (f"a fox “{URL}”!", "a fox!", (URL,)),
        (f"[a fox]({URL}) runs", "a fox runs", (URL,)),
        (f"like {URL}@0.5 and <{OTHER}>@0.7", "like and", (f"{URL}@0.5", f"{OTHER}@0.7")),
        ("HTTPS://FOX.example/A.png.", "", ("HTTPS://FOX.example/A.png",)),
        (f"glued{URL}", "glued", (URL,)),
        (f"a fox <{URL}|fox.example> runs", "a fox runs", (URL,)),
        ("a fox\nsecond line", "a fox\nsecond line", ()),
        ("https:// is no address", "https:// is no address", ()),
        ("see fox.example/a.png, red", "see, red", ("https://fox.example/a.png",)),
        ("www.fox.example/a a fox", "a fox", ("https://www.fox.example/a",)),
        (f"`{URL}` a fox", "a fox", (URL,)),
        ("ftp://fox.example/a.png a fox", "a fox", ("ftp://fox.example/a.png",)),
        ("data:image/png;base64,AAAA a fox", "a fox", ("data:image/png;base64,AAAA",)),
        ("http:/fox.example/a.png a fox", "a fox", ("http:/fox.example/a.png",)),
        ("https:fox.example a fox", "a fox", ("https:fox.example",)),
        ("//fox.example/a a fox", "a fox", ("//fox.example/a",)),
        (
            "a 50/50 mix of node.js and/or e.g. art, 16:9 // wide",
            "a 50/50 mix of node.js and/or e.g. art, 16:9 // wide",
            (),
        ),
        ("profile: a fox", "profile: a fox", ()),
        ("a file: foxes", "a file: foxes", ()),
    ],
)
def test_addresses_are_parted_from_the_words_around_them(
    text: str, words: str, found: tuple[str, ...]
) -> None:
    assert (words, found) == split_addresses(text)


@pytest.mark.parametrize(
    "written", ["ftp://fox.example/a.png", "file:///etc/passwd", "http:/fox.example/a", "//fox.example/a"]
)
@pytest.mark.parametrize("command", ["imagine", "animate", "reframe 1:1", "extend"])
def test_what_is_meant_for_an_address_is_refused_where_it_is_none(command: str, written: str) -> None:
    with pytest.raises(InvalidRequest):
        parse(f"/{command} {written} a fox")


@pytest.mark.parametrize("words", [f"{URL} a red fox", f"a red fox <{URL}>", f"a red {URL}, fox"])
@pytest.mark.parametrize("command", [Imagine, Animate, Reframe])
def test_an_address_is_media_on_every_command_that_takes_some(
    command: type[GenerateCommand], words: str
) -> None:
    """In a typed line and in a field of a form alike."""
    first = "9:16 " if command is Reframe else ""
    typed = parse(f"/{command.name} {first}{words}")
    filled = build(command, {"prompt": words} | ({"aspect_ratio": "9:16"} if first else {}))
    for one in (typed, filled):
        media = getattr(one, command.attachment_options[0])
        assert MEDIUM == (media[0] if isinstance(media, tuple) else media)
        assert "fox.example" not in one.prompt  # type: ignore[attr-defined]
        assert {"a", "red", "fox"} == set(one.prompt.replace(",", "").split())  # type: ignore[attr-defined]


def test_several_addresses_fill_what_is_free_in_order() -> None:
    both = (MEDIUM, Reference(url=OTHER))
    assert both == parse(f"/imagine {URL} a fox {OTHER}").image  # type: ignore[attr-defined]
    film = parse(f"/animate {URL} it runs {OTHER}")
    assert both == (film.start, film.end)  # type: ignore[attr-defined]
    named = parse(f"/imagine a fox {OTHER} --image {URL}")
    assert both == named.image  # type: ignore[attr-defined]


def test_more_addresses_than_there_is_room_for_are_refused() -> None:
    many = " ".join(f"https://fox.example/{number}.png" for number in range(5))
    with pytest.raises(InvalidRequest, match="takes 4 of these 5 addresses"):
        parse(f"/imagine a fox {many}")
    with pytest.raises(InvalidRequest, match="takes 2 of these 3 addresses"):
        parse(f"/animate it runs {URL} {URL} {URL}")


@pytest.mark.parametrize("text", [f"/extend {URL}", f"/extend it runs <{URL}>", f'/extend "on {URL}"'])
def test_extend_refuses_an_address_and_says_what_takes_it(text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"not one from an address.*--image.*/animate.*/reframe"):
        parse(text)


def test_extend_still_takes_an_address_for_its_other_end() -> None:
    assert Extend(prompt="on", image=MEDIUM) == parse(f"/extend on --image {URL}")


@pytest.mark.parametrize("name", ["concepts", "camera_motion"])
def test_an_address_is_no_movement_of_the_camera(name: str) -> None:
    with pytest.raises(InvalidRequest, match=f"{name} takes words"):
        parse(f"/animate it runs --{name} {URL}")


@pytest.mark.parametrize(
    "command", [one for one in CATALOGUE.values() if any(o.kind is Kind.JOB for o in options(one))]
)
def test_an_address_is_no_job(command: type[GenerateCommand]) -> None:
    with pytest.raises(InvalidRequest, match="is an address"):
        parse(f"/{command.name} --job {URL}")


def test_an_address_in_an_edited_prompt_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="cannot be part of the prompt"):
        follow_up_request(Action.EDIT, job(), ActionInput(prompt=f"like {URL}"))


def test_an_admins_reason_may_hold_an_address() -> None:
    assert f"see {URL}" == parse(f"/studio pause see {URL}").reason  # type: ignore[attr-defined]
