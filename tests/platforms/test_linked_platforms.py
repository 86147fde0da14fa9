"""One bot on Discord and Slack: a person of one is linked with one of the other and finds their history."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.discord.adapter import build_adapter
from adapters.discord.settings import DiscordSettings
from bot.service.plugin import Adapter, AdapterContext, AdapterPlugin
from tests.platforms.fake_discord import FakeDiscord, Person
from tests.platforms.with_discord.readers import private
from tests.platforms.with_slack.bot_harness import BotHarness, run_bot, words

_CODE = re.compile(r"/link ([0-9A-Z-]{14})")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Both:
    discord: FakeDiscord
    #: on Discord
    ada: Person
    slack: BotHarness


@pytest.fixture
async def both(tmp_path: Path, fake: FakeDiscord) -> AsyncIterator[_Both]:
    # A busy machine may take longer than 3 s.
    fake.world.ack_within_ms = 30_000

    def build(context: AdapterContext) -> Adapter:
        return build_adapter(context, DiscordSettings(token=SecretStr(fake.token)), connector=fake.connector)

    ada = fake.member(fake.guild("Film club"), "ada")
    plugin = AdapterPlugin(name="discord", enabled=lambda _: True, build=build)
    async with run_bot(tmp_path, beside=[plugin], times={"answer_window": 30_000}) as slack:
        await fake.until(lambda: fake.gateway.connected > 0 and bool(fake.world.commands.all(None)))
        yield _Both(discord=fake, ada=ada, slack=slack)


async def test_a_code_of_discord_is_entered_on_slack(both: _Both) -> None:
    on_discord, on_slack = both.ada, both.slack.ada
    made = on_discord.slash("imagine", prompt="a red fox")
    await made.message(lambda one: "Done" in str(one.embeds))
    code = _CODE.search(str((await private(on_discord.slash("link"))).embeds))
    assert code is not None

    asked = await on_slack.slash("/link", code[1]).response()
    assert "Link Slack · ada with Discord · ada?" in words(asked)
    done = await on_slack.press(asked, "rv:confirm").response()
    assert "Linked accounts share" in words(done)

    assert "a red fox" in words(await on_slack.slash("/history").response())
    # The other account is told where nobody else reads it.
    await both.discord.until(
        lambda: any("Slack · ada entered a code" in one.content for one in on_discord.reads_directly())
    )


async def test_a_code_of_slack_is_entered_on_discord(both: _Both) -> None:
    on_discord, on_slack = both.ada, both.slack.ada
    await both.slack.imagine("a blue owl")
    code = _CODE.search(words(await on_slack.slash("/link").response()))
    assert code is not None

    asked = await private(on_discord.slash("link", code=code[1]))
    assert "Link Discord · ada with Slack · ada?" in str(asked.embeds)
    await on_discord.press(asked, "Link").answered()
    assert "Linked accounts share" in str(asked.embeds)

    assert "a blue owl" in str((await private(on_discord.slash("history"))).embeds)
    assert "Unlinked" in str((await private(on_discord.slash("unlink"))).embeds)
    assert "Nothing yet" in str((await private(on_discord.slash("history"))).embeds)
