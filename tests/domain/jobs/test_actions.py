"""What a button or reaction does to a finished job."""

from dataclasses import replace

import pytest

from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio, ImageModel
from bot.domain.generations.requests import (
    ImageRequest,
    ModifyVideoRequest,
    ReframeImageRequest,
    ReframeVideoRequest,
    VideoRequest,
    check_prompt,
    check_video,
    dump_request,
    load_request,
)
from bot.domain.jobs.actions import (
    EMOJI,
    GENERATING,
    LABELS,
    VARIATION_WEIGHT,
    Action,
    ActionInput,
    available_actions,
    follow_up_request,
    rotated,
)
from bot.domain.jobs.job import FINAL, UNTITLED, Job, State
from bot.domain.jobs.video_edits import audio_request, upscale_request
from tests.domain.people import film, job

_REQUEST = ImageRequest(
    prompt="a red fox", model=ImageModel.PHOTON_FLASH_1, aspect_ratio=AspectRatio.ULTRAWIDE, format="png"
)


_OF_VIDEOS = (Action.EXTEND, Action.REVERSE, Action.UPSCALE, Action.AUDIO)


@pytest.mark.parametrize("state", State)
def test_what_is_offered_fits_the_state(state: State) -> None:
    expected = {
        State.COMPLETED: tuple(action for action in Action if action not in _OF_VIDEOS),
        State.FAILED: (Action.AGAIN, Action.EDIT, Action.DELETE),
        State.CANCELLED: (Action.AGAIN, Action.EDIT, Action.DELETE),
    }
    assert expected.get(state, ()) == available_actions(job(state))
    assert () == available_actions(job(state, deleted=True))


def test_every_action_has_its_own_emoji_and_label() -> None:
    assert set(Action) == set(EMOJI) == set(LABELS)
    assert len(Action) == len(set(EMOJI.values())) == len(set(LABELS.values()))


def test_again_asks_for_the_same() -> None:
    assert _REQUEST == follow_up_request(Action.AGAIN, job(State.FAILED, request=_REQUEST))


def test_a_variation_builds_on_the_picture() -> None:
    found = follow_up_request(Action.VARIATION, job(request=_REQUEST))
    reference = Reference(job="0" * 24, weight=VARIATION_WEIGHT)
    assert _REQUEST.model_copy(update={"image_refs": (reference,)}) == found
    assert (reference,) == found.references


def test_a_variation_of_a_reframed_picture_has_the_words_of_its_origin() -> None:
    request = ReframeImageRequest(source=Reference(job="2" * 24), aspect_ratio=AspectRatio.SQUARE)
    found = follow_up_request(Action.VARIATION, job(request=request, title="a red fox"))
    assert isinstance(found, ImageRequest)
    assert ("a red fox", AspectRatio.SQUARE) == (found.prompt, found.aspect_ratio)
    assert (Reference(job="0" * 24, weight=VARIATION_WEIGHT),) == found.image_refs


@pytest.mark.parametrize("asked", [None, AspectRatio.CLASSIC])
def test_a_reframe_stands_the_picture_on_its_side_unless_asked_otherwise(asked: AspectRatio | None) -> None:
    found = follow_up_request(
        Action.REFRAME, job(request=_REQUEST), action_input=ActionInput(aspect_ratio=asked)
    )
    assert isinstance(found, ReframeImageRequest)
    assert (asked or AspectRatio.ULTRATALL) == found.aspect_ratio
    assert (Reference(job="0" * 24),) == found.references
    assert (_REQUEST.model, _REQUEST.format) == (found.model, found.format)


def test_a_frame_is_turned_on_its_side_and_a_square_is_made_tall() -> None:
    for ratio in set(AspectRatio) - {AspectRatio.SQUARE}:
        assert ratio != rotated(ratio)
        assert ratio == rotated(rotated(ratio))
    assert AspectRatio.PORTRAIT == rotated(AspectRatio.SQUARE)


@pytest.mark.parametrize("state", sorted(set(State) - FINAL))
def test_a_job_that_has_not_ended_takes_no_action(state: State) -> None:
    with pytest.raises(InvalidRequest, match="not finished yet"):
        follow_up_request(Action.AGAIN, job(state))


@pytest.mark.parametrize("action", [Action.VARIATION, Action.REFRAME, Action.GALLERY])
def test_a_job_without_a_picture_says_so(action: Action) -> None:
    with pytest.raises(InvalidRequest, match="it has no result"):
        follow_up_request(action, job(State.FAILED))


_MADE = [
    job(request=_REQUEST),
    job(request=ReframeImageRequest(source=Reference(job="2" * 24), aspect_ratio=AspectRatio.SQUARE)),
    film(),
    film(
        request=ReframeVideoRequest(
            source=Reference(url="https://fox.example/a.mp4", kind=MediaKind.VIDEO),
            aspect_ratio=AspectRatio.CLASSIC,
            duration_ms=5000,
        )
    ),
    film(request=ModifyVideoRequest(source=Reference(job="2" * 24, kind=MediaKind.VIDEO), prompt="snow")),
    film(request=upscale_request(film()), parent=film().id),
    film(request=audio_request(film()), parent=film().id),
]


_UNTITLED = [replace(made, title=UNTITLED[made.request.makes]) for made in _MADE]


@pytest.mark.parametrize("made", [*_MADE, *_UNTITLED])
def test_whatever_is_offered_asks_for_what_the_api_takes_and_the_store_keeps(made: Job) -> None:
    """Also of results that nobody has put into words."""
    for action in set(available_actions(made)) & GENERATING:
        found = follow_up_request(action, made, ActionInput(prompt="a blue fox"))
        assert found == load_request(dump_request(found))
        if isinstance(found, VideoRequest):
            assert found is check_video(found)
        check_prompt(found.prompt, required=isinstance(found, ImageRequest))
        assert "from what was sent" not in found.prompt


@pytest.mark.parametrize("made", _MADE)
def test_actions_that_make_something_keep_to_the_account_of_their_source(made: Job) -> None:
    """Only what goes on from a video must be made where that was made."""
    for action in set(available_actions(made)) & GENERATING:
        found = follow_up_request(action, made, ActionInput(prompt="a blue fox"))
        continues = [one.job for one in getattr(found, "generations", ())]
        expected: list[str | None] = [made.id] if action in _OF_VIDEOS else []
        if action is Action.AGAIN:
            expected = [one.job for one in made.request.generations]
        assert expected == continues


def test_pictures_are_animated_and_videos_extended_and_neither_the_other() -> None:
    with pytest.raises(InvalidRequest, match="Extend cannot be used on a picture, only on a video"):
        follow_up_request(Action.EXTEND, job())
    with pytest.raises(InvalidRequest, match="Animate cannot be used on a video, only on a picture"):
        follow_up_request(Action.ANIMATE, film())
    assert set(Action) == set(available_actions(job())) | set(available_actions(film()))


def test_an_animation_begins_with_the_picture_in_its_frame() -> None:
    found = follow_up_request(Action.ANIMATE, job(request=_REQUEST))
    expected = VideoRequest(
        prompt="a red fox", aspect_ratio=AspectRatio.ULTRAWIDE, start=Reference(job="0" * 24)
    )
    assert expected == found


def test_new_words_change_the_words_alone() -> None:
    for made in [one for one in _MADE if one.request.edited is None]:
        found = follow_up_request(Action.EDIT, made, ActionInput(prompt=" a blue fox "))
        assert made.request.model_copy(update={"prompt": "a blue fox"}) == found


@pytest.mark.parametrize(
    ("wording", "words"),
    [
        (None, "Write the new prompt"),
        (ActionInput(prompt=" "), "required"),
        (ActionInput(prompt="ab"), "too short"),
    ],
)
def test_new_words_must_be_words(wording: ActionInput | None, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        follow_up_request(Action.EDIT, job(), wording)


@pytest.mark.parametrize("action", sorted(set(Action) - GENERATING))
def test_what_makes_no_job_asks_for_nothing(action: Action) -> None:
    with pytest.raises(InvalidRequest, match="makes no new job"):
        follow_up_request(action, job())
