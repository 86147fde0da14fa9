"""The gallery on Discord: its channel, the question to the maker, and the list."""

from pathlib import Path

from tests.platforms.fake_discord import FakeDiscord, Message
from tests.platforms.with_discord.bot_env import open_bot_env
from tests.platforms.with_discord.readers import facts, job_of, private


def labels(message: Message) -> list[str]:
    return [str(part["label"]) for part in message.parts() if part.get("label")]


async def test_a_result_is_posted_once_its_maker_has_agreed_and_removed_with_its_last_star(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        channel = fake.channel(env.guild, "gallery")
        bob = fake.member(env.guild, "bob").at(env.channel)
        told = await private(env.moderator.slash("studio gallery", channel=channel, consent="on"))
        assert "\\#gallery" == facts(told)["Channel"]
        _, card = await env.imagine()
        starred = await private(bob.press(card, "Gallery"))
        assert "once ada agrees" in starred.embeds[0]["description"]
        directly = fake.world.direct_channel(env.ada.user)
        question = await fake.message_in(directly, lambda one: "May it be shown" in str(one.embeds))
        assert "Show it in the gallery" in labels(question)
        assert [] == env.mine(channel)

        agreed = await private(env.ada.at(directly).press(question, "Show it in the gallery"))
        assert "Added to the gallery" == agreed.embeds[0]["title"]
        post = await fake.message_in(channel, lambda one: bool(one.attachments))
        assert (job_of(card), "ada") == (job_of(post), post.embeds[0]["author"]["name"])
        assert frozenset() == post.pings
        assert any(label.startswith("Variation") for label in labels(post))
        await fake.until(lambda: "Show it in the gallery" not in labels(question))
        listed = await bob.slash("gallery").message(lambda one: "thumbnail" in one.embeds[0])
        assert (bob.user, "The gallery") == (listed.only_for, listed.embeds[0]["author"]["name"])

        await private(bob.press(card, "Gallery"))
        await fake.until(lambda: post.deleted)


async def test_a_family_tree_is_a_picture_and_offers_each_of_its_results(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine()
        child = await env.done(env.ada.press(card, "Variation"))
        tree = await env.ada.slash("lineage", job=job_of(child)).message(lambda one: bool(one.embedded))
        assert env.ada.user is tree.only_for
        picture = tree.embedded["lineage.png"]
        assert picture.content.startswith(b"\x89PNG")
        assert picture.description is not None
        assert "/imagine “a red fox” led to" in picture.description
        opened = env.ada.choose(tree, "Show one of these jobs", job_of(card))
        root = await opened.message(lambda message: bool(message.attachments))
        forked = await env.done(env.ada.press(root, "Variation"))
        assert facts(forked)["Made from"].startswith(f"\\#{job_of(card)[-6:]}")
