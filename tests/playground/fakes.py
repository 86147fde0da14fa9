"""A studio and a vault of the test's own: they play the core's roles in memory."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from adapters.playground.ports import Studio
from bot.domain.actions import Action
from bot.domain.cards import CardView, JobView, Tone
from bot.domain.commands import Cancel, Command, Help, History, Imagine, Quota, Reframe, Show
from bot.domain.completion import Suggestion, complete
from bot.domain.errors import InvalidRequest, JobNotFound, QuotaExhausted
from bot.domain.ids import new_id
from bot.domain.jobs import Picture
from bot.domain.people import Caller, Place
from bot.domain.requests import PICTURE_SIZES, AspectRatio
from bot.engine.adapter import Outlet
from bot.engine.answers import Accepted, Answer, Note

START = 1_790_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    key: str
    value: str
    seq: int


class FakeVault:
    """Keeps in a dict; `seq` counts every put."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.seq = 0

    async def put(self, key: str, value: str) -> int:
        await asyncio.sleep(0)
        self.seq += 1
        self.kept[key] = Kept(key=key, value=value, seq=self.seq)
        return self.seq

    async def get(self, key: str) -> str | None:
        await asyncio.sleep(0)
        found = self.kept.get(key)
        return found.value if found else None

    async def remove(self, key: str) -> None:
        self.kept.pop(key, None)

    async def since(self, prefix: str, seq: int, *, limit: int = 500) -> Sequence[Kept]:
        await asyncio.sleep(0)
        return [entry for entry in self._of(prefix) if entry.seq > seq][:limit]

    async def latest(self, prefix: str, *, limit: int = 200) -> Sequence[Kept]:
        await asyncio.sleep(0)
        return self._of(prefix)[-limit:]

    def _of(self, prefix: str) -> list[Kept]:
        found = [entry for entry in self.kept.values() if entry.key.startswith(prefix)]
        return sorted(found, key=lambda entry: entry.seq)


@dataclass(slots=True)
class Wallet:
    """Cents of one member."""

    used: int = 0
    reserved: int = 0
    limit: int = 2500


@dataclass(slots=True)
class FakeStudio(Studio):
    """Makes jobs that move only when the test says so."""

    now: int = START
    outlet: Outlet | None = None
    views: dict[str, CardView] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    wallets: dict[str, Wallet] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    #: keys in the order in which they came, repeated ones too
    keys: list[str] = field(default_factory=list)
    #: while cleared, commands wait here
    open: asyncio.Event = field(default_factory=asyncio.Event)
    _accepting: asyncio.Lock = field(default_factory=asyncio.Lock)
    expected_ms: int = 20_000

    def __post_init__(self) -> None:
        self.open.set()

    async def handle(self, command: Command, caller: Caller, place: Place, *, key: str) -> Answer:
        match command:
            case Quota():
                return self._quota(caller)
            case Help():
                return Note(
                    title="What you can do", facts=(("/imagine a red fox", "from $0.016"), ("/quota", "free"))
                )
            case History():
                mine = [view for view in self.views.values() if view.member == caller.member]
                return Note(title="Your newest jobs", views=tuple(reversed(mine)))
            case Show(job=job):
                return Note(title="Here it is", views=(self.views[self._card_of(job)],))
            case Cancel(job=job):
                return await self._cancel(job, caller)
        self.keys.append(key)
        await self.open.wait()
        async with self._accepting:
            if key not in self.answers:
                self.answers[key] = await self._make(command, caller, place)
            return self.answers[key]

    async def _make(self, command: Command, caller: Caller, place: Place) -> Accepted:
        match command:
            case Imagine() as imagine:
                imagine.request()
                return await self._accept(
                    caller, place, imagine.prompt, imagine.aspect_ratio, None, private=imagine.private
                )
            case Reframe(job=str(job)) as reframe:
                title = self.job(job).alt
                return await self._accept(
                    caller, place, title, reframe.aspect_ratio, job, private=reframe.private
                )
            case _:
                raise InvalidRequest(f"The studio of this test knows no /{command.name}")

    async def act(
        self,
        action: Action,
        job: str,
        caller: Caller,
        place: Place,
        *,
        key: str,
        aspect_ratio: AspectRatio | None = None,
    ) -> Answer:
        self.keys.append(key)
        if key in self.answers:
            return self.answers[key]
        source = self.job(job)
        match action:
            case Action.DELETE:
                await self._outlet().remove(self.places.pop(self._card_of(job)))
                self.answers[key] = Note(title="Deleted", text="The message and its picture are gone.")
            case Action.GALLERY:
                await self.change(job, stars=source.stars + 1)
                self.answers[key] = Note(title="Starred", text="It is in the gallery now.")
            case _:
                ratio = aspect_ratio or AspectRatio(dict(source.facts)["Aspect ratio"])
                self.answers[key] = await self._accept(caller, place, source.alt, ratio, job, private=False)
        return self.answers[key]

    async def quota(self, caller: Caller) -> Note:
        return self._quota(caller)

    async def suggest(self, text: str, caller: Caller) -> tuple[Suggestion, ...]:
        return complete(text, admin=caller.is_admin).suggestions

    def job(self, job: str) -> JobView:
        return self.views[self._card_of(job)].jobs[0]

    @property
    def newest(self) -> str:
        """Id of the job that was made last."""
        return list(self.views.values())[-1].jobs[0].id

    async def run(self, job: str, *, since: int | None = None) -> None:
        headline = f"Dreaming · about {self.expected_ms // 1000} s in all"
        started = self.now if since is None else since
        await self.change(job, tone=Tone.RUNNING, headline=headline, running_since=started, cancellable=False)

    async def finish(self, job: str) -> None:
        view = self.job(job)
        width, height = PICTURE_SIZES[AspectRatio(dict(view.facts)["Aspect ratio"])]
        facts = (*view.facts, ("Size", f"{width} × {height}"), ("Took", "19 s"))
        file = job.encode().hex().ljust(64, "0")[:64]
        picture = Picture(file=file, mime="image/jpeg", size=1, width=width, height=height)
        self._settle(job, captured=True)
        await self.change(
            job,
            tone=Tone.DONE,
            headline="Done",
            facts=facts,
            picture=picture,
            actions=tuple(Action),
            running_since=None,
            cancellable=False,
        )

    async def fail(self, job: str, told: str) -> None:
        self._settle(job, captured=False)
        facts = tuple(
            ("Price", "not charged") if name == "Price" else (name, value)
            for name, value in self.job(job).facts
        )
        actions = (Action.AGAIN, Action.DELETE)
        await self.change(
            job,
            tone=Tone.FAILED,
            headline=told,
            facts=facts,
            actions=actions,
            running_since=None,
            cancellable=False,
        )

    async def change(self, job: str, **changes: object) -> None:
        """Bring a card to its next revision."""
        card = self._card_of(job)
        view = self.views[card]
        changed = replace(view.jobs[0], **changes)  # type: ignore[arg-type]
        self.views[card] = replace(view, rev=view.rev + 1, jobs=(changed,))
        await self._show(card)

    async def _accept(
        self,
        caller: Caller,
        place: Place,
        title: str,
        ratio: AspectRatio,
        parent: str | None,
        *,
        private: bool,
    ) -> Accepted:
        wallet = self.wallets.setdefault(caller.member, Wallet())
        if wallet.used + wallet.reserved + 2 > wallet.limit:
            raise QuotaExhausted("Your quota for today is used up. It resets at midnight.")
        wallet.reserved += 2
        self.now += 1000
        card, job = (
            new_id(self.now, bytes([number] * 9)) for number in (len(self.views), len(self.views) + 100)
        )
        shown = JobView(
            id=job,
            tone=Tone.WAITING,
            headline="Place 1 in the queue · about 20 s",
            facts=(("Model", "photon-1"), ("Aspect ratio", str(ratio)), ("Price", "$0.016")),
            running_since=None,
            expected_ms=self.expected_ms,
            picture=None,
            alt=title,
            actions=(),
            cancellable=True,
            stars=0,
            parent=parent,
        )
        view = CardView(
            card=card,
            rev=1,
            member=caller.member,
            member_name=caller.name,
            title=title,
            private=private,
            jobs=(shown,),
            created_at=self.now,
        )
        self.views[card] = view
        self.places[card] = place
        await self._show(card)
        return Accepted(view=view)

    async def _cancel(self, job: str, caller: Caller) -> Note:
        if self.views[self._card_of(job)].member != caller.member and not caller.is_admin:
            raise JobNotFound("There is no such job; /history lists yours")
        await self.fail(job, "Taken back; not charged ($0.016 returned)")
        return Note(title="Taken back", text="Nothing was charged.")

    def _quota(self, caller: Caller) -> Note:
        wallet = self.wallets.setdefault(caller.member, Wallet())
        left = wallet.limit - wallet.used - wallet.reserved
        told = (
            f"{_money(left)} left of {_money(wallet.limit)} · {_money(wallet.reserved)} reserved · "
            f"{_money(wallet.used)} used · resets tomorrow at 00:00 UTC"
        )
        return Note(title="Your quota", facts=(("You, this day", told),))

    def _settle(self, job: str, *, captured: bool) -> None:
        wallet = self.wallets[self.views[self._card_of(job)].member]
        wallet.reserved -= 2
        wallet.used += 2 * captured

    async def _show(self, card: str) -> None:
        message = await self._outlet().show(self.views[card], self.places[card])
        self.places[card] = replace(self.places[card], message=message)

    def _card_of(self, job: str) -> str:
        found = next((card for card, view in self.views.items() if view.jobs[0].id == job), None)
        if found is None:
            raise JobNotFound("There is no such job; /history lists yours")
        return found

    def _outlet(self) -> Outlet:
        if self.outlet is None:
            raise RuntimeError("this studio is connected to nothing")
        return self.outlet


def _money(cents: int) -> str:
    return f"${cents / 100:.2f}"
