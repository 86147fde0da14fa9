"""Every example that the documents give for videos is taken as it stands, where the documents are at hand."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulator.client import simulator_at
from tests.simulator.videos import create_video, post_video, store_video, write_source

_REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
_CURL = re.compile(r"--request POST \\\s+--url \S+?/v1/generations \\.*?--data '\s*(\{.*?\})\s*'", re.DOTALL)
_PYTHON = re.compile(r"client\.generations\.create\(\n(.*?)\n\)", re.DOTALL)
_MODIFY = re.compile(r'\{[^{}]*"prompt"[^{}]*"media": \{.*?"model": "ray-2"[^}]*\}', re.DOTALL)

pytestmark = pytest.mark.skipif(not _REFERENCE.exists(), reason="the documents are not here")


def _documented() -> Iterator[tuple[str, dict[str, Any]]]:
    """Read path and body of each example, without the slips of the pen that no parser takes."""
    text = next(_REFERENCE.glob("seeds/001*.txt")).read_text(encoding="utf-8")
    for body in _CURL.findall(text):
        yield "", json.loads(re.sub(r",(\s*})", r"\1", body))
    for arguments in _PYTHON.findall(text):
        whole = re.sub(r'"\n(\s+\w+=)', r'",\n\1', arguments)
        call = ast.parse(f"create({whole})", mode="eval").body
        assert isinstance(call, ast.Call)
        yield "", {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
    for body in _MODIFY.findall(text):
        yield "/video/modify", json.loads(re.sub(r"#.*", "", body))
    described = yaml.safe_load((_REFERENCE / "dream-machine.openapi.yaml").read_text(encoding="utf-8"))
    for example in described["components"]["schemas"]["GenerationRequest"]["examples"]:
        yield "/video", example["value"]
    content = described["paths"]["/generations/video"]["post"]["requestBody"]["content"]
    yield "/video", content["application/json"]["examples"]["default"]["value"]


async def test_every_example_is_taken(tmp_path: Path) -> None:
    at = [0]

    async def nothing(_: str) -> bytes:
        return b""

    async with simulator_at(
        tmp_path, clock_ms=lambda: at[0], fetch=nothing, speed=1, video_concurrent=999, video_per_minute=999
    ) as caller:
        ready = await create_video(caller, model="ray-2", prompt="what is built on")
        store_video(tmp_path, ready, write_source(tmp_path / "source.mp4", frames=4))
        at[0] = 1_000_000
        answers = []
        for path, body in _documented():
            text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=\")", ready["id"], json.dumps(body))
            text = text.replace("<your_api_endpoint_here>", "http://127.0.0.1:9/")
            answer = await post_video(caller, path, **json.loads(text))
            answers.append((answer.status_code, answer.json().get("detail")))
        # One asks for a loop that the documents themselves rule out.
        refused = (400, "Loop is not supported for interpolate image to video")
        assert [answer for answer in answers if answer != (201, None)] == [refused]
        assert len(answers) >= 35
