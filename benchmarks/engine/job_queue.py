"""The same steps with procrastinate on PostgreSQL: one task for each command, as its documents show.

Durable are the command (the deferred job), the claim, the submission, the result, the delivery and the end:
as many steps as Reverie's, without prices, limits and the events of each job.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from procrastinate import App, PsycopgConnector
from psycopg_pool import AsyncConnectionPool

from bot.domain.generations.requests import ImageRequest, dump_request, load_request

_TABLE = """
CREATE TABLE IF NOT EXISTS picture (
    id text PRIMARY KEY, generation text, file text, message text,
    submitted_at timestamptz, stored_at timestamptz, shown_at timestamptz
)
"""
_CONNECTIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What a job does outside of the database."""

    #: asks the provider for a picture; returns the address of its file and the generation's id
    submit: Callable[[ImageRequest], Awaitable[tuple[str, str]]]
    #: stores the file of an address; returns its id
    store: Callable[[str], Awaitable[str]]
    #: shows a file in the chat; returns the message's id
    show: Callable[[str, str], Awaitable[str]]


@asynccontextmanager
async def job_queue(
    url: str, steps: Steps, concurrency: int
) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """Yields what accepts a command by its id, while a worker of this process runs the jobs."""
    app = App(connector=PsycopgConnector(conninfo=url, min_size=_CONNECTIONS, max_size=_CONNECTIONS))
    async with (
        app.open_async(),
        AsyncConnectionPool(url, min_size=_CONNECTIONS, max_size=_CONNECTIONS, open=False) as pool,
    ):
        if not await app.check_connection_async():
            await app.schema_manager.apply_schema_async()

        async def execute(sql: str, *values: str) -> None:
            async with pool.connection() as connection:
                await connection.execute(sql, values)

        await execute(_TABLE)

        async def generate(job: str, request: str) -> None:
            parsed = load_request(request)
            assert isinstance(parsed, ImageRequest)
            address, generation = await steps.submit(parsed)
            await execute(
                "INSERT INTO picture (id, generation, submitted_at) VALUES (%s, %s, now())", job, generation
            )
            file = await steps.store(address)
            await execute("UPDATE picture SET file = %s, stored_at = now() WHERE id = %s", file, job)
            message = await steps.show(job, file)
            await execute("UPDATE picture SET message = %s, shown_at = now() WHERE id = %s", message, job)

        task = app.task(generate, name="generate")
        prompt = dump_request(ImageRequest(prompt="a red fox"))

        async def accept(job: str) -> None:
            await task.defer_async(job=job, request=prompt)

        worker = asyncio.create_task(
            app.run_worker_async(concurrency=concurrency, install_signal_handlers=False), name="worker"
        )
        try:
            yield accept
        finally:
            worker.cancel()
            await asyncio.wait([worker])
