"""The poller reads the store once for all event streams; each sends what its person may see, in order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from adapters.playground.delivery.conversation_store import ConversationStore
from adapters.playground.delivery.people import PersonStore
from adapters.playground.delivery.poller import StorePoller
from adapters.playground.delivery.publisher import CardPublisher
from adapters.playground.messages.conversations import STUDIO
from adapters.playground.messages.records import UserMessage, announcement_record
from bot.domain.errors import StoreError
from bot.service.adapter_data import Entry
from bot.service.replies import PrivateReply
from tests.patience import PATIENCE_S, until
from tests.playground.live_cards import CARD, NOW, place, running_card
from tests.playground.memory_adapter_data import MemoryAdapterData

ReceivedChange = tuple[int, Any]


class CountingAdapterData(MemoryAdapterData):
    """Counts the reads of the feed."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    async def since(self, prefix: str, seq: int, *, limit: int = 500) -> list[Entry]:
        self.reads += prefix == "room/"
        return list(await super().since(prefix, seq, limit=limit))


@pytest.fixture
def adapter_data() -> CountingAdapterData:
    return CountingAdapterData()


@pytest.fixture
def store(adapter_data: MemoryAdapterData) -> ConversationStore:
    return ConversationStore(adapter_data, lambda: NOW)


def poller_of(
    adapter_data: MemoryAdapterData,
    store: ConversationStore,
    *,
    poll_every_s: float = 60,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> StorePoller:
    return StorePoller(
        adapter_data=adapter_data,
        store=store,
        people=PersonStore(adapter_data),
        link=str,
        poll_every_s=poll_every_s,
        sleep=sleep,
    )


@asynccontextmanager
async def running(poller: StorePoller) -> AsyncIterator[None]:
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        receiver = tasks.create_task(poller.run())
        try:
            yield
        finally:
            receiver.cancel()


async def known() -> bool:
    return True


async def follow(
    poller: StorePoller, name: str, seq: int, until: Callable[[list[ReceivedChange]], object]
) -> list[ReceivedChange]:
    """Return what a stream sends, until it ends or is enough."""
    told: list[ReceivedChange] = []
    stream = poller.follow(name, seq, known, keep_alive_s=60)
    async for chunk in stream:
        for event in chunk.decode().split("\n\n"):
            if event.startswith("id: "):
                first, second = event.split("\n")
                told.append((int(first.removeprefix("id: ")), orjson.loads(second.removeprefix("data: "))))
            if until(told):
                await stream.aclose()  # type: ignore[attr-defined]
                return told
    return told


def kinds(*wanted: str) -> Callable[[list[ReceivedChange]], bool]:
    return lambda told: [message["kind"] for _, message in told][-len(wanted) :] == list(wanted)


async def test_a_stream_sends_everything_after_its_snapshot(
    store: ConversationStore, adapter_data: MemoryAdapterData
) -> None:
    poller, publisher = poller_of(adapter_data, store), CardPublisher(store)
    async with running(poller):
        await publisher.show(running_card(1), place())
        snapshot = await store.snapshot("ada")
        gone = asyncio.create_task(
            follow(poller, "ada", snapshot.seq, lambda told: bool(told and told[-1][1].get("gone")))
        )
        await publisher.show(running_card(2), place())
        await store.put_message(STUDIO, CARD, UserMessage(text="/imagine a fox"), to=None)
        await store.put_note(
            STUDIO, "grace", "key-grace", PrivateReply(title="not for ada"), UserMessage(text="")
        )
        await publisher.remove(place(message=CARD))
        told = [(message["kind"], message.get("rev")) for _, message in await gone]
    assert told[-1] == ("card", 2)
    assert "note" not in [kind for kind, _ in told]


async def test_a_change_is_read_once_for_all_streams(
    store: ConversationStore, adapter_data: CountingAdapterData
) -> None:
    poller = poller_of(adapter_data, store)
    async with running(poller):
        await CardPublisher(store).show(running_card(1), place())
        streams = [
            asyncio.create_task(follow(poller, name, adapter_data.seq, kinds("said")))
            for name in ("ada", "grace")
            for _ in range(15)
        ]
        await until(lambda: poller.open_streams == 30)
        for _ in range(10):
            await asyncio.sleep(0)
        before = adapter_data.reads
        await store.put_message(STUDIO, CARD, UserMessage(text="/imagine a fox"), to=None)
        assert 30 == len(await asyncio.gather(*streams))
        assert adapter_data.reads - before <= 2


async def test_an_entry_that_is_committed_late_is_sent(
    store: ConversationStore, adapter_data: MemoryAdapterData
) -> None:
    poller, cards = poller_of(adapter_data, store), list[str]()

    def has_both(told: list[ReceivedChange]) -> bool:
        cards[:] = [message["card"] for _, message in told if message["kind"] == "said"]
        return len(cards) == 2

    async with running(poller):
        following = asyncio.create_task(follow(poller, "ada", 0, has_both))
        adapter_data.seq = 10
        await store.put_message(STUDIO, "later", UserMessage(text="/quota"), to=None)
        await until(lambda: cards == ["later"])
        adapter_data.seq = 8
        await store.put_message(STUDIO, "earlier", UserMessage(text="/help"), to=None)
        told = await following
    assert ["later", "earlier"] == cards
    assert len(told) == len(dict(told))


async def test_no_change_is_lost_or_sent_twice_when_a_stream_opens(
    store: ConversationStore, adapter_data: MemoryAdapterData
) -> None:
    poller = poller_of(adapter_data, store)
    async with running(poller):
        streams = []
        for number in range(100):
            await store.put_message(STUDIO, f"card-{number}", UserMessage(text="/quota"), to=None)
            name = "ada" if number % 2 else "grace"
            if number % 10 == 0:
                last = lambda told: bool(told) and told[-1][1].get("card") == "card-99"  # noqa: E731
                streams.append(asyncio.create_task(follow(poller, name, 0, last)))
        for told in await asyncio.gather(*streams):
            cards = [message["card"] for _, message in told if message["kind"] == "said"]
            assert [f"card-{number}" for number in range(100)] == cards


async def test_a_change_of_another_process_is_sent(adapter_data: MemoryAdapterData) -> None:
    here, elsewhere = (
        ConversationStore(adapter_data, lambda: NOW),
        ConversationStore(adapter_data, lambda: NOW),
    )
    poller = poller_of(adapter_data, here, poll_every_s=0.01)
    async with running(poller):
        said = asyncio.create_task(follow(poller, "ada", 0, kinds("said")))
        await elsewhere.put_message(STUDIO, CARD, UserMessage(text="/imagine a fox"), to=None)
        await said


async def test_streams_end_with_the_poller_and_start_with_the_next(
    store: ConversationStore, adapter_data: MemoryAdapterData
) -> None:
    poller = poller_of(adapter_data, store)
    heard = list[list[ReceivedChange]]()
    async with running(poller):
        ended = asyncio.create_task(follow(poller, "ada", 0, heard.append))
        # Until then the poller may not have begun.
        await until(lambda: heard and len(heard[-1]) == 2)
    assert ["person", "person"] == [message["kind"] for _, message in await ended]
    async with running(poller):
        said = asyncio.create_task(follow(poller, "ada", adapter_data.seq, kinds("said")))
        await store.put_message(STUDIO, CARD, UserMessage(text="/imagine a fox"), to=None)
        await said


async def test_a_store_that_cannot_be_written_at_the_start_does_not_end_the_poller() -> None:
    class ReadOnly(MemoryAdapterData):
        writable = False
        refused = 0

        async def put(self, key: str, value: str) -> int:
            if not self.writable:
                self.refused += 1
                raise StoreError("disk full")
            return await super().put(key, value)

    data = ReadOnly()
    store = ConversationStore(data, lambda: NOW)
    poller = poller_of(data, store, poll_every_s=0.01)
    async with running(poller):
        await until(lambda: data.refused > 0)
        data.writable = True
        await until(lambda: len(data.entries) > 1)


async def test_no_change_is_lost_while_the_store_fails(store: ConversationStore) -> None:
    class Failing(MemoryAdapterData):
        fails = 0

        async def since(self, prefix: str, seq: int, *, limit: int = 500) -> list[Entry]:
            if prefix == "room/" and self.fails:
                self.fails -= 1
                raise StoreError("away")
            return list(await super().since(prefix, seq, limit=limit))

    adapter_data = Failing()
    store = ConversationStore(adapter_data, lambda: NOW)
    poller = poller_of(adapter_data, store, poll_every_s=0.01)
    has_read = asyncio.Event()

    def is_said(told: list[ReceivedChange]) -> bool:
        if told:
            has_read.set()
        return kinds("said")(told)

    async with running(poller):
        said = asyncio.create_task(follow(poller, "ada", 0, is_said))
        # A stream that cannot read what was stored before it ends: it has read the first people.
        await has_read.wait()
        adapter_data.fails = 3
        await store.put_message(STUDIO, CARD, UserMessage(text="/imagine a fox"), to=None)
        await said


async def test_others_come_in_between_while_many_pages_are_told(
    adapter_data: CountingAdapterData, store: ConversationStore
) -> None:
    """A command is not answered after all pages."""
    poller, told, many = poller_of(adapter_data, store), 0, 200

    async def read(name: str) -> None:
        nonlocal told
        async for chunk in poller.follow(name, 0, known):
            told += b"Hello" in chunk

    async with running(poller), asyncio.TaskGroup() as tasks:
        readers = [tasks.create_task(read(f"reader{number}")) for number in range(many)]
        await until(lambda: poller.open_streams == many)
        for _ in range(10):
            await asyncio.sleep(0)
        await store.put_announcement(STUDIO, announcement_record("Hello", channel=STUDIO.channel, at=NOW))
        seen = set[int]()
        while told < many:
            seen.add(told)
            await asyncio.sleep(0)
        for reader in readers:
            reader.cancel()

    assert len(seen) >= 10, seen


async def test_changes_that_are_read_together_are_sent_together(
    adapter_data: MemoryAdapterData, store: ConversationStore
) -> None:
    poller, elsewhere = poller_of(adapter_data, store), ConversationStore(adapter_data, lambda: NOW)
    async with running(poller):
        stream = poller.follow("ada", 0, known)
        while b"person" not in await anext(stream):
            pass
        for number in range(3):
            await elsewhere.put_message(STUDIO, f"card-{number}", UserMessage(text="/quota"), to=None)
        store.changed.notify()
        while b"card-0" not in (chunk := await anext(stream)):
            pass
    assert 3 == chunk.count(b"data: ")


async def test_changes_wait_for_each_other_after_many_pages_were_told(
    adapter_data: MemoryAdapterData, store: ConversationStore
) -> None:
    """Without a pause, pages that are told of each change alone leave no time for commands."""
    paused, over, many = asyncio.Event(), asyncio.Event(), 30
    chunks = list[bytes]()

    async def sleep(_: float) -> None:
        paused.set()
        await over.wait()

    async def read(name: str) -> None:
        async for chunk in poller.follow(name, 0, known):
            chunks.append(chunk)

    poller = poller_of(adapter_data, store, sleep=sleep)
    async with running(poller), asyncio.TaskGroup() as tasks:
        readers = [tasks.create_task(read(f"reader{number}")) for number in range(many)]
        # Each has read the first two people: the poller is under way.
        await until(lambda: sum(b"person" in chunk for chunk in chunks) == 2 * many)
        await store.put_message(STUDIO, "first", UserMessage(text="/quota"), to=None)
        await paused.wait()
        for number in range(3):
            await store.put_message(STUDIO, f"card-{number}", UserMessage(text="/quota"), to=None)
        over.set()
        await until(lambda: sum(b"card-2" in chunk for chunk in chunks) == many)
        for reader in readers:
            reader.cancel()
    assert {3} == {chunk.count(b"data: ") for chunk in chunks if b"card-" in chunk}


async def test_an_idle_stream_is_kept_alive_until_its_reader_signs_out(
    adapter_data: MemoryAdapterData, store: ConversationStore
) -> None:
    poller, signed_in = poller_of(adapter_data, store), True

    async def is_signed_in() -> bool:
        return signed_in

    async with running(poller):
        chunks = list[bytes]()
        async for chunk in poller.follow("ada", 0, is_signed_in, keep_alive_s=0.01):
            chunks.append(chunk)
            signed_in = chunks.count(b": keep-alive\n\n") < 3
    assert 3 == chunks.count(b": keep-alive\n\n")
    assert b"signed-out" in chunks[-1]
