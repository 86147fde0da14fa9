"""Every kind of channel that has a chat."""

from pathlib import Path

import pytest

from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.fake_discord.state.places import Kind
from tests.platforms.with_discord.bot_env import open_bot_env


@pytest.mark.parametrize("kind", [Kind.VOICE, Kind.STAGE, Kind.NEWS], ids=lambda kind: kind.name.lower())
async def test_commands_and_reactions_work_in_the_chat_of_any_channel(
    tmp_path: Path, fake: FakeDiscord, kind: Kind
) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        channel = fake.channel(env.guild, "stage", kind=kind)
        ada = env.ada.at(channel)
        card = await env.done(ada.slash("imagine", prompt="a red fox"))
        ada.react(card, "🎲")
        other = await fake.message_in(channel, lambda one: one is not card and bool(one.attachments))
        assert [card, other] == env.mine(channel)
