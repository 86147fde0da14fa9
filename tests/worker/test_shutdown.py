"""A stop starts nothing new and ends soon, once what is in flight has ended."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.bootstrap import App
from bot.domain.command_text.parsing import parse
from bot.domain.identity import Invocation, Place
from bot.domain.jobs.job import State
from bot.service.facade import BotService
from bot.service.plugin import Adapter, AdapterContext, AdapterPlugin
from bot.service.replies import CardReply
from bot.tls import tls_context
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeChat, FakeProvider, held
from tests.engine.settings import ADA, given_settings
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
_ADA = {"me": "ada"}


class Run:
    """A whole app with a fake provider and a fake chat."""

    def __init__(self, folder: Path, **times: int) -> None:
        self.provider = FakeProvider(Clock())
        self.chat = FakeChat()
        self.service: BotService | None = None
        self.app = App(
            given_settings(folder, http_port=0, times=times),
            plugins=[AdapterPlugin(name="chat", enabled=lambda _: True, build=self._build)],
            wrap=self._wrap,
        )

    def _build(self, context: AdapterContext) -> Adapter:
        self.service = context.service
        return Adapter(name="chat", publisher=self.chat)

    def _wrap(self, provider: Any) -> FakeProvider:
        self.provider.account = provider.account
        return self.provider

    async def ask(self, key: str) -> str:
        assert self.service is not None
        place = Place(adapter="chat", workspace=ADA.workspace, channel="c1")
        answer = await self.service.execute(
            parse("/imagine a red fox"), Invocation(caller=ADA, place=place, key=key)
        )
        assert isinstance(answer, CardReply)
        return answer.view.jobs[0].id

    @asynccontextmanager
    async def running(self) -> AsyncIterator["asyncio.Task[None]"]:
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            task = group.create_task(self.app.run())
            await self.app.started.wait()
            yield task
            self.app.stop()


async def test_a_stop_finishes_running_creates_and_deliveries_and_starts_no_new_one(
    tmp_path: Path, engine: Open
) -> None:
    run = Run(tmp_path)
    create, show = held(), held()
    run.provider.steps.append(create)
    run.chat.steps.append(show)
    async with run.running() as task:
        job = await run.ask("one")
        await create.begun.wait()
        await show.begun.wait()

        run.app.stop()
        await _until(lambda: _stopping(run))
        late = await run.ask("two")
        assert not task.done()
        create.open()
        show.open()
        await task

    assert 1 == len(run.provider.creates)
    assert 1 == run.chat.shows
    async with engine(start=None) as bot:
        states = {row["id"]: row["state"] for row in await bot.rows("SELECT id, state FROM job")}
        assert {job: State.SUBMITTED, late: State.QUEUED} == states
        (shown,) = await bot.rows("SELECT count(*) AS cards FROM card WHERE message IS NOT NULL")
        assert {"cards": 1} == shown


async def test_a_stop_does_not_wait_longer_than_it_may_and_the_next_start_finds_what_was_left(
    tmp_path: Path, engine: Open
) -> None:
    run = Run(tmp_path, stop=200)
    create = held()
    run.provider.steps.append(create)
    async with run.running() as task:
        await run.ask("one")
        await create.begun.wait()
        begun = time.monotonic()
        run.app.stop()
        await task
    assert time.monotonic() - begun < 5

    run.provider.account = "one"
    async with engine(providers=[run.provider]) as bot:
        await bot.until(
            lambda: bot.rows("SELECT 1 FROM job WHERE state IN ('unknown', 'submitted', 'failed')")
        )


def _stopping(run: Run) -> bool:
    assert run.service is not None
    return run.service._services.stopping.is_set()


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - it is set by somebody else
        await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        signal.SIGINT,
        pytest.param(
            signal.SIGHUP,
            marks=pytest.mark.skipif(
                signal.getsignal(signal.SIGHUP) is signal.SIG_IGN, reason="the tests were started by nohup"
            ),
        ),
    ],
)
async def test_a_signal_ends_the_process_with_zero_though_a_page_listens(
    tmp_path: Path, number: signal.Signals
) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    ours = {"PYTHONPATH": str(ROOT), "REVERIE_HTTP_PORT": "0", "REVERIE_LOG_FORMAT": "json"}
    bot = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"), cwd=tmp_path, env=kept | ours, stderr=asyncio.subprocess.PIPE
    )
    assert bot.stderr is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            url = await _address(bot.stderr)
            async with httpx.AsyncClient(
                base_url=url, trust_env=False, verify=tls_context(), timeout=PATIENCE_S
            ) as http:
                while (await http.get("/playground/quota", params=_ADA)).is_error:  # noqa: ASYNC110 - it starts
                    await asyncio.sleep(0.02)
                async with http.stream("GET", "/playground/events", params=_ADA) as events:
                    lines = events.aiter_lines()
                    assert 200 == events.status_code
                    assert (await anext(lines)).startswith("retry")

                    begun = time.monotonic()
                    bot.send_signal(number)
                    rest = await bot.stderr.read()
                    assert 0 == await bot.wait(), rest.decode()
                    assert time.monotonic() - begun < 10
    finally:
        if bot.returncode is None:
            bot.kill()
            await bot.wait()


async def _address(log: asyncio.StreamReader) -> str:
    async for line in log:
        found = line.decode()
        if "The playground is open: " in found:
            return found.partition("open: ")[2].strip()
    raise AssertionError("the bot did not start")
