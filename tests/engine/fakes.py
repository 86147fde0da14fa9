"""What stands in for the clock, a generation API, a chat platform and the internet, asserted by state."""

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from uuid import UUID

from pydantic import SecretStr

from bot.domain.cards.card import CardView
from bot.domain.errors import GenerationNotFound, OutcomeUnknown
from bot.domain.generations.concepts import Vocabulary
from bot.domain.generations.media import MediaKind
from bot.domain.generations.models import Lane
from bot.domain.generations.requests import AnyRequest, dump_request
from bot.domain.identity import Place
from bot.ports import ResolvedFile
from bot.providers.base import Generation, GenerationState, InputFile, Inputs, LaneLimits, Page
from bot.providers.luma import CAPABILITIES
from bot.providers.luma.requests import by_key

#: the middle of a day, of a week and of a month, so that no period ends while a test runs
_NOON = 1_773_144_000_000  # Tue 10 Mar 2026, 12:00 UTC


class Clock:
    """Time that begins at noon and passes as usual, and whatever a test adds; the two clocks can differ."""

    def __init__(self) -> None:
        self._begun = time.monotonic_ns() // 1_000_000
        self.wall_ahead = 0
        self.monotonic_ahead = 0

    def wall(self) -> int:
        return _NOON + time.monotonic_ns() // 1_000_000 - self._begun + self.wall_ahead

    def monotonic(self) -> int:
        return time.monotonic_ns() // 1_000_000 + self.monotonic_ahead


@dataclass(slots=True, kw_only=True)
class Step:
    """How one call goes: what it raises, whether it had its effect all the same, what it waits for."""

    error: Exception | None = None
    done: bool = False
    gate: asyncio.Event | None = None
    #: set once the call is in hand
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self) -> None:
        assert self.gate is not None
        self.gate.set()

    async def pass_gate(self) -> None:
        self.begun.set()
        if self.gate is not None:
            await self.gate.wait()


def held(error: Exception | None = None) -> Step:
    """The call waits until it is opened."""
    return Step(error=error, gate=asyncio.Event())


def lost() -> Step:
    """The create arrives, its answer does not."""
    return Step(error=OutcomeUnknown("the connection broke"), done=True)


def lost_on_the_way() -> Step:
    """The create does not arrive, and nobody can tell."""
    return Step(error=OutcomeUnknown("the connection broke"))


class FakeProvider:
    """One account at an API whose every answer a test decides."""

    name = "simulator"
    origin = "http://api.invalid"

    def __init__(
        self, clock: Clock, *, account: str = "one", concurrent: int = 40, per_minute: int = 80
    ) -> None:
        self.account = account
        self.capabilities = CAPABILITIES
        self.limits: Mapping[Lane, LaneLimits] = {
            lane: LaneLimits(concurrent=concurrent, per_minute=per_minute) for lane in Lane
        }
        self.words = Vocabulary(concepts=frozenset({"orbit_left", "push_in"}))
        self.words_error: Exception | None = None
        self.words_asked = 0
        #: how the next creates go; those after them are answered
        self.steps: deque[Step | Exception] = deque()
        #: every create that came: request, media and callback URL
        self.creates: list[tuple[AnyRequest, Mapping[str, str], str | None]] = []
        #: the files that creates came with, by key
        self.files: dict[str, InputFile] = {}
        #: how the next uploads fail; those after them work
        self.upload_errors: deque[Exception] = deque()
        #: who each create was for
        self.end_users: list[str] = []
        self.generations: dict[str, Generation] = {}
        #: state of new generations
        self.born = GenerationState.COMPLETED
        #: ids that the list does not show yet, and those that nobody knows any more
        self.hidden: set[str] = set()
        self.forgotten: set[str] = set()
        self.deleted: list[str] = []
        #: called between the claim and the create
        self.before_create: Callable[[], None] = lambda: None
        self.lags = False
        #: a change of a video is answered with the generation that it changes
        self.keeps_id = False
        self.list_error: Exception | None = None
        self.get_error: Callable[[str], Exception | None] = lambda _: None
        self.check_error: Exception | None = None
        #: micro-dollars that the account has; None: it does not tell
        self.credit: int | None = None
        self.checks = 0
        self.delete_error: Exception | None = None
        self.reads, self.lists, self.lists_completely = 0, 0, True
        self._clock = clock
        self._numbers = count(1)

    def make(
        self,
        request: AnyRequest,
        callback_url: str | None = None,
        *,
        age_ms: int = 0,
        changed: str | None = None,
    ) -> Generation:
        """Have a generation that nobody here asked for, or somebody whose answer gets lost."""
        number = next(self._numbers)
        video = request.makes is MediaKind.VIDEO
        address = f"{self.origin}/{self.account}/{number}"
        new_id = str(UUID(hashlib.md5(f"{self.account}{number}".encode()).hexdigest()))  # noqa: S324 - a name
        generation = Generation(
            id=changed or new_id,
            state=self.born,
            created_at=self._clock.wall() - age_ms,
            callback_url=callback_url,
            fingerprint="" if request.edited is not None else _digest(request),
            asset_url=f"{address}.mp4" if video else address,
            thumbnail_url=f"{address}.still" if video else None,
        )
        self.generations[generation.id] = generation
        if self.lags:
            self.hidden.add(generation.id)
        return generation

    def end(self, identifier: str, state: GenerationState, reason: str | None = None) -> None:
        self.generations[identifier] = replace(
            self.generations[identifier], state=state, failure_reason=reason
        )

    @property
    def running(self) -> int:
        return sum(one.state is not GenerationState.COMPLETED for one in self.generations.values())

    def fingerprint(self, request: AnyRequest, media: Inputs) -> str:  # noqa: ARG002
        self.before_create()
        return "" if request.edited is not None else _digest(request)

    async def upload(self, media: Inputs, *, end_user: str = "") -> Inputs:  # noqa: ARG002
        if self.upload_errors:
            raise self.upload_errors.popleft()
        return media

    async def submit(
        self, request: AnyRequest, *, media: Inputs, callback_url: str | None, end_user: str = ""
    ) -> Generation:
        urls = {key: one for key, one in media.items() if not isinstance(one, InputFile)}
        self.creates.append((request, by_key(urls), callback_url))
        self.end_users.append(end_user)
        self.files |= {key: one for key, one in media.items() if isinstance(one, InputFile)}
        step = self.steps.popleft() if self.steps else Step()
        if isinstance(step, Exception):
            raise step
        changed = by_key(urls)[request.edited.key] if self.keeps_id and request.edited is not None else None
        generation = None
        if step.done or step.error is None:
            generation = self.make(request, callback_url, changed=changed)
        await step.pass_gate()
        if step.error is not None:
            raise step.error
        assert generation is not None
        return generation

    async def get(self, generation_id: str) -> Generation:
        self.reads += 1
        if (error := self.get_error(generation_id)) is not None:
            raise error
        if generation_id not in self.generations or generation_id in self.forgotten:
            raise GenerationNotFound
        return self.generations[generation_id]

    async def page(self, *, limit: int, offset: int) -> Page:
        self.lists += 1
        if self.list_error is not None:
            raise self.list_error
        gone = self.hidden | self.forgotten
        seen = [one for one in reversed(self.generations.values()) if one.id not in gone]
        return Page(
            generations=seen[offset : offset + limit],
            has_more=len(seen) > offset + limit,
            is_complete=self.lists_completely,
        )

    async def delete(self, generation_id: str) -> None:
        if self.delete_error is not None:
            raise self.delete_error
        self.deleted.append(generation_id)
        self.generations.pop(generation_id, None)

    async def check(self) -> int | None:
        self.checks += 1
        if self.check_error is not None:
            raise self.check_error
        return self.credit

    async def vocabulary(self) -> Vocabulary:
        self.words_asked += 1
        if self.words_error is not None:
            raise self.words_error
        return self.words

    async def close(self) -> None:
        return


def _digest(request: AnyRequest) -> str:
    return hashlib.sha256(dump_request(request).encode()).hexdigest()


class FakeAccounts:
    """The accounts behind API keys, each the same however often it is opened."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._accounts: dict[str, FakeProvider] = {}
        self.opened: list[str] = []

    def of(self, key: str, **limits: int) -> "FakeProvider":
        if key not in self._accounts:
            account = f"own-{hashlib.md5(key.encode()).hexdigest()[:8]}"  # noqa: S324 - a name
            self._accounts[key] = FakeProvider(self._clock, account=account, **limits)
        return self._accounts[key]

    async def open(self, name: str, key: SecretStr) -> "FakeProvider":
        self.opened.append(name)
        return self.of(key.get_secret_value())


class FakeChat:
    """A chat platform: its messages, each with every view that it has shown."""

    def __init__(self, *, dedupe_ms: int = 60_000) -> None:
        self.dedupe_ms = dedupe_ms
        #: how the next shows go; those after them work
        self.steps: deque[Step | Exception] = deque()
        #: asked before a step is taken: an error for this view, or None
        self.refuses: Callable[[CardView], Exception | None] = lambda _: None
        self.messages: dict[str, list[CardView]] = {}
        #: where each card was last shown
        self.places: dict[str, Place] = {}
        self.card_of: dict[str, str] = {}
        self.posts, self.shows, self.finds = 0, 0, 0
        self.removed: list[str] = []
        self.phase_now = ""
        #: lines of the bot's own, and where
        self.told: list[tuple[str, Place]] = []
        #: the platform still merges first messages of one card
        self.merges = True

    def of(self, card: str) -> list[CardView]:
        """Every view that the one message of a card has shown."""
        found = [message for message, owner in self.card_of.items() if owner == card]
        assert len(found) <= 1, f"{len(found)} messages for one card"
        return self.messages[found[0]] if found else []

    async def show(self, view: CardView, place: Place) -> str:
        self.shows += 1
        if (error := self.refuses(view)) is not None:
            raise error
        step = self.steps.popleft() if self.steps else Step()
        if isinstance(step, Exception):
            raise step
        await step.pass_gate()
        if step.error is not None and not step.done:
            raise step.error
        message = place.message or self._post(view.card)
        self.messages[message].append(view)
        self.places[view.card] = place
        if step.error is not None:
            raise step.error
        return message

    def _post(self, card: str) -> str:
        self.posts += 1
        for message, owner in self.card_of.items():
            if owner == card and self.merges:
                return message
        message = f"m{len(self.messages) + 1}"
        self.messages[message], self.card_of[message] = [], card
        return message

    def layout_variant(self, place: Place) -> str:  # noqa: ARG002 - one for all places
        return self.phase_now

    async def find_message(self, card: str, place: Place) -> str | None:
        assert place.message is None
        self.finds += 1
        return next((message for message, owner in self.card_of.items() if owner == card), None)

    async def remove(self, place: Place) -> None:
        assert place.message is not None
        self.removed.append(place.message)

    async def post_notice(self, text: str, place: Place) -> None:
        self.told.append((text, place))


class FakeFiles:
    """Opens the chat platform's own files."""

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        self.headers = headers or {}
        self.error: Exception | None = None
        self.asked: list[tuple[str, Place]] = []

    async def resolve(self, url: str, place: Place) -> ResolvedFile:
        self.asked.append((url, place))
        if self.error is not None:
            raise self.error
        return ResolvedFile(url=f"{url}?signed={len(self.asked)}", headers=self.headers)
