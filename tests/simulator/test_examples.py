"""Every request example of the API's documents is answered as the documents say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.client import ApiClient, simulator_at
from tests.simulator.documents import REFERENCE, Example, documented_examples, filled, listed_examples
from tests.simulator.videos import create_video, store_video, write_source

_STATUSES = {"POST": 201, "GET": 200, "DELETE": 204}
#: one example asks for what the documents' own errors rule out
_REFUSED = (400, {"detail": "Loop is not supported for interpolate image to video"})


@pytest.mark.skipif(not REFERENCE.exists(), reason="the documents are not here")
def test_the_list_holds_every_example() -> None:
    assert list(documented_examples()) == listed_examples()


async def test_every_example_is_answered(tmp_path: Path) -> None:
    async with _ready(tmp_path) as (caller, video):
        refused = []
        for example in listed_examples():
            answer = await _sent(caller, example, video)
            if answer != (_STATUSES[example.method], None):
                refused.append((example.document, example.heading, answer))
        assert refused == [("OpenAPI", "Create a generation", _REFUSED)]


async def _sent(caller: ApiClient, example: Example, video: str) -> tuple[int, Any]:
    """Send an example; returns its status, and the answer where it is an error."""
    identifier = video
    if example.method == "DELETE":
        identifier = (await caller.create("soon deleted"))["id"]
    values = {
        "prompt": "a quiet lake",
        "url": "https://a.example/source",
        "callback_url": "http://127.0.0.1:9/",
        "id": video,
    }
    body = None if example.body is None else filled(example.body, values)
    answer = await caller.call(example.method, example.path.replace("{id}", identifier), json=body)
    return answer.status_code, None if answer.is_success else answer.json()


@asynccontextmanager
async def _ready(folder: Path) -> AsyncIterator[tuple[ApiClient, str]]:
    """A simulator with a completed video, and limits that no test reaches."""
    at = [0]
    limits: dict[str, Any] = dict.fromkeys(
        ("image_concurrent", "image_per_minute", "video_concurrent", "video_per_minute"), 999
    )

    async def nothing(_: str) -> bytes:
        return b""

    async with simulator_at(folder, clock_ms=lambda: at[0], fetch=nothing, speed=1, **limits) as caller:
        video = await create_video(caller, model="ray-2", prompt="what is built on")
        store_video(folder, video, write_source(folder / "source.mp4", frames=4))
        at[0] = 1_000_000
        yield caller, video["id"]
