"""`reverie doctor` on Discord: every fault with its remedy, and the invite links."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from adapters.discord.gateway.command_sync import sync_commands
from adapters.discord.rest.client import RestClient
from adapters.discord.settings import parse_shards
from bot.service.plugin import Diagnosis
from tests.platforms.fake_discord import FakeDiscord, Permissions
from tests.platforms.with_discord.discord_bot import findings_of

#: values that no field is documented to have
_ODD: tuple[Any, ...] = (None, 7.5, [], {}, "x", "9" * 5_000)


def _with_less(answer: Any) -> Iterator[Any]:
    """The answer without each of its fields in turn, on every level, and with each of another type."""
    if isinstance(answer, list):
        yield from ([less] for one in answer for less in _with_less(one))
    if isinstance(answer, dict):
        for name in answer:
            yield {other: value for other, value in answer.items() if other != name}
            yield from ({**answer, name: odd} for odd in _ODD)
            yield from ({**answer, name: less} for less in _with_less(answer[name]))


def about(findings: list[Diagnosis], words: str) -> Diagnosis:
    return next(one for one in findings if words in one.what)


async def test_a_new_bot_is_healthy_and_gets_invite_links(fake: FakeDiscord) -> None:
    findings = await findings_of(fake)
    assert [] == [one for one in findings if not one.ok]
    assert "commands are not registered globally yet" in about(findings, "the commands").what
    assert about(findings, "in no server yet").remedy
    link = about(findings, "invite the bot").what
    assert f"client_id={fake.world.application_id}" in link
    assert "scope=bot+applications.commands&permissions=274878024768" in link
    assert "integration_type=1" in about(findings, "your own account").what


async def test_registered_commands_are_recognised(fake: FakeDiscord) -> None:
    rest = RestClient(SecretStr(fake.token), connector=fake.connector)
    await sync_commands(rest, str(fake.world.application_id))
    await rest.close()
    assert about(await findings_of(fake), "commands of this version are registered globally").ok


async def test_missing_permissions_are_named_for_each_server(fake: FakeDiscord) -> None:
    fake.guild("Film club")
    shut = fake.guild("Book club")
    shut.everyone.permissions &= ~(Permissions.ATTACH_FILES | Permissions.SEND_MESSAGES_IN_THREADS)
    findings = await findings_of(fake)
    (lacking,) = [one for one in findings if not one.ok]
    assert f"in Book club ({shut.id}) the bot lacks Attach Files and Send Messages in Threads" in lacking.what
    assert about(findings, "in 2 servers").ok


async def test_all_pages_of_servers_are_read_and_few_servers_named(fake: FakeDiscord) -> None:
    for number in range(230):
        fake.guild(f"Club {number}").everyone.permissions = Permissions.NONE
    findings = await findings_of(fake)
    assert 20 + 1 == len([one for one in findings if not one.ok])
    assert about(findings, "210 more servers")
    assert about(findings, "in 230 servers")


@pytest.mark.parametrize(
    ("token", "remedy"), [("wrong", "copy it again from the developer portal"), (None, "SSL_CERT_FILE")]
)
async def test_an_unreachable_discord_is_reported_with_its_remedy(
    fake: FakeDiscord, token: str | None, remedy: str
) -> None:
    if token is None:
        fake.fault("GET /users/@me", status=503)
    (only,) = await findings_of(fake, token=token)
    assert not only.ok
    assert remedy in only.remedy


async def test_few_session_starts_and_too_few_shards_are_reported(fake: FakeDiscord) -> None:
    fake.gateway.identify_limits.started = 990
    fake.gateway.identify_limits.shards = 4
    findings = await findings_of(fake, shards=parse_shards("0-1/2"))
    assert not about(findings, "10 of 1000 session starts").ok
    assert "REVERIE_DISCORD_SHARDS" in about(findings, "Discord recommends 4").remedy


async def test_a_development_server_without_the_bot_is_reported(fake: FakeDiscord) -> None:
    elsewhere = fake.guild("Elsewhere", with_bot=False)
    finding = about(await findings_of(fake, guilds=(str(elsewhere.id),)), "cannot be read")
    assert "REVERIE_DISCORD_GUILDS" in finding.remedy


#: the endpoints that doctor uses, and Discord's answers
_ANSWERS: dict[str, Any] = {
    "GET /users/@me": {"id": "1", "username": "reverie"},
    "GET /applications/@me": {"id": "1", "integration_types_config": {"1": {}}},
    "GET /gateway/bot": {
        "url": "wss://a.example",
        "shards": 1,
        "session_start_limit": {"total": 1000, "remaining": 900},
    },
    "GET /users/@me/guilds": [{"id": "5", "name": "Film club", "permissions": "8"}],
}


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [(pattern, less) for pattern, answer in _ANSWERS.items() for less in _with_less(answer)],
)
async def test_an_answer_without_a_field_does_not_end_other_checks(
    fake: FakeDiscord, pattern: str, answer: Any
) -> None:
    fake.fault(pattern, status=200, raw=orjson.dumps(answer).decode(), content_type="application/json")
    findings = await findings_of(fake)
    asked = {f"{one.method} {one.path}" for one in fake.requests("GET *")}
    assert _ANSWERS.keys() <= asked
    assert "no privileged intents" in about(findings, "intents").what


async def test_an_endless_list_of_servers_is_not_followed(fake: FakeDiscord) -> None:
    page = [{"id": str(number), "name": "a", "permissions": "8"} for number in range(1, 201)]
    raw = orjson.dumps(page).decode()
    fake.fault("GET /users/@me/guilds", status=200, raw=raw, times=None, content_type="application/json")
    assert "the same servers again" in about(await findings_of(fake), "the servers").what
