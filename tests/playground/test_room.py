"""The room: what is kept, for whom, and in which order it is told."""

import asyncio
from dataclasses import replace

import pytest

from adapters.playground.access.people import People
from adapters.playground.delivery.conversation_store import KEPT, Room
from adapters.playground.delivery.conversations import Channel, Person, Seat, Talk
from adapters.playground.delivery.publisher import RoomOutlet
from adapters.playground.messages.wire import Message, Said
from bot.domain.errors import InvalidRequest
from bot.service.replies import PrivateReply
from tests.playground.fake_studio import START
from tests.playground.fakes import FakeVault
from tests.playground.rooms import ADA, CARD, GRACE, live, place


@pytest.fixture
def adapter_data() -> FakeVault:
    return FakeVault()


@pytest.fixture
def room(adapter_data: FakeVault) -> Room:
    return Room(adapter_data, lambda: START)


async def seen(room: Room, person: Person) -> list[Message]:
    return (await room.snapshot(person.name)).messages


class TestOutlet:
    async def test_posting_twice_is_one_message(self, room: Room) -> None:
        publisher = RoomOutlet(room)
        messages = [await publisher.show(live(1), place()) for _ in range(2)]
        assert messages == [CARD, CARD]
        assert len(await seen(room, ADA)) == 1

    async def test_an_older_revision_never_covers_a_newer_one(self, room: Room) -> None:
        publisher = RoomOutlet(room)
        await asyncio.gather(*(publisher.show(live(rev), place()) for rev in (3, 1, 2)))
        assert [message["rev"] for message in await seen(room, ADA)] == [3]

    async def test_finds_what_is_there(self, room: Room) -> None:
        publisher = RoomOutlet(room)
        assert await publisher.find_message(CARD, place()) is None
        await publisher.show(live(1), place())
        assert await publisher.find_message(CARD, place()) == CARD

    async def test_what_is_removed_stays_so(self, room: Room) -> None:
        publisher = RoomOutlet(room)
        await publisher.show(live(1), place())
        for _ in range(2):
            await publisher.remove(place(message=CARD))
        await publisher.show(live(9), place(message=CARD))
        assert await publisher.find_message(CARD, place()) is None
        assert await seen(room, ADA) == []

    async def test_removing_what_was_never_there_is_no_error(self, room: Room) -> None:
        await RoomOutlet(room).remove(place(message=CARD))
        await RoomOutlet(room).remove(place())

    @pytest.mark.parametrize("where", ["card", "place"])
    async def test_a_private_card_is_its_askers_alone(self, room: Room, where: str) -> None:
        await RoomOutlet(room).show(live(1, private=where == "card"), place(private=where == "place"))
        assert len(await seen(room, ADA)) == 1
        assert await seen(room, GRACE) == []


async def test_of_the_bots_own_lines_everybody_sees_the_last(room: Room) -> None:
    for text in ("It is out", "It is out again"):
        await RoomOutlet(room).post_notice(text, place())
    for person in (ADA, GRACE):
        (line,) = await seen(room, person)
        assert ("It is out again", None) == (line["text"], line["to"])


async def test_notes_are_private_limited_and_gone_when_dismissed(room: Room) -> None:
    for number in range(35):
        await room.note(
            Seat(person=ADA), f"key-{number:05d}", PrivateReply(title=f"note {number}"), Said(text="/help")
        )
    await room.refuse(Seat(person=GRACE), "key-grace", "Prompt is too short", Said(text="/imagine x"))
    notes = await seen(room, ADA)
    assert [note["title"] for note in notes] == [f"note {number}" for number in range(5, 35)]
    await room.dismiss("grace", "key-00034")
    assert len(await seen(room, ADA)) == 30
    await room.dismiss("ada", "key-00034")
    assert len(await seen(room, ADA)) == 29
    assert [(note["text"], note["refused"]) for note in await seen(room, GRACE)] == [
        ("Prompt is too short", True)
    ]


class TestConversations:
    DIRECT = Seat(person=GRACE, channel=Channel.DIRECT)

    async def test_a_copy_in_direct_messages_belongs_to_who_gets_it(self, room: Room) -> None:
        """Though the job on it, and so the card's member, is somebody else's."""
        await RoomOutlet(room).show(live(1), self.DIRECT.place())
        assert [(card["channel"], card["to"], card["name"]) for card in await seen(room, GRACE)] == [
            ("dm", "grace", "ada")
        ]
        assert await seen(room, ADA) == []

    async def test_one_card_in_two_conversations_is_two_messages(self, room: Room) -> None:
        publisher = RoomOutlet(room)
        await publisher.show(live(1), place())
        await publisher.show(live(1), self.DIRECT.place())
        await publisher.remove(replace(self.DIRECT.place(), message=CARD))
        assert [card["channel"] for card in await seen(room, GRACE)] == ["studio"]
        assert await publisher.find_message(CARD, place()) == CARD
        assert await publisher.find_message(CARD, self.DIRECT.place()) is None

    async def test_the_core_names_a_place_as_the_playground_does(self) -> None:
        assert self.DIRECT.place().channel == "@playground:grace"
        assert Talk.at(self.DIRECT.place()) == self.DIRECT.talk == Talk(owner="grace")
        assert Talk.at(place()) == Talk()


async def test_only_the_newest_cards_are_kept_with_what_belongs_to_them(
    room: Room, adapter_data: FakeVault
) -> None:
    seat, publisher = Seat(person=ADA), RoomOutlet(room)
    for number in range(KEPT + 60):
        card = f"{number:024}"
        await publisher.show(replace(live(1), card=card, created_at=START + number), place())
        await room.say(Talk(), card, Said(text="/imagine a fox"), to=None)
        await room.mark(seat, {"card": card, "to": None}, "❤️", on=True)
    await publisher.show(
        replace(live(1), card=CARD[1:] + "x"), Seat(person=ADA, channel=Channel.DIRECT).place()
    )
    kinds = [key.split("/")[1:3] for key in adapter_data.kept]
    counts = {kind: kinds.count(["studio", kind]) for kind in ("card", "said", "reaction")}
    assert all(KEPT <= count < KEPT + 51 for count in counts.values()), counts
    assert f"room/studio/card/{0:024}" not in adapter_data.kept
    assert f"room/studio/card/{KEPT + 59:024}" in adapter_data.kept
    assert kinds.count(["@ada", "card"]) == 1


async def test_two_people_come_out_of_the_box_and_the_first_is_the_admin(adapter_data: FakeVault) -> None:
    people = People(adapter_data)
    assert await people.everybody() == [ADA, GRACE]
    assert [Seat(person=person).caller.is_admin for person in await people.everybody()] == [True, False]


async def test_a_person_is_added_once(adapter_data: FakeVault) -> None:
    people = People(adapter_data)
    lin = Person(name="lin_3-x", is_admin=False)
    assert [await people.add("  Lin_3-X"), await people.add("lin_3-x")] == [lin, lin]
    assert await people.add("ada") == ADA
    assert await People(adapter_data).everybody() == [ADA, GRACE, lin]
    assert Seat(person=lin).caller.member == "playground:main:lin_3-x"
    assert Seat(person=lin).caller.person == "playground:lin_3-x"


@pytest.mark.parametrize("name", ["", " ", "a b", "a:b", "a/b", "é", "x" * 25, "<b>"])
async def test_a_name_that_could_be_mistaken_is_refused(adapter_data: FakeVault, name: str) -> None:
    with pytest.raises(InvalidRequest, match="1 to 24"):
        await People(adapter_data).add(name)
