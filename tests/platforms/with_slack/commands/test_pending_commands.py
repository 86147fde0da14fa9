"""A /reframe whose source is placed by hand shows its frame first; buttons start or close it."""

from pathlib import Path

import pytest

from bot.domain.ids import short_id
from tests.platforms.fake_slack import File, Message, Stage
from tests.platforms.with_slack.bot_harness import BotHarness, job_of, run_bot, words

PLACED = "9:16 --grid_position_x -40 --resized_width 600"


def picture(bot: BotHarness, preview: Message) -> File:
    shown = next(str(block["slack_file"]["id"]) for block in preview.blocks if block["type"] == "image")
    return bot.slack.world.files[shown]


async def test_the_frame_is_shown_privately_and_started_by_its_button(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine()
        preview = await bot.ada.slash("/reframe", PLACED).response()
        file = picture(bot, preview)
        assert file.content.startswith(b"\x89PNG")
        assert not file.shares
        assert "The new frame is 1152 × 2048 pixels." in words(preview)
        assert "Start · $0." in words(preview)
        assert bot.ada.user is preview.only_for
        assert [card] == bot.mine()

        pressed = bot.ada.press(preview, "rv:start")
        await pressed.acknowledged()
        bot.slack.repeat(pressed.delivery)
        made = await bot.card(until=lambda one: one is not card)
        await bot.slack.until(lambda: preview.deleted and file.stage is Stage.DELETED)

    assert [card, made] == bot.mine()
    assert "9:16" in words(made)
    assert short_id(job_of(card)) in words(made)


@pytest.mark.parametrize("refused", [True, False])
async def test_it_is_closed_by_its_other_button_with_or_without_a_picture(
    tmp_path: Path, *, refused: bool
) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine()
        if refused:
            bot.slack.fault("files.getUploadURLExternal", error="missing_scope")
        preview = await bot.ada.slash("/reframe", "1:1 --preview").response()
        assert refused is not any(block["type"] == "image" for block in preview.blocks)
        closed = await bot.ada.press(preview, "rv:discard").response()
        assert "Closed" in words(closed)
        await bot.slack.until(lambda: preview.deleted)
    assert [card] == bot.mine()


async def test_the_picture_of_an_abandoned_preview_is_deleted(tmp_path: Path) -> None:
    async with run_bot(tmp_path, times={"confirmation": 1}) as bot:
        await bot.imagine()
        first = picture(bot, await bot.ada.slash("/reframe", PLACED).response())
        again = bot.ada.slash("/reframe", PLACED)
        await again.response()
        await bot.slack.until(lambda: first.stage is Stage.DELETED)


async def test_a_form_shows_the_frame_too_and_private_results_stay_private(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine()
        asked = bot.ada.slash("/reframe")
        view = await asked.view()
        bot.ada.press(view, "form_more")
        await bot.slack.until(lambda: any(block.get("block_id") == "resized_width" for block in view.blocks))
        sent = bot.ada.submit(view, {"resized_width": "400", "private": ["yes"]})
        assert {} == await sent.acknowledged()
        preview = await asked.response()
        assert "The source is shown in 400 × 225 pixels" in words(preview)
        assert bot.ada.user is preview.only_for
        bot.ada.press(preview, "rv:start")
        await bot.slack.until(lambda: preview.deleted)
        directly = bot.ada.at_bot().place
        made = await bot.card(directly)

    assert "9:16" in words(made)
    assert [card] == bot.mine()
