"""Failures, broken connections and rate limits on demand."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from tests.platforms.fake_slack import Drop, FakeSlack
from tests.platforms.fake_slack.methods import METHODS
from tests.platforms.fake_slack.transport.contracts import are_at_hand, event_fault, scopes_of
from tests.platforms.tiny_slack_app import client, manifest, refused


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack(manifest()) as running:
        yield running


async def test_a_false_answer_can_come_before_or_after_the_deed(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    api = client(slack, team)
    slack.fault("chat.postMessage", error="internal_error")
    before = await refused(api.chat_postMessage(channel=team.general.id, text="one"))
    slack.fault("chat.*", status=503, done=True)
    with pytest.raises(SlackApiError) as after:
        await api.chat_postMessage(channel=team.general.id, text="two")
    slack.fault("chat.postMessage", status=429, retry_after_s=7)
    with pytest.raises(SlackApiError) as limited:
        await api.chat_postMessage(channel=team.general.id, text="three")

    assert before == "internal_error"
    assert after.value.response.status_code == 503
    assert limited.value.response.headers["Retry-After"] == "7"
    assert [message.text for message in team.general.messages.values()] == ["two"]
    assert [(each.name, each.status) for each in slack.requests("chat.*")] == [
        ("chat.postMessage", 200),
        ("chat.postMessage", 503),
        ("chat.postMessage", 429),
    ]


async def test_a_line_can_break_before_and_after_and_in_the_midst(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    api = client(slack, team, retry_handlers=[])
    for fault in ({"drop": Drop.BEFORE}, {"drop": Drop.AFTER}, {"cut_after": 10}):
        slack.fault("chat.postMessage", **fault)
        with pytest.raises(aiohttp.ClientError):
            await api.chat_postMessage(channel=team.general.id, text="x")

    assert len(team.general.messages) == 2


async def test_an_upload_can_be_slow(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    announced = await client(slack, team).files_getUploadURLExternal(filename="a.png", length=1)
    slack.fault("POST /upload/*", delay_s=1)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(session.post(announced["upload_url"], data=b"x"), timeout=0.1)


async def test_what_nobody_answers_fails_the_test() -> None:
    async def shout() -> str:
        async with FakeSlack(manifest()) as slack:
            team = slack.team("Film club")
            return await refused(client(slack, team).api_call("chat.shout"))

    with pytest.raises(AssertionError, match=r"nothing answers chat\.shout"):
        await shout()


@pytest.mark.skipif(not are_at_hand(), reason="the published contracts are not at hand")
def test_scopes_are_those_of_the_contracts() -> None:
    named = {name: method.scope for name, method in METHODS.items() if method.scope is not None}
    del named["apps.connections.open"]
    assert {name: [scope] for name, scope in named.items()} == {name: scopes_of(name) for name in named}


@pytest.mark.skipif(not are_at_hand(), reason="the published contracts are not at hand")
def test_the_contracts_see_what_is_wrong_with_an_event() -> None:
    assert event_fault({"type": "reaction_added", "user": "U1"}) is not None


@pytest.mark.skipif(not are_at_hand(), reason="the published contracts are not at hand")
async def test_an_argument_that_no_method_takes_fails_the_test() -> None:
    async def shout() -> None:
        async with FakeSlack(manifest()) as slack:
            team = slack.team("Film club")
            await client(slack, team).chat_postMessage(channel=team.general.id, text="x", colour="red")

    with pytest.raises(AssertionError, match=r"chat\.postMessage takes no colour"):
        await shout()
