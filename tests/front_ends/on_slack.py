"""The table's commands on Slack: real slack-bolt against the fake service."""

from tests.front_ends.in_text import command_text
from tests.front_ends.table import Use
from tests.platforms.fake_slack import Invocation
from tests.platforms.with_slack.bot_harness import BotHarness, job_of, words


class OnSlack:
    def __init__(self, bot: BotHarness) -> None:
        self._bot = bot

    async def generate(self, use: Use) -> str:
        before = set(self._bot.general.messages)
        self._give(use)
        return job_of(await self._bot.card(until=lambda one: one.ts not in before))

    async def ask(self, use: Use) -> str:
        return words(await self._give(use).response())

    def _give(self, use: Use) -> Invocation:
        person = self._bot.boss if use.by_admin else self._bot.ada
        text = command_text(use, channel=f"#{self._bot.general.name}", member="@ada")
        return person.slash("/reverie", f"{use.name} {text}")
