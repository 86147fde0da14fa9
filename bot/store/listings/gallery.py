"""Stars and the galleries of workspaces: a result enters with its first star and leaves with the last."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.cards.gallery import GalleryEntry, GalleryState
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load
from bot.store.queue.card_copies import CardCopy, insert_copies
from bot.store.queue.jobs import toggle_star
from bot.store.queue.transition import refresh_cards

sql, jobs_sql = load("listings/gallery"), load("queue/jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """What a result's entry consists of, should this star be its first."""

    id: str
    workspace: str
    #: the member who made the result
    maker: str
    #: whoever gives the star is the maker, be it by a linked account
    by_maker: bool
    #: somebody else's star waits for the maker's consent
    needs_consent: bool
    #: its post in the gallery's channel; None where there is no channel
    post: CardCopy | None
    #: asks the maker
    question: CardCopy
    spoiler: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Star:
    """A member gives a star to a result, or takes it back."""

    job: str
    card: str
    member: str
    #: id of the platform's event; the same again changes nothing
    event: str
    #: None toggles
    on: bool | None
    #: None: the result belongs to no gallery
    entry: NewEntry | None
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Starred:
    """What holds after a star was given or taken back."""

    #: the member's star is there
    starred: bool
    #: None: the result is in no gallery
    state: GalleryState | None


async def give_star(tx: Transaction, star: Star) -> Starred:
    """Give a star or take it back, and update the gallery with its channel."""
    # Locks the job, so that of two stars at once one is the first.
    starred = await toggle_star(
        tx, star.job, card=star.card, member=star.member, event=star.event, now=star.now, on=star.on
    )
    if star.entry is None:
        return Starred(starred=starred, state=None)
    if await tx.one(sql.stars_left, job=star.job) is None:
        await tx.run(sql.remove_entry, job=star.job)
        return Starred(starred=starred, state=None)
    return Starred(starred=starred, state=await _enter(tx, star, star.entry, starred=starred))


async def _enter(tx: Transaction, star: Star, entry: NewEntry, *, starred: bool) -> GalleryState:
    maker = await tx.one(jobs_sql.starred, job=star.job, member=entry.maker)
    by_maker = maker is not None or (starred and entry.by_maker)
    agreed = by_maker or not entry.needs_consent
    row = await tx.one(sql.entries, jobs=[star.job])
    if row is None:
        state = GalleryState.SHOWN if agreed else GalleryState.WAITING
        await tx.run(
            sql.add_entry,
            id=entry.id,
            job=star.job,
            workspace=entry.workspace,
            state=state,
            card=entry.post.card if entry.post is not None else None,
            spoiler=int(entry.spoiler),
        )
        copies = [entry.post, None if agreed else entry.question]
        await insert_copies(tx, [copy for copy in copies if copy is not None])
        return state
    state = GalleryState(row["state"])
    if by_maker or (agreed and state is GalleryState.WAITING):
        await _set_state(tx, star.job, star.card, GalleryState.SHOWN, star.now)
        return GalleryState.SHOWN
    return state


async def answer_consent(
    tx: Transaction, job: str, *, card: str, state: GalleryState, now: int
) -> GalleryEntry | None:
    """Record what a maker has decided; None if the result has no star any more."""
    await tx.one(jobs_sql.lock_job, id=job)
    if await tx.one(sql.stars_left, job=job) is None or await tx.one(sql.entries, jobs=[job]) is None:
        return None
    await _set_state(tx, job, card, state, now)
    row = await tx.one(sql.entries, jobs=[job])
    return _entry(row) if row is not None else None


async def _set_state(tx: Transaction, job: str, card: str, state: GalleryState, now: int) -> None:
    if await tx.run(sql.set_state, job=job, state=state):
        await refresh_cards(tx, {job: card}, now)


async def remove_unstarred(tx: Transaction, jobs: Iterable[str], *, now: int) -> None:
    """Remove from the galleries those of the jobs whose last star has gone."""
    rows = await tx.fetch(sql.unstarred, jobs=sorted(set(jobs)))
    for row in rows:
        await tx.run(sql.remove_entry, job=row["job"])
    if rows:
        await refresh_cards(tx, {row["job"]: row["card"] for row in rows}, now)


async def gallery_entries(database: Database, jobs: Iterable[str]) -> dict[str, GalleryEntry]:
    """The entries of these jobs, by job."""
    rows = await database.fetch(sql.entries, jobs=sorted(set(jobs)))
    return {row["job"]: _entry(row) for row in rows}


def _entry(row: Row) -> GalleryEntry:
    return GalleryEntry(
        job=row["job"],
        state=GalleryState(row["state"]),
        card=row["card"],
        spoiler=bool(row["spoiler"]),
    )
