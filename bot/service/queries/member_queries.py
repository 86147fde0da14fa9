"""Queries of members: one job, status, quota and help. They change nothing."""

from collections.abc import Sequence

from bot.domain.access import (
    Workspace,
    blockable_subjects,
    check_access,
    check_open,
    check_pace,
    check_queue_limits,
    paused_by_admin,
)
from bot.domain.cards.card import CardView, job_view
from bot.domain.cards.decisions import held_buttons
from bot.domain.cards.job_text import status_line
from bot.domain.command_text.job_settings import settings_of
from bot.domain.commands import Quota, Show, Status
from bot.domain.generations.estimates import Estimate
from bot.domain.identity import Caller, Place
from bot.domain.jobs.actions import NO_PRICES
from bot.domain.jobs.job import Job
from bot.domain.money.caps import paused_notice
from bot.domain.money.groups import show_shared
from bot.domain.money.limits import strictest_personal
from bot.domain.money.quota import Level, Limit, Meter, Unit
from bot.domain.text import moment
from bot.domain.workspace.workspace_keys import OWN_KEY
from bot.jobs.action_prices import action_prices
from bot.jobs.estimates import estimates, sources_of
from bot.jobs.routing import offered_models
from bot.service.defaults import effective_here
from bot.service.queries.command_help import next_prices
from bot.service.queries.job_lookup import visible_job
from bot.service.replies import LimitUse, PrivateReply
from bot.services import Services
from bot.store.admin.groups import workspaces_of_group
from bot.store.admin.workspaces import blocked_subjects, find_workspace, waiting_counts
from bot.store.queue.acceptance import NewJob
from bot.store.queue.jobs import unfinished_jobs
from bot.store.quotas.caps import caps_of
from bot.store.quotas.limits import Counted, grants_on, usage_of
from bot.store.quotas.links import with_links

#: unfinished jobs that /status lists
_RUNNING = 20


async def show_job(services: Services, command: Show, caller: Caller, place: Place) -> PrivateReply:
    """Show a job again, with its buttons."""
    job = await visible_job(services.database, command.job, caller, place)
    seen = await job_views(services, [job], caller)
    return PrivateReply(title=job.title, views=seen, settings=settings_of(job))


async def show_status(services: Services, command: Status, caller: Caller, place: Place) -> PrivateReply:
    """Show the status of one job, or of all jobs of the caller that have not ended."""
    if command.job is not None:
        jobs = [await visible_job(services.database, command.job, caller, place)]
    else:
        jobs = await unfinished_jobs(services.database, caller.workspace, caller.member, count=_RUNNING)
    if not jobs:
        return PrivateReply(title="Nothing is running", text="/history lists your jobs.")
    expected = await estimates(services, jobs, services.clock())
    fields = tuple((_short(job.title), status_line(job, expected.get(job.id, Estimate()))) for job in jobs)
    return PrivateReply(
        title="Status of your jobs", fields=fields, views=await job_views(services, jobs, caller)
    )


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004 - a line's worth


async def job_views(services: Services, jobs: Sequence[Job], caller: Caller) -> tuple[CardView, ...]:
    """Each job as a card of its own, for its caller alone."""
    sources = await sources_of(services, jobs)
    prices = await action_prices(services, jobs, caller.workspace)
    now = services.clock()
    expected = await estimates(services, jobs, now)
    return tuple(
        CardView(
            card=job.card,
            rev=0,
            member=job.member,
            member_name=job.member_name,
            title=job.title,
            private=True,
            jobs=(
                job_view(
                    job,
                    expected.get(job.id),
                    now,
                    sources.get(job.parent or ""),
                    prices=prices.get(job.id, NO_PRICES),
                ),
            ),
            created_at=job.created_at,
            decisions=held_buttons([job], priced=False),
        )
        for job in jobs
    )


async def show_quota(services: Services, _: Quota, caller: Caller, place: Place) -> PrivateReply:
    """Show what is left, reserved and used of every limit on the caller here, and what the next job costs."""
    counted = await limits_with_meters(services, caller, place.channel)
    workspace = await find_workspace(services.database, caller.workspace)
    limits = await limit_uses(services, counted, workspace)
    fields = [limit.field for limit in limits]
    mine = [limit for limit, _ in counted if limit.level is Level.MEMBER]
    fields += [
        ("Granted by an admin", f"{grant.reason} · {moment(grant.at)}")
        for grant in await grants_on(services.database, mine)
    ]
    offered = await offered_models(services, caller.workspace)
    found = await effective_here(services, caller, place)
    used = (found["image_model"].value, found["video_model"].value)
    own = f"Jobs here are {OWN_KEY}. " if workspace.own_account else ""
    money = [meter.left(limit) for limit, meter in counted if limit.unit is Unit.MONEY]
    left = min(money, default=None)
    return PrivateReply(
        title="Your quota",
        text=f"{own}{next_prices(services.rates, offered, used, left)}".strip(),
        fields=tuple(fields),
        limits=limits,
        money_left=left,
    )


async def pause_notice(services: Services, caller: Caller) -> str:
    """Why queued jobs of a workspace wait: an admin has paused it, or a spending cap is used up."""
    workspace = await find_workspace(services.database, caller.workspace)
    if workspace.paused:
        return paused_by_admin(workspace)
    caps = await caps_of(services.database, workspace, now=services.clock())
    paused = [cap for cap in caps if cap.is_paused]
    # The cap that holds back longest: until then nothing goes on.
    cap = max(paused, key=lambda one: one.period_end, default=None)
    return paused_notice(cap, moment(cap.period_end)) if cap else ""


async def limits_with_meters(services: Services, caller: Caller, channel: str = "") -> list[Counted]:
    """Every limit on the caller in a channel now, with its meter."""
    return await usage_of(
        services.database, caller, services.settings.defaults, now=services.clock(), channel=channel
    )


async def check_acceptable(services: Services, caller: Caller, place: Place, jobs: Sequence[NewJob]) -> None:
    """Raise what accepting these jobs would raise now; reserves nothing."""
    caller = await with_links(services.database, caller)
    workspace = await find_workspace(services.database, caller.workspace)
    check_open(workspace, await blocked_subjects(services.database, blockable_subjects(caller)), caller)
    check_access(workspace.access, caller, place)
    now = services.clock()
    counts = await waiting_counts(services.database, caller, now)
    counted_on = await limits_with_meters(services, caller, place.channel)
    for offset, job in enumerate(jobs):
        check_queue_limits(
            services.settings.patience, member=counts.member + offset, workspace=counts.workspace + offset
        )
        check_pace(workspace.pace, unfinished=counts.unfinished + offset, last_at=counts.last_at, now=now)
        counted_on = [
            (limit, meter if amount is None else meter.reserve(amount, limit))
            for limit, meter in counted_on
            for amount in (limit.counted(job.price, job.request.makes),)
        ]


#: label of a limit by its level
_NAMES = {
    Level.MEMBER: "You",
    Level.ROLE: "You",
    Level.PERSON: "You, everywhere",
    Level.CHANNEL: "This channel",
    Level.WORKSPACE: "This workspace",
    Level.CEILING: "Budget of this workspace",
    Level.GROUP: "Shared budget",
    Level.EVERYTHING: "Budget of the bot",
}


async def describe_limits(
    services: Services, counted: Sequence[Counted], workspace: Workspace
) -> list[tuple[str, str]]:
    """The fields that show limits in a workspace."""
    return [use.field for use in await limit_uses(services, counted, workspace)]


async def limit_uses(
    services: Services, counted: Sequence[Counted], workspace: Workspace
) -> tuple[LimitUse, ...]:
    """What is used of limits in a workspace; a shared budget says with whom it is shared."""
    others = []
    if workspace.group is not None and any(limit.level is Level.GROUP for limit, _ in counted):
        members = await workspaces_of_group(services.database, workspace.group.id)
        others = [one for one in members if one != workspace.id]
    shared = f"Budget shared with {show_shared(others)}"
    return tuple(
        limit_use(limit, meter, name=shared if limit.level is Level.GROUP else None)
        for limit, meter in strictest_personal(counted)
    )


def describe_limit(limit: Limit, meter: Meter, *, name: str | None = None) -> list[tuple[str, str]]:
    """The field that shows one limit: left, reserved, used and when it resets."""
    return [limit_use(limit, meter, name=name).field]


def limit_use(limit: Limit, meter: Meter, *, name: str | None = None) -> LimitUse:
    """One limit with what is left, reserved and used of it."""
    show = limit.unit.show
    whole = limit.amount + meter.granted
    left = limit.unit.show_left(meter.left(limit))
    parts = [
        f"{left} left of {show(whole)}",
        f"{show(meter.reserved)} reserved",
        f"{show(meter.used)} used",
        f"resets {moment(limit.period_end)}",
    ]
    if meter.granted:
        parts.append(f"{show(meter.granted)} granted")
    return LimitUse(
        name=f"{name or _NAMES[limit.level]}, {limit.period.current}",
        left=left,
        parts=tuple(parts),
        used=meter.used,
        reserved=meter.reserved,
        whole=whole,
    )
