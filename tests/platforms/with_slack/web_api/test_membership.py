"""Whether the bot is in a channel is asked for each workspace."""

from pathlib import Path

import pytest

from adapters.slack.web_api.client import WebApi
from adapters.slack.web_api.lookups import BotNotInChannel, ChannelMembership
from tests.platforms.with_slack.delivery.publisher_harness import open_publisher


class _Tokens:
    """The bot tokens of several workspaces."""

    def __init__(self, tokens: dict[str, str]) -> None:
        self._tokens = tokens

    async def token(self, team: str, enterprise: str | None = None) -> str | None:  # noqa: ARG002 - the port's
        return self._tokens.get(team)


async def test_in_a_shared_channel_each_workspace_has_its_own_bot(tmp_path: Path) -> None:
    """A channel that two organisations share has one id in both."""
    async with open_publisher(tmp_path) as harness:
        fake, film = harness.fake, harness.team
        studio = fake.team("Studio")
        fake.stranger(studio, harness.channel, "sam")
        api = WebApi(_Tokens({team.id: fake.bot_token(team) for team in (film, studio)}), fake.api)
        membership = ChannelMembership(api, fake.clock.now_ms)
        try:
            await membership.require(film.id, harness.channel.id)
            with pytest.raises(BotNotInChannel):
                await membership.require(studio.id, harness.channel.id)
        finally:
            await api.close()
