"""The workspace's own API key: entered in a modal that only admins get, never in a command or a channel."""

from pathlib import Path

from discord.http import Route

from adapters.discord.messages.admin_forms import KEY, KEY_FORM, key_row
from tests.platforms.fake_discord import FakeDiscord, Invocation, Permissions
from tests.platforms.with_discord.bot_env import BotEnv, open_bot_env
from tests.platforms.with_discord.readers import private

ENTERED = "luma-6c2e-4f7a-90b1-3f9a"
LABEL = "Enter the API key"
NOT_ADMIN = "Only an admin of this workspace may do that"


async def opened_by_admin(env: BotEnv) -> Invocation:
    opened = env.moderator.press(await private(env.moderator.slash("studio key", action="set")), LABEL)
    await opened.form()
    return opened


async def shown(env: BotEnv) -> str:
    return str((await private(env.moderator.slash("studio key"))).embeds)


async def test_an_admin_enters_the_key_in_a_modal(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        opened = await opened_by_admin(env)
        form = await opened.form()
        assert (KEY_FORM, False) == (form["custom_id"], "value" in form["components"][0]["component"])

        told = await private(env.moderator.submit(opened, {KEY: ENTERED}))

        assert "API key set" == told.embeds[0]["title"]
        assert "luma-…3f9a" in await shown(env)
        assert ENTERED not in str(told.embeds) + await shown(env)
        assert [] == env.mine()
        quota = await private(env.ada.slash("quota"))
        assert "billed to this workspace's own key" in str(quota.embeds)
        await private(env.moderator.slash("studio setup", budget="10"))
        _, card = await env.imagine()
        assert 1 == len(card.attachments)


async def test_others_get_no_modal(tmp_path: Path, fake: FakeDiscord) -> None:
    """The button gives no right, wherever it stands."""
    async with open_bot_env(tmp_path, fake) as env:
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=env.channel.id)
        await env.rest.request(route, {"content": "x", "components": [key_row()]})
        (posted,) = env.mine()
        told = await private(env.ada.press(posted, LABEL))
        assert NOT_ADMIN == told.content


async def test_an_admin_who_lost_the_role_cannot_submit(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        opened = await opened_by_admin(env)
        for role in env.guild.members[env.moderator.user.id].roles:
            role.permissions &= ~Permissions.MANAGE_GUILD
        told = await private(env.moderator.submit(opened, {KEY: ENTERED}))
        assert NOT_ADMIN == told.content


async def test_a_malformed_key_is_refused_privately(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        told = await private(env.moderator.submit(await opened_by_admin(env), {KEY: f"{ENTERED} twice"}))
        assert "This is not an API key" in told.content
        assert ENTERED not in told.content
        assert "No API key" in await shown(env)
