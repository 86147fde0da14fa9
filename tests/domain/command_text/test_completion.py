"""What is suggested while a command is typed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.command_text.completion import complete
from bot.domain.command_text.parsing import parse
from bot.domain.commands import CATALOGUE, Audience
from bot.domain.errors import InvalidRequest
from bot.domain.generations.concepts import CONCEPTS, CONCEPTS_MAX, read_concepts
from bot.domain.options import Kind
from bot.domain.text import list_completions

_EXAMPLES = [command.example for command in CATALOGUE.values()]
#: refusals of what is not finished; all others would be the suggestion's fault
_UNFINISHED = (
    "read",
    "needs a value",
    "is missing",
    "is required",
    "needs one of",
    # Options that exclude each other.
    "Name only one of",
    "is set and put back",
)


def _labels(text: str, *, admin: bool = True) -> list[str]:
    return [suggestion.label for suggestion in complete(text, admin=admin).suggestions]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("/animate a fox --concepts dol", ["dolly_zoom"]),
        ("/animate a fox --concepts pan", ["pan_left", "pan_right"]),
        ("/animate a fox --concept pan_left,pan", ["pan_left,pan_right"]),
        ("/animate a fox --concepts DOLLY-Z", ["dolly_zoom"]),
        ("/animate a fox --concepts pov,nonsense", []),
        ("/animate a fox --concepts pov, pan", []),
        ("/animate a fox --concepts a,b,c,d,e,f,g,h,pan", []),
        ("/animate a fox --concepts", ["--concepts"]),
    ],
)
def test_the_last_concept_of_a_list_is_completed(text: str, labels: list[str]) -> None:
    assert labels == _labels(text)


def test_the_concepts_that_the_provider_knows_are_offered() -> None:
    found = complete("/animate --concepts pov,", admin=False, concepts=("pov", "worm_hole")).suggestions
    assert ["/animate --concepts pov,worm_hole "] == [one.text for one in found]
    assert () == complete("/animate --concepts ", admin=False, concepts=()).suggestions


_MOTIONS = ("camera orbit left", "camera orbit right", "camera pan left")


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("/animate a fox --camera_motion ", list(_MOTIONS)),
        ("/animate a fox —camera-motion=cam", list(_MOTIONS)),
        ('/animate --camera_motion "Camera orb', ["camera orbit left", "camera orbit right"]),
        ('/animate --camera_motion "camera pan', ["camera pan left"]),
        ('/animate --camera_motion "fox', []),
        ('/animate --camera_motion "camera pan left" --du', []),
        ("/imagine a fox --camera_motion ", []),
        ("/animate a fox --prompt cam", []),
    ],
)
def test_a_camera_motion_is_completed_across_its_words(text: str, labels: list[str]) -> None:
    found = complete(text, admin=False, camera_motions=_MOTIONS).suggestions
    assert labels == [one.label for one in found if one.description == "Camera motion"]
    for one in found:
        command = parse(one.text) if one.label in _MOTIONS else None
        assert command is None or one.label == getattr(command, "camera_motion", None)


@given(st.text(max_size=30))
def test_a_completed_list_keeps_what_was_typed_and_ends_with_a_concept(typed: str) -> None:
    for listed in list_completions(typed, CONCEPTS, most=CONCEPTS_MAX):
        assert listed.startswith(re.sub(r"[^,;\s]*\Z", "", typed))
        assert re.split(r"[,;\s]", listed)[-1] in CONCEPTS


@given(st.lists(st.sampled_from(CONCEPTS), max_size=9), st.sampled_from([",", ", ", " ", ";"]))
def test_a_list_of_concepts_goes_on_with_others_until_it_is_full(listed: list[str], comma: str) -> None:
    found = list_completions("".join(f"{one}{comma}" for one in listed), CONCEPTS, most=CONCEPTS_MAX)
    left = set(CONCEPTS) - set(listed) if len(listed) < 8 else set()
    assert left == {read_concepts(one)[-1] for one in found}


def _read(text: str) -> str:
    try:
        parse(text)
    except InvalidRequest as refusal:
        return str(refusal)
    return "read"


@given(st.sampled_from(_EXAMPLES), st.integers(0, 80), st.lists(st.integers(0, 30), max_size=5))
def test_every_suggestion_can_be_taken_and_continues_or_is_a_command(
    text: str, length: int, picks: list[int]
) -> None:
    text = text[:length]
    for pick in picks:
        suggestions = complete(text, admin=True).suggestions
        if not suggestions:
            text += "--"
            continue
        for suggestion in suggestions:
            assert suggestion.text.startswith(text.lstrip().rpartition(" ")[0])
            assert any(words in _read(suggestion.text) for words in _UNFINISHED), suggestion.text
        text = suggestions[pick % len(suggestions)].text


@pytest.mark.parametrize(
    "text", ["/", "/quotas ", "/quotas set ", "/quotas set --", "/studio", "/studio usage "]
)
def test_what_admins_do_is_offered_to_admins_alone(text: str) -> None:
    assert complete(text, admin=True) != complete(text, admin=False)
    hidden = {f"/{name}" for name, command in CATALOGUE.items() if command.audience is Audience.ADMINS}
    assert not hidden & set(_labels(text, admin=False))
    assert text == "/" or _labels(text, admin=False) == []


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("imagine", []),
        ("/im", ["/imagine"]),
        ("/imagine a fox", []),
        ("/imagine a fox --a", ["--aspect_ratio"]),
        ("/imagine a fox —ar 3", ["3:4", "3:1", "3:2"]),
        ("/imagine a fox --ar 9", ["9:16", "9:21"]),
        ("/imagine a fox --ar=9:16 --a", []),
        ("/imagine a model --m", ["--model", "--modify"]),
        ("/imagine a fox --image x --im", ["--image"]),
        ("/imagine a fox --i x --ref x --i x --image x --im", []),
        ("/imagine --private --f", ["--format"]),
        ("/reframe 4", ["4:3"]),
        ("/reframe --ar 9:16 4", []),
        ("/studio usage ", ["day", "week", "month"]),
    ],
)
def test_suggestions_go_on_with_what_is_typed(text: str, labels: list[str]) -> None:
    assert labels == _labels(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("/show ", Kind.JOB),
        ("/reframe 9:16 ", Kind.MEDIA),
        ("/reframe 9:16 --id ", Kind.MEDIA),
        ("/imagine a fox --style ", Kind.MEDIA),
        ("/animate ", Kind.MEDIA),
        ("/animate the fox ", None),
        ("/extend ", Kind.JOB),
        ("/reframe 9:16 more sky ", None),
        ("/quotas set ", Kind.MEMBER),
        ("/quotas set --member A", Kind.MEMBER),
        ("/imagine ", None),
    ],
)
def test_jobs_and_members_are_asked_of_the_store(text: str, wanted: Kind | None) -> None:
    option = complete(text, admin=True).option
    assert wanted is (option.kind if option is not None else None)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("/show ", ""),
        ("/show ted bear", "ted bear"),
        ("/delete #k3f", "#k3f"),
        ("/extend ted", "ted"),
        ("/reframe 9:16 --id ted", "ted"),
    ],
)
def test_what_is_typed_of_a_job_is_passed_on(text: str, typed: str) -> None:
    found = complete(text, admin=False)
    assert typed == found.typed
    assert text.rstrip() == f"{found.stem} {found.typed}".rstrip()
