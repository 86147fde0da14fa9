"""What doctor finds out about Discord: every complaint with its remedy, and how the bot is invited."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.discord.api.rest import Rest
from adapters.discord.examining import examine
from adapters.discord.inlet.registering import register
from adapters.discord.inlet.shards import read_shards
from adapters.discord.settings import DiscordSettings
from bot.engine.adapter import Finding
from tests.engine.house import given_settings
from tests.platforms.fake_discord import FakeDiscord, Permissions


async def found(fake: FakeDiscord, *, token: str | None = None, **own: Any) -> list[Finding]:
    settings = DiscordSettings(token=SecretStr(token or fake.token), **own)
    given = given_settings(Path("unused"))
    findings = [one async for one in examine(given, settings, connector=fake.connector)]
    assert all(one.remedy for one in findings if not one.ok)
    return findings


def about(findings: list[Finding], words: str) -> Finding:
    return next(one for one in findings if words in one.what)


async def test_a_fresh_bot_is_well_and_told_how_to_be_invited(fake: FakeDiscord) -> None:
    findings = await found(fake)
    assert [] == [one for one in findings if not one.ok]
    assert "commands are not registered everywhere yet" in about(findings, "the commands").what
    assert about(findings, "in no server yet").remedy
    link = about(findings, "invite it").what
    assert f"client_id={fake.world.application_id}" in link
    assert "scope=bot+applications.commands&permissions=274878024768" in link
    assert "integration_type=1" in about(findings, "your own account").what


async def test_registered_commands_are_known_again(fake: FakeDiscord) -> None:
    rest = Rest(SecretStr(fake.token), connector=fake.connector)
    await register(rest, str(fake.world.application_id))
    await rest.close()
    assert about(await found(fake), "commands of this version are registered everywhere").ok


async def test_what_is_missing_is_named_for_each_server(fake: FakeDiscord) -> None:
    fake.guild("Film club")
    shut = fake.guild("Book club")
    shut.everyone.permissions &= ~(Permissions.ATTACH_FILES | Permissions.SEND_MESSAGES_IN_THREADS)
    findings = await found(fake)
    (lacking,) = [one for one in findings if not one.ok]
    assert f"in Book club ({shut.id}) the bot lacks Attach Files and Send Messages in Threads" in lacking.what
    assert about(findings, "in 2 servers").ok


async def test_many_servers_are_read_to_the_end_and_few_are_named(fake: FakeDiscord) -> None:
    for number in range(230):
        fake.guild(f"Club {number}").everyone.permissions = Permissions.NONE
    findings = await found(fake)
    assert 20 + 1 == len([one for one in findings if not one.ok])
    assert about(findings, "210 more servers")
    assert about(findings, "in 230 servers")


@pytest.mark.parametrize(
    ("token", "remedy"), [("wrong", "copy it anew from the developer portal"), (None, "SSL_CERT_FILE")]
)
async def test_what_cannot_be_asked_is_told_as_it_is(
    fake: FakeDiscord, token: str | None, remedy: str
) -> None:
    if token is None:
        fake.fault("GET /users/@me", status=503)
    (only,) = await found(fake, token=token)
    assert not only.ok
    assert remedy in only.remedy


async def test_few_starts_and_too_few_shards_are_told(fake: FakeDiscord) -> None:
    fake.gateway.door._started = 990
    fake.gateway.door.shards = 4
    findings = await found(fake, shards=read_shards("0-1/2"))
    assert not about(findings, "10 of 1000 starts").ok
    assert "REVERIE_DISCORD_SHARDS" in about(findings, "Discord advises 4").remedy


async def test_a_server_for_development_that_does_not_know_the_bot_is_told(fake: FakeDiscord) -> None:
    elsewhere = fake.guild("Elsewhere", with_bot=False)
    finding = about(await found(fake, guilds=(str(elsewhere.id),)), "cannot be read")
    assert "REVERIE_DISCORD_GUILDS" in finding.remedy
