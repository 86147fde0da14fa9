"""Commands in messages that mention the bot."""

from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import StoreError
from bot.domain.ids import short_id
from tests.platforms.with_slack.bot_harness import ServiceWrapper, before, job_of, run_bot, words


async def test_a_card_requested_in_a_thread_is_posted_there(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        above = bot.boss.write("what shall the fox look like?")
        ada = bot.ada.at(above)
        ada.mention("imagine a red fox in <snow>")
        card = await bot.card(until=lambda one: one.in_thread)
        other = await bot.imagine("a teal owl")
        await bot.imagine("the newest")
        ada.at(other).mention("reframe 1:1")
        reframed = await bot.card(until=lambda one: one.thread_ts == other.ts and one is not other)
        ada.mention("")
        helped = await bot.slack.message_in(bot.general, lambda one: one.only_for is ada.user)
        ada.mention("imagin a fox")
        refused = await bot.slack.message_in(bot.general, lambda one: "no /imagin" in words(one))
        told = bot.slack.deliveries[0]
        bot.slack.repeat(told)
        await bot.slack.until(lambda: bot.slack.deliveries[-1].acknowledged_ms is not None)

    assert above.ts == card.thread_ts == helped.thread_ts == refused.thread_ts
    assert "in &lt;snow&gt;" in card.text
    assert "What you can do" in words(helped)
    assert ada.user is refused.only_for
    assert f"#{short_id(job_of(other))}" in words(reframed)
    assert 4 == len(bot.mine())


async def test_an_address_in_a_mention_is_its_input(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        bot.ada.mention("imagine a red fox <https://a.example/fox.png>")
        card = await bot.slack.message_in(bot.general, lambda one: "a red fox" in one.text)
        bot.ada.mention("extend <https://a.example/video.mp4|a.example>")
        refused = await bot.slack.message_in(bot.general, lambda one: "from an address" in words(one))

    assert "a.example" not in card.text
    assert bot.ada.user is refused.only_for


async def test_files_of_a_mention_must_be_pictures_or_videos(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        bot.ada.mention("imagine like this", bot.ada.file("a.png", b"x" * 9))
        card = await bot.slack.message_in(bot.general, lambda one: "like this" in one.text)
        bot.ada.mention("imagine like that", bot.ada.file("a.pdf", b"x" * 9))
        refused = await bot.slack.message_in(bot.general, lambda one: one.ephemeral)

    assert [card] == bot.mine()
    assert "neither a picture nor a video" in words(refused)


class Failing(ServiceWrapper):
    """The store fails for the first command."""

    away = True

    async def execute(self, *args: Any, **more: Any) -> Any:
        if self.away:
            self.away = False
            raise StoreError("the disk is full")
        return await self._service.execute(*args, **more)


@pytest.mark.parametrize("late", [False, True], ids=["in time", "late"])
async def test_slack_sends_a_mention_again_while_the_store_fails(tmp_path: Path, *, late: bool) -> None:
    """After the acknowledgement Slack sends it no more, so the person is told."""
    async with run_bot(tmp_path, http=True, wrap=before(Failing), ack_timeout_s=0 if late else 2) as bot:
        bot.ada.mention("imagine a red fox")
        told = await bot.slack.message_in(bot.general)

    delivery = bot.slack.deliveries[0]
    assert ([] if late else ["http_error"]) == delivery.failures
    assert ("unavailable" if late else "a red fox") in words(told)
