"""Factories for what the tests of the store write: commands, accounts, and jobs at each stage."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count

from bot.domain.access import QueueLimits
from bot.domain.cards.decisions import Purpose
from bot.domain.generations.media import Media, Reference
from bot.domain.generations.models import Lane
from bot.domain.generations.requests import AnyRequest, ImageRequest
from bot.domain.identity import Caller, Place
from bot.domain.jobs.failures import FailureCategory, failure
from bot.domain.jobs.job import Job, State
from bot.domain.money.quota import Allowance, Defaults, Level, Meter, Period
from bot.security.encryption import FieldCipher, card_context
from bot.store.database.base import Database
from bot.store.database.named_sql import Query
from bot.store.listings.gallery import NewEntry
from bot.store.operator.accounts import register_accounts
from bot.store.queue.accept import accept
from bot.store.queue.acceptance import Acceptance, NewJob
from bot.store.queue.card_copies import CardCopy
from bot.store.queue.claim import Claim, ClaimRequest, ClaimResult, SendingRecord, claim, record_sending
from bot.store.queue.jobs import find_job
from bot.store.queue.transition import Transition, transition

#: Friday, 15 January 2027, 08:00 UTC
NOW = 1_800_000_000_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
WORKSPACE = "chat:home"
#: where commands are given and their cards shown
HERE = Place(adapter="chat", workspace=WORKSPACE, channel="general")
QUEUE = "luma/image"
ACCOUNT = "luma-1"
PICTURE = Media(file="f" * 64, mime="image/jpeg", size=1_000, width=2048, height=1152)
SEAL = FieldCipher(b"a secret that opens nothing but these tests")

_numbers = count(1)


def new_id(kind: str) -> str:
    """Make an id that sorts by the order in which ids were made."""
    return f"{kind}{next(_numbers):08}"


def caller(name: str = "ada", *, workspace: str = WORKSPACE) -> Caller:
    return Caller(workspace=workspace, person=f"chat:{name}", member=f"{workspace}:{name}", name=name.title())


def acceptance(
    who: Caller | None = None,
    *,
    event: str | None = None,
    jobs: int = 1,
    price: int = 10,
    allowance: int = 1_000_000,
    ceiling: int = 1_000_000,
    queue_limits: QueueLimits | None = None,
    prompt: str = "a red fox",
    references: Sequence[str] = (),
    request: AnyRequest | None = None,
    files: Sequence[str] = (),
    reaction: str | None = None,
    reaction_since: int = 0,
    queue: str = QUEUE,
    account_required: str | None = None,
    private: bool = False,
    reach: str = "",
    lease_owner: str | None = None,
    now: int = NOW,
) -> Acceptance:
    """Make one command; money in micro-dollars, the allowance by the day, the ceiling by the month.

    Its request is a picture from the prompt and `references`, unless another is given.
    """
    who = who or caller()
    request = request or ImageRequest(
        prompt=prompt, image_refs=tuple(Reference(job=job) for job in references)
    )
    card = new_id("card")
    return Acceptance(
        card=card,
        event=event or f"chat:{card}",
        caller=who,
        place=Place(
            adapter="chat", workspace=who.workspace, channel="general", private=private, reply_token=reach
        ),
        encrypted_reply_token=SEAL.encrypt(reach, context=card_context(card)) if reach else "",
        jobs=tuple(
            NewJob(
                id=new_id("job"),
                provider="luma",
                queue=queue,
                duration_class=request.duration_class,
                request=request,
                title=prompt,
                price=price,
                parent=references[0] if references else None,
                account_required=account_required,
                files=tuple(files),
            )
            for _ in range(jobs)
        ),
        defaults=Defaults(
            member=Allowance(amount=allowance, period=Period.DAY),
            ceiling=Allowance(amount=ceiling, period=Period.MONTH),
        ),
        queue_limits=queue_limits or QueueLimits(member=10_000, workspace=10_000),
        now=now,
        deadline=now + DAY,
        lease_owner=lease_owner,
        lease_until=now + 3 * SECOND if lease_owner else None,
        reaction=reaction,
        reaction_since=reaction_since,
    )


async def accepted(database: Database, item: Acceptance | None = None) -> str:
    """Have a command of one job accepted; answers the job."""
    item = item or acceptance()
    await database.write(accept, item)
    return item.jobs[0].id


async def open_account(
    database: Database, account: str = ACCOUNT, *, concurrent: int = 1_000, per_minute: int = 1_000
) -> None:
    await open_accounts(database, account, concurrent=concurrent, per_minute=per_minute)


async def open_accounts(
    database: Database, *accounts: str, concurrent: int = 1_000, per_minute: int = 1_000
) -> None:
    """Have these accounts, and no others."""
    await database.transact(
        register_accounts,
        accounts=dict.fromkeys(accounts, "luma"),
        lanes={(account, Lane.IMAGE): (concurrent, per_minute) for account in accounts},
        now=NOW,
        retire_before=NOW + 1,
    )


def offer(
    *,
    account: str = ACCOUNT,
    owner: str = "one",
    most: int = 1_000,
    now: int = NOW,
    queue: str = QUEUE,
    lease: int = 45 * SECOND,
) -> ClaimRequest:
    """Make an offer to submit what the lane has room for; creates count for 75 s."""
    return ClaimRequest(
        account=account,
        lane=Lane.IMAGE,
        provider="luma",
        queue=queue,
        owner=owner,
        now=now,
        lease_until=now + lease,
        window_start=now - 75 * SECOND,
        max_count=most,
    )


async def claim_next(database: Database, most: int = 1, *, now: int = NOW) -> list[str]:
    claimed: ClaimResult = await database.write(claim, offer(most=most, now=now))
    return [one.job for one in claimed.claims]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One job on its way; each step is tried from where the job stands."""

    database: Database
    job: str

    async def now_at(self) -> Job:
        found = await find_job(self.database, self.job)
        assert found is not None
        return found

    async def send(self, *, owner: str = "one", now: int = NOW, has_token: bool = True) -> bool:
        job = await self.now_at()
        noted: bool = await self.database.write(
            record_sending,
            SendingRecord(
                claim=Claim(job=job.id, attempt=job.attempt),
                owner=owner,
                now=now,
                fingerprint="equal",
                has_token=has_token,
            ),
        )
        return noted

    async def move(
        self,
        after: State,
        *,
        seen: Job | None = None,
        now: int = NOW,
        remote_id: str | None = None,
        result: Media = PICTURE,
        price: int | None = None,
    ) -> None:
        """Move the job on from where it stands or was seen, with all that its next state needs."""
        job = seen or await self.now_at()
        submits = after is State.SUBMITTED
        await self.database.write(
            transition,
            Transition(
                job=job.id,
                before=job.state,
                attempt=job.attempt,
                after=after,
                now=now,
                cause="test",
                account=ACCOUNT if submits else None,
                remote_id=(remote_id or f"generation of {job.id}") if submits else None,
                submitted_at=now if submits else None,
                price=price,
                result=result if after is State.COMPLETED else None,
                failure=failure(FailureCategory.TIMEOUT) if after is State.FAILED else None,
            ),
        )


async def submitted(database: Database, item: Acceptance | None = None) -> Walk:
    """Bring a new job to the provider; the account must be open."""
    walk = Walk(database=database, job=await accepted(database, item))
    assert [walk.job] == await claim_next(database)
    await walk.send()
    await walk.move(State.SUBMITTED)
    return walk


async def completed(database: Database, item: Acceptance | None = None) -> Walk:
    walk = await submitted(database, item)
    await walk.move(State.COMPLETED)
    return walk


def copy_of(walk: Walk, who: Caller | None = None, *, event: str | None = None) -> CardCopy:
    """Ask for a job's result in somebody's direct messages."""
    who = who or caller("bob")
    card = new_id("card")
    return CardCopy(
        card=card,
        event=event or f"chat:{card}",
        caller=who,
        place=Place(adapter="chat", workspace="chat:@dm", channel=f"@{who.person}", private=True),
        encrypted_reply_token=SEAL.encrypt("token", context=card_context(card)),
        job=walk.job,
        now=NOW,
    )


def gallery_entry(walk: Walk, *, consent: bool = False) -> NewEntry:
    """What a star makes of a job of Ada's in the gallery of her workspace, with a post in its channel."""
    return NewEntry(
        id=new_id("entry"),
        workspace=WORKSPACE,
        maker="chat:home:ada",
        by_maker=False,
        needs_consent=consent,
        post=replace(copy_of(walk), purpose=Purpose.GALLERY),
        question=replace(copy_of(walk, event=f"consent/{walk.job}"), purpose=Purpose.CONSENT),
        spoiler=False,
    )


async def count_of(database: Database, table: str) -> int:
    row = await database.one(Query("count", f"SELECT count(*) AS found FROM {table}"))  # noqa: S608 - our names
    assert row is not None
    return int(row["found"])


async def meter_of(database: Database, scope: str) -> Meter:
    """Add up all that was ever counted for a scope, over its periods."""
    query = Query(
        "meter",
        "SELECT CAST(coalesce(sum(used), 0) AS bigint) AS used,"
        " CAST(coalesce(sum(reserved), 0) AS bigint) AS reserved FROM meter WHERE scope = :scope",
    )
    row = await database.one(query, scope=scope)
    assert row is not None
    return Meter(used=row["used"], reserved=row["reserved"])


def member_scope(who: Caller | None = None) -> str:
    return f"{Level.MEMBER}:{(who or caller()).member}"


def ceiling_scope(who: Caller | None = None) -> str:
    return f"{Level.CEILING}:{(who or caller()).workspace}"
