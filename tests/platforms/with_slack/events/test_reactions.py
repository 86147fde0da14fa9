"""Reactions to cards over real sockets, beside the real core."""

from pathlib import Path
from typing import Any, cast

import pytest

from adapters.slack.messages.emoji import EMOJI_NAMES, emoji_of
from bot.domain.ids import short_id
from bot.domain.jobs.actions import DEFAULT_REACTIONS, normalized
from bot.service.facade import BotService
from tests.platforms.with_slack.bot_harness import ServiceWrapper, before, job_of, run_bot, words


def test_every_mapped_emoji_has_a_slack_name() -> None:
    assert set(DEFAULT_REACTIONS) <= {normalized(one) for one in EMOJI_NAMES.values()}


@pytest.mark.parametrize(
    ("name", "emoji"),
    [("repeat", "🔁"), ("clapper::skin-tone-4", "🎬"), ("tada", ":tada:"), ("thumbsup", ":+1:")],
)
def test_skin_tones_are_ignored_and_other_names_known(name: str, emoji: str | None) -> None:
    assert emoji == emoji_of(name)


async def test_the_reacting_member_pays_once(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine()
        bot.boss.react(card, "game_die")
        other = await bot.card(until=lambda one: one is not card)
        for told in [one for one in bot.slack.deliveries if one.name == "reaction_added"]:
            bot.slack.repeat(told)
        bot.boss.unreact(card, "game_die")
        bot.boss.react(card, "game_die")
        bot.boss.react(card, "thumbsup")
        bot.boss.react(card, "fast_forward")
        refused = await bot.slack.message_in(bot.general, lambda one: one.ephemeral)
        await bot.slack.until(lambda: all(one.acknowledged_ms is not None for one in bot.slack.deliveries))

    assert "boss" in words(other)
    assert [card, other] == bot.mine()
    assert bot.boss.user is refused.only_for
    assert "cannot be used on a picture" in words(refused)


async def test_a_number_selects_the_result_and_removed_reactions_are_ignored(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        above = bot.boss.write("foxes!")
        bot.ada.at(above).mention("imagine two foxes --count 2")
        card = await bot.card(until=lambda one: sum(b["type"] == "image" for b in one.blocks) == 2)
        second = next(part for part in card.parts if part["action_id"] == "rv:pick")["options"][1]["value"]
        bot.ada.react(card, "two")
        bot.ada.react(card, "star")
        await bot.slack.until(lambda: "⭐ 1" in words(card))
        starred = words(card)
        bot.ada.unreact(card, "star")
        bot.ada.react(card, "repeat")
        varied = await bot.card(until=lambda one: one is not card)

    assert starred.index("⭐ 1") > starred.index("2 · ")
    assert "⭐ 1" in words(card)
    assert not [one for one in bot.slack.deliveries if one.name == "reaction_removed"]
    assert short_id(second[:24]) in words(varied)
    assert above.ts == varied.thread_ts


class Watched(ServiceWrapper):
    """Records which methods were called."""

    def __init__(self, service: BotService) -> None:
        super().__init__(service)
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return super().__getattr__(name)


async def test_reactions_to_other_messages_cause_no_requests(tmp_path: Path) -> None:
    async with run_bot(tmp_path, wrap=before(Watched)) as bot:
        watched = cast("Watched", bot.context.service)
        bot.boss.react(bot.ada.write("good morning"), "repeat")
        await bot.slack.until(lambda: bot.slack.deliveries[-1].acknowledged_ms is not None)
        asked = [one.name for one in bot.slack.requests("*") if not one.name.startswith(("apps.", "auth."))]

    assert [] == asked
    assert [] == watched.asked


async def test_a_delete_reaction_asks_its_member_in_the_channel(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine()
        bot.ada.react(card, "x")
        asked = await bot.slack.message_in(bot.general, lambda one: one.ephemeral)
        gone = card.deleted
        bot.ada.press(asked, "rv:confirm")
        await bot.slack.until(lambda: card.deleted)

    assert (False, bot.ada.user) == (gone, asked.only_for)
    assert f"#{short_id(job_of(card))}" in words(asked)
