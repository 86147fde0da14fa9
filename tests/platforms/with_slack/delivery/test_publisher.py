"""A card is one message: posted once, edited, found again, and never shown to the wrong people."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.slack.places import ReplyToken
from adapters.slack.web_api.client import WebApi
from bot.domain.cards.card import JobPhase
from bot.domain.errors import Delayed, NotPosted, Undeliverable
from tests.platforms.fake_slack import Drop
from tests.platforms.with_slack.cards import job_view
from tests.platforms.with_slack.delivery.publisher_harness import (
    PublisherHarness,
    open_publisher,
    pictures,
    posted,
    said,
)


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[PublisherHarness]:
    async with open_publisher(tmp_path) as opened:
        yield opened


async def test_a_card_is_posted_once_and_edited_from_then_on(harness: PublisherHarness) -> None:
    waiting = harness.view(job_view(1, JobPhase.WAITING))
    done = replace(waiting, jobs=(job_view(1),))
    name = await harness.publisher.show(waiting, harness.place())
    assert name == await harness.publisher.show(done, harness.place(message=name))
    [message] = harness.messages()
    assert posted(message) == name
    assert "Done" in said(message)
    assert {"unfurl_links": False, "unfurl_media": False} == message.unfurl
    assert {"event_type": "reverie_card", "event_payload": {"card": waiting.card}} == message.metadata


async def test_a_card_in_a_thread_stays_there(harness: PublisherHarness) -> None:
    asked = harness.ada.at(harness.channel).write("look at this")
    view = harness.view(job_view(1, JobPhase.WAITING))
    name = await harness.publisher.show(view, harness.place(thread=asked.ts))
    [message] = harness.messages()
    assert asked.ts == message.thread_ts
    assert name == await harness.new_publisher().find_message(view.card, harness.place(thread=asked.ts))


async def test_a_message_with_a_lost_response_is_found(harness: PublisherHarness) -> None:
    view = harness.view(job_view(1, JobPhase.WAITING))
    harness.fake.fault("chat.postMessage", drop=Drop.AFTER)
    with pytest.raises(Delayed) as delayed:
        await harness.publisher.show(view, harness.place())
    assert not isinstance(delayed.value, NotPosted), "nobody knows whether it was posted"
    [message] = harness.messages()
    assert posted(message) == await harness.new_publisher().find_message(view.card, harness.place())


async def test_a_message_that_was_certainly_not_posted_is_not_searched(harness: PublisherHarness) -> None:
    """The core then does not search, which Slack may allow only once a minute."""
    harness.fake.fault("chat.postMessage", status=429, retry_after_s=7)
    with pytest.raises(NotPosted) as held:
        await harness.publisher.show(harness.view(job_view(1, JobPhase.WAITING)), harness.place())
    assert 7_000 == held.value.retry_after_ms


async def test_a_private_card_is_never_posted_in_the_channel(harness: PublisherHarness) -> None:
    """It is posted in direct messages; in the channel only the asker sees its first revision."""
    place = harness.place(private=True)
    name = await harness.publisher.show(harness.view(job_view(1, JobPhase.WAITING), private=True), place)
    await harness.publisher.show(harness.view(job_view(1), private=True), replace(place, message=name))
    assert [] == harness.messages()
    [card] = harness.sent_directly()
    assert posted(card) == name
    assert "Done" in said(card)
    [copy] = harness.ephemeral()
    assert harness.ada.user is copy.only_for
    assert "Only you can see this" in said(copy)


async def test_the_copy_of_a_private_card_uses_the_live_response_url(harness: PublisherHarness) -> None:
    harness.fake.kick_bot(harness.channel)
    place = harness.place(private=True, reply_token=harness.reply_token())
    await harness.publisher.show(harness.view(job_view(1, JobPhase.WAITING), private=True), place)
    assert [True] == [copy.only_for is harness.ada.user for copy in harness.ephemeral()]


async def test_a_private_card_with_a_lost_response_is_found_in_direct_messages(
    harness: PublisherHarness,
) -> None:
    view, place = harness.view(job_view(1, JobPhase.WAITING), private=True), harness.place(private=True)
    harness.fake.fault("chat.postMessage", drop=Drop.AFTER)
    with pytest.raises(Delayed):
        await harness.publisher.show(view, place)
    again = harness.new_publisher()
    assert await again.find_message(view.card, place) is None
    assert posted(harness.sent_directly()[0]) == await again.show(view, place)
    assert 1 == len(harness.sent_directly())


async def test_a_search_reads_the_history_once(
    harness: PublisherHarness,
) -> None:
    harness.fake.limits.rates["conversations.history"] = (1, 60)
    view, place = harness.view(), harness.direct_place()
    assert await harness.publisher.find_message(view.card, place) is None
    await harness.publisher.show(view, place)
    assert 1 == len(harness.fake.requests("conversations.history"))


async def test_a_card_that_cannot_be_posted_is_sent_directly_with_the_reason(
    harness: PublisherHarness,
) -> None:
    harness.fake.kick_bot(harness.channel)
    view = harness.view(job_view(1, JobPhase.WAITING))
    name = await harness.publisher.show(view, harness.place())
    [card] = harness.sent_directly()
    assert posted(card) == name
    assert "I am not in the channel" in said(card)
    # The same before it was recorded.
    assert name == await harness.new_publisher().show(view, harness.place())
    assert 1 == len(harness.sent_directly())


async def test_a_card_is_sent_directly_where_direct_messages_cannot_be_searched(
    harness: PublisherHarness,
) -> None:
    """An app that was installed before it needed a scope lacks it until it is reinstalled."""
    harness.fake.kick_bot(harness.channel)
    harness.fake.fault("conversations.history", error="missing_scope", needed="im:history")
    name = await harness.publisher.show(harness.view(), harness.place())
    assert [name] == [posted(card) for card in harness.sent_directly()]


async def test_a_card_whose_message_was_deleted_is_sent_directly(harness: PublisherHarness) -> None:
    name = await harness.publisher.show(harness.view(job_view(1, JobPhase.WAITING)), harness.place())
    harness.fake.delete(harness.messages()[0])
    done = harness.view(job_view(1))
    moved = await harness.publisher.show(done, harness.place(message=name))
    assert [moved] == [posted(card) for card in harness.sent_directly()]
    assert moved == await harness.publisher.show(done, harness.place(message=name))


async def test_an_undeliverable_card_names_the_command_to_find_it(harness: PublisherHarness) -> None:
    harness.fake.archive(harness.channel)
    harness.fake.deactivate(harness.ada)
    with pytest.raises(Undeliverable, match=r"archived.*account is deactivated.*/reverie show"):
        await harness.publisher.show(harness.view(job_view(1, JobPhase.WAITING)), harness.place())


async def test_a_failed_direct_message_is_explained_in_the_channel(harness: PublisherHarness) -> None:
    reach = harness.reply_token()
    harness.fake.deactivate(harness.ada)
    with pytest.raises(Undeliverable):
        await harness.publisher.show(harness.view(), harness.direct_place(reply_token=reach))
    [whisper] = harness.ephemeral()
    assert "could not be sent to you" in whisper.text


async def test_a_removed_card_leaves_neither_message_nor_file(harness: PublisherHarness) -> None:
    name = await harness.publisher.show(harness.view(), harness.place())
    file = pictures(harness.messages()[0])[0]
    for _ in range(2):
        await harness.publisher.remove(harness.place(message=name))
    assert [] == harness.messages()
    assert b"" == harness.fake.world.files[file].content
    assert [] == await harness.adapter_data.latest("")


async def test_a_message_that_may_not_be_removed_is_reported(harness: PublisherHarness) -> None:
    private = harness.fake.channel(harness.team, "staff", harness.ada, private=True)
    name = await harness.publisher.show(harness.view(), harness.place(private))
    file = pictures(harness.messages(private)[0])[0]
    harness.fake.kick_bot(private)
    with pytest.raises(Undeliverable, match="I am not in it"):
        await harness.publisher.remove(harness.place(private, message=name))
    assert b"" == harness.fake.world.files[file].content


async def test_only_the_file_of_a_deleted_job_is_removed(harness: PublisherHarness) -> None:
    view = harness.view(job_view(1), job_view(2))
    name = await harness.publisher.show(view, harness.place())
    first, second = pictures(harness.messages()[0])
    gone = replace(view, jobs=(job_view(1, JobPhase.GONE, media=None), view.jobs[1]))
    await harness.publisher.show(gone, harness.place(message=name))
    assert [second] == pictures(harness.messages()[0])
    assert b"" == harness.fake.world.files[first].content


async def test_a_notice_mentions_nobody(harness: PublisherHarness) -> None:
    await harness.publisher.post_notice("Out of <!channel> for a while", harness.place())
    assert "Out of &lt;!channel&gt; for a while" == harness.messages()[0].text
    harness.fake.archive(harness.channel)
    with pytest.raises(Undeliverable):
        await harness.publisher.post_notice("Back again", harness.place())


async def test_a_notice_names_commands_as_they_are_typed_on_slack(harness: PublisherHarness) -> None:
    await harness.publisher.post_notice("Tell an admin, who can use /rules moderators", harness.place())
    assert "Tell an admin, who can use /reverie rules moderators" == harness.messages()[0].text


async def test_a_notice_reaches_a_persons_direct_messages(harness: PublisherHarness) -> None:
    for text in ("It is down", "It is up"):
        await harness.publisher.post_notice(text, harness.direct_place())
    assert ["It is down", "It is up"] == [message.text for message in harness.sent_directly()]
    assert [] == harness.messages()


async def test_an_organisations_token_is_used_for_its_workspaces(harness: PublisherHarness) -> None:
    whole = harness.fake.enterprise("Studios")
    team = harness.fake.team("Cutting room", installed=False, enterprise=whole)
    harness.fake.install_everywhere(whole)
    asked: list[tuple[str, str | None]] = []

    class Tokens:
        async def token(self, team: str, enterprise: str | None = None) -> str | None:
            asked.append((team, enterprise))
            return harness.fake.bot_token(whole)

    slack = WebApi(Tokens(), harness.fake.api)
    reach = ReplyToken(enterprise=whole.id).dump()
    place = harness.place(team.general, workspace=f"slack:{team.id}", reply_token=reach)
    await harness.new_publisher(slack=slack).show(harness.view(), place)
    await slack.close()
    assert 1 == len(pictures(harness.messages(team.general)[0]))
    assert {(team.id, whole.id)} == set(asked)
