"""Admins read the audit in private replies, page by page."""

from pathlib import Path

from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.with_discord.bot_env import open_bot_env
from tests.platforms.with_discord.readers import private


async def test_a_page_of_the_longest_entries_is_shown_whole(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        for number in range(12):
            await private(env.moderator.slash("studio pause", reason=f"{number:02}{'*_' * 99}"))
        pages = [(await private(env.moderator.slash("studio audit", page=page))).embeds[0] for page in (1, 2)]
        assert [8, 4] == [len(page["fields"]) for page in pages]
        assert ["reason 11", "reason 04"] == [
            field["value"][field["value"].rindex("reason ") :][:9] for field in pages[0]["fields"][::7]
        ]
        told = await private(env.moderator.slash("studio audit", member=env.moderator))
        assert 8 == len(told.embeds[0]["fields"])
