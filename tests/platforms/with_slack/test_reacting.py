"""Reactions under cards, over real sockets beside the real core."""

from pathlib import Path
from typing import Any, cast

import pytest

from adapters.slack.events.reactions import EMOJI_NAMES, emoji_of
from bot.domain.actions import DEFAULT_REACTIONS, normalized
from bot.domain.ids import short_id
from bot.service.facade import BotService
from tests.platforms.with_slack.studio_house import StandIn, before, job_of, open_studio, words


def test_every_emoji_of_the_map_has_a_name_at_slack() -> None:
    assert set(DEFAULT_REACTIONS) <= {normalized(one) for one in EMOJI_NAMES.values()}


@pytest.mark.parametrize(
    ("name", "emoji"), [("repeat", "🔁"), ("clapper::skin-tone-4", "🎬"), ("thumbsup", None)]
)
def test_skin_tones_change_nothing(name: str, emoji: str | None) -> None:
    assert emoji == emoji_of(name)


async def test_who_reacts_pays_and_the_same_reaction_counts_once(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        card = await house.imagine()
        house.boss.react(card, "game_die")
        other = await house.card(until=lambda one: one is not card)
        for told in [one for one in house.slack.deliveries if one.name == "reaction_added"]:
            house.slack.repeat(told)
        house.boss.unreact(card, "game_die")
        house.boss.react(card, "game_die")
        house.boss.react(card, "thumbsup")
        house.boss.react(card, "fast_forward")
        refused = await house.slack.message_in(house.general, lambda one: one.ephemeral)
        await house.slack.until(
            lambda: all(one.acknowledged_ms is not None for one in house.slack.deliveries)
        )

    assert "boss" in words(other)
    assert [card, other] == house.mine()
    assert house.boss.user is refused.only_for
    assert "cannot be used on a picture" in words(refused)


async def test_a_number_names_the_result_and_what_is_taken_away_means_nothing(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        above = house.boss.write("foxes!")
        house.ada.at(above).mention("imagine two foxes --count 2")
        card = await house.card(until=lambda one: sum(b["type"] == "image" for b in one.blocks) == 2)
        second = next(part for part in card.parts if part["action_id"] == "rv:pick")["options"][1]["value"]
        house.ada.react(card, "two")
        house.ada.react(card, "star")
        await house.slack.until(lambda: "⭐ 1" in words(card))
        starred = words(card)
        house.ada.unreact(card, "star")
        house.ada.react(card, "repeat")
        varied = await house.card(until=lambda one: one is not card)

    assert starred.index("⭐ 1") > starred.index("2 · ")
    assert "⭐ 1" in words(card)
    assert not [one for one in house.slack.deliveries if one.name == "reaction_removed"]
    assert short_id(second[:24]) in words(varied)
    assert above.ts == varied.thread_ts


class Watched(StandIn):
    """Notes what it was asked."""

    def __init__(self, service: BotService) -> None:
        super().__init__(service)
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return super().__getattr__(name)


async def test_reactions_under_other_messages_cost_nothing(tmp_path: Path) -> None:
    async with open_studio(tmp_path, wrap=before(Watched)) as house:
        watched = cast("Watched", house.context.service)
        house.boss.react(house.ada.write("good morning"), "repeat")
        await house.slack.until(lambda: house.slack.deliveries[-1].acknowledged_ms is not None)
        asked = [one.name for one in house.slack.requests("*") if not one.name.startswith(("apps.", "auth."))]

    assert [] == asked
    assert [] == watched.asked


async def test_a_reaction_that_deletes_asks_in_the_channel_whoever_reacted(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        card = await house.imagine()
        house.ada.react(card, "x")
        asked = await house.slack.message_in(house.general, lambda one: one.ephemeral)
        gone = card.deleted
        house.ada.press(asked, "rv:confirm")
        await house.slack.until(lambda: card.deleted)

    assert (False, house.ada.user) == (gone, asked.only_for)
    assert f"#{short_id(job_of(card))}" in words(asked)
