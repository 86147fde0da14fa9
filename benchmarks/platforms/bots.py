"""Bots as processes of their own, each before a chat service of its own on loopback."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from adapters.slack.oauth.manifest import manifest
from tests.platforms.fake_discord import HOSTS, FakeDiscord, make_certificates
from tests.platforms.fake_discord.client.person import Person
from tests.platforms.fake_discord.transport.certificates import Certificates
from tests.platforms.fake_discord.transport.proxy import Proxy
from tests.platforms.fake_slack import HOSTS as SLACK_HOSTS
from tests.platforms.fake_slack import FakeSlack, Team
from tests.platforms.unmodified import REVERIE, Bot, free_port, start_proxied, started

BARE_DISCORD = ("-m", "benchmarks.platforms.bare_discord_bot")
#: the bot with an addition to each command
SLOWED = ("-m", "benchmarks.platforms.slowed_bot", "run")
SDK_DISCORD = ("-m", "benchmarks.platforms.sdk_discord_bot")
BARE_BOTH = ("-m", "benchmarks.platforms.bare_both")
BARE_SLACK = ("-m", "benchmarks.platforms.bare_slack_app")
#: takes the platform as its argument
UPLOAD = ("-m", "benchmarks.platforms.bare_upload")
#: what a bot is allowed where only its speed counts
UNLIMITED = {
    "REVERIE_DEFAULT_ALLOWANCE": "1000",
    "REVERIE_DEFAULT_CEILING": "100000",
    "REVERIE_COMMANDS_PER_MINUTE": "100000",
    "REVERIE_COMMANDS_BURST": "1000",
    "REVERIE_WAITING_PER_MEMBER": "10000",
    "REVERIE_WAITING_PER_WORKSPACE": "1000000",
}
_CONNECTED_S = 120.0
#: tries to connect to a process that starts, the last of them after two minutes
CONNECTIONS = 9


@asynccontextmanager
async def on_discord(
    folder: Path, discord: FakeDiscord, program: Sequence[str], settings: Mapping[str, str] | None = None
) -> AsyncIterator[Bot]:
    """Start a bot and wait until it can work; it ends with the block."""
    own = {"DISCORD_TOKEN": discord.token, **(settings or {})}
    async with start_proxied(folder, discord.proxy(), discord.certificates.authority, own, program) as bot:
        await discord.until(lambda: discord.gateway.connected > 0, timeout=_CONNECTED_S)
        if program in (REVERIE, SLOWED):
            await bot.ready()
        yield bot


@asynccontextmanager
async def on_slack(
    folder: Path,
    team: Team,
    program: Sequence[str],
    *,
    service: tuple[FakeSlack, Certificates],
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Bot]:
    """Start an app in Socket Mode and wait until it can work; it ends with the block."""
    slack, certificates = service
    own = {
        "SLACK_BOT_TOKEN": slack.bot_token(team),
        "SLACK_APP_TOKEN": slack.app_token,
        **(settings or {}),
    }
    async with start_proxied(folder, slack.proxy(), certificates.authority, own, program) as bot:
        await slack.connected()
        if program in (REVERIE, SLOWED):
            await bot.ready()
        yield bot


@dataclass(frozen=True, slots=True, kw_only=True)
class BothChats:
    """A Discord and a Slack for one bot."""

    discord: FakeDiscord
    slack: FakeSlack
    #: a member on Discord
    ada: Person
    _folder: Path
    _authorities: Path
    _settings: Mapping[str, str]

    @asynccontextmanager
    async def connected(self, program: Sequence[str], settings: Mapping[str, str]) -> AsyncIterator[Bot]:
        """Start a bot and wait until it can work in both chats; it ends with the block."""
        proxy = Proxy({**self.discord.proxy().hosts, **self.slack.proxy().hosts})
        own = {**self._settings, **settings}
        async with start_proxied(self._folder, proxy, self._authorities, own, program) as bot:
            await self.discord.until(lambda: self.discord.gateway.connected > 0, timeout=_CONNECTED_S)
            await self.slack.connected()
            if program in (REVERIE, SLOWED):
                await bot.ready()
            yield bot


@asynccontextmanager
async def both_chats(folder: Path) -> AsyncIterator[BothChats]:
    """Open a Discord and a Slack, with a server and a team in which the bot is."""
    async with AsyncExitStack() as exits:
        discord = await exits.enter_async_context(new_discord(folder / "discord"))
        slack, certificates = new_slack(folder / "slack")
        await exits.enter_async_context(slack)
        team = slack.team("Film club")
        authorities = folder / "authorities.pem"
        trusted = (discord.certificates.authority, certificates.authority)
        authorities.write_bytes(b"".join(one.read_bytes() for one in trusted))
        yield BothChats(
            discord=discord,
            slack=slack,
            ada=discord.member(discord.guild("Film club"), "ada"),
            _folder=folder,
            _authorities=authorities,
            _settings={
                "DISCORD_TOKEN": discord.token,
                "SLACK_BOT_TOKEN": slack.bot_token(team),
                "SLACK_APP_TOKEN": slack.app_token,
            },
        )


@asynccontextmanager
async def simulated(folder: Path, *, speed: float) -> AsyncIterator[dict[str, str]]:
    """Start the generation service as a process of its own; yields the settings that lead a bot to it."""
    port = free_port()
    program = ("-m", "bot", "simulate", "--port", str(port), "--speed", str(speed))
    async with started(folder, {}, program):
        base = f"http://127.0.0.1:{port}/dream-machine/v1"
        # Whatever it answers there: it is heard.
        patient = httpx.AsyncHTTPTransport(retries=CONNECTIONS)
        async with httpx.AsyncClient(transport=patient, trust_env=False) as client:
            await client.get(base)
        yield {"LUMAAI_API_KEY": "luma-benchmark", "LUMAAI_BASE_URL": base}


# Neither checks contracts: that would cost more than what is measured.


def new_discord(folder: Path) -> FakeDiscord:
    folder.mkdir(parents=True, exist_ok=True)
    return FakeDiscord(make_certificates(folder, HOSTS), validates=False)


def new_slack(folder: Path) -> tuple[FakeSlack, Certificates]:
    folder.mkdir(parents=True, exist_ok=True)
    certificates = make_certificates(folder, SLACK_HOSTS)
    return FakeSlack(manifest(), certificates=certificates, validates=False), certificates
