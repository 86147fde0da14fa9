"""The frame of a video whose picture nobody has looked at yet, and results that nobody has put into words."""

from dataclasses import replace

import pytest

from bot.domain.cards.card import job_view
from bot.domain.commands import Animate, Direction, Extend
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import ASPECT_RATIOS, AspectRatio, Resolution
from bot.domain.generations.requests import ImageRequest, VideoRequest, dump_request, load_request
from bot.domain.jobs.actions import Action, follow_up_request
from bot.domain.jobs.job import UNTITLED, State
from bot.domain.money.pricing import is_upper_bound, price, published_rates
from tests.domain.people import NOW, PICTURE, film, job

_URL, _OTHER = Reference(url="https://fox.example/a.png"), Reference(url="https://fox.example/b.png")
_TALL = replace(PICTURE, width=1080, height=1920)
_RATES = published_rates()


@pytest.mark.parametrize(
    ("command", "follows"),
    [
        (Animate(prompt="a fox runs"), False),
        (Animate(start=_URL), True),
        (Animate(end=_URL), True),
        (Animate(start=_URL, aspect_ratio=AspectRatio.SQUARE), False),
        (Animate(start=Reference.of(_TALL)), False),
        (Animate(start=_URL, end=Reference.of(_TALL)), False),
    ],
)
def test_a_video_waits_for_the_shape_of_a_picture_that_is_not_known_yet(
    command: Animate, follows: bool
) -> None:
    request = command.request({})
    assert follows is request.follows_picture
    assert follows is is_upper_bound(request)
    assert request == load_request(dump_request(request))


def test_it_takes_the_shape_of_its_picture_when_that_has_been_brought_in() -> None:
    request = Animate(start=_URL, end=_OTHER).request({})
    found = {_URL.key: _URL.model_copy(update={"file": _TALL}), _OTHER.key: Reference.of(PICTURE)}
    brought = request.with_references(found)
    assert (AspectRatio.PORTRAIT, False) == (brought.aspect_ratio, brought.follows_picture)
    assert brought == brought.with_references({_OTHER.key: Reference.of(_TALL)})


def test_a_shape_that_was_asked_for_stays() -> None:
    request = Animate(start=_URL, aspect_ratio=AspectRatio.SQUARE).request({})
    brought = request.with_references({_URL.key: _URL.model_copy(update={"file": _TALL})})
    assert AspectRatio.SQUARE is brought.aspect_ratio


@pytest.mark.parametrize("resolution", Resolution)
def test_a_shape_that_is_not_known_costs_the_most_and_never_more_afterwards(resolution: Resolution) -> None:
    request = Animate(start=_URL, resolution=resolution).request({})
    most = price(request, _RATES)
    known = [
        price(request.model_copy(update={"aspect_ratio": ratio, "follows_picture": False}), _RATES)
        for ratio in ASPECT_RATIOS[request.model]
    ]
    assert max(known) == most


def test_a_card_says_that_the_shape_is_not_known_yet() -> None:
    request = Animate(start=_URL).request({})
    facts = dict(job_view(film(State.PREPARING, request=request), None, NOW).fields)
    assert ("as its picture", "up to $0.25") == (facts["Aspect ratio"], facts["Price"])


@pytest.mark.parametrize("kind", MediaKind)
def test_what_has_no_title_is_never_sent_as_a_prompt(kind: MediaKind) -> None:
    """Nobody has said what it shows: a placeholder would be drawn as if somebody had."""
    shot, moving = job(title=UNTITLED[kind]), film(title=UNTITLED[kind], request=VideoRequest(start=_URL))
    jobs = {moving.id: moving}
    prompts = [
        follow_up_request(Action.ANIMATE, shot).prompt,
        follow_up_request(Action.VARIATION, shot).prompt,
        follow_up_request(Action.VARIATION, moving).prompt,
        follow_up_request(Action.EXTEND, moving).prompt,
        follow_up_request(Action.REVERSE, moving).prompt,
        Extend(job=moving.id, prompt="  ").request(jobs).prompt,
        Extend(job=moving.id, direction=Direction.REVERSE).request(jobs).prompt,
    ]
    expected = [
        "",
        "A variation of this picture",
        "",
        *["The scene goes on", "What leads up to this scene"] * 2,
    ]
    assert expected == prompts


def test_words_that_somebody_has_said_are_kept() -> None:
    assert "a red fox" == job().prompt_text
    variation = follow_up_request(Action.VARIATION, job(request=ImageRequest(prompt="a red fox")))
    assert "a red fox" == variation.prompt
