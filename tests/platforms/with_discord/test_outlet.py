"""A card on Discord: one message that becomes the result, wherever it was asked and however long it took."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.discord.messages.buttons import components
from adapters.discord.messages.strings import ENGLISH
from bot.domain.cards import JobPhase
from bot.domain.errors import Undeliverable
from bot.domain.identity import Place
from tests.platforms.fake_discord import Intents, Kind, Permissions
from tests.platforms.fake_discord.rules.drafts import Draft
from tests.platforms.fake_discord.state.writing import post
from tests.platforms.with_discord.cards import identity, job_view
from tests.platforms.with_discord.house import House, described, open_house, posted

_RUNNING = job_view(tone=JobPhase.RUNNING)
_AFTER_THE_TOKEN_S = 16 * 60


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


def _at(place: Place, message: str) -> Place:
    return replace(place, message=message)


async def test_the_answer_becomes_the_result_by_an_edit(house: House) -> None:
    invocation, place = await house.answered(house.view(_RUNNING))
    assert place.message == await house.publisher.show(house.view(), place)
    [message] = house.cards()
    assert message is invocation.original
    assert "✅ Done" == described(message)
    [picture] = message.attachments
    assert "a red fox" == picture.description
    assert (house.shelf.folder / house.view().jobs[0].media.file).read_bytes() == picture.content  # type: ignore[union-attr]


async def test_a_result_that_changes_is_not_uploaded_again(house: House) -> None:
    _, place = await house.answered(house.view(_RUNNING))
    await house.publisher.show(house.view(), place)
    [before] = house.cards()[0].attachments
    await house.publisher.show(house.view(job_view(stars=1)), place)
    [message] = house.cards()
    assert [before] == message.attachments
    assert "⭐ 1" in message.embeds[0]["footer"]["text"]


async def test_several_results_are_several_files_and_a_deleted_one_is_taken_off(house: House) -> None:
    jobs = [job_view(number) for number in range(1, 5)]
    _, place = await house.answered(house.view(*(replace(job, media=None) for job in jobs)))
    await house.publisher.show(house.view(*jobs), place)
    [message] = house.cards()
    assert [f"reverie-{job.id}.jpg" for job in jobs] == [one.filename for one in message.attachments]
    gone = replace(jobs[1], phase=JobPhase.GONE, media=None, actions=())
    await house.publisher.show(house.view(jobs[0], gone, *jobs[2:]), place)
    left = [jobs[0], *jobs[2:]]
    assert [f"reverie-{job.id}.jpg" for job in left] == [one.filename for one in message.attachments]


async def test_after_the_token_the_message_is_edited_by_its_channel(house: House) -> None:
    _, place = await house.answered(house.view(_RUNNING))
    house.fake.clock.advance(_AFTER_THE_TOKEN_S)
    assert place.message == await house.publisher.show(house.view(), place)
    [message] = house.cards()
    assert message.attachments
    assert house.fake.requests(f"PATCH /channels/{house.channel.id}/messages/*")


async def test_an_interaction_that_was_never_answered_has_its_card_posted_once(house: House) -> None:
    """The process died between the commit and the answer, and again before it could note the message."""
    view = house.view(_RUNNING)
    _, place = await house.asked()
    shown = await house.publisher.show(view, place)
    assert shown == await house.new_outlet().show(view, place)
    [message] = house.cards()
    assert posted(message) == shown
    assert shown == await house.publisher.show(house.view(), _at(place, shown))
    assert [message] == house.cards()
    assert message.attachments


async def test_a_thinking_answer_becomes_the_card(house: House) -> None:
    invocation, place = await house.answered(house.view(_RUNNING))
    shown = await house.publisher.show(house.view(), replace(place, message=None))
    assert str(invocation.original and invocation.original.id) == shown
    assert 1 == len(house.cards())


@pytest.mark.parametrize("hours", [0, 30])
async def test_a_card_is_found_again_after_a_long_doubt(house: House, hours: int) -> None:
    view = house.view(_RUNNING)
    shown = await house.publisher.show(view, house.place())
    for number in range(130):
        house.ada.write(f"talk {number}")
    house.fake.clock.advance(hours * 3600)
    assert shown == await house.new_outlet().find_message(view.card, house.place())
    assert await house.publisher.find_message(identity(7, house.fake.clock.now_ms()), house.place()) is None


async def test_a_message_of_somebody_else_is_never_taken_for_a_card(house: House) -> None:
    house.fake.world.allowed_intents = Intents.MESSAGE_CONTENT
    view = house.view(_RUNNING)
    draft = Draft(body={"components": components(view, ENGLISH)})
    post(house.fake.world, house.channel, house.ada.user, draft)
    assert await house.publisher.find_message(view.card, house.place()) is None


async def test_each_place_of_a_card_has_a_nonce_of_its_own(house: House) -> None:
    """Discord may answer a nonce that it has seen with its message, wherever that was sent."""
    view = house.view(_RUNNING)
    await house.publisher.show(view, house.place())
    await house.publisher.show(view, house.place(private=True))
    posts = house.fake.requests("POST /channels/*/messages")
    assert [view.card, f"d{view.card}"] == [one.body["nonce"] for one in posts]


async def test_the_search_goes_back_no_further_than_the_card_and_a_few_pages(house: House) -> None:
    for number in range(250):
        house.ada.write(f"talk {number}")
    house.fake.clock.advance(3600)
    assert await house.publisher.find_message(house.view().card, house.place()) is None
    pages = f"GET /channels/{house.channel.id}/messages"
    assert 1 == len(house.fake.requests(pages))
    for number in range(600):
        house.ada.write(f"more talk {number}")
    assert await house.publisher.find_message(house.view().card, house.place()) is None
    assert 6 == len(house.fake.requests(pages))


async def test_the_answer_of_an_interaction_is_found_by_its_token(house: House) -> None:
    view = house.view(_RUNNING)
    _, place = await house.answered(view, private=True)
    assert place.message == await house.publisher.find_message(view.card, replace(place, message=None))


async def test_what_turns_out_to_be_private_takes_no_response_that_others_see(house: House) -> None:
    """Its process died between a public "thinking" and the answer."""
    invocation, place = await house.asked(private=True)
    await house.defer(invocation)
    shown = await house.publisher.show(house.view(private=True), place)
    assert invocation.original is not None
    assert not invocation.original.embeds
    assert [invocation.original] == house.cards()
    [message] = house.sent_directly()
    assert posted(message) == shown


async def test_a_private_card_that_was_never_answered_comes_to_direct_messages_once(house: House) -> None:
    view = house.view(private=True)
    _, place = await house.asked(private=True)
    shown = await house.publisher.show(view, place)
    house.fake.clock.advance(_AFTER_THE_TOKEN_S)
    assert shown == await house.new_outlet().show(view, place)
    assert [] == house.cards()
    [message] = house.sent_directly()
    assert posted(message) == shown
    assert message.attachments


async def test_a_private_answer_is_edited_while_that_is_possible_and_then_told_directly(house: House) -> None:
    invocation, place = await house.answered(house.view(_RUNNING, private=True), private=True)
    await house.publisher.show(house.view(_RUNNING, private=True, title="a fox"), place)
    assert invocation.original is not None
    assert "a fox" == invocation.original.embeds[0]["title"]
    house.fake.clock.advance(_AFTER_THE_TOKEN_S)
    shown = await house.publisher.show(house.view(private=True), place)
    assert not invocation.original.attachments
    assert not [message for message in house.cards() if not message.ephemeral]
    [message] = house.sent_directly()
    assert shown == await house.publisher.show(house.view(job_view(stars=1)), _at(place, shown))
    assert [message] == house.sent_directly()
    assert 1 == len(message.attachments)


async def test_what_cannot_be_changed_later_says_where_the_result_will_come(house: House) -> None:
    view = house.view(_RUNNING, private=True)
    invocation, place = await house.answered(view, private=True)
    message = invocation.original
    assert message is not None
    assert f"`/show {_RUNNING.id}`" in described(message)
    assert not house.publisher.layout_variant(place)
    house.fake.clock.advance(13 * 60)
    assert house.publisher.layout_variant(place), "the engine shows it again"
    await house.publisher.show(view, place)
    assert "cannot change much longer" in described(message)
    await house.publisher.show(house.view(private=True), place)
    assert "✅ Done" == described(message)


async def test_a_public_card_promises_nothing_of_the_kind(house: House) -> None:
    _, place = await house.answered(house.view(_RUNNING))
    house.fake.clock.advance(13 * 60)
    await house.publisher.show(house.view(_RUNNING), place)
    assert "/show" not in described(house.cards()[0])


async def test_a_copy_goes_to_direct_messages_once_though_its_note_was_lost(house: House) -> None:
    view = house.view()
    shown = await house.publisher.show(view, house.direct())
    assert shown == await house.new_outlet().show(view, house.direct())
    [message] = house.sent_directly()
    assert "" == message.content
    house.fake.clock.advance(3600)
    assert shown == await house.publisher.find_message(view.card, house.direct())


async def test_closed_direct_messages_leave_the_result_to_show(house: House) -> None:
    house.ada.user.dms_open = False
    view = house.view(private=True)
    with pytest.raises(Undeliverable, match=f"closed.*`/show {view.jobs[0].id}`"):
        await house.publisher.show(view, house.place(private=True))
    assert [] == house.cards()


@pytest.mark.parametrize("kind", ["group", "guild without the bot"])
async def test_what_was_asked_by_user_install_is_told_directly_once_the_token_is_over(
    house: House, kind: str
) -> None:
    house.ada.user.installed = True
    if kind == "group":
        channel = house.fake.group("friends", [house.ada])
    else:
        guild = house.fake.guild("Elsewhere", with_bot=False)
        house.fake.join(guild, house.ada.user)
        channel = guild.first_channel()
    invocation, place = await house.answered(house.view(_RUNNING), channel, lasting=False)
    assert invocation.original is not None
    assert "`/show" in described(invocation.original)
    house.fake.clock.advance(_AFTER_THE_TOKEN_S)
    await house.publisher.show(house.view(), place)
    assert 1 == len(house.sent_directly()[0].attachments)
    assert [] == house.fake.requests(f"* /channels/{channel.id}/*")


async def test_threads_and_posts_are_answered_in_themselves(house: House) -> None:
    forum = house.fake.channel(house.guild, "gallery", kind=Kind.FORUM)
    for parent in (house.channel, forum):
        thread = house.fake.thread(parent, "foxes", house.ada)
        shown = await house.publisher.show(house.view(number=600 + parent.kind), house.place(thread))
        assert [shown] == [posted(message) for message in house.cards(thread)]
    assert [] == house.cards()


async def test_a_thread_that_sleeps_is_woken(house: House) -> None:
    house.fake.overwrite(house.channel, allow=Permissions.MANAGE_THREADS)
    thread = house.fake.thread(house.channel, "foxes", house.ada)
    _, place = await house.answered(house.view(_RUNNING), thread)
    house.fake.clock.advance(_AFTER_THE_TOKEN_S)
    house.fake.archive(thread)
    await house.publisher.show(house.view(), place)
    [message] = house.cards(thread)
    assert message.attachments
    assert not thread.archived


async def test_a_thread_that_is_locked_has_its_result_told_directly(house: House) -> None:
    thread = house.fake.thread(house.channel, "foxes", house.ada)
    _, place = await house.answered(house.view(_RUNNING), thread)
    house.fake.clock.advance(_AFTER_THE_TOKEN_S)
    house.fake.archive(thread, locked=True)
    await house.publisher.show(house.view(), place)
    assert "the thread is archived" in described(house.sent_directly()[0])


async def test_a_deleted_message_has_its_result_told_directly_with_the_reason(house: House) -> None:
    _, place = await house.answered(house.view(_RUNNING))
    house.fake.delete(house.cards()[0])
    shown = await house.publisher.show(house.view(), place)
    assert [] == house.cards()
    [message] = house.sent_directly()
    assert posted(message) == shown
    assert f"could not be shown in <#{house.channel.id}>: the message was deleted" in described(message)


async def test_a_deleted_channel_is_settled(house: House) -> None:
    _, place = await house.answered(house.view(_RUNNING))
    house.fake.delete(house.channel)
    await house.publisher.show(house.view(), place)
    assert "the channel is gone" in described(house.sent_directly()[0])


async def test_a_bot_that_was_sent_away_and_shares_no_guild_gives_up(house: House) -> None:
    _, place = await house.answered(house.view(_RUNNING))
    house.fake.clock.advance(_AFTER_THE_TOKEN_S)
    house.fake.kick_bot(house.guild)
    with pytest.raises(Undeliverable, match=r"View Channel.*no server is shared"):
        await house.publisher.show(house.view(), place)


async def test_a_missing_permission_is_named_to_the_asker(house: House) -> None:
    house.fake.overwrite(house.channel, deny=Permissions.SEND_MESSAGES)
    await house.publisher.show(house.view(), house.place())
    [message] = house.sent_directly()
    assert f"in <#{house.channel.id}>: the bot lacks Send Messages." in described(message)


async def test_a_missing_permission_is_named_where_nothing_can_be_told(house: House) -> None:
    house.fake.overwrite(house.channel, deny=Permissions.SEND_MESSAGES)
    house.ada.user.dms_open = False
    with pytest.raises(Undeliverable, match=r"the bot lacks Send Messages; direct messages .* closed"):
        await house.publisher.show(house.view(), house.place())


async def test_where_nothing_may_be_attached_the_result_is_linked(house: House) -> None:
    house.fake.overwrite(house.channel, deny=Permissions.ATTACH_FILES)
    await house.publisher.show(house.view(), house.place())
    [message] = house.cards()
    assert [] == message.attachments
    assert "https://bot.example.org/media/" in message.embeds[0]["fields"][-1]["value"]


async def test_a_bot_that_may_not_read_can_still_edit(house: House) -> None:
    _, place = await house.answered(house.view(_RUNNING))
    house.fake.overwrite(house.channel, deny=Permissions.READ_MESSAGE_HISTORY)
    house.fake.clock.advance(_AFTER_THE_TOKEN_S)
    for stars in (0, 1):
        await house.publisher.show(house.view(job_view(stars=stars)), place)
        assert 1 == len(house.cards()[0].attachments)


async def test_the_asker_is_mentioned_when_it_is_done_and_nobody_else_ever(house: House) -> None:
    nasty = f"@everyone @here <@{house.guild.owner.id}> <@&{house.guild.id}>"
    running = replace(_RUNNING, headline=nasty, alt=nasty)
    house.fake.world.guilds[house.guild.id].everyone.permissions |= Permissions.MENTION_EVERYONE
    for number, jobs in enumerate(((running,), (job_view(),))):
        view = house.view(*jobs, title=nasty, member_name=nasty, number=600 + number)
        await house.publisher.show(view, house.place())
    first, last = house.cards()
    assert ("", frozenset()) == (first.content, first.pings)
    assert {house.ada.user.id} == last.pings


async def test_nobody_is_mentioned_where_the_operator_does_not_want_it(house: House) -> None:
    await house.new_outlet(mention=False).show(house.view(), house.place())
    assert frozenset() == house.cards()[0].pings


async def test_a_card_is_removed_with_and_without_its_token(house: House) -> None:
    for wait_s in (0, _AFTER_THE_TOKEN_S):
        _, place = await house.answered(house.view(number=600 + wait_s))
        house.fake.clock.advance(wait_s)
        await house.publisher.remove(place)
        assert [] == house.cards()
        await house.publisher.remove(place)


async def test_a_card_in_direct_messages_is_removed_there(house: House) -> None:
    shown = await house.publisher.show(house.view(), house.direct())
    await house.publisher.remove(_at(house.direct(), shown))
    assert [] == house.sent_directly()


async def test_a_private_answer_that_nobody_can_reach_any_longer_is_left_alone(house: House) -> None:
    _, place = await house.answered(house.view(private=True), private=True)
    house.fake.clock.advance(_AFTER_THE_TOKEN_S)
    await house.publisher.remove(place)
    assert [] == house.fake.requests("DELETE *")


async def test_who_had_a_result_sent_hears_that_direct_messages_are_closed(house: House) -> None:
    house.ada.user.dms_open = False
    invocation, place = await house.answered(house.view(private=True), private=True)
    with pytest.raises(Undeliverable, match="direct messages from the bot are closed"):
        await house.publisher.show(house.view(), replace(house.direct(), reply_token=place.reply_token))
    told = await invocation.follow_up()
    assert told.ephemeral
    assert "direct messages from the bot are closed. Open them" in told.content
