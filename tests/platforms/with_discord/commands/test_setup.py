"""The set-up of a server by selects and buttons, and quotas of roles and channels."""

from pathlib import Path

import pytest

from adapters.discord.messages.admin_forms import chosen
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Named
from tests.patience import until
from tests.platforms.fake_discord import FakeDiscord, Message, Permissions
from tests.platforms.fake_discord.client.options import NotOffered
from tests.platforms.fake_discord.state.places import Kind
from tests.platforms.with_discord.bot_env import BotEnv, open_bot_env
from tests.platforms.with_discord.discord_bot import started
from tests.platforms.with_discord.readers import facts, private

NOT_ADMIN = "Only an admin of this workspace may do that"


async def opened(env: BotEnv) -> Message:
    return await private(env.moderator.slash("studio setup"))


async def test_an_admin_sets_a_server_up_in_five_clicks(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        lab, staff = fake.channel(env.guild, "lab"), fake.channel(env.guild, "staff")
        artists = fake.role(env.guild, "artists")
        asked = await opened(env)
        await env.moderator.choose(asked, "rs:budget", "25.000000").answered()
        await env.moderator.pick(asked, "rs:channels", lab).answered()
        await env.moderator.pick(asked, "rs:roles", artists).answered()
        await env.moderator.pick(asked, "rs:admin_channel", staff).answered()
        await env.moderator.press(asked, "Reactions: turn off").answered()
        zone = env.moderator.press(asked, "Time zone: UTC")
        assert "rs:timezone" == (await zone.form())["custom_id"]
        await env.moderator.submit(zone, {"timezone": ["Asia/Tokyo"]}).answered()
        await until(lambda: "Asia/Tokyo" in facts(asked).get("Time zone", ""))
        assert {
            "Budget of a month": "$25.00",
            "Channels": "\\#lab",
            "Who may": "artists",
            "Reactions": "start nothing",
            "Warnings go to": "\\#staff",
        }.items() <= facts(asked).items()
        assert "nothing is spent" in asked.embeds[0]["description"]

        told = await private(env.ada.slash("imagine", prompt="a fox"))
        assert "I make nothing in this channel. Use \\#lab" in told.content
        told = await private(env.ada.at(lab).slash("imagine", prompt="a fox"))
        assert "Only members with the role artists" in told.content
        env.guild.members[env.ada.user.id].roles.append(artists)
        await env.done(env.ada.at(lab).slash("imagine", prompt="a fox"))

        await env.moderator.pick(asked, "rs:channels").answered()
        await until(lambda: facts(asked)["Channels"] == "everywhere")


async def test_where_the_bot_posts_no_forum_is_offered(tmp_path: Path, fake: FakeDiscord) -> None:
    """A forum takes posts alone, so warnings, reports and results would never arrive there."""
    async with open_bot_env(tmp_path, fake) as env:
        forum = fake.channel(env.guild, "ideas", kind=Kind.FORUM)
        asked = await opened(env)
        with pytest.raises(NotOffered):
            env.moderator.pick(asked, "rs:admin_channel", forum)
        for command, option in (
            ("studio setup", "admin_channel"), ("studio gallery", "channel"), ("rules moderators", "channel"),
        ):  # fmt: skip
            with pytest.raises(NotOffered):
                env.moderator.slash(command, **{option: forum})
        await env.moderator.pick(asked, "rs:channels", forum).answered()
        await until(lambda: "ideas" in facts(asked)["Channels"])


def test_a_deleted_role_is_left_out_of_the_set_up() -> None:
    """The select still names it, and Discord cannot say what it is; no choice would mean everybody."""
    roles = {"7": {"name": "artists"}}
    given = {"custom_id": "rs:roles", "values": ["6", "7"], "resolved": {"roles": roles}}
    assert {"roles": (Named(id="7", name="artists"),)} == chosen(given)
    with pytest.raises(InvalidRequest, match="does not exist any longer"):
        chosen({"custom_id": "rs:roles", "values": ["6"], "resolved": {}})


async def test_the_welcome_offers_the_set_up_to_admins_alone(tmp_path: Path, fake: FakeDiscord) -> None:
    async with started(fake, tmp_path) as bot:
        await until(lambda: not bot.not_ready_reason)
        guild = fake.guild("Late club")
        welcome = await fake.message_in(guild.first_channel())
        eve = fake.member(guild, "eve")
        admin = fake.member(guild, "adm", roles=[fake.role(guild, "staff", Permissions.MANAGE_GUILD)])
        told = await private(eve.press(welcome, "Set up (admins)"))
        assert NOT_ADMIN == told.content
        told = await private(admin.press(welcome, "Set up (admins)"))
        assert "Set-up of this workspace" == told.embeds[0]["title"]


async def test_quotas_are_set_by_discords_own_pickers(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        artists = fake.role(env.guild, "artists")
        bob = fake.member(env.guild, "bob", roles=[artists])
        rule = {"amount": "1", "unit": "pictures"}
        told = await private(env.moderator.slash("quotas set", role=artists, **rule))
        assert "Each holder of artists may use 1 picture each day" in told.embeds[0]["description"]
        told = await private(env.moderator.slash("quotas set", channel=env.channel, **rule | {"amount": "2"}))
        assert "Everybody in \\#general together" in told.embeds[0]["description"]
        # Bob has never used the bot; Discord's picker names him and his roles.
        told = await private(
            env.moderator.slash("quotas grant", member=bob, amount="1", unit="pictures", reason="won")
        )
        assert "bob gets 1 picture extra for today: won" in told.embeds[0]["description"]
        for _ in range(2):
            await env.done(bob.slash("imagine", prompt="a fox"))
        told = await private(bob.slash("imagine", prompt="a fox"))
        assert "you have 0 pictures of 2 pictures left" in told.content
        told = await private(env.ada.slash("imagine", prompt="a fox"))
        assert "this channel has 0 pictures" in told.content
        quota = facts(await private(bob.slash("quota")))
        assert "resets <t:" in quota["You, today"]


async def test_time_zones_are_offered_while_somebody_types(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        offered = await env.moderator.autocomplete("studio timezone", "timezone", "kathm").choices()
        assert ["Asia/Kathmandu"] == [choice["value"] for choice in offered]
