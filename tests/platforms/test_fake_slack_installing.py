"""The fake installs the app by OAuth, renews its tokens and uninstalls it."""

import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.models.bot import Bot
from slack_sdk.oauth.installation_store.models.installation import Installation
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.fake_slack import ConsentRefused, FakeSlack
from tests.platforms.tiny_slack_app import ORIGIN, SCOPES, by_http, listen, manifest, refused


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack(
        manifest(socket_mode=False, token_rotation_enabled=True, org_deploy_enabled=True)
    ) as running:
        yield running


class MemoryInstallationStore(AsyncInstallationStore, AsyncOAuthStateStore):
    """Keeps installations and states in memory."""

    def __init__(self) -> None:
        self.saved: list[Installation] = []
        self._states: set[str] = set()

    async def async_save(self, installation: Installation) -> None:
        self.saved.append(installation)

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        del user_id
        for each in reversed(self.saved):
            whole = is_enterprise_install and each.enterprise_id == enterprise_id
            if whole or (not is_enterprise_install and each.team_id == team_id):
                return each
        return None

    async def async_find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        found = await self.async_find_installation(
            enterprise_id=enterprise_id, team_id=team_id, is_enterprise_install=is_enterprise_install
        )
        return None if found is None else found.to_bot()

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:
        del args, kwargs
        self._states.add("state")
        return "state"

    async def async_consume(self, state: str) -> bool:
        known = state in self._states
        self._states.discard(state)
        return known


def app_of(slack: FakeSlack, installations: MemoryInstallationStore) -> AsyncApp:
    return AsyncApp(
        name="tests",
        client=AsyncWebClient(base_url=slack.api),
        signing_secret=slack.app.signing_secret,
        installation_store=installations,
        oauth_settings=AsyncOAuthSettings(
            client_id=slack.app.client_id,
            client_secret=slack.app.client_secret,
            scopes=SCOPES,
            redirect_uri=f"{ORIGIN}/slack/oauth_redirect",
            installation_store=installations,
            state_store=installations,
        ),
    )


async def test_an_app_is_let_in_by_consent_and_answers_there(slack: FakeSlack) -> None:
    team = slack.team("Film club", installed=False)
    ada = slack.user(team, "ada")
    installations = MemoryInstallationStore()
    app = app_of(slack, installations)
    listen(app)
    async with by_http(slack, app) as origin:
        page = await slack.install(ada, f"{origin}/slack/install")
        await ada.slash("/imagine", "a fox").acknowledged()

    (saved,) = installations.saved
    assert page.status == 200
    assert (saved.team_id, saved.user_id, saved.bot_token) == (team.id, ada.user.id, slack.bot_token(team))
    assert saved.bot_refresh_token is not None


async def test_an_organisation_lets_the_app_into_all_its_workspaces(slack: FakeSlack) -> None:
    acme = slack.enterprise("Acme")
    team = slack.team("Film club", installed=False, enterprise=acme)
    ada = slack.user(team, "ada")
    installations = MemoryInstallationStore()
    app = app_of(slack, installations)
    listen(app)
    async with by_http(slack, app) as origin:
        await slack.install(ada, f"{origin}/slack/install", whole=True)
        await ada.slash("/imagine", "a fox").acknowledged()

    (saved,) = installations.saved
    assert (saved.is_enterprise_install, saved.enterprise_id, saved.team_id) == (True, acme.id, None)


@pytest.mark.parametrize("how", [{"agrees": False}, {"state": "forged"}, {"keeps_cookies": False}])
async def test_consent_that_fails_leaves_nothing(slack: FakeSlack, how: dict[str, Any]) -> None:
    team = slack.team("Film club", installed=False)
    ada = slack.user(team, "ada")
    installations = MemoryInstallationStore()
    async with by_http(slack, app_of(slack, installations)) as origin:
        await slack.install(ada, f"{origin}/slack/install", **how)

    assert (installations.saved, team.installation) == ([], None)


async def test_a_consent_is_worth_one_token_for_ten_minutes(slack: FakeSlack) -> None:
    team = slack.team("Film club", installed=False)
    ada = slack.user(team, "ada")
    api = AsyncWebClient(base_url=slack.api)
    mine = {"client_id": slack.app.client_id, "client_secret": slack.app.client_secret}
    async with by_http(slack, app_of(slack, MemoryInstallationStore())) as origin:
        page = await slack.install(ada, f"{origin}/slack/install")

    wrong = [{**mine, "client_secret": "x"}, {**mine, "client_id": "x"}, mine]
    errors = [await refused(api.oauth_v2_access(**each, code=page.code)) for each in wrong]
    assert errors == ["bad_client_secret", "invalid_client_id", "invalid_code"]


@pytest.mark.parametrize(
    "change", [{"scope": "admin"}, {"redirect_uri": "https://evil.example.org"}, {"client_id": "1.2"}]
)
async def test_a_link_that_asks_for_more_leads_nowhere(slack: FakeSlack, change: dict[str, str]) -> None:
    ada = slack.user(slack.team("Film club", installed=False), "ada")
    asked = {
        "client_id": slack.app.client_id,
        "scope": "chat:write",
        "redirect_uri": f"{ORIGIN}/slack/oauth_redirect",
        "state": "x",
        **change,
    }

    async def page(app_slack: FakeSlack) -> None:
        app = app_of(app_slack, MemoryInstallationStore())
        link = f"https://slack.com/oauth/v2/authorize?{urlencode(asked)}"
        app.oauth_flow.settings.authorize_url_generator.generate = lambda **_: link  # type: ignore[union-attr,method-assign]
        async with by_http(app_slack, app) as origin:
            await app_slack.install(ada, f"{origin}/slack/install")

    with pytest.raises(ConsentRefused):
        await page(slack)


async def test_a_rotating_token_ends_and_is_renewed_once(slack: FakeSlack) -> None:
    team = slack.team("Film club", installed=False)
    ada = slack.user(team, "ada")
    installations = MemoryInstallationStore()
    api = AsyncWebClient(base_url=slack.api)
    async with by_http(slack, app_of(slack, installations)) as origin:
        await slack.install(ada, f"{origin}/slack/install")
    bot = installations.saved[0].to_bot()
    rotator = AsyncTokenRotator(
        client_id=slack.app.client_id, client_secret=slack.app.client_secret, client=api
    )
    slack.clock.advance(12 * 3600)
    over = await refused(api.auth_test(token=bot.bot_token))
    bot.bot_token_expires_at = int(time.time())
    renewed = await rotator.perform_bot_token_rotation(bot=bot)
    assert renewed is not None
    await api.auth_test(token=renewed.bot_token)
    again = api.oauth_v2_access(
        client_id=slack.app.client_id,
        client_secret=slack.app.client_secret,
        grant_type="refresh_token",
        refresh_token=bot.bot_refresh_token,
    )

    assert over == "token_expired"
    assert await refused(again) == "invalid_refresh_token"


async def test_an_app_that_is_put_out_hears_of_it_and_its_token_is_dead(slack: FakeSlack) -> None:
    team = slack.team("Film club", installed=False)
    ada = slack.user(team, "ada")
    installations = MemoryInstallationStore()
    app = app_of(slack, installations)
    async with by_http(slack, app) as origin:
        await slack.install(ada, f"{origin}/slack/install")
        token = slack.bot_token(team)
        with slack.holding():
            slack.uninstall(team)

    assert [delivery.name for delivery in slack.deliveries] == ["tokens_revoked", "app_uninstalled"]
    assert await refused(AsyncWebClient(token, base_url=slack.api).auth_test()) == "account_inactive"
