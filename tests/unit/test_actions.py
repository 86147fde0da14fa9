"""What a button or reaction does to a finished job."""

import pytest

from bot.domain.actions import EMOJI, GENERATING, LABELS, VARIATION_WEIGHT, Action, follow_up, offered, turned
from bot.domain.errors import InvalidRequest
from bot.domain.jobs import FINAL, State
from bot.domain.requests import (
    AspectRatio,
    ImageModel,
    ImageRequest,
    Reference,
    ReframeImageRequest,
    dump_request,
    load_request,
)
from tests.unit.people import job

_REQUEST = ImageRequest(
    prompt="a red fox", model=ImageModel.PHOTON_FLASH_1, aspect_ratio=AspectRatio.ULTRAWIDE, format="png"
)


@pytest.mark.parametrize("state", State)
def test_what_is_offered_fits_the_state(state: State) -> None:
    expected = {
        State.COMPLETED: tuple(Action),
        State.FAILED: (Action.AGAIN, Action.DELETE),
        State.CANCELLED: (Action.AGAIN, Action.DELETE),
    }
    assert expected.get(state, ()) == offered(job(state))
    assert () == offered(job(state, deleted=True))


def test_every_action_has_its_own_emoji_and_label() -> None:
    assert set(Action) == set(EMOJI) == set(LABELS)
    assert len(Action) == len(set(EMOJI.values())) == len(set(LABELS.values()))


def test_again_asks_for_the_same() -> None:
    assert _REQUEST == follow_up(Action.AGAIN, job(State.FAILED, request=_REQUEST))


def test_a_variation_builds_on_the_picture() -> None:
    found = follow_up(Action.VARIATION, job(request=_REQUEST))
    reference = Reference(job="0" * 24, weight=VARIATION_WEIGHT)
    assert _REQUEST.model_copy(update={"image_refs": (reference,)}) == found
    assert (reference,) == found.references


def test_a_variation_of_a_reframed_picture_has_the_words_of_its_origin() -> None:
    request = ReframeImageRequest(source=Reference(job="2" * 24), aspect_ratio=AspectRatio.SQUARE)
    found = follow_up(Action.VARIATION, job(request=request, title="a red fox"))
    assert isinstance(found, ImageRequest)
    assert ("a red fox", AspectRatio.SQUARE) == (found.prompt, found.aspect_ratio)
    assert (Reference(job="0" * 24, weight=VARIATION_WEIGHT),) == found.image_refs


@pytest.mark.parametrize("asked", [None, AspectRatio.CLASSIC])
def test_a_reframe_stands_the_picture_on_its_side_unless_asked_otherwise(asked: AspectRatio | None) -> None:
    found = follow_up(Action.REFRAME, job(request=_REQUEST), aspect_ratio=asked)
    assert isinstance(found, ReframeImageRequest)
    assert (asked or AspectRatio.ULTRATALL) == found.aspect_ratio
    assert (Reference(job="0" * 24),) == found.references
    assert (_REQUEST.model, _REQUEST.format) == (found.model, found.format)


@pytest.mark.parametrize("action", sorted(GENERATING))
def test_what_an_action_asks_for_survives_the_store(action: Action) -> None:
    found = follow_up(action, job(request=_REQUEST))
    assert found == load_request(dump_request(found))


def test_a_frame_is_turned_on_its_side_and_a_square_is_made_tall() -> None:
    for ratio in set(AspectRatio) - {AspectRatio.SQUARE}:
        assert ratio != turned(ratio)
        assert ratio == turned(turned(ratio))
    assert AspectRatio.PORTRAIT == turned(AspectRatio.SQUARE)


@pytest.mark.parametrize("state", sorted(set(State) - FINAL))
def test_a_job_that_has_not_ended_takes_no_action(state: State) -> None:
    with pytest.raises(InvalidRequest, match="not finished yet"):
        follow_up(Action.AGAIN, job(state))


@pytest.mark.parametrize("action", [Action.VARIATION, Action.REFRAME, Action.GALLERY])
def test_a_job_without_a_picture_says_so(action: Action) -> None:
    with pytest.raises(InvalidRequest, match="it has no picture"):
        follow_up(action, job(State.FAILED))


@pytest.mark.parametrize("action", sorted(set(Action) - GENERATING))
def test_what_makes_no_job_asks_for_nothing(action: Action) -> None:
    with pytest.raises(InvalidRequest, match="makes no new job"):
        follow_up(action, job())
