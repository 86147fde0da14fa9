"""Votes: two replicas that count at the same time see each other's, and a policy that both change."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from bot.domain.money.quota import Allowance, Level, Period, Rule
from bot.domain.policy.record import Policy
from bot.domain.policy.words import WordRule
from bot.store.admin.policies import change_policy
from bot.store.admin.workspaces import AuditEntry, find_workspace
from bot.store.database.base import Database
from bot.store.operator.workspace_keys import NewKey, set_key
from bot.store.queue.accept import accept
from bot.store.queue.acceptance import Acceptance
from bot.store.queue.votes import Vote
from bot.store.quotas.limits import set_rule
from tests.store.factories import (
    NOW,
    WORKSPACE,
    acceptance,
    caller,
    completed,
    count_of,
    open_account,
)
from tests.store.races import meet

BOSS = AuditEntry(actor="boss", workspace=WORKSPACE, action="rules words", subject="x", now=NOW)


def vote(job: str, who: str, *, needed: int) -> Acceptance:
    """A member votes for a variation of a job, which the workspace pays."""
    item = acceptance(caller(who), event=f"vote/{job}")
    voted = Vote(job=job, emoji="🔥", member=item.caller.member, at=NOW, needed=needed)
    return replace(item, vote=voted, paid_by_workspace=True)


async def test_of_forty_votes_at_two_replicas_the_twentieth_starts_one_job(
    replicas: tuple[Database, Database],
) -> None:
    await open_account(replicas[0])
    job = (await completed(replicas[0])).job
    before = await count_of(replicas[0], "job")
    items = [vote(job, f"voter{number}", needed=20) for number in range(40)]
    found = await asyncio.gather(
        *(replicas[number % 2].write(accept, item) for number, item in enumerate(items))
    )
    cards = [one.card for one in found if not one.votes]
    assert (21, 1) == (len(cards), len(set(cards)))
    assert 1 == len([one for one in found if one.new is not None])
    assert before + 1 == await count_of(replicas[0], "job")
    assert 20 == await count_of(replicas[0], "vote")


async def test_two_votes_that_meet_are_both_counted(replicas: tuple[Database, Database]) -> None:
    """Votes are counted before any meter is locked."""
    await open_account(replicas[0])
    job = (await completed(replicas[0])).job
    key = NewKey(
        workspace=WORKSPACE,
        account="luma-own",
        provider="luma",
        encrypted="sealed",
        masked="luma-…3f9a",
        set_by="Boss",
        now=NOW,
    )
    await replicas[0].transact(set_key, key, audit=BOSS)
    budget = Rule(
        level=Level.WORKSPACE,
        subject=WORKSPACE,
        workspace=WORKSPACE,
        allowance=Allowance(amount=10**9, period=Period.MONTH),
    )
    await replicas[0].transact(set_rule, budget, audit=BOSS)
    one, other = (replace(vote(job, name, needed=2), own_account="luma-own") for name in ("ada", "bob"))
    (counted,), started = await meet(
        replicas,
        accept,
        [one],
        before="votes.insert_votes",
        meanwhile=lambda store: store.write(accept, other),
    )
    assert 1 == counted.votes
    assert started.new is not None


async def test_changes_of_two_replicas_are_both_kept(replicas: tuple[Database, Database]) -> None:
    def add(pattern: str) -> Callable[[Policy], Policy]:
        return lambda policy: policy.model_copy(update={"words": (*policy.words, WordRule(pattern=pattern))})

    await replicas[0].transact(change_policy, WORKSPACE, add("zero"), audit=BOSS)
    await asyncio.gather(
        *(
            replicas[number % 2].transact(
                change_policy,
                WORKSPACE,
                add(f"word{number}"),
                audit=BOSS,
            )
            for number in range(20)
        )
    )
    policy: Policy = (await find_workspace(replicas[1], WORKSPACE)).policy
    assert 21 == len(policy.words)
