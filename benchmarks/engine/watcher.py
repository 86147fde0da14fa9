"""A process that has jobs made by the generation API and waits for their ends; prints what that cost it.

`reverie` is the whole engine with its web server; the platform and the files are stand-ins. `sdk` is a bot
that waits for each generation as the official SDK's documents show: it asks every three seconds.
"""

import asyncio
import json
import os
import socket
import sys
import time
from contextlib import redirect_stderr
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import uvloop
from lumaai import AsyncLumaAI
from pydantic import SecretStr

from benchmarks.engine.delivered import WITHOUT_LIMITS, InstantChat
from benchmarks.engine.luma_api import WARM_UP
from bot.domain.generations.estimates import typical_duration
from bot.domain.generations.models import Lane
from bot.domain.generations.requests import ImageRequest
from bot.log import set_up_logs
from bot.providers.base import LaneLimits
from bot.providers.luma import LumaProvider
from bot.service.plugin import Adapter
from bot.timing import Timing
from bot.web.server import Server
from tests.engine.harness import open_engine
from tests.engine.settings import person

PROMPT = "a red fox in the snow"
#: what pictures take as far as the bot knows before it has seen any
TYPICAL_S = typical_duration(ImageRequest(prompt=PROMPT)).p50 / 1000
#: between two looks of the SDK's loop
SDK_INTERVAL_S = 3.0
_KEY = "luma-benchmark"
_MEMBERS, _WORKSPACES = 200, 20
_CONNECTIONS = 100
_MEGABYTE = 1_000_000
#: the times that count while a picture is made
_PER_GENERATION = ("watch_interval", "progress_interval")
#: generations that end one after the other, once the others have
_APART = 4
#: after which these begin; what the others cost has been read by then
_PAUSE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a process is to do."""

    side: str
    #: of the generation API
    api: str
    folder: str
    #: 0: watch what the folder's store has
    jobs: int
    #: divides how long pictures take, and how often somebody looks whether they have ended
    speed: float = 1.0
    #: seconds that a picture usually takes there, before that division
    takes_s: float = 60.0
    callbacks: bool = True
    #: of the processor, for each job; the control's addition
    work_s: float = 0.0
    #: file descriptor of the socket that callbacks arrive at
    listener: int = -1

    def dumped(self) -> str:
        return json.dumps(asdict(self))


async def _reverie(order: Order) -> None:
    limits = LaneLimits(concurrent=100_000, per_minute=10_000_000)
    provider = LumaProvider(
        api_key=SecretStr(_KEY),
        account="one",
        base_url=f"{order.api}/dream-machine/v1",
        limits=dict.fromkeys(Lane, limits),
        name="simulator",
    )
    chat = InstantChat(order.work_s)
    times = Timing()
    scaled = times.scaled(1 / order.speed)
    # What is done once a second whatever is in flight must not be charged several times to each job.
    times = times.model_copy(update={name: getattr(scaled, name) for name in _PER_GENERATION})
    async with open_engine(
        Path(order.folder),
        providers=[provider],
        times=times.model_dump(),
        make_adapter=lambda *_: Adapter(name="chat", publisher=chat),
        reachable=order.callbacks,
        # The sweep for lost generations reads the same list: what it was told would count as watched.
        start=() if order.jobs else ("submit", "watch", "prepare", "deliver", "progress", "recover", "check"),
        simulator_speed=order.speed * TYPICAL_S / order.takes_s,
        **WITHOUT_LIMITS,
    ) as bot:
        server = Server(bot.app)
        sockets = [socket.socket(fileno=order.listener)] if order.listener >= 0 else []
        serving = asyncio.create_task(server.serve(sockets=sockets)) if sockets else None
        if order.jobs:
            # Connections are open and callbacks have arrived, as in a bot that has run for a while.
            await bot.ask(f"/imagine {PROMPT} --model {WARM_UP}")
            await chat.shown(1)
        _tell("ready")
        began = time.process_time()
        numbers = iter(range(order.jobs))

        async def ask() -> None:
            for number in numbers:
                by = person(f"m{number % _MEMBERS}", workspace=f"chat:{number % _WORKSPACES}")
                await bot.ask(f"/imagine {PROMPT}", by=by)

        if not order.jobs:
            await asyncio.Event().wait()  # until it is killed
        await asyncio.gather(*(ask() for _ in range(_CONNECTIONS)))
        submitted = "SELECT count(*) AS jobs FROM job WHERE state IN ('queued', 'submitting')"
        while (await bot.rows(submitted))[0]["jobs"]:  # noqa: ASYNC110 - it happens in the store
            await asyncio.sleep(0.5)
        _tell("submitted")
        await chat.shown(order.jobs + 1)
        _tell("ended", work_ms=(time.process_time() - began) * 1000 / order.jobs)
        await asyncio.sleep(_PAUSE_S)
        for number in range(_APART):
            await bot.ask(f"/imagine {PROMPT} --model {WARM_UP}")
            await chat.shown(order.jobs + 2 + number)
        _tell("apart")
        server.should_exit = True
        if serving is not None:
            await serving
    await provider.close()


async def _sdk(order: Order) -> None:
    limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
    http = httpx.AsyncClient(trust_env=False, limits=limits, timeout=60)
    chat = InstantChat()
    base = f"{order.api}/dream-machine/v1"
    async with http, AsyncLumaAI(auth_token=_KEY, base_url=base, http_client=http) as sdk:
        await sdk.generations.image.create(prompt=PROMPT, model=WARM_UP)
        _tell("ready")
        began = time.process_time()
        created = 0

        async def generate() -> None:
            nonlocal created
            generation: Any = await sdk.generations.image.create(
                prompt=PROMPT, model="photon-1", aspect_ratio="16:9"
            )
            created += 1
            if created == order.jobs:
                _tell("submitted")
            while generation.state != "completed":
                assert generation.state != "failed"
                await asyncio.sleep(SDK_INTERVAL_S / order.speed)
                generation = await sdk.generations.get(id=generation.id)
            chat.ended.add(generation.id)

        await asyncio.gather(*(generate() for _ in range(order.jobs)))
        _tell("ended", work_ms=(time.process_time() - began) * 1000 / order.jobs)


def _tell(event: str, **figures: float) -> None:
    print(json.dumps({"event": event, **figures}), flush=True)


def main() -> None:
    order = Order(**json.loads(sys.argv[1]))
    # As in production, to a file that keeps nothing.
    with Path(os.devnull).open("w", encoding="utf-8") as nothing:
        with redirect_stderr(nothing):
            set_up_logs("json", "info")
        _run(order)


def _run(order: Order) -> None:
    side = {"reverie": _reverie, "sdk": _sdk}[order.side]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(side(order))


if __name__ == "__main__":
    main()
