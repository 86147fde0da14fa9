"""Whatever is sent to the API's paths, no answer is an error of ours or has another shape than described."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from simulator.app import Simulator
from simulator.errors import FileUnavailable
from simulator.settings import SimulatorSettings
from tests.simulator.client import KEY, served
from tests.simulator.description import check_answer, description, stripped
from tests.simulator.documents import REFERENCE

_AUTH = {"Authorization": f"Bearer {KEY}"}
_UNLIMITED = 10**9


#: what the other documents say of fields that the description leaves open
_RULES: dict[str, dict[str, Any]] = {
    "prompt": {"type": "string", "minLength": 3, "maxLength": 60, "pattern": "^[a-z]{3}"},
    "weight": {"type": "number", "minimum": 0, "maximum": 1},
    "key": {"enum": ["dolly_zoom", "handheld"]},
    "resolution": {"enum": ["540p", "720p", "1080p", "4k"]},
    "duration": {"enum": ["5s", "9s"]},
    "url": {"const": "https://a.example/file"},
    "callback_url": {"const": "http://127.0.0.1:9/callback"},
    "images": {"type": "array", "items": {"const": "https://a.example/face"}, "maxItems": 4},
    "image_ref": {"maxItems": 4},
    "style_ref": {"maxItems": 4},
    **{
        side: {"type": "integer", "minimum": 1, "maximum": 4096}
        for side in ("resized_width", "resized_height")
    },
    **{start: {"type": "integer", "minimum": 0, "maximum": 99} for start in ("x_start", "y_start")},
    **{end: {"type": "integer", "minimum": 100} for end in ("x_end", "y_end")},
}


def _described() -> dict[str, Any]:
    """The description with the paths that only the other documents have."""
    found = deepcopy(description())
    paths = found["paths"]
    paths["/generations"]["post"] = paths["/generations/video"]["post"]
    paths["/generations/camera_motion/list"] = paths["/generations/concepts/list"]
    return found


def _narrowed(value: Any) -> Any:
    """Add what the other documents say, so that most requests are accepted."""
    if isinstance(value, list):
        return [_narrowed(part) for part in value]
    if not isinstance(value, dict):
        return value
    found = {name: _narrowed(part) for name, part in value.items()}
    fields = found.get("properties")
    if isinstance(fields, dict):
        for name in _RULES.keys() & fields.keys():
            fields[name] = {**(fields[name] if name.endswith("_ref") else {}), **_RULES[name]}
        found["required"] = sorted({*found.get("required", ()), *({"prompt", "url", "key"} & fields.keys())})
        found["additionalProperties"] = False
    return found


def operations_of(document: dict[str, Any]) -> dict[str, Any]:
    found = schemathesis.openapi.from_dict(document).get_all_operations()
    return {each.ok().label: each.ok() for each in found if isinstance(each, Ok)}


_OPERATIONS, _SENSIBLE = operations_of(_described()), operations_of(_narrowed(_described()))


@pytest.mark.skipif(not REFERENCE.exists(), reason="the documents are not here")
def test_the_description_has_every_fact_of_the_document() -> None:
    document = yaml.safe_load((REFERENCE / "dream-machine.openapi.yaml").read_text(encoding="utf-8"))
    facts = stripped(document)
    facts["info"] = {name: facts["info"][name] for name in ("title", "version")}
    assert description() == facts


@pytest.mark.parametrize("label", _OPERATIONS)
def test_every_answer_has_the_described_shape(api: "Api", label: str) -> None:
    """The same requests in every run; a longer run with others follows."""
    _explore(api, label, settings(max_examples=4, derandomize=True, database=None))


@pytest.mark.soak
@pytest.mark.parametrize("label", _OPERATIONS)
def test_every_answer_has_the_described_shape_in_a_long_run(api: "Api", label: str) -> None:
    _explore(api, label, settings(max_examples=150, database=None))


def _explore(api: "Api", label: str, chosen: settings) -> None:
    """Send what the description allows, what it forbids, and what should be accepted."""
    operation, sensible, statuses = _OPERATIONS[label], _SENSIBLE[label], Counter[int]()
    video = api.new_video()
    there = {"path_parameters": {"id": video}} if "{id}" in label else {}

    def check(case: "Case[Any]") -> None:
        statuses[api.check(case)] += 1

    strategies = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]
    if there:
        strategies.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE, **there))
    strategies.append(sensible.as_strategy(**there).map(partial(_naming, video=video)))
    for strategy in strategies:
        settings(chosen, deadline=None, suppress_health_check=list(HealthCheck))(
            given(case=strategy)(check)
        )()
    assert statuses[200] + statuses[201] + statuses[204] > 0, statuses


def _naming(case: "Case[Any]", video: str) -> "Case[Any]":
    """Name a video that exists wherever a body names one by its id."""
    case.body = _named(case.body, video)
    return case


def _named(body: Any, video: str) -> Any:
    if isinstance(body, dict):
        return {name: video if name == "id" else _named(part, video) for name, part in body.items()}
    return [_named(part, video) for part in body] if isinstance(body, list) else body


class Api:
    """A simulator in another thread, which fetches and renders nothing."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/dream-machine/v1"
        self._session = requests.Session()
        self._session.trust_env = False

    def new_video(self) -> str:
        body = {"model": "ray-2", "prompt": "what is built on"}
        answer = self._session.post(f"{self._url}/generations", json=body, headers=_AUTH)
        return str(answer.json()["id"])

    def check(self, case: "Case[Any]") -> int:
        """Send a request; returns the status of the answer, which is no error of ours."""
        request = case.as_transport_kwargs(base_url=self._url)
        request["headers"] = {**request["headers"], **_AUTH}
        answer = self._session.request(**request, timeout=60)
        assert answer.status_code < 500, answer.content
        if answer.status_code == 204:
            assert answer.content == b""
            return answer.status_code
        assert answer.headers["content-type"] == "application/json"
        body = json.loads(answer.content)
        if answer.status_code >= 400:
            assert set(body) == {"detail"}
            assert body["detail"]
        path = case.path if case.path != "/generations" or case.method == "GET" else "/generations/video"
        check_answer(case.method, path, answer.status_code, body)
        return answer.status_code


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_in_thread(tmp_path_factory.mktemp("api")) as url:
        yield Api(url)


@contextmanager
def running_in_thread(folder: Path) -> Iterator[str]:
    """Run a simulator that fetches and renders nothing in another thread; yields its URL."""
    started, ended = Future[str](), threading.Event()

    async def serve() -> None:
        async with _running(folder) as url:
            started.set_result(url)
            await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        yield started.result(timeout=60)
    finally:
        ended.set()
        thread.join()


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[str]:
    async def fetch(_: str) -> bytes:
        raise FileUnavailable

    async def render(_: object, /, *args: Any, timeout_s: float) -> object:  # noqa: ARG001 - the port's signature
        args[1].parent.mkdir(parents=True, exist_ok=True)
        args[1].write_bytes(b"")
        return None

    async def post(_: str, __: bytes) -> int:
        return 200

    limits: dict[str, Any] = dict.fromkeys(
        ("image_concurrent", "image_per_minute", "video_concurrent", "video_per_minute"), _UNLIMITED
    )
    own = SimulatorSettings(
        database=folder / "own.db", speed=1e9, credit_cents=1e12, reference_attempts=1, **limits
    )
    simulator = Simulator(own, fetch=fetch, render=render, post=post)
    async with simulator, served(simulator.app) as url:
        yield url
