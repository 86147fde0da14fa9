"""The fake sends events over HTTP: signed, in time, and again when they were not acknowledged."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp

from tests.patience import PATIENCE_S
from tests.platforms.fake_discord.state.world import ChangeSignal
from tests.platforms.fake_slack import FakeSlack
from tests.platforms.tiny_slack_app import by_http, client, listen, manifest

Ack = Callable[..., Awaitable[None]]


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack(manifest(socket_mode=False)) as running:
        yield running


def app_of(slack: FakeSlack, team: Any) -> AsyncApp:
    return AsyncApp(
        name="tests",
        client=client(slack, team),
        signing_secret=slack.app.signing_secret,
        process_before_response=True,
    )


async def test_commands_events_and_menus_arrive_by_their_addresses(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    app = app_of(slack, team)

    @app.command("/imagine")
    async def imagine(ack: Ack) -> None:
        await ack(text="At once")

    heard = listen(app)
    async with by_http(slack, app):
        assert await slack.app_client.verify()
        asked = ada.slash("/imagine", "a fox & a hen")
        opened = ada.open_shortcut("Make")
        ada.mention("hello")
        await heard.nth(3)
        await opened.acknowledged()
        assert (await asked.acknowledged()) == {"text": "At once"}


async def test_a_false_or_old_signature_is_refused_by_the_library(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    app = app_of(slack, team)
    listen(app)
    async with by_http(slack, app):
        slack.app_client.skew_s = -400
        old = ada.open_shortcut("Make")
        await slack.until(lambda: old.did_not_respond)
        slack.app_client.skew_s, slack.app_client.secret = 0, "another"
        forged = ada.open_shortcut("Make")
        await slack.until(lambda: forged.did_not_respond)
        slack.app_client.secret = slack.app.signing_secret
        await ada.open_shortcut("Make").acknowledged()

    assert [each.delivery.failures for each in (old, forged)] == [["http_error"]] * 2
    slack.violations.clear()


class RecordingServer:
    """A server that answers as it is told and keeps the headers of what it was sent."""

    def __init__(self, *answers: web.Response | None) -> None:
        self._answers = list(answers)
        self.headers: list[dict[str, str]] = []
        self.leave = asyncio.Event()
        self._more = ChangeSignal()

    async def heard(self, number: int) -> None:
        await self._more.until(lambda: len(self.headers) >= number, timeout=PATIENCE_S)

    async def serve(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        self._more.notify()
        answer = self._answers.pop(0)
        if answer is None:
            await self.leave.wait()
        return answer or web.Response()

    async def open(self) -> tuple[web.AppRunner, str]:
        server = web.Application()
        server.router.add_route("*", "/{tail:.*}", self.serve)
        runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


async def test_an_event_is_sent_again_at_once_after_a_minute_and_after_five(slack: FakeSlack) -> None:
    deaf = RecordingServer(web.Response(status=500), None, web.Response(status=404), web.Response())
    runner, origin = await deaf.open()
    slack.point_to(origin)
    slack.user(slack.team("Film club"), "ada").write("hello")
    (delivery,) = slack.deliveries
    try:
        await slack.until(lambda: delivery.failures == ["http_error"])
        await deaf.heard(2)
        slack.clock.advance(3.1)
        await slack.until(lambda: len(delivery.failures) == 2)
        slack.clock.advance(60)
        await slack.until(lambda: len(delivery.failures) == 3)
        slack.clock.advance(300)
        await slack.until(lambda: delivery.acknowledged_ms is not None)
    finally:
        deaf.leave.set()
        await runner.cleanup()

    assert delivery.failures == ["http_error", "http_timeout", "http_error"]
    assert [(each.get("X-Slack-Retry-Num"), each.get("X-Slack-Retry-Reason")) for each in deaf.headers] == [
        (None, None),
        ("1", "http_error"),
        ("2", "http_timeout"),
        ("3", "http_error"),
    ]


async def test_an_event_is_not_sent_again_where_nobody_wants_it_to_be(slack: FakeSlack) -> None:
    deaf = RecordingServer(web.Response(status=500, headers={"X-Slack-No-Retry": "1"}))
    runner, origin = await deaf.open()
    slack.point_to(origin)
    slack.user(slack.team("Film club"), "ada").write("hello")
    try:
        await slack.until(lambda: slack.deliveries[0].given_up)
    finally:
        await runner.cleanup()

    assert len(deaf.headers) == 1
    slack.violations.clear()


async def test_a_command_is_sent_once(slack: FakeSlack) -> None:
    deaf = RecordingServer(web.Response(status=503))
    runner, origin = await deaf.open()
    slack.point_to(origin)
    asked = slack.user(slack.team("Film club"), "ada").slash("/imagine")
    try:
        await slack.until(lambda: asked.did_not_respond)
    finally:
        await runner.cleanup()

    assert slack.violations == ["/imagine was not acknowledged: http_error"]
    slack.violations.clear()
