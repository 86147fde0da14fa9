"""The operator's use cases: budgets, blocks, refunds, jobs, orphans and secrets.

Called by the command line, either here or through the running bot's socket, so arguments and answers are
plain values.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.errors import InvalidRequest, JobNotFound, ReverieError
from bot.domain.identity import Caller
from bot.domain.ids import parse_job_id
from bot.domain.jobs.job import Job, State
from bot.domain.money.pricing import Rates, read_money, show_money
from bot.domain.money.quota import (
    Allowance,
    Defaults,
    Level,
    Limit,
    Meter,
    Period,
    Rule,
    Unit,
    bounds,
)
from bot.domain.text import storable_json
from bot.security.encryption import FieldCipher
from bot.security.secret_keys import fingerprint
from bot.service.admin.usage import usage_answer
from bot.service.operator.groups import GroupOperator
from bot.service.operator.resealing import reseal_all
from bot.service.queries.account_reports import account_reports, wrong_prices
from bot.store.admin.audit import AuditSearch, search_audit
from bot.store.admin.workspaces import (
    AuditEntry,
    add_workspaces,
    find_members,
    knows_workspace,
    nearest_subject,
    record_audit,
    set_block,
)
from bot.store.database.base import Database, Transaction
from bot.store.operator.reports import list_workspaces
from bot.store.queue.jobs import find_job, list_jobs, refund_job
from bot.store.queue.orphans import list_orphans, resolve_orphan
from bot.store.quotas.limits import reset_meter, set_rule, usage_of

Answer = dict[str, Any] | list[dict[str, Any]]
ACTOR = "operator"


class Operator:
    """The operator's use cases over a database."""

    def __init__(
        self,
        database: Database,
        *,
        defaults: Defaults,
        monthly_limit: int | None,
        clock: Callable[[], int],
        secrets: Callable[[], tuple[bytes, ...]],
        rates: Callable[[], Rates],
    ) -> None:
        self._database = database
        self._defaults = defaults
        #: micro-dollars that one account may spend in a calendar month
        self._monthly_limit = monthly_limit
        self._clock = clock
        #: lazy, because the first call creates a secret if the data folder has none
        self._secrets = secrets
        #: lazy, because only prices need the file
        self._rates = rates
        self._groups = GroupOperator(database, clock, self._audit_entry, self._require_known)

    @property
    def calls(self) -> Mapping[str, Callable[..., Awaitable[Answer]]]:
        """Every use case by its name on the command line and the socket."""
        calls: Mapping[str, Callable[..., Awaitable[Answer]]] = {
            "quota_set": self.quota_set,
            "quota_show": self.quota_show,
            "quota_reset": self.quota_reset,
            "workspaces_list": self.workspaces_list,
            "workspaces_block": self.workspaces_block,
            "jobs_list": self.jobs_list,
            "jobs_show": self.jobs_show,
            "jobs_refund": self.jobs_refund,
            "jobs_orphans": self.jobs_orphans,
            "jobs_resolve": self.jobs_resolve,
            "usage": self.usage,
            "overview": self.overview,
            "audit": self.audit,
            "reseal": self.reseal,
            **self._groups.calls,
        }
        return {name: _with_storable(call) for name, call in calls.items()}

    def _audit_entry(self, action: str, subject: str, workspace: str = "") -> AuditEntry:
        return AuditEntry(actor=ACTOR, workspace=workspace, action=action, subject=subject, now=self._clock())

    async def quota_set(self, *, subject: str, amount: str, period: str = "month") -> Answer:
        """Set the budget of a workspace, of a person everywhere, or of the whole bot."""
        level, subject = _level_of(subject)
        try:
            allowance = Allowance(amount=read_money(amount), period=Period(period))
        except ValueError as error:
            raise InvalidRequest(str(error)) from error
        rule = Rule(level=level, subject=subject, workspace="", allowance=allowance)
        decision = self._audit_entry("quota set", f"{level}:{subject}")

        async def run(tx: Transaction) -> None:
            if level is Level.CEILING:
                # A budget may be given before the bot is invited; the workspace is known from now on.
                await add_workspaces(tx, [subject], now=decision.now)
            await set_rule(tx, rule, audit=decision)

        await self._database.transact(run)
        return {"level": level, "subject": subject, "amount": show_money(allowance.amount), "period": period}

    async def quota_show(self, *, subject: str) -> Answer:
        """Every limit on a workspace or a member, with its meter."""
        caller = await self._caller(subject)
        limits = await usage_of(self._database, caller, self._defaults, now=self._clock())
        whole = caller.member == caller.workspace
        return [
            _limit_record(limit, meter)
            for limit, meter in limits
            if not (whole and limit.level in (Level.MEMBER, Level.PERSON))
        ]

    async def quota_reset(self, *, subject: str, level: str) -> Answer:
        """Set what was used under one limit of a workspace or a member back to zero."""
        caller = await self._caller(subject)
        limits = await usage_of(self._database, caller, self._defaults, now=self._clock())
        found = [limit for limit, _ in limits if limit.level == level]
        if not found:
            raise InvalidRequest(f"{subject} has no limit of level {level}")
        given_back = await self._reset(found[0])
        if level == Level.PERSON:
            # Linked persons count on the meters of all.
            for other in found[1:]:
                await self._reset(other)
        return {"meter": found[0].meter, "given_back_microusd": given_back}

    async def _reset(self, limit: Limit) -> int:
        decision = self._audit_entry("quota reset", limit.scope)
        return await self._database.transact(reset_meter, limit.meter, audit=decision)

    async def workspaces_list(self) -> Answer:
        since, _ = bounds(self._clock(), Period.MONTH, ZoneInfo("UTC"))
        return await list_workspaces(self._database, since=since)

    async def workspaces_block(self, *, subject: str, blocked: bool) -> Answer:
        """Block a workspace, a member or a person everywhere, or unblock them."""
        decision = self._audit_entry("block" if blocked else "unblock", subject)
        changed = await self._database.transact(set_block, subject, blocked=blocked, audit=decision)
        return {"subject": subject, "blocked": blocked, "changed": changed}

    async def jobs_list(self, *, state: str | None = None, count: int = 20) -> Answer:
        try:
            wanted = State(state) if state else None
        except ValueError as error:
            raise InvalidRequest(f"{state!r} is no state; use one of {', '.join(State)}") from error
        return [_job_record(job) for job in await list_jobs(self._database, state=wanted, count=count)]

    async def jobs_show(self, *, job: str) -> Answer:
        return _job_record(await self._find(job))

    async def jobs_refund(self, *, job: str) -> Answer:
        """Refund a completed job to its member, once."""
        found = await self._find(job)
        if found.state is not State.COMPLETED:
            raise InvalidRequest(f"Job {found.id} is {found.state}; only a completed one was charged")
        decision = self._audit_entry("jobs refund", found.id, found.workspace)

        async def run(tx: Transaction) -> bool:
            back = await refund_job(tx, found.id, now=decision.now, cause=ACTOR)
            if back:
                await record_audit(tx, decision, {"amount": found.price, "member": found.member})
            return back

        if not await self._database.transact(run):
            raise InvalidRequest(f"Job {found.id} was refunded before")
        return {"job": found.id, "refunded": show_money(found.price)}

    async def jobs_orphans(self, *, count: int = 50) -> Answer:
        """List generations without a job."""
        return [
            {
                "account": orphan.account,
                "generation": orphan.remote_id,
                "job": orphan.job,
                "cause": orphan.cause,
                "price_microusd": orphan.price,
                "removed": orphan.removed_at is not None,
            }
            for orphan in await list_orphans(self._database, count=count)
        ]

    async def jobs_resolve(self, *, generation: str) -> Answer:
        """Mark a generation that was left at the provider as resolved."""
        if not await self._database.transact(resolve_orphan, generation, now=self._clock()):
            raise InvalidRequest(
                f"No generation {generation} was left at the provider: reverie jobs orphans lists those "
                "of the cause unprocessed; all others are removed automatically"
            )
        return {"generation": generation, "resolved": True}

    async def usage(self, *, workspace: str = "", **asked: Any) -> Answer:
        """What the jobs of one workspace, or of all, came to; `asked` as for `usage_answer`."""
        if workspace:
            await self._require_known(workspace)
        return await usage_answer(self._database, workspace, now=self._clock(), **asked)

    async def overview(self, *, period: str = "month") -> Answer:
        """Accounts with their credit, spending by workspace, and prices that are not ours; in UTC."""
        now = self._clock()
        since, _ = bounds(now, Period(period), ZoneInfo("UTC"))
        reports = await account_reports(
            self._database, monthly_limit=self._monthly_limit, now=now, of_workspaces=True
        )
        return {
            "accounts": [
                {
                    "account": report.account,
                    "provider": report.provider,
                    "workspace": report.workspace,
                    "state": report.state,
                    "in_flight": report.in_flight,
                    "credit_microusd": report.credit,
                    "credit_at": report.credit_at,
                    "per_day_microusd": report.per_day,
                    "days_left": None if report.days_left is None else round(report.days_left, 1),
                    "spent_this_month_microusd": report.spent_this_month,
                    "monthly_limit_microusd": report.monthly_limit,
                    "note": report.reason or report.forecast,
                }
                for report in reports
            ],
            "workspaces": await list_workspaces(self._database, since=since),
            "wrong_prices": [
                {
                    "kind": one.duration_class,
                    "jobs": one.jobs,
                    "expected_microusd": one.expected,
                    "actual_microusd": one.actual,
                }
                for one in await wrong_prices(self._database, dated=self._rates().dated, now=now)
            ],
        }

    async def audit(
        self, *, workspace: str = "", member: str = "", action: str = "", words: str = "", count: int = 50
    ) -> Answer:
        """The newest decisions of admins and the operator, and refusals."""
        search = AuditSearch(workspace=workspace, member=member, action=action, words=words)
        return [
            {
                "decided_at": record.at,
                "actor": record.actor,
                "name": record.actor_name,
                "workspace": record.workspace,
                "action": record.action,
                "subject": record.subject,
                "detail": record.detail,
            }
            for record in await search_audit(self._database, search, count=count)
        ]

    async def reseal(self, *, secret: str) -> Answer:
        """Encrypt everything stored with the secret of this fingerprint, which must be the first one here."""
        secrets = self._secrets()
        if fingerprint(secrets[0]) != secret:
            raise ReverieError(
                "The running bot has another secret than this command: restart it with the same "
                "REVERIE_SECRET_KEY, then try again"
            )
        return dict(await reseal_all(self._database, FieldCipher(*secrets)))

    async def _caller(self, subject: str) -> Caller:
        """Read `<platform>:<workspace>` or `<platform>:<workspace>:<user>`."""
        platform, _, rest = subject.partition(":")
        workspace, _, user = rest.partition(":")
        if not platform or not workspace or ":" in user:
            raise InvalidRequest("Write a workspace like discord:123 or a member like discord:123:42")
        if not user:
            await self._require_known(subject)
            return Caller(workspace=subject, person=subject, member=subject, name=subject)
        workspace = f"{platform}:{workspace}"
        await self._require_known(workspace)
        seen = await find_members(self._database, workspace, subject)
        if not seen:
            raise await self._unknown(subject, workspace)
        return Caller(
            workspace=workspace,
            person=seen[0].person,
            member=subject,
            name=user,
            is_guest=seen[0].guest,
            roles=seen[0].roles,
        )

    async def _require_known(self, workspace: str) -> None:
        if not await knows_workspace(self._database, workspace):
            raise await self._unknown(workspace, workspace)

    async def _unknown(self, subject: str, workspace: str) -> InvalidRequest:
        """The error for a workspace or a member that has not used the bot, with the nearest that has."""
        known = await nearest_subject(self._database, subject, workspace)
        hint = f"did you mean {known}?" if known else "reverie workspaces list shows all workspaces"
        what = "workspace" if subject == workspace else "member"
        return InvalidRequest(f"No {what} {subject} has used the bot; {hint}")

    async def _find(self, job: str) -> Job:
        found = await find_job(self._database, parse_job_id(job) or "")
        if found is None:
            raise JobNotFound(f"There is no job {job}")
        return found


def _with_storable(call: Callable[..., Awaitable[Answer]]) -> Callable[..., Awaitable[Answer]]:
    """Wrap a call so that its texts contain only characters that a database can store."""

    async def called(**arguments: Any) -> Answer:
        return await call(**storable_json(arguments))

    return called


def _job_record(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "state": job.state,
        "member": job.member,
        "title": job.title,
        "model": job.request.model,
        "price_microusd": job.price,
        "created_at": job.created_at,
        "attempt": job.attempt,
        "account": job.account,
        "generation": job.remote_id,
        "failure": job.failure.message if job.failure else None,
    }


def _limit_record(limit: Limit, meter: Meter) -> dict[str, Any]:
    is_money, show = limit.unit is Unit.MONEY, limit.unit.show
    left = limit.unit.show_left(meter.left(limit))
    return {
        "level": limit.level,
        "period": limit.period,
        "limit_microusd": limit.amount if is_money else None,
        "used_microusd": meter.used if is_money else None,
        "reserved_microusd": meter.reserved if is_money else None,
        "granted_microusd": meter.granted if is_money else None,
        "left": left if is_money else f"{left} of {show(limit.amount + meter.granted)}",
        "resets": limit.resets,
    }


def _level_of(subject: str) -> tuple[Level, str]:
    """Read `everything`, a workspace (`discord:123`) or a person (`person:discord:42`)."""
    if subject == Level.EVERYTHING:
        return Level.EVERYTHING, ""
    if subject.startswith("person:"):
        return Level.PERSON, subject.removeprefix("person:")
    if ":" not in subject:
        raise InvalidRequest(
            "Write a workspace like discord:123, a person like person:discord:42, or everything"
        )
    return Level.CEILING, subject
