"""Admins read the audit in private replies, page by page."""

from pathlib import Path

from tests.platforms.with_slack.bot_harness import run_bot, words


async def test_a_page_of_the_longest_entries_is_shown_whole(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        for number in range(12):
            await bot.boss.slash("/reverie", f"studio pause {number:02}{'*_' * 99}").response()
        first = await bot.boss.slash("/reverie", "studio audit").response()
        assert first.ephemeral
        assert 8 == words(first).count("studio pause")
        assert "--page 2 shows older ones" in words(first)
        second = words(await bot.boss.slash("/reverie", "studio audit --page 2").response())
        assert 4 == second.count("studio pause")
        refused = words(await bot.ada.slash("/reverie", "studio audit").response())
        assert "Only an admin of this workspace may do that" in refused
