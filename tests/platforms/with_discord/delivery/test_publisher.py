"""Publishing: one message that becomes the result, wherever it was asked for and however long it took."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.discord.messages.buttons import card_components
from bot.domain.cards.card import JobPhase
from bot.domain.errors import Undeliverable
from bot.domain.identity import Place
from tests.platforms.fake_discord import FakeDiscord, Intents, Kind, Permissions
from tests.platforms.fake_discord.rules.drafts import Draft
from tests.platforms.fake_discord.state.writing import post
from tests.platforms.with_discord.cards import identity, job_view
from tests.platforms.with_discord.delivery.delivery_env import (
    DeliveryEnv,
    described,
    open_delivery_env,
    posted,
)

_RUNNING = job_view(phase=JobPhase.RUNNING)
_AFTER_THE_TOKEN_S = 16 * 60


@pytest.fixture
async def env(tmp_path: Path, fake: FakeDiscord) -> AsyncIterator[DeliveryEnv]:
    async with open_delivery_env(tmp_path, fake) as opened:
        yield opened


def _at(place: Place, message: str) -> Place:
    return replace(place, message=message)


async def test_the_response_is_edited_to_the_result(env: DeliveryEnv) -> None:
    invocation, place = await env.answered(env.view(_RUNNING))
    assert place.message == await env.publisher.show(env.view(), place)
    [message] = env.cards()
    assert message is invocation.original
    assert "✅ Done" == described(message)
    [picture] = message.attachments
    assert "a red fox" == picture.description
    assert (env.library.folder / env.view().jobs[0].media.file).read_bytes() == picture.content  # type: ignore[union-attr]


async def test_a_result_that_changes_is_not_uploaded_again(env: DeliveryEnv) -> None:
    _, place = await env.answered(env.view(_RUNNING))
    await env.publisher.show(env.view(), place)
    [before] = env.cards()[0].attachments
    await env.publisher.show(env.view(job_view(stars=1)), place)
    [message] = env.cards()
    assert [before] == message.attachments
    assert "⭐ 1" in message.embeds[0]["footer"]["text"]


async def test_several_results_are_several_attachments_and_a_deleted_one_is_removed(env: DeliveryEnv) -> None:
    jobs = [job_view(number) for number in range(1, 5)]
    _, place = await env.answered(env.view(*(replace(job, media=None) for job in jobs)))
    await env.publisher.show(env.view(*jobs), place)
    [message] = env.cards()
    assert [f"reverie-{job.id}.jpg" for job in jobs] == [one.filename for one in message.attachments]
    gone = replace(jobs[1], phase=JobPhase.GONE, media=None, actions=())
    await env.publisher.show(env.view(jobs[0], gone, *jobs[2:]), place)
    left = [jobs[0], *jobs[2:]]
    assert [f"reverie-{job.id}.jpg" for job in left] == [one.filename for one in message.attachments]


async def test_after_the_token_expired_the_message_is_edited_in_its_channel(env: DeliveryEnv) -> None:
    _, place = await env.answered(env.view(_RUNNING))
    env.fake.clock.advance(_AFTER_THE_TOKEN_S)
    assert place.message == await env.publisher.show(env.view(), place)
    [message] = env.cards()
    assert message.attachments
    assert env.fake.requests(f"PATCH /channels/{env.channel.id}/messages/*")


async def test_the_card_of_an_unanswered_interaction_is_posted_once(env: DeliveryEnv) -> None:
    """The process died between commit and response, and again before it recorded the message."""
    view = env.view(_RUNNING)
    _, place = await env.asked()
    shown = await env.publisher.show(view, place)
    assert shown == await env.new_publisher().show(view, place)
    [message] = env.cards()
    assert posted(message) == shown
    assert shown == await env.publisher.show(env.view(), _at(place, shown))
    assert [message] == env.cards()
    assert message.attachments


async def test_a_deferred_response_becomes_the_card(env: DeliveryEnv) -> None:
    invocation, place = await env.answered(env.view(_RUNNING))
    shown = await env.publisher.show(env.view(), replace(place, message=None))
    assert str(invocation.original and invocation.original.id) == shown
    assert 1 == len(env.cards())


@pytest.mark.parametrize("hours", [0, 30])
async def test_a_card_with_an_unknown_outcome_is_found_later(env: DeliveryEnv, hours: int) -> None:
    view = env.view(_RUNNING)
    shown = await env.publisher.show(view, env.place())
    for number in range(130):
        env.ada.write(f"talk {number}")
    env.fake.clock.advance(hours * 3600)
    assert shown == await env.new_publisher().find_message(view.card, env.place())
    assert await env.publisher.find_message(identity(7, env.fake.clock.now_ms()), env.place()) is None


async def test_another_authors_message_is_never_taken_for_a_card(env: DeliveryEnv) -> None:
    env.fake.world.allowed_intents = Intents.MESSAGE_CONTENT
    view = env.view(_RUNNING)
    pending = Draft(body={"components": card_components(view)})
    post(env.fake.world, env.channel, env.ada.user, pending)
    assert await env.publisher.find_message(view.card, env.place()) is None


async def test_each_channel_of_a_card_has_its_own_nonce(env: DeliveryEnv) -> None:
    """Discord may answer a known nonce with its message, in whatever channel that is."""
    view = env.view(_RUNNING)
    await env.publisher.show(view, env.place())
    await env.publisher.show(view, env.place(private=True))
    posts = env.fake.requests("POST /channels/*/messages")
    assert [view.card, f"d{view.card}"] == [one.body["nonce"] for one in posts]


async def test_the_search_goes_back_no_further_than_the_card_and_a_few_pages(env: DeliveryEnv) -> None:
    for number in range(250):
        env.ada.write(f"talk {number}")
    env.fake.clock.advance(3600)
    assert await env.publisher.find_message(env.view().card, env.place()) is None
    pages = f"GET /channels/{env.channel.id}/messages"
    assert 1 == len(env.fake.requests(pages))
    for number in range(600):
        env.ada.write(f"more talk {number}")
    assert await env.publisher.find_message(env.view().card, env.place()) is None
    assert 6 == len(env.fake.requests(pages))


async def test_the_original_response_is_found_by_its_token(env: DeliveryEnv) -> None:
    view = env.view(_RUNNING)
    _, place = await env.answered(view, private=True)
    assert place.message == await env.publisher.find_message(view.card, replace(place, message=None))


async def test_a_private_card_never_uses_a_public_response(env: DeliveryEnv) -> None:
    """The process died between a public deferred response and its edit."""
    invocation, place = await env.asked(private=True)
    await env.defer(invocation)
    shown = await env.publisher.show(env.view(private=True), place)
    assert invocation.original is not None
    assert not invocation.original.embeds
    assert [invocation.original] == env.cards()
    [message] = env.sent_directly()
    assert posted(message) == shown


async def test_an_unanswered_private_card_is_sent_directly_once(env: DeliveryEnv) -> None:
    view = env.view(private=True)
    _, place = await env.asked(private=True)
    shown = await env.publisher.show(view, place)
    env.fake.clock.advance(_AFTER_THE_TOKEN_S)
    assert shown == await env.new_publisher().show(view, place)
    assert [] == env.cards()
    [message] = env.sent_directly()
    assert posted(message) == shown
    assert message.attachments


async def test_an_ephemeral_response_is_edited_until_its_token_expires(
    env: DeliveryEnv,
) -> None:
    invocation, place = await env.answered(env.view(_RUNNING, private=True), private=True)
    await env.publisher.show(env.view(_RUNNING, private=True, title="a fox"), place)
    assert invocation.original is not None
    assert "a fox" == invocation.original.embeds[0]["title"]
    env.fake.clock.advance(_AFTER_THE_TOKEN_S)
    shown = await env.publisher.show(env.view(private=True), place)
    assert not invocation.original.attachments
    assert not [message for message in env.cards() if not message.ephemeral]
    [message] = env.sent_directly()
    assert shown == await env.publisher.show(env.view(job_view(stars=1)), _at(place, shown))
    assert [message] == env.sent_directly()
    assert 1 == len(message.attachments)


async def test_a_card_that_cannot_be_edited_later_says_where_its_result_goes(env: DeliveryEnv) -> None:
    view = env.view(_RUNNING, private=True)
    invocation, place = await env.answered(view, private=True)
    message = invocation.original
    assert message is not None
    assert f"`/show {_RUNNING.id}`" in described(message)
    assert not env.publisher.layout_variant(place)
    env.fake.clock.advance(13 * 60)
    assert env.publisher.layout_variant(place), "the engine shows it again"
    await env.publisher.show(view, place)
    assert "cannot be updated much longer" in described(message)
    await env.publisher.show(env.view(private=True), place)
    assert "✅ Done" == described(message)


async def test_a_public_card_has_no_such_note(env: DeliveryEnv) -> None:
    _, place = await env.answered(env.view(_RUNNING))
    env.fake.clock.advance(13 * 60)
    await env.publisher.show(env.view(_RUNNING), place)
    assert "/show" not in described(env.cards()[0])


async def test_a_copy_is_sent_once_though_it_was_not_recorded(env: DeliveryEnv) -> None:
    view = env.view()
    shown = await env.publisher.show(view, env.direct())
    assert shown == await env.new_publisher().show(view, env.direct())
    [message] = env.sent_directly()
    assert "" == message.content
    env.fake.clock.advance(3600)
    assert shown == await env.publisher.find_message(view.card, env.direct())


async def test_a_notice_reaches_a_persons_direct_messages(env: DeliveryEnv) -> None:
    for text in ("It is down @everyone", "It is up"):
        await env.publisher.post_notice(text, env.direct())
    messages = env.sent_directly()
    assert ["It is down @everyone", "It is up"] == [message.content for message in messages]
    env.ada.user.dms_open = False
    with pytest.raises(Undeliverable):
        await env.publisher.post_notice("It is down again", env.direct())


async def test_closed_direct_messages_point_to_show(env: DeliveryEnv) -> None:
    env.ada.user.dms_open = False
    view = env.view(private=True)
    with pytest.raises(Undeliverable, match=f"closed.*`/show {view.jobs[0].id}`"):
        await env.publisher.show(view, env.place(private=True))
    assert [] == env.cards()


@pytest.mark.parametrize("kind", ["group", "guild without the bot"])
async def test_a_user_install_gets_its_result_directly_once_the_token_expired(
    env: DeliveryEnv, kind: str
) -> None:
    env.ada.user.installed = True
    if kind == "group":
        channel = env.fake.group("friends", [env.ada])
    else:
        guild = env.fake.guild("Elsewhere", with_bot=False)
        env.fake.join(guild, env.ada.user)
        channel = guild.first_channel()
    invocation, place = await env.answered(env.view(_RUNNING), channel, bot_has_access=False)
    assert invocation.original is not None
    assert "`/show" in described(invocation.original)
    env.fake.clock.advance(_AFTER_THE_TOKEN_S)
    await env.publisher.show(env.view(), place)
    assert 1 == len(env.sent_directly()[0].attachments)
    assert [] == env.fake.requests(f"* /channels/{channel.id}/*")


async def test_threads_and_forum_posts_get_their_own_messages(env: DeliveryEnv) -> None:
    forum = env.fake.channel(env.guild, "gallery", kind=Kind.FORUM)
    for parent in (env.channel, forum):
        thread = env.fake.thread(parent, "foxes", env.ada)
        shown = await env.publisher.show(env.view(number=600 + parent.kind), env.place(thread))
        assert [shown] == [posted(message) for message in env.cards(thread)]
    assert [] == env.cards()


async def test_an_archived_thread_is_unarchived(env: DeliveryEnv) -> None:
    env.fake.overwrite(env.channel, allow=Permissions.MANAGE_THREADS)
    thread = env.fake.thread(env.channel, "foxes", env.ada)
    _, place = await env.answered(env.view(_RUNNING), thread)
    env.fake.clock.advance(_AFTER_THE_TOKEN_S)
    env.fake.archive(thread)
    await env.publisher.show(env.view(), place)
    [message] = env.cards(thread)
    assert message.attachments
    assert not thread.archived


async def test_the_result_of_a_locked_thread_is_sent_directly(env: DeliveryEnv) -> None:
    thread = env.fake.thread(env.channel, "foxes", env.ada)
    _, place = await env.answered(env.view(_RUNNING), thread)
    env.fake.clock.advance(_AFTER_THE_TOKEN_S)
    env.fake.archive(thread, locked=True)
    await env.publisher.show(env.view(), place)
    assert "the thread is archived" in described(env.sent_directly()[0])


async def test_the_result_of_a_deleted_message_is_sent_directly_with_the_reason(env: DeliveryEnv) -> None:
    _, place = await env.answered(env.view(_RUNNING))
    env.fake.delete(env.cards()[0])
    shown = await env.publisher.show(env.view(), place)
    assert [] == env.cards()
    [message] = env.sent_directly()
    assert posted(message) == shown
    assert f"could not be posted in <#{env.channel.id}>: the message was deleted" in described(message)


async def test_the_result_of_a_deleted_channel_is_sent_directly(env: DeliveryEnv) -> None:
    _, place = await env.answered(env.view(_RUNNING))
    env.fake.delete(env.channel)
    await env.publisher.show(env.view(), place)
    assert "the channel was deleted" in described(env.sent_directly()[0])


async def test_a_removed_bot_without_shared_guild_gives_up(env: DeliveryEnv) -> None:
    _, place = await env.answered(env.view(_RUNNING))
    env.fake.clock.advance(_AFTER_THE_TOKEN_S)
    env.fake.kick_bot(env.guild)
    with pytest.raises(Undeliverable, match=r"View Channel.*no server is shared"):
        await env.publisher.show(env.view(), place)


async def test_a_missing_permission_is_named_to_the_asker(env: DeliveryEnv) -> None:
    env.fake.overwrite(env.channel, deny=Permissions.SEND_MESSAGES)
    await env.publisher.show(env.view(), env.place())
    [message] = env.sent_directly()
    assert f"in <#{env.channel.id}>: the bot lacks Send Messages." in described(message)


async def test_a_missing_permission_is_named_where_direct_messages_are_closed(env: DeliveryEnv) -> None:
    env.fake.overwrite(env.channel, deny=Permissions.SEND_MESSAGES)
    env.ada.user.dms_open = False
    with pytest.raises(Undeliverable, match=r"the bot lacks Send Messages; direct messages .* closed"):
        await env.publisher.show(env.view(), env.place())


async def test_without_attach_files_the_result_is_linked(env: DeliveryEnv) -> None:
    env.fake.overwrite(env.channel, deny=Permissions.ATTACH_FILES)
    await env.publisher.show(env.view(), env.place())
    [message] = env.cards()
    assert [] == message.attachments
    assert "https://bot.example.org/media/" in message.embeds[0]["fields"][-1]["value"]


async def test_a_bot_that_may_not_read_can_still_edit(env: DeliveryEnv) -> None:
    _, place = await env.answered(env.view(_RUNNING))
    env.fake.overwrite(env.channel, deny=Permissions.READ_MESSAGE_HISTORY)
    env.fake.clock.advance(_AFTER_THE_TOKEN_S)
    for stars in (0, 1):
        await env.publisher.show(env.view(job_view(stars=stars)), place)
        assert 1 == len(env.cards()[0].attachments)


async def test_the_asker_is_mentioned_when_it_is_done_and_nobody_else_ever(env: DeliveryEnv) -> None:
    nasty = f"@everyone @here <@{env.guild.owner.id}> <@&{env.guild.id}>"
    running = replace(_RUNNING, headline=nasty, alt=nasty)
    env.fake.world.guilds[env.guild.id].everyone.permissions |= Permissions.MENTION_EVERYONE
    for number, jobs in enumerate(((running,), (job_view(),))):
        view = env.view(*jobs, title=nasty, member_name=nasty, number=600 + number)
        await env.publisher.show(view, env.place())
    first, last = env.cards()
    assert ("", frozenset()) == (first.content, first.pings)
    assert {env.ada.user.id} == last.pings


async def test_nobody_is_mentioned_where_the_operator_does_not_want_it(env: DeliveryEnv) -> None:
    await env.new_publisher(mention=False).show(env.view(), env.place())
    assert frozenset() == env.cards()[0].pings


async def test_a_card_is_removed_with_and_without_its_token(env: DeliveryEnv) -> None:
    for wait_s in (0, _AFTER_THE_TOKEN_S):
        _, place = await env.answered(env.view(number=600 + wait_s))
        env.fake.clock.advance(wait_s)
        await env.publisher.remove(place)
        assert [] == env.cards()
        await env.publisher.remove(place)


async def test_a_card_in_direct_messages_is_removed_there(env: DeliveryEnv) -> None:
    shown = await env.publisher.show(env.view(), env.direct())
    await env.publisher.remove(_at(env.direct(), shown))
    assert [] == env.sent_directly()


async def test_a_message_that_may_not_be_removed_is_reported(env: DeliveryEnv) -> None:
    _, place = await env.answered(env.view())
    env.fake.clock.advance(_AFTER_THE_TOKEN_S)
    env.fake.overwrite(env.channel, deny=Permissions.VIEW_CHANNEL)
    with pytest.raises(Undeliverable, match="the bot lacks View Channel"):
        await env.publisher.remove(place)
    env.fake.delete(env.channel)
    await env.publisher.remove(place)


async def test_an_unreachable_ephemeral_response_is_left_alone(env: DeliveryEnv) -> None:
    _, place = await env.answered(env.view(private=True), private=True)
    env.fake.clock.advance(_AFTER_THE_TOKEN_S)
    await env.publisher.remove(place)
    assert [] == env.fake.requests("DELETE *")


async def test_a_person_is_told_that_their_direct_messages_are_closed(env: DeliveryEnv) -> None:
    env.ada.user.dms_open = False
    invocation, place = await env.answered(env.view(private=True), private=True)
    with pytest.raises(Undeliverable, match="direct messages from the bot are closed"):
        await env.publisher.show(env.view(), replace(env.direct(), reply_token=place.reply_token))
    told = await invocation.follow_up()
    assert told.ephemeral
    assert "direct messages from the bot are closed. Allow direct messages" in told.content
