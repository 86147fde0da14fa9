"""The conversation store and the publisher: what is stored, and who sees it."""

import asyncio
from dataclasses import replace

import pytest

from adapters.playground.delivery.conversation_store import KEPT, ConversationStore
from adapters.playground.delivery.people import PersonStore
from adapters.playground.delivery.publisher import CardPublisher
from adapters.playground.events.requests import RequestContext
from adapters.playground.messages.conversations import (
    STUDIO,
    Channel,
    Person,
    conversation_at,
    direct_messages,
)
from adapters.playground.messages.records import Record, UserMessage
from bot.domain.errors import InvalidRequest
from bot.service.replies import PrivateReply, ReplyFile
from tests.playground.live_cards import ADA, CARD, GRACE, NOW, place, running_card
from tests.playground.memory_adapter_data import MemoryAdapterData


@pytest.fixture
def adapter_data() -> MemoryAdapterData:
    return MemoryAdapterData()


@pytest.fixture
def store(adapter_data: MemoryAdapterData) -> ConversationStore:
    return ConversationStore(adapter_data, lambda: NOW)


async def seen(store: ConversationStore, person: Person) -> list[Record]:
    return (await store.snapshot(person.name)).messages


class TestPublisher:
    async def test_posting_twice_is_one_message(self, store: ConversationStore) -> None:
        publisher = CardPublisher(store)
        messages = [await publisher.show(running_card(1), place()) for _ in range(2)]
        assert messages == [CARD, CARD]
        assert len(await seen(store, ADA)) == 1

    async def test_an_older_revision_never_covers_a_newer_one(self, store: ConversationStore) -> None:
        publisher = CardPublisher(store)
        await asyncio.gather(*(publisher.show(running_card(rev), place()) for rev in (3, 1, 2)))
        assert [message["rev"] for message in await seen(store, ADA)] == [3]

    async def test_finds_what_is_there(self, store: ConversationStore) -> None:
        publisher = CardPublisher(store)
        assert await publisher.find_message(CARD, place()) is None
        await publisher.show(running_card(1), place())
        assert await publisher.find_message(CARD, place()) == CARD

    async def test_a_removed_message_stays_removed(self, store: ConversationStore) -> None:
        publisher = CardPublisher(store)
        await publisher.show(running_card(1), place())
        for _ in range(2):
            await publisher.remove(place(message=CARD))
        await publisher.show(running_card(9), place(message=CARD))
        assert await publisher.find_message(CARD, place()) is None
        assert await seen(store, ADA) == []

    async def test_removing_an_unknown_message_is_no_error(self, store: ConversationStore) -> None:
        await CardPublisher(store).remove(place(message=CARD))
        await CardPublisher(store).remove(place())

    @pytest.mark.parametrize("where", ["card", "place"])
    async def test_only_its_member_sees_a_private_card(self, store: ConversationStore, where: str) -> None:
        await CardPublisher(store).show(
            running_card(1, private=where == "card"), place(private=where == "place")
        )
        assert len(await seen(store, ADA)) == 1
        assert await seen(store, GRACE) == []


async def test_everybody_sees_the_newest_announcement(store: ConversationStore) -> None:
    for text in ("It is out", "It is out again"):
        await CardPublisher(store).post_notice(text, place())
    for person in (ADA, GRACE):
        (line,) = await seen(store, person)
        assert ("It is out again", None) == (line["text"], line["to"])


async def test_an_announcement_to_a_person_is_seen_by_nobody_else(store: ConversationStore) -> None:
    await CardPublisher(store).post_notice("It is out", replace(place(), channel=f"@{ADA.id}"))
    (line,) = await seen(store, ADA)
    assert ("It is out", Channel.DIRECT) == (line["text"], line["channel"])
    assert [] == await seen(store, GRACE)


async def test_notes_are_private_limited_and_can_be_dismissed(store: ConversationStore) -> None:
    for number in range(35):
        await store.put_note(
            STUDIO,
            "ada",
            f"key-{number:05d}",
            PrivateReply(title=f"note {number}"),
            UserMessage(text="/help"),
        )
    await store.put_refusal(
        STUDIO, "grace", "key-grace", "Prompt is too short", UserMessage(text="/imagine x")
    )
    notes = await seen(store, ADA)
    assert [note["title"] for note in notes] == [f"note {number}" for number in range(5, 35)]
    await store.dismiss("grace", "key-00034")
    assert len(await seen(store, ADA)) == 30
    await store.dismiss("ada", "key-00034")
    assert len(await seen(store, ADA)) == 29
    assert [(note["text"], note["refused"]) for note in await seen(store, GRACE)] == [
        ("Prompt is too short", True)
    ]


async def test_a_large_file_goes_to_the_page_that_asked_and_is_not_stored(store: ConversationStore) -> None:
    for key, size in (("key-small", 100_000), ("key-large", 4_000_000)):
        file = ReplyFile(name="data.zip", mime="application/zip", content=bytes(size))
        reply = PrivateReply(title="Your data", file=file)
        sent = await store.put_note(STUDIO, "ada", key, reply, UserMessage(text="/mydata export"))
        assert sent["file"]["address"].startswith("data:application/zip;base64,")
    small, large = await seen(store, ADA)
    assert small["file"]["address"]
    assert ("data.zip", "") == (large["file"]["name"], large["file"]["address"])


async def test_a_deleted_job_leaves_the_notes_of_others(store: ConversationStore) -> None:
    publisher, other = CardPublisher(store), replace(running_card(1), card="2" * 24, title="a boat")
    other = replace(other, jobs=(replace(other.jobs[0], id="3" * 24),))
    await publisher.show(running_card(1), place())
    drawn = ReplyFile(name="lineage.png", mime="image/png", content=b"a fox")
    for key, views in (("key-list1", (running_card(1), other)), ("key-show1", (running_card(1),))):
        reply = PrivateReply(title="a fox" if len(views) == 1 else "The gallery", views=views, file=drawn)
        await store.put_note(STUDIO, "grace", key, reply, UserMessage(text="/gallery"))
    await publisher.remove(place(message=CARD))
    (note,) = await seen(store, GRACE)
    assert ["a boat"] == [card["title"] for card in note["cards"]]
    assert note["file"] is None


class TestConversations:
    DIRECT = RequestContext.of(GRACE, Channel.DIRECT)

    async def test_a_copy_in_direct_messages_belongs_to_its_recipient(self, store: ConversationStore) -> None:
        """Though its job, and so the card's member, is another person's."""
        await CardPublisher(store).show(running_card(1), self.DIRECT.place())
        assert [(card["channel"], card["to"], card["name"]) for card in await seen(store, GRACE)] == [
            ("dm", "grace", "ada")
        ]
        assert await seen(store, ADA) == []

    async def test_one_card_in_two_conversations_is_two_messages(self, store: ConversationStore) -> None:
        publisher = CardPublisher(store)
        await publisher.show(running_card(1), place())
        await publisher.show(running_card(1), self.DIRECT.place())
        await publisher.remove(replace(self.DIRECT.place(), message=CARD))
        assert [card["channel"] for card in await seen(store, GRACE)] == ["studio"]
        assert await publisher.find_message(CARD, place()) == CARD
        assert await publisher.find_message(CARD, self.DIRECT.place()) is None

    async def test_the_core_names_a_place_as_the_playground_does(self) -> None:
        assert self.DIRECT.place().channel == "@playground:grace"
        assert conversation_at(self.DIRECT.place()) == self.DIRECT.conversation == direct_messages("grace")
        assert conversation_at(place()) == STUDIO


async def test_only_the_newest_cards_are_kept_with_their_messages_and_reactions(
    store: ConversationStore, adapter_data: MemoryAdapterData
) -> None:
    publisher = CardPublisher(store)
    for number in range(KEPT + 60):
        card = f"{number:024}"
        await publisher.show(replace(running_card(1), card=card, created_at=NOW + number), place())
        await store.put_message(STUDIO, card, UserMessage(text="/imagine a fox"), to=None)
        await store.set_reaction(STUDIO, "ada", {"card": card, "to": None}, "❤️", on=True)
    await publisher.show(
        replace(running_card(1), card=CARD[1:] + "x"), RequestContext.of(ADA, Channel.DIRECT).place()
    )
    kinds = [key.split("/")[1:3] for key in adapter_data.entries]
    counts = {kind: kinds.count(["studio", kind]) for kind in ("card", "said", "reaction")}
    assert all(KEPT <= count < KEPT + 51 for count in counts.values()), counts
    assert f"room/studio/card/{0:024}" not in adapter_data.entries
    assert f"room/studio/card/{KEPT + 59:024}" in adapter_data.entries
    assert kinds.count(["@ada", "card"]) == 1


async def test_a_new_workspace_has_two_people_and_the_first_is_the_admin(
    adapter_data: MemoryAdapterData,
) -> None:
    people = PersonStore(adapter_data)
    assert await people.everybody() == [ADA, GRACE]
    assert [RequestContext.of(person).caller.is_admin for person in await people.everybody()] == [
        True,
        False,
    ]


async def test_a_person_is_added_once(adapter_data: MemoryAdapterData) -> None:
    people = PersonStore(adapter_data)
    lin = Person(name="lin_3-x", is_admin=False)
    assert [await people.add("  Lin_3-X"), await people.add("lin_3-x")] == [lin, lin]
    assert await people.add("ada") == ADA
    assert await PersonStore(adapter_data).everybody() == [ADA, GRACE, lin]
    assert RequestContext.of(lin).caller.member == "playground:main:lin_3-x"
    assert RequestContext.of(lin).caller.person == "playground:lin_3-x"


@pytest.mark.parametrize("name", ["", " ", "a b", "a:b", "a/b", "é\u200b", "x" * 25, "<b>"])
async def test_an_ambiguous_name_is_refused(adapter_data: MemoryAdapterData, name: str) -> None:
    with pytest.raises(InvalidRequest, match="1 to 24"):
        await PersonStore(adapter_data).add(name)


async def test_a_person_who_is_forgotten_leaves_nothing_behind(
    store: ConversationStore, adapter_data: MemoryAdapterData
) -> None:
    await CardPublisher(store).show(running_card(1), place())
    (card,) = await seen(store, ADA)
    for person in (ADA, GRACE):
        await store.set_reaction(STUDIO, person.name, card, "❤️", on=True)
        await store.put_note(
            STUDIO, person.name, "note-0001", PrivateReply(title="Hello"), UserMessage(text="/help")
        )
    for _ in range(2):
        await store.forget(GRACE.name)
    assert not [entry.key for entry in await adapter_data.since("", 0) if GRACE.name in entry.key]
    assert [ADA.name] == [one["name"] for one in await seen(store, ADA) if one["kind"] == "reaction"]
    assert "note" in {one["kind"] for one in await seen(store, ADA)}
