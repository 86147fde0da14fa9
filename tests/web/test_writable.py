"""While nothing can be written `/readyz` is 503 with the remedy, and commands are refused in words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.service.durable_writes import NotAcceptedNow
from tests.engine.harness import Engine, open_engine
from tests.web.running_app import answers

#: pages of an SQLite file that nothing reaches
_UNLIMITED = 1 << 30


async def ready(bot: Engine) -> tuple[int, Mapping[str, Any]]:
    async with bot.http() as http:
        answer = await http.get("/readyz")
    return answer.status_code, answer.json()


async def fill_the_disk(bot: Engine) -> None:
    """Let the file grow no further; SQLite says so as it does of a full disk."""
    (row,) = await bot.rows("SELECT page_count AS pages FROM pragma_page_count")
    await limit_pages(bot, row["pages"])


async def limit_pages(bot: Engine, pages: int) -> None:
    await bot.change(f"PRAGMA max_page_count = {pages}")


async def refused(bot: Engine) -> str:
    """Give commands until one finds no room."""
    for _ in range(50):
        try:
            await bot.ask("/imagine " + "a red fox " * 300)
        except NotAcceptedNow as error:
            return str(error)
    pytest.fail("every command was accepted")


async def test_a_command_on_a_full_disk_is_refused_with_a_reason_and_costs_nothing(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot:
        await fill_the_disk(bot)
        with capture_logs() as logs:
            told = await refused(bot)
            await refused(bot)
        assert ["StoreFull"] == [one["error"] for one in logs if one["event"] == "store_not_writable"]
        assert "cannot be accepted right now: the disk is full. The operator has been told." in told
        (row,) = await bot.rows("SELECT coalesce(sum(price), 0) AS price FROM job")
        assert (0, row["price"]) == await bot.money()


async def test_a_full_disk_is_not_ready_and_room_makes_it_ready_again(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot:
        await answers(bot)
        assert 200 == (await ready(bot))[0]
        await fill_the_disk(bot)
        await refused(bot)

        status, answer = await ready(bot)
        assert 503 == status
        assert "The database cannot be written" in answer["reasons"][0]
        assert "Make room" in answer["reasons"][0]
        bot.advance(bot.services.times.write_check)
        assert 503 == (await ready(bot))[0]

        await limit_pages(bot, _UNLIMITED)
        bot.advance(bot.services.times.write_check)
        assert 200 == (await ready(bot))[0]
        await bot.ask()


async def test_a_disk_with_little_room_is_tried_before_a_command_fails(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None, min_free_bytes=1 << 60) as bot:
        await answers(bot)
        await fill_the_disk(bot)
        assert 503 == (await ready(bot))[0]

        await limit_pages(bot, _UNLIMITED)
        bot.advance(bot.services.times.write_check)
        status, answer = await ready(bot)
        assert (200, True) == (status, answer["degraded"])
        assert "has only" in answer["reasons"][0]
        assert "REVERIE_MEDIA_MAX_BYTES" in answer["reasons"][0]


async def test_a_bot_without_trouble_writes_nothing_to_find_out(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot:
        await answers(bot)
        await ready(bot)
        assert [] == await bot.rows("SELECT * FROM lease")


async def test_many_questions_make_one_try(tmp_path: Path) -> None:
    """`/readyz` is for everybody, and a try writes."""
    async with open_engine(tmp_path, start=None, min_free_bytes=1 << 60) as bot:
        await answers(bot)
        for _ in range(5):
            assert 200 == (await ready(bot))[0]
        assert [{"fence": 2}] == await bot.rows("SELECT fence FROM lease")


async def test_a_database_file_that_is_gone_is_not_ready(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot:
        await answers(bot)
        file = bot.services.database.file
        assert file is not None
        away = file.rename(file.with_suffix(".away"))
        status, answer = await ready(bot)
        assert 503 == status
        assert "is gone" in answer["reasons"][0]
        away.rename(file)
        assert 200 == (await ready(bot))[0]
