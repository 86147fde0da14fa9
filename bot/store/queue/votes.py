"""Votes: members who react with the same emoji under a job, counted once each while a command is accepted."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from bot.store.database.base import Transaction
from bot.store.database.named_sql import load

sql = load("queue/votes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A member's vote to act on a job."""

    job: str
    emoji: str
    member: str
    at: int
    #: how many members have to vote before it is acted on
    needed: int

    @property
    def subject(self) -> tuple[str, str]:
        """What it is a vote for."""
        return self.job, self.emoji


#: members who have voted, by job and emoji
Voters = dict[tuple[str, str], set[str]]


async def lock_and_count(tx: Transaction, votes: Iterable[Vote]) -> Voters:
    """The members who have voted so far; nobody else adds a vote for these jobs until the commit."""
    jobs = sorted({vote.job for vote in votes})
    found: Voters = defaultdict(set)
    if jobs:
        await tx.fetch(sql.lock_jobs, ids=jobs)
        for row in await tx.fetch(sql.votes, jobs=jobs):
            found[row["job"], row["emoji"]].add(row["member"])
    return found


def count_vote(voters: Voters, vote: Vote) -> int:
    """How many members have voted with this vote; it is one of them from now, unless it is the last needed.

    The last one counts once it is acted on: if that is refused, the next vote tries it again.
    """
    known = voters.setdefault(vote.subject, set())
    votes = len(known | {vote.member})
    if votes < vote.needed:
        known.add(vote.member)
    return votes


async def insert_votes(tx: Transaction, votes: Iterable[Vote]) -> None:
    rows = [{"job": one.job, "emoji": one.emoji, "member": one.member, "at": one.at} for one in votes]
    if rows:
        await tx.run(sql.insert_votes, items=rows)


async def withdraw_vote(tx: Transaction, job: str, emoji: str, member: str) -> None:
    """Take a vote back; what the votes have started stays."""
    await tx.run(sql.withdraw, job=job, emoji=emoji, member=member)
