"""A studio of the test's own: real commands, jobs and cards, which move only when the test says so."""

import asyncio
import hashlib
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

from adapters.playground.ports import BotService
from bot.domain.actions import (
    DEFAULT_REACTIONS,
    GENERATING,
    Action,
    ActionInput,
    follow_up_request,
    normalized,
    require_available,
)
from bot.domain.cards import Card, CardView, card_view
from bot.domain.commands import Cancel, Command, Delete, GenerateCommand, Help, History, Quota, Show
from bot.domain.completion import Suggestion, complete
from bot.domain.errors import InvalidRequest, JobNotFound, NotYours, QuotaExhausted, Refused
from bot.domain.estimates import Estimate
from bot.domain.failures import FailureCategory, failure
from bot.domain.identity import Caller, Invocation, Place
from bot.domain.ids import new_id, short_id
from bot.domain.inputs import require_result
from bot.domain.jobs import UNTITLED, Job, State
from bot.domain.media import Media, Reference
from bot.domain.models import PICTURE_SIZES, Lane, video_size
from bot.domain.pricing import is_estimate, is_upper_bound, price, published_rates, show_left, show_money
from bot.domain.requests import AnyRequest, ReframeVideoRequest, VideoRequest
from bot.ports import Publisher
from bot.service.replies import CardReply, ConfirmationButton, PriceQuote, PrivateReply, Reply
from tests.playground.fake_uploads import FakeUpload, FakeUploads

START = 1_790_000_000_000
#: micro-dollars that everybody may spend
ALLOWANCE = 25_000_000


@dataclass(slots=True)
class FakeStudio(BotService):
    """Accepts what the real one would, by the same rules."""

    now: int = START
    publisher: Publisher | None = None
    jobs: dict[str, Job] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)
    #: what has been asked, by key
    answers: dict[str, Reply] = field(default_factory=dict)
    #: keys in the order in which they came, repeated ones too
    keys: list[str] = field(default_factory=list)
    uploads: FakeUploads = field(default_factory=FakeUploads)
    #: why nothing more is answered while somebody types; None: it is
    asked_too_much: Refused | None = None
    #: ids of what was asked before something is deleted
    questions: list[str] = field(default_factory=list)
    #: while cleared, commands wait here
    open: asyncio.Event = field(default_factory=asyncio.Event)
    expected_ms: int = 20_000
    #: what is expected of everything that has not ended; None: what is usual
    estimate: Estimate | None = None
    _accepting: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.open.set()

    async def execute(  # noqa: PLR0911 - one answer for each command
        self,
        command: Command,
        invocation: Invocation,
        *,
        files: tuple[Reference, ...] = (),
        replied: str | None = None,
    ) -> Reply:
        caller, place, key = invocation.caller, invocation.place, invocation.key
        match command:
            case Quota():
                return await self.answer_query(Quota(), caller)
            case Help():
                return PrivateReply(
                    title="What you can do",
                    fields=(("/imagine a red fox", "from $0.016"), ("/quota", "free")),
                )
            case History():
                mine = [self._alone(job.id) for job in self.jobs.values() if job.person == caller.person]
                return PrivateReply(title="Your newest jobs", views=tuple(reversed(mine)))
            case Show(job=job):
                return PrivateReply(title=self.job(job).title, views=(self._alone(job),))
            case Delete(job=job):
                named = next(one for one in self.jobs if one.endswith(job))
                return await self._act(Action.DELETE, self.job(named), caller, place, ActionInput())
            case Cancel(job=job):
                return await self._cancel(job, caller)
        self.keys.append(key)
        await self.open.wait()
        async with self._accepting:
            if key not in self.answers:
                assert isinstance(command, GenerateCommand)
                request, parent = self._read(command, caller, files, replied)
                self.answers[key] = await self._accept(
                    request, caller, place, parent=parent, times=command.job_count
                )
            return self.answers[key]

    async def act(
        self,
        action: Action,
        job: str,
        invocation: Invocation,
        *,
        action_input: ActionInput | None = None,
    ) -> Reply:
        caller, place, key = invocation.caller, invocation.place, invocation.key
        self.keys.append(key)
        if key not in self.answers:
            self.answers[key] = await self._act(
                action, self.job(job), caller, place, action_input or ActionInput()
            )
        return self.answers[key]

    async def answer_confirmation(
        self, job: str, caller: Caller, *, question: str, confirmed: bool
    ) -> PrivateReply:
        if not confirmed:
            return PrivateReply(title="Kept", text="Nothing was deleted.")
        if question not in self.questions:
            raise InvalidRequest("This confirmation has expired")
        if self.jobs[job].deleted:
            return PrivateReply(title="Already deleted")
        self._deletable(self.job(job), caller)
        await self.change(job, deleted=True)
        return PrivateReply(title="Deleted", text="Its message and media are deleted.")

    async def react(self, emoji: str, job: str, invocation: Invocation) -> Reply | None:
        action = self.reactions(invocation.caller).get(normalized(emoji))
        return None if action is None else await self.act(action, job, invocation)

    async def unreact(self, emoji: str, job: str, invocation: Invocation) -> Reply | None:
        if self.reactions(invocation.caller).get(normalized(emoji)) is not Action.GALLERY:
            return None
        await self.change(job, stars=0)
        return PrivateReply(title="Removed from the gallery")

    def reactions(self, _: Caller, /) -> Mapping[str, Action]:
        return DEFAULT_REACTIONS

    def begin_upload(self, caller: Caller, /) -> AbstractAsyncContextManager[FakeUpload]:
        return self.uploads.begin_upload(caller)

    def admit_query(self, _: Caller, /) -> None:
        if self.asked_too_much is not None:
            raise self.asked_too_much

    async def quote(
        self,
        command: GenerateCommand,
        invocation: Invocation,
        *,
        files: tuple[Reference, ...] = (),
        replied: str | None = None,
    ) -> PriceQuote:
        request, parent = self._read(command, invocation.caller, files, replied)
        return PriceQuote(
            price=price(request, published_rates()) * command.job_count,
            estimate=is_estimate(request),
            upper_bound=is_upper_bound(request),
            source=None if command.jobs else parent,
        )

    async def answer_query(self, _: Quota, caller: Caller, /) -> PrivateReply:
        mine = [job for job in self.jobs.values() if job.member == caller.member]
        used = sum(job.price for job in mine if job.state is State.COMPLETED)
        reserved = sum(job.price for job in mine if not job.is_final)
        left = ALLOWANCE - used - reserved
        told = (
            f"{show_left(left)} left of {show_money(ALLOWANCE)} · {show_money(reserved)} reserved · "
            f"{show_money(used)} used · resets tomorrow at 00:00 UTC"
        )
        return PrivateReply(title="Your quota", fields=(("You, today", told),))

    async def autocomplete_line(self, text: str, invocation: Invocation) -> tuple[Suggestion, ...]:
        return complete(text, admin=invocation.caller.is_admin).suggestions

    def job(self, job: str) -> Job:
        found = self.jobs.get(job)
        if found is None or found.deleted:
            raise JobNotFound("There is no such job; /history lists yours")
        return found

    @property
    def newest(self) -> str:
        """Id of the job that was made last."""
        return list(self.jobs)[-1]

    async def run(self, job: str, *, since: int | None = None) -> None:
        await self.change(job, state=State.SUBMITTED, submitted_at=self.now if since is None else since)

    async def finish(self, job: str) -> None:
        found = self.job(job)
        width, height = size_of(found.request)
        makes_video = found.request.lane is Lane.VIDEO
        media = Media(
            file=hashlib.sha256(job.encode()).hexdigest(),
            mime="video/webm" if makes_video else "image/jpeg",
            size=1,
            width=width,
            height=height,
            duration_ms=_length(found.request) if makes_video else None,
        )
        self.uploads.media[media.file] = media
        started = found.submitted_at or self.now - 19_000
        await self.change(
            job, state=State.COMPLETED, result=media, submitted_at=started, finished_at=started + 19_000
        )

    async def fail(self, job: str, category: FailureCategory = FailureCategory.MODERATION) -> None:
        await self.change(job, state=State.FAILED, failure=failure(category), finished_at=self.now)

    async def change(self, job: str, **changes: object) -> None:
        """Bring a job on, and every card that shows it to its next revision."""
        self.jobs[job] = replace(self.jobs[job], **changes)  # type: ignore[arg-type]
        for card in [one for one in self.cards.values() if job in (one.copy_of, *self._jobs_of(one.id))]:
            self.cards[card.id] = replace(card, wanted_rev=card.wanted_rev + 1)
            await self._show(card.id)

    def view(self, card: str) -> CardView:
        found = self.cards[card]
        jobs = (
            [self.jobs[found.copy_of]] if found.copy_of else [self.jobs[job] for job in self._jobs_of(card)]
        )
        estimates = {
            job.id: self.estimate
            or Estimate(position=1, wait_ms=self.expected_ms, generation_ms=self.expected_ms)
            for job in jobs
            if not job.is_final
        }
        return card_view(found, jobs, estimates, self.now)

    def _alone(self, job: str) -> CardView:
        shown = self.view(self.job(job).card)
        return replace(shown, rev=0, jobs=tuple(one for one in shown.jobs if one.id == job))

    def _jobs_of(self, card: str) -> list[str]:
        return [job.id for job in self.jobs.values() if job.card == card]

    def _read(
        self, command: GenerateCommand, caller: Caller, files: tuple[Reference, ...], replied: str | None
    ) -> tuple[AnyRequest, str | None]:
        if files:
            command = command.with_files(files)
        elif replied is not None and not command.jobs:
            command = command.with_job(require_result(self.job(replied)))
        if command.default_source is not None and getattr(command, command.default_source[0]) is None:
            mine = [
                job
                for job in self.jobs.values()
                if job.person == caller.person
                and job.result
                and command.default_source[1] in (None, job.request.makes)
            ]
            if mine:
                command = command.with_job(mine[-1])
        for job in command.jobs:
            self.job(job)
        return command.request(self.jobs), next(iter(command.jobs), None)

    def _question(self, job: Job, caller: Caller) -> PrivateReply:
        self._deletable(job, caller)
        question = self._new_id()
        self.questions.append(question)
        choices = [
            ConfirmationButton(label=label, confirms=label == "Delete", job=job.id, question=question)
            for label in ("Keep", "Delete")
        ]
        return PrivateReply(
            title="Delete this?",
            text=f"#{short_id(job.id)} · {job.title}",
            choices=tuple(choices),
            media=job.result,
        )

    def _deletable(self, job: Job, caller: Caller) -> None:
        if job.person != caller.person and not caller.is_admin:
            raise NotYours("Only its owner and admins delete a result")

    async def _act(
        self, action: Action, job: Job, caller: Caller, place: Place, action_input: ActionInput
    ) -> Reply:
        if action is Action.DELETE:
            return self._question(job, caller)
        require_available(action, job)
        if action is Action.GALLERY:
            await self.change(job.id, stars=job.stars + 1)
            return PrivateReply(title="Added to the gallery")
        if action is Action.SEND:
            direct = Place(
                adapter=place.adapter,
                workspace=f"{caller.platform}:@dm",
                channel=f"@{caller.person}",
                private=True,
            )
            await self._post([], caller, direct, copy_of=job.id)
            return PrivateReply(title="On its way to you", text="It comes as a direct message.")
        assert action in GENERATING
        return await self._accept(follow_up_request(action, job, action_input), caller, place, parent=job.id)

    async def _accept(
        self, request: AnyRequest, caller: Caller, place: Place, *, parent: str | None, times: int = 1
    ) -> CardReply:
        cost = price(request, published_rates())
        spent = sum(job.price for job in self.jobs.values() if job.member == caller.member)
        if spent + cost * times > ALLOWANCE:
            raise QuotaExhausted("Your quota for today is used up. It resets at midnight.")
        self.now += 1000
        title = request.prompt or (self.jobs[parent].title if parent else UNTITLED[request.makes])
        private = place.private
        made = [
            Job(
                id=self._new_id(),
                card="",
                position=position,
                workspace=caller.workspace,
                member=caller.member,
                person=caller.person,
                member_name=caller.name,
                provider="simulator",
                lane=request.lane,
                queue="simulator",
                request=request,
                title=title,
                price=cost,
                state=State.QUEUED,
                virtual_time=0,
                attempt=0,
                account=None,
                remote_id=None,
                created_at=self.now,
                claimed_at=None,
                submitted_at=None,
                finished_at=None,
                deadline=self.now + 86_400_000,
                result=None,
                failure=None,
                parent=parent,
                private=private,
                stars=0,
                deleted=False,
            )
            for position in range(times)
        ]
        return CardReply(view=self.view(await self._post(made, caller, place)))

    async def _post(
        self, jobs: list[Job], caller: Caller, place: Place, *, copy_of: str | None = None
    ) -> str:
        self.now += 1000
        card = Card(
            id=self._new_id(),
            place=place,
            member=caller.member,
            person=caller.person,
            wanted_rev=1,
            shown_rev=0,
            shown_digest="",
            posting_since=None,
            tries=0,
            created_at=self.now,
            copy_of=copy_of,
        )
        self.cards[card.id] = card
        self.jobs |= {job.id: replace(job, card=card.id) for job in jobs}
        await self._show(card.id)
        return card.id

    async def _cancel(self, job: str, caller: Caller) -> PrivateReply:
        if self.job(job).member != caller.member and not caller.is_admin:
            raise JobNotFound("There is no such job; /history lists yours")
        await self.change(job, state=State.CANCELLED, finished_at=self.now)
        return PrivateReply(title="Cancelled", text="Nothing was charged.")

    async def _show(self, card: str) -> None:
        assert self.publisher is not None
        seen, found = self.view(card), self.cards[card]
        if seen.gone:
            await self.publisher.remove(found.place)
            return
        message = await self.publisher.show(seen, found.place)
        self.cards[card] = replace(found, place=replace(found.place, message=message))

    def _new_id(self) -> str:
        self.now += 1
        return new_id(self.now, (len(self.jobs) + len(self.cards)).to_bytes(9, "big"))


def size_of(request: AnyRequest) -> tuple[int, int]:
    if isinstance(request, VideoRequest):
        return video_size(request.aspect_ratio, request.resolution)
    return PICTURE_SIZES[request.aspect_ratio]


def _length(request: AnyRequest) -> int:
    match request:
        case VideoRequest():
            return request.duration.ms
        case ReframeVideoRequest():
            return request.duration_ms or 5000
        case _:
            return 0
