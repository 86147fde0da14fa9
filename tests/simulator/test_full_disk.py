"""A disk that takes no more is one request's trouble, or one step's, and is over when the disk is."""

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.patience import PATIENCE_S, until
from tests.simulator.client import served, simulator_at


@asynccontextmanager
async def refusing(folder: Path, when: str) -> AsyncIterator[None]:
    """Have the simulator's database refuse a kind of write until the block ends.

    The simulator runs in the same event loop: whoever waits for its lock must leave it time to commit.
    """
    async with aiosqlite.connect(
        folder / "simulator.db", isolation_level=None, timeout=PATIENCE_S
    ) as database:
        await database.execute(
            f"CREATE TRIGGER full BEFORE {when} BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
        )
        yield
        await database.execute("DROP TRIGGER full")


async def _logged(logged: list[EventDict], event: str) -> bool:
    return any(entry["event"] == event for entry in logged)


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "orange").save(buffer, "PNG")
    return buffer.getvalue()


async def disk_full(function: Callable[..., object], /, *args: Any, timeout_s: float) -> object:  # noqa: ARG001 - the port's signature
    raise OSError(28, "No space left on device")


async def test_a_file_that_cannot_be_made_answers_500_and_the_service_goes_on(tmp_path: Path) -> None:
    async with simulator_at(tmp_path, render=disk_full) as caller:
        done = await caller.ended((await caller.create("a fox"))["id"])
        for _ in range(2):
            answer = await caller.http.get(done["assets"]["image"])
            assert answer.status_code == 500
            assert answer.json() == {"detail": "Internal server error"}
        assert (await caller.get(done["id"]))["state"] == "completed"


async def test_a_create_that_cannot_be_kept_answers_500_and_costs_nothing(tmp_path: Path) -> None:
    async with simulator_at(tmp_path) as caller:
        before = await caller.credit()
        async with refusing(tmp_path, "INSERT ON generation"):
            assert (await caller.post_image("a fox")).status_code == 500
        assert before == await caller.credit()
        assert [] == (await caller.page())["generations"]
        await caller.create("a fox")


@pytest.mark.parametrize(
    ("column", "event"), [("announced", "callback_not_recorded"), ("ends_at", "reference_not_recorded")]
)
async def test_what_goes_on_in_the_background_is_tried_again(tmp_path: Path, column: str, event: str) -> None:
    heard: list[str] = []

    async def hear(request: Request) -> Response:
        heard.append((await request.json())["state"])
        return Response()

    async def fetch(_: str) -> bytes:
        return _png()

    async def is_told() -> bool:
        return heard[-1:] == ["completed"]

    async with (
        served(Starlette(routes=[Route("/hook", hear, methods=["POST"])])) as url,
        simulator_at(tmp_path, fetch=fetch, error_pause_ms=100) as caller,
    ):
        with capture_logs() as logged:
            async with refusing(tmp_path, f"UPDATE OF {column} ON generation"):
                made = await caller.create(
                    "a fox", image_ref=[{"url": "http://pictures.test/"}], callback_url=f"{url}/hook"
                )
                await until(partial(_logged, logged, event))
            await until(is_told)
        assert "completed" == (await caller.get(made["id"]))["state"]


async def test_a_folder_that_takes_no_references_holds_up_nothing_else(tmp_path: Path) -> None:
    async def fetch(_: str) -> bytes:
        return _png()

    media = tmp_path / "simulator.db.media"
    media.write_bytes(b"no folder can be made here")
    async with simulator_at(tmp_path, fetch=fetch, error_pause_ms=100) as caller:
        with capture_logs() as logged:
            waiting = await caller.create("a fox", image_ref=[{"url": "http://pictures.test/"}])
            await until(partial(_logged, logged, "reference_not_recorded"))
        await caller.ended((await caller.create("another fox"))["id"])
        assert (await caller.get(waiting["id"]))["state"] == "dreaming"
        media.unlink()
        assert (await caller.ended(waiting["id"]))["state"] == "completed"
