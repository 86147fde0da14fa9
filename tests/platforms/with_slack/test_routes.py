"""HTTP requests are accepted only if Slack signed them recently."""

from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.oauth.authorize import NOT_INSTALLED, CachedAuthorize
from adapters.slack.web_api.client import SingleToken
from tests.platforms.fake_slack import FakeSlack
from tests.platforms.with_slack.oauth.oauth_harness import Served, client_of, http_manifest, open_app, serving


async def _ready(served: Served) -> dict[str, str]:
    """A workspace with the app, and the payload of a command in it."""
    team = served.slack.team("Film club", installed=False)
    await served.slack.install(served.slack.user(team, "ada"), served.install_url)
    return {"command": "/imagine", "text": "a fox", "team_id": team.id, "user_id": "U1", "channel_id": "C1"}


async def _post(served: Served, body: bytes, **headers: str) -> httpx.Response:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    signed = served.slack.app_client.sign(body)
    async with served.client() as client:
        return await client.post("/slack/events", content=body, headers={**form, **signed, **headers})


async def test_only_recently_signed_requests_are_accepted(tmp_path: Path) -> None:
    async with open_app(tmp_path) as served:
        body = urlencode(await _ready(served)).encode()
        app_client = served.slack.app_client

        app_client.skew_s = -301
        assert 401 == (await _post(served, body)).status_code
        app_client.skew_s, app_client.secret = 0, "guessed"
        assert 401 == (await _post(served, body)).status_code
        app_client.secret = served.slack.app.signing_secret
        forged = {"X-Slack-Signature": app_client.sign(body + b"&text=more")["X-Slack-Signature"]}
        assert 401 == (await _post(served, body, **forged)).status_code
        async with served.client() as client:
            assert 401 == (await client.post("/slack/events", content=body)).status_code
        assert [] == served.heard

        assert 200 == (await _post(served, body)).status_code
        assert 1 == len(served.heard)


async def test_too_large_and_undecodable_requests_are_refused(tmp_path: Path) -> None:
    async with open_app(tmp_path) as served:
        assert 413 == (await _post(served, b"payload=" + b"x" * 1_000_000)).status_code
        assert 400 == (await _post(served, b"\xff\xfe")).status_code


@pytest.mark.parametrize(
    "moment",
    ["soon", "", "1e9", "-5", "1.5", "nan", "\u0661\u0662".encode(), "9" * 20, "9" * 5_000, "0x10", "1_000"],
)
async def test_a_malformed_timestamp_is_a_bad_request(tmp_path: Path, moment: Any) -> None:
    async with open_app(tmp_path) as served:
        answer = await _post(served, b"command=%2Fimagine", **{"X-Slack-Request-Timestamp": moment})
        assert 400 == answer.status_code


async def test_an_unsigned_request_is_not_parsed(tmp_path: Path) -> None:
    """An unparsable body is refused because of its signature."""
    async with open_app(tmp_path) as served, served.client() as client:
        for body in (b"\xff\xfe", b"{" * 100_000, b"payload={", b""):
            signed = {**served.slack.app_client.sign(body), "X-Slack-Signature": "v0=guessed"}
            assert 401 == (await client.post("/slack/events", content=body, headers=signed)).status_code
            odd: Any = {**signed, "X-Slack-Signature": "\xe9".encode("latin-1")}
            assert 401 == (await client.post("/slack/events", content=body, headers=odd)).status_code


async def test_the_url_verification_is_answered(tmp_path: Path) -> None:
    async with open_app(tmp_path) as served:
        assert await served.slack.app_client.verify()


async def test_a_workspace_without_the_app_is_told_to_reinstall_it(tmp_path: Path) -> None:
    async with open_app(tmp_path) as served:
        team = served.slack.team("Elsewhere")
        asked = served.slack.user(team, "eve").slash("/imagine", "a fox")
        await served.slack.until(lambda: bool(asked.responses))
        assert NOT_INSTALLED == asked.responses[0].text
        assert [] == served.heard


async def test_one_workspace_needs_no_oauth() -> None:
    async with FakeSlack(http_manifest()) as slack:
        team = slack.team("Film club")
        client = client_of(slack)
        tokens = SingleToken(SecretStr(slack.bot_token(team)))
        app = AsyncApp(
            name="tests",
            signing_secret=slack.app.signing_secret,
            client=client,
            authorize=cast("Any", CachedAuthorize(tokens, client)),
            process_before_response=True,
        )

        async def imagine(ack: Any, client: AsyncWebClient) -> None:
            await ack(f"heard with {client.token}")

        app.command("/imagine")(imagine)
        async with serving(app, SecretStr(slack.app.signing_secret)) as url:
            slack.point_to(url)
            asked = slack.user(team, "ada").slash("/imagine", "a fox")
            await slack.until(lambda: bool(asked.responses))
            assert f"heard with {slack.bot_token(team)}" == asked.responses[0].text
            async with httpx.AsyncClient(base_url=url, trust_env=False) as browser:
                assert 404 == (await browser.get("/slack/install")).status_code


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser of bolt itself."""
    for name in ("SLACK_BOT_TOKEN", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
