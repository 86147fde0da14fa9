"""The usage of a server as a chart or CSV, for an admin alone or posted."""

from pathlib import Path

from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.with_discord.bot_env import open_bot_env
from tests.platforms.with_discord.readers import facts, private


async def test_a_chart_comes_privately_or_is_posted_and_csv_is_attached(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake, defer_after_s=0) as env:
        await env.imagine()
        mine = await private(env.moderator.slash("studio usage", by="channel"))
        (picture,) = mine.embedded.values()
        assert picture.content.startswith(b"\x89PNG")
        assert picture.description is not None
        assert "Bar chart by channel. Spent this month: $0." in picture.description
        assert mine.embeds[0]["image"]["url"].startswith("attachment://usage-by-channel-")
        assert [f"\\#{env.channel.name}"] == list(facts(mine))

        # What was deferred was for the admin alone, until the core had checked that they may post.
        posted = await env.moderator.slash("studio usage", post=True).follow_up()
        assert posted.only_for is None
        assert 1 == len(posted.embedded)

        table = await private(env.moderator.slash("studio usage", by="member", format="csv"))
        (file,) = table.attachments
        assert "ada" in file.content.decode("utf-8-sig").lower()
