"""Whatever happens in whatever order, the books balance and no meter passes its limit."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from bot.domain.errors import QuotaExhausted
from bot.domain.generations.requests import AnyRequest, ImageRequest, VideoRequest
from bot.domain.identity import Caller
from bot.domain.jobs.job import FINAL, State
from bot.domain.money.groups import Group
from bot.domain.money.quota import OPERATOR_LEVELS, Allowance, Level, Period, Rule, Unit
from bot.store.admin.groups import create_group, groups_of, join_group, leave_group, set_group_budget
from bot.store.admin.workspaces import AuditEntry, add_workspaces
from bot.store.database.base import Database
from bot.store.database.named_sql import Query
from bot.store.operator.reports import inconsistent_meters
from bot.store.queue.accept import accept
from bot.store.queue.acceptance import AcceptedCard
from bot.store.queue.jobs import refund_job
from bot.store.quotas.limits import grant, of_level, remove_rules, reset_meter, set_rule, usage_of
from bot.store.quotas.links import links_of
from tests.store.factories import DAY, NOW, Walk, acceptance, caller, new_id, open_account
from tests.store.quotas.linking import link_up, part

_WORKSPACE = "chat:home"
_ELSEWHERE = "chat:elsewhere"
_PEOPLE = ("ada", "bob", "eve")
_ROLES = ("artists", "helpers")
_STEPS = 120
_METERS = Query("meters", "SELECT id, used, reserved, granted, max_amount FROM meter")
_SETTLED = Query(
    "settled",
    "SELECT job.id, job.state, job.refunded, reservation.settled_as FROM job"
    " JOIN reservation ON reservation.job = job.id",
)
#: whose jobs count on the current meter of which person
_PERSONAL = Query(
    "personal",
    "SELECT DISTINCT meter.scope, job.person FROM meter JOIN reservation ON reservation.meter = meter.id"
    " JOIN job ON job.id = reservation.job WHERE meter.scope LIKE 'person:%' AND meter.period_end > :now",
)
#: how the reservations of a job in each final state may be settled
_LEGAL = {
    State.COMPLETED: {"captured", "refunded"},
    State.FAILED: {"released"},
    State.CANCELLED: {"released"},
}


@dataclass
class _RandomWorkspace:
    """A workspace in which things happen at random, and the jobs in it."""

    store: Database
    random: Random
    now: int = NOW
    jobs: list[str] = field(default_factory=list)
    accepted: int = 0
    refused: int = 0

    #: changes of links and of the group
    changed: int = 0

    def audit(self) -> AuditEntry:
        return AuditEntry(actor="boss", workspace=_WORKSPACE, action="x", subject="y", now=self.now)

    def somebody(self) -> Caller:
        roles = frozenset(self.random.sample(_ROLES, self.random.randint(0, 2)))
        workspace = _ELSEWHERE if self.random.random() < 0.2 else _WORKSPACE
        return replace(caller(self.random.choice(_PEOPLE), workspace=workspace), roles=roles)

    async def ask(self) -> None:
        requests: tuple[AnyRequest, ...] = (ImageRequest(prompt="a fox"), VideoRequest(prompt="a fox"))
        item = acceptance(
            self.somebody(),
            jobs=self.random.randint(1, 3),
            price=self.random.randint(0, 30),
            allowance=100,
            ceiling=700,
            request=self.random.choice(requests),
            now=self.now,
        )
        before = await self.store.fetch(_METERS)
        try:
            await self.store.write(accept, item)
        except QuotaExhausted:
            self.refused += 1
            return
        self.accepted += 1
        self.jobs += [job.id for job in item.jobs]
        counted = {row["id"]: row["used"] + row["reserved"] for row in before}
        for row in await self.store.fetch(_METERS):
            if row["used"] + row["reserved"] > counted.get(row["id"], 0):
                assert row["used"] + row["reserved"] <= row["max_amount"] + row["granted"]

    async def move(self) -> None:
        """Move a job on as far as it can go in one step, or end it."""
        walk = Walk(database=self.store, job=self.random.choice(self.jobs))
        job = await walk.now_at()
        match job.state:
            case State.QUEUED:
                await walk.move(self.random.choice([State.SUBMITTING, State.CANCELLED]), now=self.now)
            case State.SUBMITTING:
                await walk.move(self.random.choice([State.SUBMITTED, State.FAILED]), now=self.now)
            case State.SUBMITTED:
                await walk.move(self.random.choice([State.COMPLETED, State.FAILED]), now=self.now)
            case State.COMPLETED:
                await self.store.transact(refund_job, job.id, now=self.now, cause="operator")
            case _:
                return

    async def rule(self) -> None:
        """Set or remove a rule of any level, in any unit and period."""
        level, subject = self.random.choice(
            [
                (Level.MEMBER, ""),
                (Level.MEMBER, "chat:home:ada"),
                (Level.ROLE, self.random.choice(_ROLES)),
                (Level.CHANNEL, "general"),
                (Level.WORKSPACE, _WORKSPACE),
                (Level.PERSON, f"chat:{self.random.choice(_PEOPLE)}"),
                (Level.EVERYTHING, ""),
            ]
        )
        by_operator = level in OPERATOR_LEVELS
        unit = Unit.MONEY if by_operator else self.random.choice(list(Unit))
        rule = Rule(
            level=level,
            subject=subject,
            workspace="" if by_operator else _WORKSPACE,
            allowance=Allowance(
                amount=self.random.randint(0, 400 if unit is Unit.MONEY else 9),
                period=self.random.choice(list(Period)),
                unit=unit,
            ),
        )
        if self.random.random() < 0.3:
            await self.store.transact(remove_rules, rule, period=None, default=None, audit=self.audit())
        else:
            await self.store.transact(set_rule, rule, audit=self.audit())

    async def link(self) -> None:
        """Link two people, or unlink one from all others."""
        one, other = (caller(name) for name in self.random.sample(_PEOPLE, 2))
        if self.random.random() < 0.5:
            await part(self.store, one, now=self.now)
        elif other.person not in await self.linked(one.person):
            await link_up(self.store, one, other, now=self.now)
        self.changed += 1

    async def linked(self, person: str) -> frozenset[str]:
        """A person with all whom they are linked to."""
        found = (await links_of(self.store, [person])).get(person)
        return (found.others(person) if found else frozenset()) | {person}

    async def group(self) -> None:
        """Put a workspace into the group or take it out, or change the budget."""
        workspace = self.random.choice([_WORKSPACE, _ELSEWHERE])
        await self.store.transact(add_workspaces, [workspace], now=self.now)
        inside = await groups_of(self.store, [workspace])
        if self.random.random() < 0.3:
            budget = self.random.randint(0, 600)
            await self.store.transact(set_group_budget, "Acme", budget, audit=self.audit())
        else:
            change = leave_group if inside else join_group
            await self.store.transact(change, "Acme", workspace, audit=self.audit())
        self.changed += 1

    async def give(self) -> None:
        defaults = acceptance(allowance=100, ceiling=700).defaults
        found = of_level(
            await usage_of(self.store, self.somebody(), defaults, now=self.now),
            Level.MEMBER,
            self.random.choice(list(Unit)),
        )
        for limit, _ in found:
            amount = self.random.randint(1, 20)
            await self.store.transact(grant, new_id("grant"), limit, amount, reason="won", audit=self.audit())

    async def reset(self) -> None:
        rows = await self.store.fetch(_METERS)
        if rows:
            await self.store.transact(reset_meter, self.random.choice(rows)["id"], audit=self.audit())

    async def sleep(self) -> None:
        self.now += self.random.choice([DAY // 3, DAY, 8 * DAY])

    async def check(self) -> None:
        assert [] == await inconsistent_meters(self.store)
        for row in await self.store.fetch(_METERS):
            assert min(row["used"], row["reserved"], row["granted"]) >= 0, dict(row)
        for row in await self.store.fetch(_SETTLED):
            state = State(row["state"])
            assert row["settled_as"] in (_LEGAL[state] if state in FINAL else {None}), dict(row)
        for row in await self.store.fetch(_PERSONAL, now=self.now):
            assert row["person"] in await self.linked(row["scope"].removeprefix("person:")), dict(row)


@pytest.mark.parametrize(
    "seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 60))]
)
async def test_the_ledger_balances_after_any_sequence_of_events(store: Database, seed: int) -> None:
    world = _RandomWorkspace(store=store, random=Random(seed))  # noqa: S311 - not for secrets
    await open_account(store)
    often: Sequence[Callable[[], Awaitable[None]]] = [world.ask] * 4 + [world.move] * 5
    rarely = [world.rule, world.give, world.reset, world.sleep, world.link, world.link, world.group]
    await store.transact(create_group, Group(id="g1", name="Acme", budget=400), audit=world.audit())
    await world.ask()
    for _ in range(_STEPS):
        if world.jobs:
            await world.random.choice([*often, *rarely])()
        else:
            await world.ask()
    await world.check()
    for job in world.jobs:
        while (state := (await Walk(database=store, job=job).now_at()).state) not in FINAL:
            ends = State.CANCELLED if state is State.QUEUED else State.FAILED
            await Walk(database=store, job=job).move(ends, now=world.now)
    await world.check()
    rows = await store.fetch(_METERS)
    assert {0} == {row["reserved"] for row in rows}, "nothing stays reserved"
    assert world.changed
    assert world.accepted
    assert world.refused


async def test_200_members_race_for_the_last_cent_of_a_workspace(store: Database) -> None:
    """Each wants a cent, and the workspace has ten left: ten get it, whatever waits beside whatever."""
    rule = Rule(
        level=Level.WORKSPACE,
        subject=_WORKSPACE,
        workspace=_WORKSPACE,
        allowance=Allowance(amount=100_000, period=Period.DAY),
    )
    audit = AuditEntry(actor="boss", workspace=_WORKSPACE, action="x", subject="y", now=NOW)
    await store.transact(set_rule, rule, audit=audit)
    items = [
        acceptance(caller(f"m{number}"), price=10_000, allowance=10**6, ceiling=10**9)
        for number in range(200)
    ]
    answers = await asyncio.gather(*(store.write(accept, item) for item in items), return_exceptions=True)
    assert 10 == sum(isinstance(answer, AcceptedCard) for answer in answers)
    assert 190 == sum(isinstance(answer, QuotaExhausted) for answer in answers)
    (row,) = [row for row in await store.fetch(_METERS) if row["id"].startswith("workspace:")]
    assert (0, 100_000) == (row["used"], row["reserved"])
    assert [] == await inconsistent_meters(store)


async def test_two_replicas_race_for_the_last_cent(replicas: tuple[Database, Database]) -> None:
    items = [acceptance(caller(f"m{number}"), price=10, ceiling=100) for number in range(200)]
    answers = await asyncio.gather(
        *(replicas[number % 2].write(accept, item) for number, item in enumerate(items)),
        return_exceptions=True,
    )
    assert 10 == sum(isinstance(answer, AcceptedCard) for answer in answers)
    assert [] == await inconsistent_meters(replicas[0])
