"""The fake sends slash commands and handles their responses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp, AsyncRespond
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.platforms.fake_slack import FakeSlack, ManifestRefused, NotOffered
from tests.platforms.tiny_slack_app import by_socket, listening, manifest

Ack = Callable[..., Awaitable[None]]


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack(manifest()) as running:
        yield running


async def test_a_command_carries_escaped_words_and_is_answered_privately(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada, bob = slack.user(team, "ada"), slack.user(team, "bob")
    told: list[dict[str, Any]] = []

    def imagine(app: AsyncApp) -> None:
        @app.command("/imagine")
        async def imagine(ack: Ack, command: dict[str, Any], respond: AsyncRespond) -> None:
            told.append(command)
            await ack("At once")
            await respond("Later")

    async with by_socket(slack, team, imagine):
        asked = ada.slash("/imagine", "a fox & a “hen” <3")
        await slack.until(lambda: len(asked.responses) == 2)

    assert told[0]["text"] == "a fox &amp; a “hen” &lt;3"
    assert told[0]["is_enterprise_install"] == "false"
    assert {answer.text for answer in ada.reads()} == {"At once", "Later"}
    assert bob.reads() == []
    assert asked.acknowledged_after_ms is not None


async def test_a_command_must_be_declared_and_typed_where_commands_work(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    elsewhere = slack.channel(team, "elsewhere", slack.user(team, "bob"))
    with pytest.raises(NotOffered, match="valid command"):
        ada.slash("/dream")
    with pytest.raises(NotOffered, match="threads"):
        ada.at(ada.write("hello")).slash("/imagine", "a fox")
    with pytest.raises(NotOffered, match="not in elsewhere"):
        ada.at(elsewhere).slash("/imagine", "a fox")
    assert [delivery.name for delivery in slack.deliveries] == ["message.channels"]


async def test_silence_is_known_after_three_seconds(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    entered, leave = asyncio.Event(), asyncio.Event()

    def imagine(app: AsyncApp) -> None:
        @app.command("/imagine")
        async def imagine(ack: Ack) -> None:
            entered.set()
            await leave.wait()
            await ack()

    async with by_socket(slack, team, imagine):
        asked = ada.slash("/imagine", "a fox")
        await entered.wait()
        slack.clock.advance(3.1)
        await slack.until(lambda: asked.did_not_respond)
        leave.set()
        await slack.until(lambda: asked.delivery.acknowledged_late_ms is not None)

    assert asked.acknowledged_after_ms is None
    assert slack.violations == ["/imagine was not acknowledged: timeout"]
    slack.violations.clear()


async def test_a_response_address_takes_five_answers_in_half_an_hour(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    async with by_socket(slack, team, listening):
        first, second = ada.slash("/imagine", "a fox"), ada.slash("/imagine", "a hen")
        await first.acknowledged()
        await second.acknowledged()
        webhook = AsyncWebhookClient(first.delivery.payload["response_url"])
        statuses = [(await webhook.send(text=f"{number}")).status_code for number in range(6)]
        slack.clock.advance(31 * 60)
        late = await AsyncWebhookClient(second.delivery.payload["response_url"]).send(text="late")

    assert statuses == [200] * 5 + [404]
    assert (late.status_code, late.body) == (404, '{"ok":false,"error":"expired_url"}')
    assert [message.text for message in first.responses] == ["0", "1", "2", "3", "4"]


async def test_an_answer_to_a_command_cannot_replace_the_one_before(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    async with by_socket(slack, team, listening):
        asked = ada.slash("/imagine")
        await asked.acknowledged()
        webhook = AsyncWebhookClient(asked.delivery.payload["response_url"])
        await webhook.send(text="one")
        await webhook.send(text="two", replace_original=True)
        everybody = await webhook.send(text="three", response_type="in_channel")

    assert everybody.status_code == 200
    assert [(each.text, each.ephemeral) for each in ada.reads()] == [
        ("one", True),
        ("two", True),
        ("three", False),
    ]


async def test_an_unknown_response_address_answers_nothing(slack: FakeSlack) -> None:
    slack.team("Film club")
    url = slack.world.addresses.of("hooks.slack.com", "/hooks/1/none")
    async with aiohttp.ClientSession() as session, session.post(url, json={"text": "x"}) as answer:
        assert answer.status == 404


@pytest.mark.parametrize("name", ["/status", "/Imagine", "/im agine", "imagine"])
def test_a_command_of_such_a_name_is_not_created(name: str) -> None:
    told = manifest()
    told["features"]["slash_commands"][0]["command"] = name
    with pytest.raises(ManifestRefused):
        FakeSlack(told)


def test_a_manifest_names_the_scopes_of_its_events_and_commands() -> None:
    told = manifest()
    told["oauth_config"]["scopes"]["bot"] = ["chat:write"]
    with pytest.raises(
        ManifestRefused, match=r"scope commands.*reaction_added needs the scope reactions:read"
    ):
        FakeSlack(told)
