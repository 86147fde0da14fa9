"""One reader of the store for all event streams; each gets what its person may see, once and in order."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import httpx
import orjson
import pytest
from pydantic import SecretStr

from adapters.playground.access.people import People
from adapters.playground.delivery.conversation_store import Room
from adapters.playground.delivery.conversations import Seat, Talk
from adapters.playground.delivery.poller import MOST_STREAMS, Feed
from adapters.playground.delivery.publisher import RoomOutlet
from adapters.playground.messages.wire import Said
from bot.domain.errors import StoreError
from bot.service.replies import PrivateReply
from bot.settings import Settings, Switch
from tests.patience import PATIENCE_S
from tests.playground.fake_studio import START
from tests.playground.fakes import FakeVault, Kept
from tests.playground.rooms import CARD, GRACE, live, place
from tests.playground.serving import Served, serve
from tests.web.running_app import until

Told = tuple[int, Any]


class CountingVault(FakeVault):
    """Counts how often the feed is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    async def since(self, prefix: str, seq: int, *, limit: int = 500) -> list[Kept]:
        self.reads += prefix == "room/"
        return list(await super().since(prefix, seq, limit=limit))


@pytest.fixture
def adapter_data() -> CountingVault:
    return CountingVault()


@pytest.fixture
def room(adapter_data: FakeVault) -> Room:
    return Room(adapter_data, lambda: START)


def feed_of(adapter_data: FakeVault, room: Room, *, look_every_s: float = 60) -> Feed:
    return Feed(
        adapter_data=adapter_data, room=room, people=People(adapter_data), link=str, look_every_s=look_every_s
    )


@asynccontextmanager
async def running(feed: Feed) -> AsyncIterator[None]:
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        receiver = tasks.create_task(feed.run())
        try:
            yield
        finally:
            receiver.cancel()


async def known() -> bool:
    return True


async def follow(feed: Feed, name: str, seq: int, until: Callable[[list[Told]], bool]) -> list[Told]:
    """What a stream tells, up to its end or until it is enough."""
    told: list[Told] = []
    stream = feed.follow(name, seq, known, still_s=60)
    async for event in stream:
        if event.startswith(b"id: "):
            first, second, *_ = event.decode().split("\n")
            told.append((int(first.removeprefix("id: ")), orjson.loads(second.removeprefix("data: "))))
        if until(told):
            break
    await stream.aclose()  # type: ignore[attr-defined]
    return told


def kinds(*wanted: str) -> Callable[[list[Told]], bool]:
    return lambda told: [message["kind"] for _, message in told][-len(wanted) :] == list(wanted)


async def test_a_stream_tells_everything_after_its_snapshot(room: Room, adapter_data: FakeVault) -> None:
    feed, publisher = feed_of(adapter_data, room), RoomOutlet(room)
    async with running(feed):
        await publisher.show(live(1), place())
        snapshot = await room.snapshot("ada")
        gone = asyncio.create_task(
            follow(feed, "ada", snapshot.seq, lambda told: bool(told and told[-1][1].get("gone")))
        )
        await publisher.show(live(2), place())
        await room.say(Talk(), CARD, Said(text="/imagine a fox"), to=None)
        await room.note(Seat(person=GRACE), "key-grace", PrivateReply(title="not for ada"), Said(text=""))
        await publisher.remove(place(message=CARD))
        told = [(message["kind"], message.get("rev")) for _, message in await gone]
    assert told[-1] == ("card", 2)
    assert "note" not in [kind for kind, _ in told]


async def test_a_change_is_read_once_however_many_streams_there_are(
    room: Room, adapter_data: CountingVault
) -> None:
    feed = feed_of(adapter_data, room)
    async with running(feed):
        await RoomOutlet(room).show(live(1), place())
        streams = [
            asyncio.create_task(follow(feed, name, adapter_data.seq, kinds("said")))
            for name in ("ada", "grace")
            for _ in range(15)
        ]
        await until(lambda: len(feed._streams) == 30)
        for _ in range(10):
            await asyncio.sleep(0)
        before = adapter_data.reads
        await room.say(Talk(), CARD, Said(text="/imagine a fox"), to=None)
        assert 30 == len(await asyncio.gather(*streams))
        assert adapter_data.reads - before <= 2


async def test_a_number_that_is_committed_late_is_told_too(room: Room, adapter_data: FakeVault) -> None:
    feed, cards = feed_of(adapter_data, room), list[str]()

    def has_both(told: list[Told]) -> bool:
        cards[:] = [message["card"] for _, message in told if message["kind"] == "said"]
        return len(cards) == 2

    async with running(feed):
        following = asyncio.create_task(follow(feed, "ada", 0, has_both))
        adapter_data.seq = 10
        await room.say(Talk(), "later", Said(text="/quota"), to=None)
        await until(lambda: cards == ["later"])
        adapter_data.seq = 8
        await room.say(Talk(), "earlier", Said(text="/help"), to=None)
        told = await following
    assert ["later", "earlier"] == cards
    assert len(told) == len(dict(told))


async def test_no_change_is_lost_or_told_twice_between_the_past_and_the_reader(
    room: Room, adapter_data: FakeVault
) -> None:
    feed = feed_of(adapter_data, room)
    async with running(feed):
        streams = []
        for number in range(100):
            await room.say(Talk(), f"card-{number}", Said(text="/quota"), to=None)
            name = "ada" if number % 2 else "grace"
            if number % 10 == 0:
                last = lambda told: bool(told) and told[-1][1].get("card") == "card-99"  # noqa: E731
                streams.append(asyncio.create_task(follow(feed, name, 0, last)))
        for told in await asyncio.gather(*streams):
            cards = [message["card"] for _, message in told if message["kind"] == "said"]
            assert [f"card-{number}" for number in range(100)] == cards


async def test_what_another_process_puts_is_told(adapter_data: FakeVault) -> None:
    here, elsewhere = Room(adapter_data, lambda: START), Room(adapter_data, lambda: START)
    feed = feed_of(adapter_data, here, look_every_s=0.01)
    async with running(feed):
        said = asyncio.create_task(follow(feed, "ada", 0, kinds("said")))
        await elsewhere.say(Talk(), CARD, Said(text="/imagine a fox"), to=None)
        await said


async def test_streams_end_with_the_reader_and_begin_with_the_next(
    room: Room, adapter_data: FakeVault
) -> None:
    feed = feed_of(adapter_data, room)
    async with running(feed):
        ended = asyncio.create_task(follow(feed, "ada", 0, lambda _: False))
        await until(lambda: bool(feed._streams))
    assert ["person", "person"] == [message["kind"] for _, message in await ended]
    async with running(feed):
        said = asyncio.create_task(follow(feed, "ada", adapter_data.seq, kinds("said")))
        await room.say(Talk(), CARD, Said(text="/imagine a fox"), to=None)
        await said


async def test_a_store_that_fails_for_a_while_loses_nothing(room: Room) -> None:
    class Failing(FakeVault):
        fails = 0

        async def since(self, prefix: str, seq: int, *, limit: int = 500) -> list[Kept]:
            if prefix == "room/" and self.fails:
                self.fails -= 1
                raise StoreError("away")
            return list(await super().since(prefix, seq, limit=limit))

    adapter_data = Failing()
    room = Room(adapter_data, lambda: START)
    feed = feed_of(adapter_data, room, look_every_s=0.01)
    async with running(feed):
        said = asyncio.create_task(follow(feed, "ada", 0, kinds("said")))
        await until(lambda: bool(feed._streams))
        adapter_data.fails = 3
        await room.say(Talk(), CARD, Said(text="/imagine a fox"), to=None)
        await said


async def events(client: httpx.AsyncClient, me: str = "ada") -> tuple[Any, AsyncIterator[str]]:
    """An open stream over HTTP, with the lines that it tells from now on."""
    request = client.build_request("GET", f"/playground/events?me={me}&since=0")
    answer = await client.send(request, stream=True)
    assert answer.status_code == HTTPStatus.OK
    lines = answer.aiter_lines()
    assert await anext(lines) == "retry: 1000"
    return answer, lines


async def reason_of(lines: AsyncIterator[str]) -> str:
    """Why a stream ends."""
    async with asyncio.timeout(PATIENCE_S):
        async for line in lines:
            if line == "event: closed":
                data = await anext(lines)
                return str(orjson.loads(data.removeprefix("data: "))["reason"])
    return "without a reason"


async def test_the_oldest_of_too_many_streams_of_a_person_is_closed_and_told_why(served: Served) -> None:
    async with served.client(limits=httpx.Limits(max_connections=50)) as client:
        opened = [await events(client) for _ in range(MOST_STREAMS)]
        others = await events(client, "grace")
        opened.append(await events(client))
        assert "replaced" == await reason_of(opened[0][1])
        # Everybody else's go on.
        await RoomOutlet(Room(served.adapter_data, lambda: START)).show(live(1), place())
        for _, lines in (*opened[1:], others):
            async with asyncio.timeout(PATIENCE_S):
                while '"kind":"card"' not in await anext(lines):
                    pass
        for answer, _ in (*opened, others):
            await answer.aclose()


async def test_a_stream_ends_when_its_session_does() -> None:
    settings = Settings(playground=Switch.ON, playground_password=SecretStr("open sesame"))
    async with serve(settings) as served, served.client() as client, served.client() as other:
        for one in (client, other):
            assert (await one.post("/playground/login", json={"password": "open sesame"})).is_success
        answer, lines = await events(client)
        kept, _ = await events(other)
        await client.post("/playground/logout", json={})
        assert "signed-out" == await reason_of(lines)
        assert not kept.is_closed
        await answer.aclose()
        await kept.aclose()
