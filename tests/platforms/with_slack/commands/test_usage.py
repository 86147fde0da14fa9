"""The usage of a workspace as a chart or CSV, for an admin alone or posted."""

from pathlib import Path

from tests.platforms.fake_slack import File, Message, Stage
from tests.platforms.with_slack.bot_harness import BotHarness, run_bot, words


def picture(bot: BotHarness, message: Message) -> File:
    (image,) = [block for block in message.blocks if block["type"] == "image"]
    assert "Bar chart by channel. Spent this month: $0." in image["alt_text"]
    return bot.slack.world.files[image["slack_file"]["id"]]


async def test_a_chart_comes_privately_or_is_posted_and_csv_directly(tmp_path: Path) -> None:
    """The file of a private chart is deleted with a later one, that of a posted one is kept."""
    async with run_bot(tmp_path, times={"confirmation": 1}) as bot:
        await bot.imagine()
        posted = await bot.boss.slash("/reverie", "studio usage --by channel --post").response()
        assert posted.only_for is None
        mine = await bot.boss.slash("/reverie", "studio usage --by channel").response()
        assert bot.boss.user is mine.only_for
        file = picture(bot, mine)
        assert file.content.startswith(b"\x89PNG")
        assert "#general" in words(mine)

        await bot.boss.slash("/reverie", "studio usage").response()
        await bot.slack.until(lambda: file.stage is Stage.DELETED)
        assert Stage.DELETED is not picture(bot, posted).stage

        table = await bot.boss.slash("/reverie", "studio usage --by member --format csv").response()
        assert "The file was sent to you as a direct message." in words(table)
        (sent,) = [one for one in bot.slack.world.files.values() if one.name.endswith(".csv")]
        assert "ada" in sent.content.decode("utf-8-sig")
        await bot.slack.until(lambda: bool(sent.shares))
        assert [bot.boss.at_bot().place] == [message.channel for message in sent.shares]

        refused = await bot.ada.slash("/reverie", "studio usage --post").response()
        assert bot.ada.user is refused.only_for
        assert "Only an admin" in words(refused)
