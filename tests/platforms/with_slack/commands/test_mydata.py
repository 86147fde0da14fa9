"""A member has their data deleted: asked first, and the bot's messages with their results go."""

from pathlib import Path

from tests.platforms.with_slack.bot_harness import run_bot, words


async def test_a_member_deletes_their_data_by_a_red_button(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine()
        question = await bot.ada.slash("/reverie", "mydata forget").response()
        assert bot.ada.user is question.only_for
        (row,) = [block for block in question.blocks if block["type"] == "actions"]
        assert "danger" == row["elements"][1]["style"]

        told = await bot.ada.press(question, "rv:confirm").response()
        assert "is being deleted" in words(told)
        await bot.slack.until(lambda: card.deleted and question.deleted)
