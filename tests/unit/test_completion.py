"""What is suggested while a command is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.commands import CATALOGUE, Audience
from bot.domain.completion import complete
from bot.domain.errors import InvalidRequest
from bot.domain.options import Kind
from bot.domain.parsing import parse

_EXAMPLES = [command.example for command in CATALOGUE.values()]
#: refusals of what is not finished; all others would be the suggestion's fault
_UNFINISHED = ("read", "needs a value", "is missing", "is required", "needs one of")


def _labels(text: str, *, admin: bool = True) -> list[str]:
    return [suggestion.label for suggestion in complete(text, admin=admin).suggestions]


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
        ("/imagine a fox —ar ", ["16:9", "1:1", "9:16", "4:3", "3:4", "21:9", "9:21"]),
        ("/imagine a fox --ar 9", ["9:16", "9:21"]),
        ("/imagine a fox --ar=9:16 --a", []),
        ("/imagine a model --m", ["--model"]),
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
        ("/reframe 9:16 ", Kind.JOB),
        ("/reframe 9:16 --id ", Kind.JOB),
        ("/reframe 9:16 more sky ", None),
        ("/quotas set ", Kind.MEMBER),
        ("/quotas set --member A", Kind.MEMBER),
        ("/imagine ", None),
    ],
)
def test_jobs_and_members_are_asked_of_the_store(text: str, wanted: Kind | None) -> None:
    assert wanted is complete(text, admin=True).wanted
