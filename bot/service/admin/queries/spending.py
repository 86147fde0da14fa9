"""What a workspace spends, and what it and its members may spend."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.domain.access import Pace
from bot.domain.identity import Caller
from bot.domain.jobs.job import State
from bot.domain.money.quota import WHOLE_LEVELS, Allowance, Limit, Meter, Period, Rule, bounds
from bot.service.admin.queries.paging import PAGE, Page, page_of, skipped
from bot.service.admin.queries.queue import QueueGroup, group_of
from bot.service.admin.setup import current_setup
from bot.service.queries.member_queries import limits_with_meters, pause_notice
from bot.service.replies import SetupState
from bot.services import Services
from bot.store.admin.workspaces import find_workspace
from bot.store.listings.workspace_jobs import unfinished_counts
from bot.store.members.retention import retention_of
from bot.store.operator.reports import spent_since
from bot.store.quotas.limits import workspace_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The state of a workspace; amounts are micro-dollars."""

    #: an admin has paused it, and why
    paused: bool
    pause_reason: str
    #: why queued jobs wait, an admin or a spent cap; empty while they do not
    notice: str
    spent_today: int
    spent_this_month: int
    caps: tuple[tuple[Limit, Meter], ...]
    #: jobs that have not ended
    jobs: Mapping[QueueGroup, int]
    setup: SetupState
    #: what a week costs at most, in words
    cost: str
    #: jobs are billed to the workspace's own key
    own_key: bool
    #: days for media and for prompts; None: the workspace has not decided
    media_days: int | None
    prompt_days: int | None


async def overview(services: Services, caller: Caller) -> Overview:
    database, now = services.database, services.clock()
    workspace = await find_workspace(database, caller.workspace)
    zone = ZoneInfo(workspace.timezone)
    today, month = (bounds(now, period, zone)[0] for period in (Period.DAY, Period.MONTH))
    spent_today, spent_this_month, unfinished, notice, counted, (setup, cost) = await asyncio.gather(
        spent_since(database, workspace.id, since=today),
        spent_since(database, workspace.id, since=month),
        unfinished_counts(database, workspace.id),
        pause_notice(services, caller),
        limits_with_meters(services, caller),
        current_setup(services, caller),
    )
    kept = await retention_of(database, workspace.id)
    return Overview(
        paused=workspace.paused,
        pause_reason=workspace.pause_reason,
        notice=notice,
        spent_today=spent_today,
        spent_this_month=spent_this_month,
        caps=tuple((limit, meter) for limit, meter in counted if limit.level in WHOLE_LEVELS),
        jobs=_grouped(unfinished),
        setup=setup,
        cost=cost,
        own_key=workspace.own_account is not None,
        media_days=kept.media_days,
        prompt_days=kept.prompt_days,
    )


def _grouped(states: Mapping[State, int]) -> Mapping[QueueGroup, int]:
    counts = dict.fromkeys(QueueGroup, 0)
    for state, jobs in states.items():
        counts[group_of(state)] += jobs
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowances:
    """What limits a workspace and its members."""

    rules: Page[Rule]
    #: of each member where no rule says otherwise
    default: Allowance
    caps: tuple[tuple[Limit, Meter], ...]
    pace: Pace
    timezone: str


async def allowances(services: Services, caller: Caller, *, page: int) -> Allowances:
    workspace = await find_workspace(services.database, caller.workspace)
    rules = await workspace_rules(services.database, workspace.id)
    counted = await limits_with_meters(services, caller)
    start = skipped(page)
    return Allowances(
        rules=page_of(rules[start : start + PAGE + 1], page),
        default=services.settings.defaults.member,
        caps=tuple((limit, meter) for limit, meter in counted if limit.level in WHOLE_LEVELS),
        pace=workspace.pace,
        timezone=workspace.timezone,
    )
