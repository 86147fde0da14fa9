"""What a request builds on is spelled as an address or a generation, and never left out in silence.

How every command is spelled stands in `test_luma_examples.py`.
"""

import pytest

from bot.domain.errors import Rejected
from bot.domain.generations.media import Media, MediaKind, Reference
from bot.domain.generations.models import AspectRatio
from bot.domain.generations.requests import (
    AnyRequest,
    ImageRequest,
    ReframeImageRequest,
    ReframeVideoRequest,
    VideoRequest,
)
from bot.providers.luma.requests import create

FILE = Media(file="f" * 64, mime="image/png", size=9, width=64, height=64)
MEDIA = {
    "j1": "https://bot.example/media/1?sig=a",
    "j1/still": "https://bot.example/media/1.still",
    FILE.file: "https://bot.example/media/f",
    "https://a.example/x.heic": "https://bot.example/media/x.jpg",
}
TALL = AspectRatio.PORTRAIT
VIDEO = Reference(job="j1", kind=MediaKind.VIDEO)


@pytest.mark.parametrize(
    ("reference", "frame"),
    [
        (Reference(job="j1"), {"type": "image", "url": MEDIA["j1"]}),
        (Reference(job="j1", first_frame_only=True), {"type": "image", "url": MEDIA["j1/still"]}),
        (Reference.of(FILE), {"type": "image", "url": MEDIA[FILE.file]}),
        (
            Reference(url="https://a.example/x.heic", file=FILE),
            {"type": "image", "url": "https://bot.example/media/x.jpg"},
        ),
        (VIDEO, {"type": "generation", "id": MEDIA["j1"]}),
    ],
)
def test_an_end_is_spelled_by_what_it_is(reference: Reference, frame: dict[str, str]) -> None:
    """An address that was brought in is sent as the address of our own copy, where there is one."""
    for name, end in (("frame0", "start"), ("frame1", "end")):
        _, body = create(VideoRequest(prompt="it moves").model_copy(update={end: reference}), media=MEDIA)
        assert body["keyframes"] == {name: frame}


def test_what_says_nothing_is_left_out_and_zero_is_not_nothing() -> None:
    request = ReframeImageRequest(source=Reference(job="j1"), aspect_ratio=TALL, grid_position_x=0)
    assert create(request, media=MEDIA) == (
        "/generations/image/reframe",
        {
            "generation_type": "reframe_image",
            "media": {"url": MEDIA["j1"]},
            "model": "photon-1",
            "aspect_ratio": "9:16",
            "format": "jpg",
            "grid_position_x": 0,
        },
    )


REQUESTS: list[AnyRequest] = [
    ImageRequest(prompt="a fox"),
    VideoRequest(prompt="a fox"),
    ReframeImageRequest(source=Reference(job="j1"), aspect_ratio=TALL),
    ReframeVideoRequest(source=VIDEO, aspect_ratio=TALL),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.kind)
def test_a_callback_is_asked_for_where_one_is_given(request_: AnyRequest) -> None:
    path, body = create(request_, media=MEDIA)
    marked = {**body, "callback_url": "https://bot.example/callbacks/t"}
    assert create(request_, media=MEDIA, callback_url="https://bot.example/callbacks/t") == (path, marked)


GONE, GONE_VIDEO = Reference(job="j9"), Reference(job="j9", kind=MediaKind.VIDEO)


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (ImageRequest(prompt="a fox", image_refs=(Reference(job="j1"), GONE)), "picture"),
        (ImageRequest(prompt="a fox", style_refs=(GONE,)), "picture"),
        (ImageRequest(prompt="a fox", character_refs=(GONE,)), "picture"),
        (ImageRequest(prompt="a fox", modify_ref=GONE), "picture"),
        (VideoRequest(start=GONE), "picture"),
        (VideoRequest(prompt="a fox", end=GONE_VIDEO), "video"),
        (ReframeImageRequest(source=GONE, aspect_ratio=TALL), "picture"),
        (ReframeVideoRequest(source=GONE_VIDEO, aspect_ratio=TALL), "video"),
        (ReframeVideoRequest(source=VIDEO, first_frame=GONE, aspect_ratio=TALL), "picture"),
    ],
)
def test_a_request_is_rejected_where_something_that_it_builds_on_is_missing(
    request_: AnyRequest, kind: str
) -> None:
    with pytest.raises(Rejected, match=f"A {kind} that this builds on"):
        create(request_, media=MEDIA)
