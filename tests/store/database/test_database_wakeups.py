"""Wake-ups: none is lost, within a process and between replicas."""

import asyncio
import os
import signal
import time
from contextlib import suppress
from itertools import count

import asyncpg

from bot.store.database.connect import connect
from bot.store.database.pg_notify import CHANNEL, PAUSE_S
from bot.store.database.wakeups import Wakeups
from tests.patience import PATIENCE_S


async def test_a_signal_wakes_everybody_who_waits_for_its_topic() -> None:
    wakeups = Wakeups()
    async with asyncio.TaskGroup() as group:
        waiting = [
            group.create_task(wakeups.changed("jobs", since=wakeups.mark("jobs"), timeout_s=PATIENCE_S))
            for _ in range(3)
        ]
        other = group.create_task(wakeups.changed("cards", since=wakeups.mark("cards"), timeout_s=0.01))
        await asyncio.sleep(0)
        wakeups.notify("jobs")
    assert [True] * 3 == [task.result() for task in waiting]
    assert other.result() is False


async def test_a_signal_between_the_look_and_the_wait_is_not_lost() -> None:
    wakeups = Wakeups()
    seen = wakeups.mark("jobs")
    wakeups.notify("jobs")
    assert await wakeups.changed("jobs", since=seen, timeout_s=0) is True
    seen = wakeups.mark("jobs")
    assert await wakeups.changed("jobs", since=seen, timeout_s=0) is False


async def test_a_consumer_that_marks_before_it_looks_misses_nothing() -> None:
    wakeups, store, taken = Wakeups(), list[int](), list[int]()

    async def produce() -> None:
        for number in range(300):
            store.append(number)
            wakeups.notify("jobs")
            if number % 7 == 0:
                await asyncio.sleep(0)

    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        group.create_task(produce())
        while len(taken) < 300:
            seen = wakeups.mark("jobs")
            looked, store[:] = list(store), []
            await asyncio.sleep(0)  # whatever is said now must still wake us
            taken += looked
            if not looked:
                assert await wakeups.changed("jobs", since=seen, timeout_s=None)
    assert list(range(300)) == taken


async def test_a_waiter_that_leaves_is_forgotten() -> None:
    wakeups = Wakeups()
    task = asyncio.create_task(wakeups.changed("jobs", since=wakeups.mark("jobs"), timeout_s=PATIENCE_S))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    wakeups.notify("jobs")
    assert task.cancelled()


async def test_a_signal_reaches_other_replicas(postgres_url: str) -> None:
    async with connect(postgres_url) as one, connect(postgres_url) as other:
        for speaker, listener in ((one, other), (other, one)):
            seen = listener.wakeups.mark("jobs")
            speaker.wakeups.notify("jobs")
            assert await listener.wakeups.changed("jobs", since=seen, timeout_s=PATIENCE_S)


async def test_the_last_words_of_a_replica_are_heard(postgres_url: str) -> None:
    async with connect(postgres_url) as listener:
        seen = listener.wakeups.mark("jobs")
        async with connect(postgres_url) as speaker:
            speaker.wakeups.notify("jobs")
        assert await listener.wakeups.changed("jobs", since=seen, timeout_s=PATIENCE_S)


async def test_a_flood_of_signals_is_said_a_few_times(postgres_url: str) -> None:
    """Others hear it at most once in each pause, and its own replica not once more."""
    heard: list[object] = []
    over = asyncio.Event()

    def hear(_: object, __: int, ___: str, topic: object) -> None:
        heard.append(topic)
        if topic == "over":
            over.set()

    listener = await asyncpg.connect(postgres_url)
    await listener.add_listener(CHANNEL, hear)
    loop = asyncio.get_running_loop()
    async with connect(postgres_url) as speaker, asyncio.timeout(PATIENCE_S):
        began, own = loop.time(), speaker.wakeups.mark("jobs")
        for _ in range(200):
            speaker.wakeups.notify("jobs")
            await asyncio.sleep(0.001)
        flooded_s = loop.time() - began
        speaker.wakeups.notify("over")
        await over.wait()
        assert own + 200 == speaker.wakeups.mark("jobs")
    await listener.close()
    assert heard.count("jobs") <= flooded_s / PAUSE_S + 2


async def test_a_replica_whose_connection_broke_looks_once_and_listens_again(postgres_url: str) -> None:
    server = await asyncpg.connect(postgres_url)
    async with connect(postgres_url) as listener, connect(postgres_url) as speaker:
        seen = listener.wakeups.mark("jobs")
        ended = await server.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN%' AND state = 'idle'"
        )
        assert 2 == len(ended)
        assert await listener.wakeups.changed("jobs", since=seen, timeout_s=PATIENCE_S)
        async with asyncio.timeout(PATIENCE_S):
            for _ in count():
                speaker.wakeups.notify("jobs")
                if await listener.wakeups.changed("jobs", since=listener.wakeups.mark("jobs"), timeout_s=0.1):
                    break
    await server.close()


async def test_what_was_to_say_when_the_connection_broke_is_said_on_the_next(postgres_url: str) -> None:
    heard = asyncio.Event()
    listener = await asyncpg.connect(postgres_url)
    await listener.add_listener(CHANNEL, lambda *_: heard.set())
    async with connect(postgres_url) as speaker, asyncio.timeout(PATIENCE_S):
        _end(
            await listener.fetchval(
                "SELECT pid FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"
            )
        )
        speaker.wakeups.notify("jobs")
        await heard.wait()
    await listener.close()


def _end(pid: int) -> None:
    """End a connection at the server's side before anything here can notice."""
    os.kill(pid, signal.SIGTERM)
    with suppress(ProcessLookupError):
        while True:
            os.kill(pid, 0)
            time.sleep(0.001)
