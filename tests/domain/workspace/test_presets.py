"""Presets put around what is typed."""

import pytest

from bot.domain.command_text.parsing import parse
from bot.domain.commands import StudioPreset
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Reference
from bot.domain.workspace.presets import Preset, PresetKind, apply_presets, check_preset, read_names
from tests.domain.people import PICTURE

LOOK = Reference(file=PICTURE, weight=0.7)
NOIR = Preset(name="noir", kind=PresetKind.STYLE, text="black and white", pictures=(LOOK,))
GRAIN = Preset(name="grain", kind=PresetKind.STYLE, text="film grain", pictures=())
HERO = Preset(name="hero", kind=PresetKind.CHARACTER, text="", pictures=(Reference(file=PICTURE),))


def prompt(text: str) -> Preset:
    return Preset(name="poster", kind=PresetKind.PROMPT, text=text, pictures=())


POSTER = prompt("a poster of {subject}, {mood} light, {Subject} again")


@pytest.mark.parametrize(
    ("presets", "typed", "expected"),
    [
        ((), " a fox ", "a fox"),
        ((GRAIN, NOIR), "a fox", "a fox, film grain, black and white"),
        ((HERO,), "a fox", "a fox"),
        ((POSTER,), "a red fox mood=dark", "a poster of a red fox, dark light, a red fox again"),
        ((POSTER,), 'MOOD="very dark", a fox', "a poster of a fox, very dark light, a fox again"),
        (
            (POSTER,),
            "mood=“very dark” subject=fox in snow",
            "a poster of fox, very dark light, fox again, in snow",
        ),
        ((POSTER, GRAIN), "subject=a mood=b", "a poster of a, b light, a again, film grain"),
        # A value is not searched for placeholders again, and other words with = belong to the text.
        ((POSTER,), "subject={mood} mood=x", "a poster of {mood}, x light, {mood} again"),
        ((prompt("a city"),), "e=mc2 in rain", "a city, e=mc2 in rain"),
        ((prompt("a city"),), "", "a city"),
    ],
)
def test_words_are_put_around_what_is_typed(presets: tuple[Preset, ...], typed: str, expected: str) -> None:
    assert expected == apply_presets(presets, typed).prompt


def test_pictures_are_added_with_their_weights() -> None:
    applied = apply_presets((HERO, NOIR), "a fox")
    assert (LOOK,) == applied.style
    assert HERO.pictures == applied.character


@pytest.mark.parametrize(
    ("presets", "typed", "why"),
    [
        ((POSTER,), "a fox", "poster needs a value for mood. Write it in the prompt, such as mood=word"),
        ((POSTER,), "", "needs a value for subject and mood"),
        ((POSTER,), 'a fox mood=""', "needs a value for mood"),
        ((POSTER,), "mood=a mood=b", "mood is given twice"),
        ((POSTER, prompt("x")), "a fox", "both prompts; keep one"),
        ((HERO, HERO), "a fox", "both characters"),
        ((NOIR, NOIR), "a fox", "both styles with a picture"),
    ],
)
def test_what_cannot_be_put_together_is_refused_by_name(
    presets: tuple[Preset, ...], typed: str, why: str
) -> None:
    with pytest.raises(InvalidRequest, match=why):
        apply_presets(presets, typed)


@pytest.mark.parametrize(
    ("preset", "why"),
    [
        (Preset(name="a", kind=PresetKind.STYLE, text="", pictures=()), "needs words, a picture or both"),
        (Preset(name="a", kind=PresetKind.STYLE, text="", pictures=(LOOK, LOOK)), "takes one picture"),
        (
            Preset(name="a", kind=PresetKind.STYLE, text="of {x}", pictures=()),
            "only a prompt has placeholders",
        ),
        (Preset(name="a", kind=PresetKind.CHARACTER, text="a man", pictures=()), "1 to 4 pictures"),
        (Preset(name="a", kind=PresetKind.CHARACTER, text="", pictures=(LOOK,)), "takes no influence"),
        (Preset(name="a", kind=PresetKind.PROMPT, text="a", pictures=(LOOK,)), "a prompt takes no pictures"),
        (prompt(""), "a prompt needs words"),
        (prompt("a {red fox}"), "{red fox} is no placeholder"),
        (prompt("a { fox"), "{ is no placeholder"),
        (prompt("a" * 1_001), "1000 characters"),
    ],
)
def test_a_preset_that_lacks_something_is_not_saved(preset: Preset, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why):
        check_preset(preset)


def test_names_are_read_as_people_type_them() -> None:
    assert ("film_noir", "hero") == read_names(" Film-Noir, hero;HERO ")
    for text, why in (
        ("a,b,c,d,e", "up to 4 presets"),
        ("naïve", "letters from a to z"),
        ("x" * 33, "up to 32"),
        ("style", "a kind of preset"),
    ):
        with pytest.raises(InvalidRequest, match=why):
            read_names(text)


def test_a_preset_is_saved_in_one_line() -> None:
    command = parse(
        '/studio preset save style noir "high contrast film" --picture https://a.example/a.png@0.7'
    )
    assert isinstance(command, StudioPreset)
    assert ("noir", "high contrast film") == (command.preset, command.text)
    assert (0.7,) == tuple(one.weight for one in command.picture)
    # The text after a name may be longer than a name, and an address in it is a picture.
    long = parse(f"/studio preset save style noir {'grain ' * 60}https://a.example/a.png")
    assert isinstance(long, StudioPreset)
    assert "noir" == long.preset
    assert 1 == len(long.picture)
