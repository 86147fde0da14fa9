"""A whole bot with a bucket is killed while a result cannot be stored, and goes on after it."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from bot.tls import tls_context
from tests.buckets import BucketProxy, GivenBucket
from tests.cli.running import started
from tests.patience import PATIENCE_S

ADA = {"me": "ada"}


class Running:
    def __init__(self, log: asyncio.StreamReader, url: str) -> None:
        self._log = log
        self.url = url
        self.http = httpx.AsyncClient(
            base_url=url, trust_env=False, verify=tls_context(), timeout=PATIENCE_S, headers={"Origin": url}
        )

    async def logs(self, event: str) -> None:
        """Wait until the bot has logged an event."""
        async for line in self._log:
            if json.loads(line).get("event") == event:
                return
        raise AssertionError(f"{event} was not logged")

    async def card(self) -> dict[str, Any]:
        """The card, once its job has ended."""
        while True:
            answer = await self.http.get("/playground/state", params=ADA)
            cards = [one for one in answer.json()["messages"] if one["kind"] == "card"] if answer else []
            if cards and all(job["tone"] in ("done", "failed") for job in cards[0]["jobs"]):
                (card,) = cards
                return dict(card)
            await asyncio.sleep(0.05)

    async def left(self) -> str:
        """What the member may still spend, as the page shows it."""
        answer = await self.http.get("/playground/state", params=ADA)
        return str(answer.json()["quota"]["limits"][0]["parts"])


@asynccontextmanager
async def _running(folder: Path, environment: dict[str, str]) -> AsyncIterator[Running]:
    """Run the bot until the block ends, then kill it."""
    ours = {
        "REVERIE_HTTP_PORT": "0",
        "REVERIE_LOG_FORMAT": "json",
        "REVERIE_SIMULATOR_SPEED": "1000",
        "REVERIE_TIMING__ASSET_RETRY": "100",
    }
    reading, writing = os.pipe()
    with os.fdopen(writing) as told:
        process = started(folder, ("run",), ours | environment, told.fileno(), told.fileno())
    log = asyncio.StreamReader()
    heard, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(log), os.fdopen(reading)
    )
    try:
        async for line in log:
            if line.startswith(b"{") and (event := json.loads(line)).get("event") == "started":
                bot = Running(log, event["address"])
                break
        else:
            raise AssertionError("the bot did not start")
        async with bot.http:
            yield bot
    finally:
        process.kill()
        await log.read()
        heard.close()
        process.wait()


async def test_a_result_is_delivered_and_charged_once_though_bucket_and_bot_fail(
    tmp_path: Path, bucket: GivenBucket
) -> None:
    async with asyncio.timeout(4 * PATIENCE_S), BucketProxy(bucket.endpoint) as proxy:
        environment = bucket.at(proxy.url).environment
        proxy.refuse()
        async with _running(tmp_path, environment) as bot:
            before = await bot.left()
            command = {"text": "/imagine a red fox", "key": "key-00001"}
            answer = await bot.http.post("/playground/command", params=ADA, json=command)
            assert not answer.json()["refused"], answer.json()
            await bot.logs("result_not_stored")
        assert [] == await bucket.keys()
        proxy.work()

        async with _running(tmp_path, environment) as bot:
            card = await bot.card()
            assert ["done"] == [job["tone"] for job in card["jobs"]]
            once = await bot.left()
        (key,) = await bucket.keys()

        async with _running(tmp_path, environment) as bot:
            card = await bot.card()
            served = await bot.http.get(card["jobs"][0]["media"]["src"])
            assert (200, "image/jpeg") == (served.status_code, served.headers["content-type"])
            (tmp_path / "served").write_bytes(served.content)
            assert (once, once != before) == (await bot.left(), True)
        with Image.open(tmp_path / "served") as picture:
            assert picture.width > picture.height
        assert [key] == await bucket.keys()
