"""The least that a bot for Discord and Slack can do: discord.py and slack-bolt in one process."""

import asyncio
import os

from benchmarks.platforms import bare_discord_bot, bare_slack_app


async def main() -> None:
    bot = bare_discord_bot.new_bot()
    async with bot:
        await asyncio.gather(bot.start(os.environ["DISCORD_TOKEN"]), bare_slack_app.main())


if __name__ == "__main__":
    asyncio.run(main())
