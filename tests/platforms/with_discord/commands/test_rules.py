"""Rules on Discord: their options, the buttons of held and reported jobs, spoilers and votes."""

from pathlib import Path

from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.with_discord.bot_env import open_bot_env
from tests.platforms.with_discord.readers import facts, is_done, job_of, labels, private, told

COSTLY = {"prompt": "a fox runs", "model": "ray-2", "resolution": "1080p"}


async def test_access_rules_name_channels_and_roles_by_discords_pickers(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        art = fake.channel(env.guild, "art")
        role = next(one for one in env.guild.roles.values() if one.name == "moderators")
        denied = await private(env.moderator.slash("rules deny", channel=env.channel, command="imagine"))
        assert f"deny /imagine in \\#{env.channel.name}" in denied.embeds[0]["description"]
        refused = await private(env.ada.slash("imagine", prompt="a red fox"))
        assert "(rule 1). Try another channel." in refused.content
        assert await env.done(env.ada.at(art).slash("imagine", prompt="a red fox"))
        await private(env.moderator.slash("rules allow", role=role))
        assert await env.done(env.moderator.slash("imagine", prompt="a red fox"))
        shown = await private(env.moderator.slash("rules show"))
        assert "allow everything for the role moderators" in facts(shown)["Rule 2"]
        explained = env.moderator.slash("rules explain", what="/imagine a fox", member=env.ada)
        assert "rule 1" in facts(await private(explained))["Access"]


async def test_a_price_is_confirmed_by_its_button(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        bob = fake.member(env.guild, "bob").at(env.channel)
        card = await env.ada.slash("animate", **COSTLY).message()
        confirm = next(one for one in labels(card) if one.startswith("Confirm $"))
        assert {"Cancel", "Details", confirm} == set(labels(card))
        assert "Only ada can confirm" in (await private(bob.press(card, confirm))).content
        done = await private(env.ada.press(card, confirm))
        assert "Confirmed" == done.embeds[0]["title"]
        await fake.until(lambda: is_done(card))
        assert confirm not in labels(card)


async def test_an_admin_approves_or_refuses_by_a_button(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        mods = fake.channel(env.guild, "mods")
        await private(env.moderator.slash("rules moderators", channel=mods))
        await private(env.moderator.slash("rules prices", approve="0.01", confirm="off"))
        card = await env.ada.slash("imagine", prompt="a red fox").message()
        request = await fake.message_in(mods)
        assert "ada asks for $0.018" == facts(request)["Note"]
        assert ["Approve", "Refuse", "Details"] == labels(request)
        approve = next(one for one in labels(card) if one.startswith("Approve"))
        assert "Only an admin" in (await private(env.ada.press(card, approve))).content
        done = await private(env.moderator.at(mods).press(request, "Approve"))
        assert "Approved" == done.embeds[0]["title"]
        await fake.until(lambda: is_done(card))
        await fake.until(lambda: ["Details"] == labels(request))
        other = await env.ada.slash("imagine", prompt="a blue fox").message()
        await private(env.moderator.press(other, "Refuse"))
        await fake.until(lambda: "An admin refused this" in str(other.embeds))
        assert "not charged" in str(other.embeds)


async def test_a_report_is_acted_on_in_the_moderators_channel(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        mods = fake.channel(env.guild, "mods")
        bob = fake.member(env.guild, "bob").at(env.channel)
        moderator = env.moderator.at(mods)
        _, card = await env.imagine()
        await private(moderator.slash("rules moderators", channel=mods))
        await private(bob.slash("report", job=job_of(card), reason="not nice"))
        report = await fake.message_in(mods, lambda one: bool(one.attachments))
        assert "Reported by bob: not nice" == facts(report)["Note"]
        assert report.attachments[0].filename.startswith("SPOILER_")
        assert ["Remove it", "Block ada", "Details"] == labels(report)
        refused = await private(bob.at(mods).press(report, "Block ada"))
        assert "Only admins and moderators" in refused.content
        await private(moderator.press(report, "Block ada"))
        assert "blocked you" in (await private(env.ada.slash("imagine", prompt="a red fox"))).content
        await fake.until(lambda: "Unblock ada" in labels(report))
        await private(moderator.press(report, "Remove it"))
        await fake.until(lambda: card.deleted)
        await fake.until(lambda: ["Unblock ada"] == labels(report))
        await private(moderator.press(report, "Unblock ada"))
        await env.imagine()
        assert [] == told(env.ada)


async def test_the_age_gate_hides_results_outside_of_channels_for_adults(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        adults = fake.channel(env.guild, "adults", nsfw=True)
        await private(env.moderator.slash("rules age", mode="spoilers"))
        hidden = await env.done(env.ada.slash("imagine", prompt="a red fox"))
        shown = await env.done(env.ada.at(adults).slash("imagine", prompt="a red fox"))
        assert [True, False] == [
            one.attachments[0].filename.startswith("SPOILER_") for one in (hidden, shown)
        ]
        await private(env.moderator.slash("rules age", mode="channels"))
        refused = await private(env.ada.slash("imagine", prompt="a red fox"))
        assert "only in age-restricted channels" in refused.content
        assert await env.done(env.ada.at(adults).slash("imagine", prompt="a red fox"))


async def test_three_people_vote_with_a_custom_emoji(tmp_path: Path, fake: FakeDiscord) -> None:
    """A bot's reaction is no vote, and a removed one does not count."""
    async with open_bot_env(tmp_path, fake) as env:
        people = [fake.member(env.guild, name).at(env.channel) for name in ("bob", "cleo", "dan")]
        robot = fake.member(env.guild, "robot", bot=True).at(env.channel)
        _, card = await env.imagine()
        set_ = env.moderator.slash("rules reactions", emoji="<:film:77>", action="animate", votes=3)
        assert "when 3 people react · the workspace pays" in (await private(set_)).embeds[0]["description"]
        for one in (robot, people[0], people[1]):
            one.react(card, "film:77")
        people[1].unreact(card, "film:77")
        people[1].react(card, "film:77")
        people[2].react(card, "film:77")
        film = await fake.message_in(env.channel, lambda one: one.id != card.id and bool(one.attachments))
        assert "Length" in facts(film)
        env.ada.react(card, "film:77")
        await env.imagine("a blue fox")
        assert 3 == len(env.mine())
