"""The app over HTTP beside a fake Slack, with real routes and a real store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette

from adapters.slack.http_routes import slack_routes
from adapters.slack.oauth.authorize import NOT_INSTALLED, CachedAuthorize
from adapters.slack.oauth.flow import OAuthStateStore, make_flow
from adapters.slack.oauth.installations import InstallationStore
from adapters.slack.oauth.installations import register_uninstall_events as listen_for_leaving
from adapters.slack.oauth.manifest import INSTALL_PATH, manifest
from adapters.slack.oauth.token_rotation import TokenRefresher
from adapters.slack.web_api.client import web_client
from bot.security.tokens import TokenSigner
from bot.service.adapter_data import AdapterData
from bot.store.database.connect import connect
from bot.web.server import Server, listen
from tests.databases import lay_migrated
from tests.platforms.fake_slack import FakeSlack
from tests.store.factories import SEAL

PUBLIC_URL = "https://bot.example.org"


#: as all replicas have it
SIGNER = TokenSigner(b"a secret that all replicas share....")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A served app with its store."""

    slack: FakeSlack
    url: str
    adapter_data: AdapterData
    installations: InstallationStore
    app: AsyncApp
    #: teams whose `/imagine` reached a listener, with the token that it was given
    heard: list[tuple[str, str]]

    @property
    def install_url(self) -> str:
        return f"{self.url}{INSTALL_PATH}"

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, trust_env=False)


def client_of(slack: FakeSlack) -> AsyncWebClient:
    return web_client(slack.api)


def installations_of(slack: FakeSlack, adapter_data: AdapterData) -> InstallationStore:
    """The installation store of one process."""
    clock = slack.clock.now_ms
    rotation = TokenRefresher(
        client_of(slack),
        client_id=slack.app.client_id,
        client_secret=SecretStr(slack.app.client_secret),
        clock=clock,
    )
    return InstallationStore(adapter_data, clock, rotation)


def http_manifest(**settings: Any) -> dict[str, Any]:
    told = manifest(PUBLIC_URL)
    return {**told, "settings": {**told["settings"], **settings}}


def app_of(slack: FakeSlack, installations: InstallationStore) -> AsyncApp:
    client = client_of(slack)
    flow = make_flow(
        client,
        installations,
        OAuthStateStore(SIGNER, slack.clock.now_ms),
        slack.clock.now_ms,
        client_id=slack.app.client_id,
        client_secret=SecretStr(slack.app.client_secret),
        public_url=PUBLIC_URL,
        needs_budget=True,
    )
    return AsyncApp(
        name="tests",
        signing_secret=slack.app.signing_secret,
        client=client,
        authorize=cast("Any", CachedAuthorize(installations, client)),
        installation_store=installations,
        oauth_flow=flow,
        user_facing_authorize_error_message=NOT_INSTALLED,
        process_before_response=True,
    )


@asynccontextmanager
async def open_adapter_data(folder: Path) -> AsyncIterator[AdapterData]:
    lay_migrated(folder)
    async with connect(f"sqlite:///{folder}/reverie.db") as database:
        yield AdapterData(database, SEAL, "slack")


@asynccontextmanager
async def open_app(folder: Path, **settings: Any) -> AsyncIterator[Served]:
    """Serve the app; `settings` are those of its manifest."""
    async with open_adapter_data(folder) as adapter_data, FakeSlack(http_manifest(**settings)) as slack:
        installations = installations_of(slack, adapter_data)
        app = app_of(slack, installations)
        heard: list[tuple[str, str]] = []

        async def imagine(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
            heard.append((body["team_id"], client.token or ""))
            await ack()

        app.command("/imagine")(imagine)
        listen_for_leaving(app, installations)
        async with serving(app, SecretStr(slack.app.signing_secret)) as url:
            slack.point_to(url)
            yield Served(
                slack=slack,
                url=url,
                adapter_data=adapter_data,
                installations=installations,
                app=app,
                heard=heard,
            )


@asynccontextmanager
async def serving(app: AsyncApp, secret: SecretStr) -> AsyncIterator[str]:
    """Serve the app's routes on a free port until the block ends."""
    with listen("127.0.0.1", 0) as listener:
        started = asyncio.Event()
        server = Server(Starlette(routes=slack_routes(app, secret)), started=started.set)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(server.serve(sockets=[listener]))
            await started.wait()
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                server.should_exit = True
                await asyncio.wait([task])
