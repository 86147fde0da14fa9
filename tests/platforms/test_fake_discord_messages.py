"""The fake stores messages: once per nonce, within their limits, with files of the right size."""

import io
from typing import Any

import discord
import pytest

from tests.platforms.fake_discord import Channel, FakeDiscord, Intents, Kind, Upload
from tests.platforms.tiny_bot import TinyBot, at_rest, running

MIB = 1024 * 1024
HOUR_S = 3600


def general(fake: FakeDiscord, **options: Any) -> Channel:
    return fake.guild("Film club", **options).first_channel()


def a_file(size: int = 10, name: str = "fox.png") -> discord.File:
    return discord.File(io.BytesIO(b"x" * size), name)


def place(bot: TinyBot, channel: Channel) -> discord.PartialMessageable:
    return bot.get_partial_messageable(channel.id)


async def test_the_same_nonce_is_the_same_message_for_some_minutes(fake: FakeDiscord) -> None:
    channel = general(fake)
    async with at_rest(fake) as bot:
        first = await place(bot, channel).send("one", nonce="01J")
        again = await place(bot, channel).send("one", nonce="01J")
        fake.clock.advance(240)
        later = await place(bot, channel).send("one", nonce="01J")

    assert first.id == again.id != later.id
    assert list(channel.messages) == [first.id, later.id]


async def test_a_file_fits_by_what_the_guild_has_paid_for(fake: FakeDiscord) -> None:
    channel, boosted = general(fake), general(fake, tier=2)
    async with at_rest(fake) as bot:
        await place(bot, channel).send(file=a_file(10 * MIB))
        with pytest.raises(discord.HTTPException) as refusal:
            await place(bot, channel).send(file=a_file(10 * MIB + 1))
        await place(bot, boosted).send(file=a_file(10 * MIB + 1))

    assert (refusal.value.status, refusal.value.code) == (413, 40005)
    assert (len(channel.messages), len(boosted.messages)) == (1, 1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"content": "x" * 2001}, 50035),
        ({"content": ""}, 50006),
        ({"embeds": [{"title": "x" * 257}]}, 50035),
        ({"embeds": [{"description": "x" * 3001}, {"description": "x" * 3000}]}, 50035),
        ({"embeds": [{"fields": [{"name": " ", "value": "x"}]}]}, 50035),
        ({"embeds": [{"image": {"url": "ftp://x"}}]}, 50035),
        ({"embeds": [{"title": "x"}] * 11}, 50035),
        ({"content": "x", "nonce": "x" * 26}, 50035),
        ({"content": "x", "message_reference": {"message_id": "1"}}, 50035),
    ],
)
async def test_what_is_too_much_or_nothing_is_refused(
    fake: FakeDiscord, body: dict[str, Any], code: int
) -> None:
    channel = general(fake)
    async with at_rest(fake) as bot:
        with pytest.raises(discord.HTTPException) as refusal:
            await bot.call("POST", f"/channels/{channel.id}/messages", json=body)

    assert (refusal.value.status, refusal.value.code) == (400, code)
    assert channel.messages == {}


async def test_an_edit_drops_the_files_that_it_does_not_list(fake: FakeDiscord) -> None:
    channel = general(fake)
    async with at_rest(fake) as bot:
        sent = await place(bot, channel).send("one", files=[a_file(name="1.png"), a_file(name="2.png")])
        await sent.edit(content="two")
        assert [file.filename for file in channel.messages[sent.id].attachments] == ["1.png", "2.png"]
        await sent.edit(attachments=[sent.attachments[1], a_file(name="3.png")])

    assert [file.filename for file in channel.messages[sent.id].attachments] == ["2.png", "3.png"]


async def test_a_file_that_an_embed_shows_is_not_listed_twice(fake: FakeDiscord) -> None:
    channel = general(fake)
    embed = discord.Embed(title="A fox").set_image(url="attachment://fox.png")
    async with at_rest(fake) as bot:
        sent = await place(bot, channel).send(embed=embed, file=a_file())

    assert sent.attachments == []
    assert sent.embeds[0].image.url is not None
    assert sent.embeds[0].image.url.startswith("https://cdn.discordapp.com/attachments/")


async def test_history_comes_in_pages_from_any_side(fake: FakeDiscord) -> None:
    channel = general(fake)
    ada = fake.member(channel.guild, "ada")  # type: ignore[arg-type]
    ids = [ada.write(str(number)).id for number in range(6)]
    async with at_rest(fake) as bot:
        here, middle = place(bot, channel), discord.Object(ids[3])
        newest = [each.id async for each in here.history(limit=2)]
        before = [each.id async for each in here.history(limit=2, before=middle)]
        after = [each.id async for each in here.history(limit=2, after=middle)]
        around = [each.id async for each in here.history(limit=3, around=middle)]

    assert newest == [ids[5], ids[4]]
    assert before == [ids[2], ids[1]]
    assert after == [ids[4], ids[5]]
    assert around == [ids[4], ids[3], ids[2]]


async def test_what_people_write_is_hidden_from_an_app_without_the_right_to_read_it(
    fake: FakeDiscord,
) -> None:
    channel = general(fake)
    ada = fake.member(channel.guild, "ada")  # type: ignore[arg-type]
    written = ada.write("secret", Upload(filename="cat.png", content=b"cat"))
    async with at_rest(fake) as bot:
        hidden = await place(bot, channel).fetch_message(written.id)
        fake.world.allowed_intents = Intents.MESSAGE_CONTENT
        shown = await place(bot, channel).fetch_message(written.id)

    assert (hidden.content, hidden.attachments) == ("", [])
    assert (shown.content, len(shown.attachments)) == ("secret", 1)


async def test_only_ones_own_messages_are_edited(fake: FakeDiscord) -> None:
    channel = general(fake)
    written = fake.member(channel.guild, "ada").write("mine")  # type: ignore[arg-type]
    async with at_rest(fake) as bot:
        message = place(bot, channel).get_partial_message(written.id)
        with pytest.raises(discord.Forbidden) as edited:
            await message.edit(content="yours")
        with pytest.raises(discord.Forbidden) as deleted:
            await message.delete()

    assert (edited.value.code, deleted.value.code) == (50005, 50013)


async def test_mentions_fire_only_as_far_as_they_are_allowed(fake: FakeDiscord) -> None:
    channel = general(fake)
    guild = channel.guild
    assert guild is not None
    ada, friends = fake.member(guild, "ada"), fake.role(guild, "friends", mentionable=True)
    text = f"<@{ada.user.id}> <@&{friends.id}> @everyone"
    async with at_rest(fake) as bot:
        loud = await place(bot, channel).send(text)
        silent = await place(bot, channel).send(text, allowed_mentions=discord.AllowedMentions.none())
        one = await place(bot, channel).send(
            text, allowed_mentions=discord.AllowedMentions(users=[discord.Object(ada.user.id)], roles=False)
        )

    # Everybody is out of reach for who may not call everybody.
    assert channel.messages[loud.id].pings == {ada.user.id, friends.id}
    assert channel.messages[silent.id].pings == frozenset()
    assert channel.messages[one.id].pings == {ada.user.id}


async def test_a_file_is_had_for_a_day_and_then_under_a_new_address(fake: FakeDiscord) -> None:
    channel = general(fake)
    async with at_rest(fake) as bot:
        sent = await place(bot, channel).send(file=a_file(5))
        old = sent.attachments[0].url
        assert await sent.attachments[0].read() == b"xxxxx"
        with pytest.raises(discord.NotFound):
            await bot.http.get_from_cdn(old.replace("hm=", "hm=0"))
        fake.clock.advance(25 * HOUR_S)
        with pytest.raises(discord.NotFound):
            await bot.http.get_from_cdn(old)
        fresh = await bot.call("POST", "/attachments/refresh-urls", json={"attachment_urls": [old]})
        assert await bot.http.get_from_cdn(fresh["refreshed_urls"][0]["refreshed"]) == b"xxxxx"
        again = await place(bot, channel).fetch_message(sent.id)
        assert await again.attachments[0].read() == b"xxxxx"
        await sent.delete()
        with pytest.raises(discord.NotFound):
            await again.attachments[0].read()


async def test_an_archived_thread_wakes_for_a_new_message_only(fake: FakeDiscord) -> None:
    channel = general(fake)
    guild = channel.guild
    assert guild is not None
    thread = fake.thread(channel, "foxes", fake.member(guild, "ada"))
    async with at_rest(fake) as bot:
        sent = await place(bot, thread).send("one")
        fake.archive(thread)
        with pytest.raises(discord.HTTPException) as edited:
            await sent.edit(content="two")
        with pytest.raises(discord.HTTPException) as reacted:
            await sent.add_reaction("🔁")
        await place(bot, thread).send("wake up")
        woken = not thread.archived
        fake.archive(thread, locked=True)
        with pytest.raises(discord.HTTPException) as locked:
            await place(bot, thread).send("wake up again")

    assert [each.value.code for each in (edited, reacted, locked)] == [50083, 50083, 50083]
    assert woken


async def test_a_post_in_a_forum_begins_with_its_first_message(fake: FakeDiscord) -> None:
    guild = fake.guild("Film club")
    forum = fake.channel(guild, "films", kind=Kind.FORUM)
    async with running(fake) as bot:
        there = bot.get_channel(forum.id)
        assert isinstance(there, discord.ForumChannel)
        post = await there.create_thread(name="My fox", content="Look", file=a_file())
        with pytest.raises(discord.HTTPException) as refusal:
            await bot.call("POST", f"/channels/{forum.id}/messages", json={"content": "not here"})

    thread = guild.channels[post.thread.id]
    assert [message.content for message in thread.messages.values()] == ["Look"]
    assert refusal.value.code == 50008


async def test_direct_messages_reach_who_is_open_to_them(fake: FakeDiscord) -> None:
    ada = fake.member(fake.guild("Film club"), "ada")
    bob = fake.member(fake.guild("Another club"), "bob")
    bob.user.dms_open = False
    stranger = fake.user("stranger")
    async with at_rest(fake) as bot:
        await (await bot.fetch_user(ada.user.id)).send("Here it is")
        with pytest.raises(discord.Forbidden) as closed:
            await (await bot.fetch_user(bob.user.id)).send("Here it is")
        with pytest.raises(discord.Forbidden) as unknown:
            await (await bot.fetch_user(stranger.user.id)).send("Here it is")

    assert [message.content for message in ada.reads_directly()] == ["Here it is"]
    assert (closed.value.code, unknown.value.code) == (50007, 50278)


async def test_what_is_gone_is_unknown(fake: FakeDiscord) -> None:
    channel = general(fake)
    async with at_rest(fake) as bot:
        sent = await place(bot, channel).send("one")
        fake.delete(channel.messages[sent.id])
        with pytest.raises(discord.NotFound) as message:
            await sent.edit(content="two")
        fake.delete(channel)
        with pytest.raises(discord.NotFound) as gone:
            await place(bot, channel).send("three")

    assert (message.value.code, gone.value.code) == (10008, 10003)
