"""`/upscale` and `/audio`, and what a button does with the same meaning."""

from typing import Any

import pytest

from bot.domain.cards.card import job_view
from bot.domain.command_text.parsing import parse
from bot.domain.commands import GenerateCommand
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Media, MediaKind, Reference
from bot.domain.generations.models import AspectRatio, Resolution, VideoModel
from bot.domain.generations.requests import AnyRequest, AudioRequest, UpscaleRequest, VideoRequest
from bot.domain.jobs.actions import Action, available_actions, follow_up_request
from bot.domain.jobs.job import Job
from bot.domain.jobs.video_edits import audio_request, upscale_request
from tests.domain.people import NOW, film, job

_SOURCE = Reference(job=film().id, kind=MediaKind.VIDEO)


def _made(short_side: int, request: AnyRequest | None = None, **changes: Any) -> Job:
    """A video of this height in 16:9."""
    media = Media(
        file="b" * 64,
        mime="video/mp4",
        size=9,
        width=short_side * 16 // 9,
        height=short_side,
        duration_ms=9_000,
    )
    return film(request=request, result=media, **changes)


def _asked(text: str, made: Job) -> AnyRequest:
    command = parse(text.format(made.id))
    assert isinstance(command, GenerateCommand)
    return command.request({made.id: made})


@pytest.mark.parametrize(
    ("short_side", "higher"),
    [
        (540, ["720p", "1080p", "4k"]),
        (720, ["1080p", "4k"]),
        (1080, ["4k"]),
        # A reframed video has sizes of its own.
        (1152, ["4k"]),
        (2160, []),
    ],
)
def test_a_video_becomes_only_larger(short_side: int, higher: list[str]) -> None:
    made = _made(short_side)
    for resolution in ("720p", "1080p", "4k"):
        if resolution in higher:
            found = _asked(f"/upscale {{}} {resolution}", made)
            assert isinstance(found, UpscaleRequest)
            assert (resolution, 9_000) == (found.resolution, found.duration_ms)
            continue
        with pytest.raises(InvalidRequest, match=r"highest resolution|must be higher than the video's"):
            _asked(f"/upscale {{}} {resolution}", made)
    assert (Action.UPSCALE in available_actions(made)) is bool(higher)
    if higher:
        assert follow_up_request(Action.UPSCALE, made) == _asked(f"/upscale {{}} {higher[0]}", made)
        assert follow_up_request(Action.UPSCALE, made) == _asked("/upscale {}", made)
    else:
        with pytest.raises(InvalidRequest, match="3840 × 2160 already, and 4k is the highest"):
            follow_up_request(Action.UPSCALE, made)


def test_the_lowest_resolution_is_not_offered_and_refused() -> None:
    with pytest.raises(InvalidRequest, match="resolution must be higher than the video's 1280 × 720"):
        _asked("/upscale {} --resolution 540p", _made(720))


def test_an_upscaled_video_counts_by_its_new_resolution() -> None:
    first = upscale_request(_made(540), Resolution.P1080)
    with pytest.raises(InvalidRequest, match="must be higher than the video's 1920 × 1080; choose 4k"):
        upscale_request(_made(1080, first), Resolution.P720)
    assert Resolution.P2160 is upscale_request(_made(1080, first)).resolution


def test_a_change_keeps_model_frame_and_length_of_its_source() -> None:
    made = _made(720, VideoRequest(prompt="a fox", model=VideoModel.RAY_2))
    for found in (upscale_request(made), audio_request(made)):
        assert (VideoModel.RAY_2, AspectRatio.LANDSCAPE, 9_000) == (
            found.model,
            found.aspect_ratio,
            found.duration_ms,
        )
        assert (_SOURCE,) == found.generations == found.references
        assert _SOURCE == found.edited


def test_audio_is_added_by_words_or_without() -> None:
    found = _asked("/audio {} rain on a roof --negative_prompt voices", _made(720))
    assert isinstance(found, AudioRequest)
    assert ("rain on a roof", "voices") == (found.prompt, found.negative_prompt)
    assert follow_up_request(Action.AUDIO, _made(720)) == _asked("/audio {}", _made(720))


def test_a_video_takes_audio_once_also_after_it_was_upscaled() -> None:
    heard = _made(720, audio_request(_made(720)), parent="5" * 24)
    larger = _made(1080, upscale_request(heard), parent=heard.id)
    assert larger.request == UpscaleRequest(
        source=_SOURCE,
        model=VideoModel.RAY_FLASH_2,
        aspect_ratio=AspectRatio.LANDSCAPE,
        duration_ms=9_000,
        resolution=Resolution.P1080,
        has_audio=True,
    )
    for made in (heard, larger):
        assert Action.AUDIO not in available_actions(made)
        with pytest.raises(InvalidRequest, match=f"has audio already. .* with #{(made.parent or '')[-6:]}"):
            follow_up_request(Action.AUDIO, made)
    assert Action.AUDIO in available_actions(_made(1080, upscale_request(_made(720))))


def test_a_picture_is_neither_upscaled_nor_heard() -> None:
    for text in ("/upscale {}", "/audio {}"):
        with pytest.raises(InvalidRequest, match="job needs a video, and this is a picture"):
            _asked(text, job())
    for action in (Action.UPSCALE, Action.AUDIO):
        assert action not in available_actions(job())
        with pytest.raises(InvalidRequest, match="cannot be used on a picture, only on a video"):
            follow_up_request(action, job())


def test_a_video_of_another_api_is_not_changed() -> None:
    made = _made(720, VideoRequest(prompt="a fox", model=VideoModel.RAY_3_2))
    for action in (Action.UPSCALE, Action.AUDIO):
        assert action not in available_actions(made)
        with pytest.raises(
            InvalidRequest, match=r"A video of ray-3\.2 cannot be changed; ray-2 and ray-flash-2"
        ):
            follow_up_request(action, made)


def test_the_words_of_a_changed_video_are_edited_where_it_was_made() -> None:
    made = _made(720, audio_request(_made(720)))
    assert Action.EDIT not in available_actions(made)
    with pytest.raises(InvalidRequest, match="use it on the one that it was made from"):
        follow_up_request(Action.EDIT, made)


def test_an_address_is_refused_because_only_own_videos_are_changed() -> None:
    for text in ("/upscale https://fox.example/a.mp4", "/audio rain https://fox.example/a.mp4"):
        with pytest.raises(InvalidRequest, match=r"made here|is an address; give the #id"):
            parse(text)


def test_a_card_tells_what_was_changed_and_of_what() -> None:
    source = film(title="a fox")
    heard = _made(720, audio_request(_made(720), "rain", "voices"), parent=source.id, id="6" * 24)
    fields = dict(job_view(heard, None, NOW, source).fields)
    assert ("rain", "voices", "9 s") == (fields["Audio"], fields["Without"], fields["Length"])
    assert fields["Made from"] == f"#{source.id[-6:]} · a fox"
    larger = _made(1080, upscale_request(_made(720)), parent=source.id)
    assert "1080p" == dict(job_view(larger, None, NOW, source).fields)["Resolution"]
