"""The fake's Socket Mode: tickets, envelopes, acknowledgements, disconnects."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.fake_slack import FakeSlack
from tests.platforms.tiny_slack_app import by_socket, listen, listening, manifest, refused


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack(manifest()) as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as running:
        yield running


async def address(slack: FakeSlack) -> str:
    """Return the address of a socket, as the app's own token opens it."""
    answer = await AsyncWebClient(base_url=slack.api).apps_connections_open(app_token=slack.app_token)
    return str(answer["url"])


async def test_a_socket_opens_once_and_says_hello(slack: FakeSlack, session: aiohttp.ClientSession) -> None:
    url = await address(slack)
    async with session.ws_connect(url) as socket:
        hello = await socket.receive_json()
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect(url)
    late = await address(slack)
    slack.clock.advance(31)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect(late)

    assert (hello["type"], hello["connection_info"]) == ("hello", {"app_id": slack.app.id})


async def test_a_bots_token_opens_no_socket(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    bot = AsyncWebClient(base_url=slack.api).apps_connections_open(app_token=slack.bot_token(team))
    assert await refused(bot) == "not_allowed_token_type"


async def test_the_eleventh_socket_is_sent_away(slack: FakeSlack, session: aiohttp.ClientSession) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(session.ws_connect(await address(slack)))
        await slack.connected(10)
        async with session.ws_connect(await address(slack)) as socket:
            farewell = await socket.receive_json()

    assert (farewell["type"], farewell["reason"]) == ("disconnect", "too_many_websockets")
    assert (slack.sockets.greeted, slack.sockets.refused) == (10, 1)


async def test_each_thing_goes_to_one_of_the_sockets(
    slack: FakeSlack, session: aiohttp.ClientSession
) -> None:
    ada = slack.user(slack.team("Film club"), "ada")
    async with (
        session.ws_connect(await address(slack)) as one,
        session.ws_connect(await address(slack)) as two,
    ):
        await slack.connected(2)
        asked = [ada.slash("/imagine", text) for text in ("a fox", "a hen")]
        envelopes = []
        for socket in (one, two):
            await socket.receive_json()
            envelope = await socket.receive_json()
            await socket.send_json({"envelope_id": envelope["envelope_id"]})
            envelopes.append(envelope)
        for each in asked:
            await each.acknowledged()

    assert {envelope["payload"]["text"] for envelope in envelopes} == {"a fox", "a hen"}
    assert envelopes[0]["accepts_response_payload"] is True


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [
        (["E404"], "nothing was sent as E404"),
        ([None, None], "acknowledged twice"),
    ],
)
async def test_a_wrong_acknowledgement_fails_the_test(
    slack: FakeSlack, session: aiohttp.ClientSession, answers: list[str | None], complaint: str
) -> None:
    ada = slack.user(slack.team("Film club"), "ada")
    async with session.ws_connect(await address(slack)) as socket:
        await socket.receive_json()
        ada.slash("/imagine")
        envelope = await socket.receive_json()
        for answer in answers:
            await socket.send_json({"envelope_id": answer or envelope["envelope_id"]})
        await slack.until(lambda: bool(slack.violations))

    assert complaint in slack.violations[0]
    slack.violations.clear()


async def test_an_event_takes_no_answer(slack: FakeSlack, session: aiohttp.ClientSession) -> None:
    ada = slack.user(slack.team("Film club"), "ada")
    async with session.ws_connect(await address(slack)) as socket:
        await socket.receive_json()
        ada.write("hello")
        envelope = await socket.receive_json()
        await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "x"}})
        await slack.until(lambda: bool(slack.violations))

    assert slack.violations == ["message.channels takes no answer: {'text': 'x'}"]
    slack.violations.clear()


async def test_an_unacknowledged_event_is_sent_three_more_times(
    slack: FakeSlack, session: aiohttp.ClientSession
) -> None:
    ada = slack.user(slack.team("Film club"), "ada")
    tries: list[dict[str, Any]] = []
    async with session.ws_connect(await address(slack)) as socket:
        await socket.receive_json()
        ada.write("hello")
        for wait_s in (3.1, 63.1, 303.1):
            tries.append(await socket.receive_json())
            failures = len(tries)
            slack.clock.advance(3.1)
            await slack.until(lambda wanted=failures: len(slack.deliveries[0].failures) == wanted)  # type: ignore[misc]
            slack.clock.advance(wait_s)
        tries.append(await socket.receive_json())
        await socket.send_json({"envelope_id": tries[-1]["envelope_id"]})
        await slack.until(lambda: slack.deliveries[0].acknowledged_ms is not None)

    assert [each["retry_attempt"] for each in tries] == [0, 1, 2, 3]
    assert [each["retry_reason"] for each in tries] == ["", "timeout", "timeout", "timeout"]
    assert len({each["payload"]["event_id"] for each in tries}) == 1


@pytest.mark.parametrize("how", ["refresh", "kill"])
async def test_the_library_comes_back_after_it_was_sent_away(slack: FakeSlack, how: str) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    async with by_socket(slack, team, listening):
        if how == "refresh":
            await slack.sockets.disconnect()
        else:
            slack.sockets.kill()
        await slack.until(lambda: slack.sockets.greeted == 2)
        await ada.slash("/imagine", "a fox").acknowledged()


async def test_events_can_be_duplicated_delayed_and_reordered(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    heard = []

    async with by_socket(slack, team, lambda app: heard.append(listen(app))):
        with slack.holding() as held:
            message = ada.write("hello")
            ada.react(message, "recycle")
            ada.unreact(message, "recycle")
        slack.clock.advance(60)
        held.release(backwards=True)
        await heard[0].nth(3)
        slack.repeat(slack.deliveries[1])
        await heard[0].nth(4)

    kinds = [body["event"]["type"] for body in heard[0].bodies]
    assert sorted(kinds) == ["message", "reaction_added", "reaction_added", "reaction_removed"]
    added = [body["event_id"] for body in heard[0].bodies if body["event"]["type"] == "reaction_added"]
    assert added[0] == added[1]
