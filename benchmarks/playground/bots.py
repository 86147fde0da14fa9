"""The playground as people open it: the whole bot in a process of its own, with messages in its studio."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson

from adapters.playground.messages.conversations import ADAPTER
from benchmarks.platforms.bots import CONNECTIONS, UNLIMITED
from bot.security.encryption import FieldCipher
from bot.security.secret_keys import read_secrets
from bot.service.adapter_data import AdapterData
from bot.store.database.connect import connect
from tests.platforms.unmodified import REVERIE, free_port, started

BARE = ("-m", "benchmarks.playground.bare_page")
_SECRET = "a secret of the benchmarks alone"  # noqa: S105
_STUDIO = "room/studio"
_PATIENCE_S = 60.0
_LOOK_EVERY_S = 0.05
#: values that are stored at once
_TOGETHER = 500


@asynccontextmanager
async def playground(
    folder: Path, program: Sequence[str] = REVERIE, **settings: str
) -> AsyncIterator[httpx.AsyncClient]:
    """Start a bot with its playground; yields a client of it."""
    _make(folder)
    own = UNLIMITED | {"REVERIE_SECRET_KEY": _SECRET} | settings
    async with started(folder, own, program) as bot:
        await bot.ready()
        async with client(bot.address) as opened:
            yield opened


@asynccontextmanager
async def bare(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Start the server that does the least; yields a client of it."""
    _make(folder)
    port = free_port()
    async with started(folder, {}, (*BARE, str(port))), client(f"http://127.0.0.1:{port}") as opened:
        (await opened.get("/")).raise_for_status()
        yield opened


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def client(address: str) -> httpx.AsyncClient:
    headers = {"Origin": address}
    # A process that was just started does not listen yet.
    patient = httpx.AsyncHTTPTransport(retries=CONNECTIONS)
    return httpx.AsyncClient(base_url=address, headers=headers, transport=patient, timeout=_PATIENCE_S)


async def command(opened: httpx.AsyncClient, text: str, key: str) -> None:
    body = {"text": text, "key": key}
    answer = await opened.post("/playground/command", params={"me": "ada"}, json=body)
    answer.raise_for_status()


async def make_history(folder: Path, messages: int) -> None:
    """Have a bot make a picture, and fill its studio with copies: half commands, half results."""
    async with playground(folder, REVERIE_SIMULATOR_SPEED="1000") as opened:
        await command(opened, "/imagine a red fox in the snow", "first-of-all")
        async with asyncio.timeout(_PATIENCE_S):
            while not await _is_done(opened):  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(_LOOK_EVERY_S)
    secrets = read_secrets(_SECRET.encode(), "")
    async with connect(f"sqlite:///{folder / 'data' / 'reverie.db'}") as database:
        data = AdapterData(database, FieldCipher(*secrets), ADAPTER)
        (card,) = await _stored(data, "card")
        (said,) = await _stored(data, "said")
        values = list[tuple[str, str]]()
        for number in range(messages // 2):
            identity = f"{number:024d}"
            at = card["at"] - (messages - number) * 1000
            jobs = [job | {"id": identity} for job in card["jobs"]]
            for kind, record in (
                ("said", said | {"card": identity}),
                ("card", card | {"card": identity, "at": at, "jobs": jobs}),
            ):
                values.append((f"{_STUDIO}/{kind}/{identity}", orjson.dumps(record).decode()))
        for begin in range(0, len(values), _TOGETHER):
            await asyncio.gather(*(data.put(*value) for value in values[begin : begin + _TOGETHER]))


async def _is_done(opened: httpx.AsyncClient) -> bool:
    state: Mapping[str, Any] = (await opened.get("/playground/state", params={"me": "ada"})).json()
    return any(job["media"] for one in state["messages"] if one["kind"] == "card" for job in one["jobs"])


async def _stored(data: AdapterData, kind: str) -> list[dict[str, Any]]:
    return [orjson.loads(entry.value) for entry in await data.latest(f"{_STUDIO}/{kind}/")]
