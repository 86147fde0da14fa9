"""Commands to the bot by its name, where slash commands do not work."""

from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import StoreError
from bot.domain.ids import short_id
from tests.platforms.with_slack.studio_house import StandIn, before, job_of, open_studio, words


async def test_in_a_thread_the_card_stays_in_the_thread(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        above = house.boss.write("what shall the fox look like?")
        ada = house.ada.at(above)
        ada.mention("imagine a red fox in <snow>")
        card = await house.card(until=lambda one: one.in_thread)
        other = await house.imagine("a teal owl")
        await house.imagine("the newest")
        ada.at(other).mention("reframe 1:1")
        reframed = await house.card(until=lambda one: one.thread_ts == other.ts and one is not other)
        ada.mention("")
        helped = await house.slack.message_in(house.general, lambda one: one.only_for is ada.user)
        ada.mention("imagin a fox")
        refused = await house.slack.message_in(house.general, lambda one: "no /imagin" in words(one))
        told = house.slack.deliveries[0]
        house.slack.repeat(told)
        await house.slack.until(lambda: house.slack.deliveries[-1].acknowledged_ms is not None)

    assert above.ts == card.thread_ts == helped.thread_ts == refused.thread_ts
    assert "in &lt;snow&gt;" in card.text
    assert "What you can do" in words(helped)
    assert ada.user is refused.only_for
    assert f"#{short_id(job_of(other))}" in words(reframed)
    assert 4 == len(house.mine())


async def test_an_address_among_the_words_is_what_a_mention_builds_on(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        house.ada.mention("imagine a red fox <https://a.example/fox.png>")
        card = await house.slack.message_in(house.general, lambda one: "a red fox" in one.text)
        house.ada.mention("extend <https://a.example/film.mp4|a.example>")
        refused = await house.slack.message_in(house.general, lambda one: "not from an address" in words(one))

    assert "a.example" not in card.text
    assert house.ada.user is refused.only_for


async def test_files_come_along_and_must_be_pictures_or_videos(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        house.ada.mention("imagine like this", house.ada.file("a.png", b"x" * 9))
        card = await house.slack.message_in(house.general, lambda one: "like this" in one.text)
        house.ada.mention("imagine like that", house.ada.file("a.pdf", b"x" * 9))
        refused = await house.slack.message_in(house.general, lambda one: one.ephemeral)

    assert [card] == house.mine()
    assert "neither a picture nor a video" in words(refused)


class Failing(StandIn):
    """Its store is away for the first command."""

    away = True

    async def execute(self, *args: Any, **more: Any) -> Any:
        if self.away:
            self.away = False
            raise StoreError("the disk is full")
        return await self._service.execute(*args, **more)


@pytest.mark.parametrize("late", [False, True], ids=["in time", "late"])
async def test_while_nothing_is_durable_slack_tells_it_again(tmp_path: Path, *, late: bool) -> None:
    """Once it has been acknowledged nobody tells it again, and so the person hears of it."""
    async with open_studio(tmp_path, http=True, wrap=before(Failing), patience_s=0 if late else 2) as house:
        house.ada.mention("imagine a red fox")
        told = await house.slack.message_in(house.general)

    delivery = house.slack.deliveries[0]
    assert ([] if late else ["http_error"]) == delivery.failures
    assert ("unavailable" if late else "a red fox") in words(told)
