"""The official JavaScript SDK, unchanged, against the simulator, where Node.js and npm are at hand."""

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE_S
from tests.simulator.client import simulator_at
from tests.simulator.documents import filled, listed_examples
from tests.simulator.videos import write_source

_FOLDER = Path(__file__).with_name("javascript")
#: calls of the SDK by the request that they send
_CALLS = {
    "POST /generations/image": "image.create",
    "POST /generations": "create",
    "GET /generations": "list",
    "GET /generations/{id}": "get",
    "DELETE /generations/{id}": "delete",
}


async def test_the_sdk_makes_every_call_and_those_of_its_documentation(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    assert pytestconfig.cache is not None
    modules = await _installed(pytestconfig.cache.mkdir("javascript-sdk"))
    source = write_source(tmp_path / "source.mp4", frames=4).read_bytes()

    async def fetch(url: str) -> bytes:
        if url.endswith(".mp4"):
            return source
        return (await caller.http.get(url)).content

    async with simulator_at(tmp_path, fetch=fetch, speed=10_000, drawn_fps=1) as caller:
        found = await _run(modules, caller.base_url, _documented())
    assert found["ping"] == "pong"
    assert 0 < found["credits"] < 100_000
    assert "dolly_zoom" in found["concepts"]
    assert found["states"] == ["completed"] * 9
    assert sorted(found["listed"]) == sorted(found["made"])
    assert found["refused"] == [
        ["NotFoundError", 404],
        ["BadRequestError", 400],
        ["UnprocessableEntityError", 422],
        ["AuthenticationError", 401],
    ]
    assert len(found["examples"]) == len(_documented()) > 10


def _documented() -> list[dict[str, Any]]:
    values = {
        "prompt": "a quiet lake",
        "url": "https://a.example/video.mp4",
        "callback_url": "http://127.0.0.1:9/",
    }
    return [
        {"path": _CALLS[f"{example.method} {example.path}"], "body": filled(example.body or {}, values)}
        for example in listed_examples()
        if example.document == "JavaScript"
    ]


async def _installed(cache: Path) -> Path:
    """Install the SDK from the npm registry, once for each lock; skips the test where that cannot be done."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node.js with npm is not here: the JavaScript SDK is not tested")
    lock = (_FOLDER / "package-lock.json").read_bytes()
    folder = cache / hashlib.sha256(lock).hexdigest()
    if folder.exists():
        return folder / "node_modules"
    with tempfile.TemporaryDirectory(dir=cache) as name:
        made = shutil.copytree(_FOLDER, Path(name) / "sdk")
        process = await asyncio.create_subprocess_exec(
            npm,
            *("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"),
            *("--fetch-retries=0", "--fetch-timeout=20000"),
            cwd=made,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(PATIENCE_S):
                code = await process.wait()
        except TimeoutError:
            process.kill()
            code = await process.wait()
        if code:
            pytest.skip("the npm registry cannot be reached: the JavaScript SDK is not tested")
        # Whole, or not there at all.
        made.rename(folder)
    return folder / "node_modules"


async def _run(modules: Path, base_url: str, examples: list[dict[str, Any]]) -> dict[str, Any]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        "node",
        str(_FOLDER / "calls.js"),
        env=kept | {"NODE_PATH": str(modules), "LUMAAI_API_KEY": "luma-sdk", "LUMAAI_BASE_URL": base_url},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(2 * PATIENCE_S):
        out, errors = await process.communicate(json.dumps(examples).encode())
    assert process.returncode == 0, errors.decode()
    found: dict[str, Any] = json.loads(out)
    return found
