"""One card, one message: posted once, edited from then on, found again, never shown to the wrong people."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.slack.places import ReplyToken
from adapters.slack.web_api.client import WebApi
from bot.domain.cards import JobPhase
from bot.domain.errors import Delayed, NotPosted, Undeliverable
from tests.platforms.fake_slack import Drop
from tests.platforms.with_slack.cards import job_view
from tests.platforms.with_slack.house import House, open_house, pictures, posted, said


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def test_a_card_is_posted_once_and_edited_from_then_on(house: House) -> None:
    waiting = house.view(job_view(1, JobPhase.WAITING))
    done = replace(waiting, jobs=(job_view(1),))
    name = await house.publisher.show(waiting, house.place())
    assert name == await house.publisher.show(done, house.place(message=name))
    [message] = house.messages()
    assert posted(message) == name
    assert "Done" in said(message)
    assert {"unfurl_links": False, "unfurl_media": False} == message.unfurl
    assert {"event_type": "reverie_card", "event_payload": {"card": waiting.card}} == message.metadata


async def test_a_card_in_a_thread_stays_there(house: House) -> None:
    asked = house.ada.at(house.channel).write("look at this")
    view = house.view(job_view(1, JobPhase.WAITING))
    name = await house.publisher.show(view, house.place(thread=asked.ts))
    [message] = house.messages()
    assert asked.ts == message.thread_ts
    assert name == await house.new_outlet().find_message(view.card, house.place(thread=asked.ts))


async def test_a_message_whose_posting_was_not_answered_is_found_again(house: House) -> None:
    view = house.view(job_view(1, JobPhase.WAITING))
    house.fake.fault("chat.postMessage", drop=Drop.AFTER)
    with pytest.raises(Delayed) as delayed:
        await house.publisher.show(view, house.place())
    assert not isinstance(delayed.value, NotPosted), "nobody knows whether it was posted"
    [message] = house.messages()
    assert posted(message) == await house.new_outlet().find_message(view.card, house.place())


async def test_what_slack_certainly_did_not_post_is_said_so(house: House) -> None:
    """The engine then looks for nothing, for a search may be allowed once a minute."""
    house.fake.fault("chat.postMessage", status=429, retry_after_s=7)
    with pytest.raises(NotPosted) as held:
        await house.publisher.show(house.view(job_view(1, JobPhase.WAITING)), house.place())
    assert 7_000 == held.value.retry_after_ms


async def test_a_private_card_never_comes_to_the_channel(house: House) -> None:
    """It lives in direct messages; where it was asked for its asker alone sees how it began."""
    place = house.place(private=True)
    name = await house.publisher.show(house.view(job_view(1, JobPhase.WAITING), private=True), place)
    await house.publisher.show(house.view(job_view(1), private=True), replace(place, message=name))
    assert [] == house.messages()
    [card] = house.sent_directly()
    assert posted(card) == name
    assert "Done" in said(card)
    [copy] = house.whispers()
    assert house.ada.user is copy.only_for
    assert "Only you can see this" in said(copy)


async def test_a_private_card_is_answered_by_the_commands_own_address_while_that_lives(house: House) -> None:
    house.fake.kick_bot(house.channel)
    place = house.place(private=True, reply_token=house.reach())
    await house.publisher.show(house.view(job_view(1, JobPhase.WAITING), private=True), place)
    assert [True] == [copy.only_for is house.ada.user for copy in house.whispers()]


async def test_a_private_card_whose_posting_was_not_answered_is_found_in_direct_messages(
    house: House,
) -> None:
    view, place = house.view(job_view(1, JobPhase.WAITING), private=True), house.place(private=True)
    house.fake.fault("chat.postMessage", drop=Drop.AFTER)
    with pytest.raises(Delayed):
        await house.publisher.show(view, place)
    again = house.new_outlet()
    assert await again.find_message(view.card, place) is None
    assert posted(house.sent_directly()[0]) == await again.show(view, place)
    assert 1 == len(house.sent_directly())


async def test_a_search_is_made_once_though_an_app_of_many_workspaces_reads_once_a_minute(
    house: House,
) -> None:
    house.fake.limits.rates["conversations.history"] = (1, 60)
    view, place = house.view(), house.direct_place()
    assert await house.publisher.find_message(view.card, place) is None
    await house.publisher.show(view, place)
    assert 1 == len(house.fake.requests("conversations.history"))


async def test_where_the_bot_may_not_write_the_card_comes_to_direct_messages_and_says_why(
    house: House,
) -> None:
    house.fake.kick_bot(house.channel)
    view = house.view(job_view(1, JobPhase.WAITING))
    name = await house.publisher.show(view, house.place())
    [card] = house.sent_directly()
    assert posted(card) == name
    assert "I am not in the channel" in said(card)
    # Before that was noted: the same again.
    assert name == await house.new_outlet().show(view, house.place())
    assert 1 == len(house.sent_directly())


async def test_a_card_whose_message_was_deleted_ends_in_direct_messages(house: House) -> None:
    name = await house.publisher.show(house.view(job_view(1, JobPhase.WAITING)), house.place())
    house.fake.delete(house.messages()[0])
    done = house.view(job_view(1))
    moved = await house.publisher.show(done, house.place(message=name))
    assert [moved] == [posted(card) for card in house.sent_directly()]
    assert moved == await house.publisher.show(done, house.place(message=name))


async def test_who_can_be_reached_nowhere_is_told_how_to_find_the_result(house: House) -> None:
    house.fake.archive(house.channel)
    house.fake.deactivate(house.ada)
    with pytest.raises(Undeliverable, match=r"archived.*account is deactivated.*/reverie show"):
        await house.publisher.show(house.view(job_view(1, JobPhase.WAITING)), house.place())


async def test_what_cannot_be_sent_to_somebody_is_said_where_they_asked_for_it(house: House) -> None:
    reach = house.reach()
    house.fake.deactivate(house.ada)
    with pytest.raises(Undeliverable):
        await house.publisher.show(house.view(), house.direct_place(reply_token=reach))
    [whisper] = house.whispers()
    assert "could not be sent to you" in whisper.text


async def test_a_removed_card_leaves_neither_message_nor_file(house: House) -> None:
    name = await house.publisher.show(house.view(), house.place())
    file = pictures(house.messages()[0])[0]
    for _ in range(2):
        await house.publisher.remove(house.place(message=name))
    assert [] == house.messages()
    assert b"" == house.fake.world.files[file].content
    assert [] == await house.adapter_data.latest("")


async def test_the_file_of_a_deleted_job_goes_while_the_others_stay(house: House) -> None:
    view = house.view(job_view(1), job_view(2))
    name = await house.publisher.show(view, house.place())
    first, second = pictures(house.messages()[0])
    gone = replace(view, jobs=(job_view(1, JobPhase.GONE, media=None), view.jobs[1]))
    await house.publisher.show(gone, house.place(message=name))
    assert [second] == pictures(house.messages()[0])
    assert b"" == house.fake.world.files[first].content


async def test_a_line_of_the_bots_own_mentions_nobody(house: House) -> None:
    await house.publisher.post_notice("Out of <!channel> for a while", house.place())
    assert "Out of &lt;!channel&gt; for a while" == house.messages()[0].text
    house.fake.archive(house.channel)
    with pytest.raises(Undeliverable):
        await house.publisher.post_notice("Back again", house.place())


async def test_in_an_organisation_the_place_says_whose_token_opens_the_workspace(house: House) -> None:
    whole = house.fake.enterprise("Studios")
    team = house.fake.team("Cutting room", installed=False, enterprise=whole)
    house.fake.install_everywhere(whole)
    asked: list[tuple[str, str | None]] = []

    class Tokens:
        async def token(self, team: str, enterprise: str | None = None) -> str | None:
            asked.append((team, enterprise))
            return house.fake.bot_token(whole)

    slack = WebApi(Tokens(), house.fake.api)
    reach = ReplyToken(enterprise=whole.id).dump()
    place = house.place(team.general, workspace=f"slack:{team.id}", reply_token=reach)
    await house.new_outlet(slack=slack).show(house.view(), place)
    await slack.close()
    assert 1 == len(pictures(house.messages(team.general)[0]))
    assert {(team.id, whole.id)} == set(asked)
