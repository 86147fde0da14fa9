"""The set-up of a workspace in a form, and quotas of user groups and channels."""

from pathlib import Path

from adapters.slack.messages.admin_forms import SETUP_BUTTON
from tests.platforms.with_slack.bot_harness import BotHarness, run_bot, words
from tests.platforms.with_slack.oauth.oauth_harness import open_app


async def test_an_admin_sets_the_workspace_up_in_a_form(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        lab = bot.slack.channel(bot.team, "lab")
        group = bot.slack.group(bot.team, "artists", bot.ada)
        asked = await bot.boss.slash("/reverie", "studio setup").response()
        assert "nothing is spent" in words(asked)
        pressed = bot.boss.press(asked, SETUP_BUTTON)
        view = await pressed.view()
        await bot.boss.suggestions(view, "roles", "art").options()
        await bot.boss.suggestions(view, "timezone", "tokyo").options()
        values = {
            "budget": "25",
            "channels": [lab.id],
            "roles": ["@artists"],
            "reactions": "off",
            "admin_channel": lab.id,
            "timezone": "Asia/Tokyo",
        }
        assert {} == await bot.boss.submit(view, values).acknowledged()
        told = words(await pressed.response())
        for shown in ("$25.00", "#lab", "@artists", "start nothing", "Asia/Tokyo"):
            assert shown in told

        refused = words(await bot.ada.slash("/imagine", "a fox").response())
        assert "I make nothing in this channel. Use #lab" in refused

        # The form opens with what holds, and an empty list stands for all.
        pressed = bot.boss.press(await bot.boss.slash("/reverie", "studio setup").response(), SETUP_BUTTON)
        view = await pressed.view()
        await bot.boss.submit(view, {"channels": [], "roles": []}).acknowledged()
        told = words(await pressed.response())
        for shown in ("everywhere", "every member", "Asia/Tokyo", "$25.00"):
            assert shown in told
        assert group.users == [bot.ada.user]


async def test_others_get_no_form(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        told = await bot.ada.slash("/reverie", "studio setup").response()
        assert "Only an admin" in words(told)


async def says(bot: BotHarness, text: str) -> str:
    """What an admin is told."""
    return words(await bot.boss.slash("/reverie", text).response())


async def test_quotas_are_set_by_mentions_of_groups_channels_and_newcomers(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        bob = bot.slack.user(bot.team, "bob")
        bot.slack.group(bot.team, "artists", bob)
        told = await says(bot, "quotas set --role @artists --amount 1 --unit pictures")
        assert "Each holder of @artists may use 1 picture each day" in told
        told = await says(bot, "quotas set --channel #general --amount 5 --unit pictures")
        assert "Everybody in #general together may use 5 pictures each day" in told
        # Bob has never used the bot.
        told = await says(bot, "quotas grant @bob --amount 1 --unit pictures --reason won")
        assert "bob gets 1 picture extra for today: won" in told
        assert "'artists' is not known here" in await says(bot, "quotas set --role artists --amount 1")
        quota = await bob.slash("/quota").response()
        assert "2 pictures left of 2 pictures" in words(quota)
        assert "<!date^" in str(quota.blocks)


async def test_groups_that_cannot_be_looked_up_decide_nothing(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        bot.slack.group(bot.team, "artists", bot.ada)
        bot.slack.fault("usergroups.list", error="internal_error", times=None)
        await bot.ada.slash("/imagine", "a fox").acknowledged()
        await bot.card()
        assert "Each holder" in await says(bot, "quotas set --role @artists --amount 1 --unit pictures")
        told = words(await bot.ada.slash("/imagine", "a fox").response())
        assert "roles cannot be looked up right now" in told


async def test_whoever_installs_the_app_is_offered_the_set_up(tmp_path: Path) -> None:
    async with open_app(tmp_path) as served:
        team = served.slack.team("Film club", installed=False)
        ada = served.slack.user(team, "ada", admin=True)
        assert 200 == (await served.slack.install(ada, served.install_url)).status
        (offer,) = ada.at_bot().reads()
        assert "Set it up in five clicks" in words(offer)
        assert SETUP_BUTTON in str(offer.blocks)
