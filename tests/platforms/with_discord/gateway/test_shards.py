"""A process's shards, and the identify limit across processes."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.discord.gateway.identify_limiter import IdentifyLimiter
from adapters.discord.settings import DiscordSettings, ShardRange, parse_shards
from bot.domain.errors import StoreError
from bot.security.encryption import FieldCipher
from bot.service.adapter_data import AdapterData
from bot.store.database.connect import connect
from bot.store.database.migrate import migrate
from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.with_discord.gateway.gateway_env import SharedTurns, connected_gateway


@pytest.mark.parametrize(
    ("text", "ids", "count"), [("0-3/16", (0, 1, 2, 3), 16), ("2/16", (2,), 16), (" 0 - 0 / 1 ", (0,), 1)]
)
def test_shards_are_named_by_a_range(text: str, ids: tuple[int, ...], count: int) -> None:
    assert ShardRange(ids=ids, count=count) == parse_shards(text)


@pytest.mark.parametrize("text", ["3", "0-3", "4-3/16", "0-16/16", "0/0", "-1/2", "a/b"])
def test_malformed_shards_are_refused_with_an_example(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVERIE_DISCORD_SHARDS", text)
    with pytest.raises(ValidationError, match=r"0-3/16|numbered from 0"):
        DiscordSettings()


async def test_shards_of_several_processes_identify_one_after_another(
    fake: FakeDiscord, tmp_path: Path
) -> None:
    """Discord allows one identify per window; a rejected one would cost a session start."""
    fake.gateway.identify_limits.window_ms = 100
    async with connect(f"sqlite:///{tmp_path}/reverie.db") as database, AsyncExitStack() as exits:
        await migrate(database)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(
                    exits.enter_async_context(
                        connected_gateway(
                            fake,
                            shards=parse_shards(text),
                            identify=IdentifyLimiter(
                                AdapterData(database, FieldCipher(b"k" * 32), "discord"),
                                fake.clock.now_ms,
                                every_ms=400,
                            ),
                        )
                    )
                )
                for text in ("0-1/4", "2-3/4")
            ]
        assert [0, 0] == [task.result()[0].disconnected for task in tasks]
        shards = sorted(data["shard"] for op, data in fake.gateway.received if op == 2)
        assert [[0, 4], [1, 4], [2, 4], [3, 4]] == shards, "nobody was turned away"


async def test_with_more_concurrency_shards_identify_together() -> None:
    adapter_data = SharedTurns()
    turns = IdentifyLimiter(adapter_data, lambda: 1_000, every_ms=5_250)
    turns.max_concurrency = 2
    await turns.wait(0)
    await turns.wait(1)
    assert {"identify/0": 6_250, "identify/1": 6_250} == adapter_data.next


async def test_a_turn_is_kept_for_the_next_connection() -> None:
    """With a new turn each time, processes that start together would delay each other for ever."""
    adapter_data = SharedTurns()
    adapter_data.next["identify/0"] = 1_080
    turns = IdentifyLimiter(adapter_data, lambda: 1_000, every_ms=5_000)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(turns.wait(0), timeout=0.01)
    await turns.wait(0)
    assert 6_080 == adapter_data.next["identify/0"], "one turn was taken"
    await asyncio.wait_for(_no_turn_left(turns), timeout=1)
    assert 11_080 == adapter_data.next["identify/0"], "and used up"


async def _no_turn_left(turns: IdentifyLimiter) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(turns.wait(0), timeout=0.01)


async def test_a_failing_store_ends_no_session() -> None:
    class Broken(SharedTurns):
        async def turn(self, name: str, *, now: int, every: int) -> int:
            if not self.next:
                self.next[name] = 0
                raise StoreError("out of reach")
            return await super().turn(name, now=now, every=every)

    await IdentifyLimiter(Broken(), lambda: 1_000, every_ms=5_250, retry_s=0).wait(0)
