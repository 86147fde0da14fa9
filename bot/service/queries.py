"""Queries of members: one job, status, quota and help. They change nothing."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from bot.domain.access import (
    Workspace,
    blockable_subjects,
    check_access,
    check_open,
    check_pace,
    check_queue_limits,
    is_operator,
    paused_by_admin,
)
from bot.domain.action_prices import NO_PRICES
from bot.domain.caps import paused_notice
from bot.domain.cards import CardView, job_view
from bot.domain.commands import CATALOGUE, Audience, Help, Quota, Show, Status
from bot.domain.decisions import held_buttons
from bot.domain.errors import InvalidRequest
from bot.domain.estimates import Estimate
from bot.domain.groups import show_shared
from bot.domain.headlines import status_line
from bot.domain.identity import Caller, Place
from bot.domain.jobs import Job
from bot.domain.limits import strictest_personal
from bot.domain.media import MediaKind, Reference
from bot.domain.models import AspectRatio, Duration, Model, Resolution
from bot.domain.options import Option, options
from bot.domain.pricing import Rates, has_price, is_estimate, price, show_money
from bot.domain.quota import Level, Limit, Meter, Unit
from bot.domain.requests import (
    AnyRequest,
    AudioRequest,
    ImageRequest,
    ModifyVideoRequest,
    UpscaleRequest,
    VideoRequest,
)
from bot.domain.text import moment
from bot.domain.workspace_keys import OWN_KEY
from bot.jobs.action_prices import action_prices
from bot.jobs.estimates import estimates, sources_of
from bot.jobs.routing import offered_models
from bot.service.defaults import effective_here
from bot.service.job_lookup import visible_job
from bot.service.replies import PrivateReply
from bot.services import Services
from bot.store.acceptance import NewJob
from bot.store.caps import caps_of
from bot.store.groups import workspaces_of_group
from bot.store.jobs import unfinished_jobs
from bot.store.limits import Counted, grants_on, usage_of
from bot.store.links import with_links
from bot.store.workspaces import blocked_subjects, find_workspace, waiting_counts

#: unfinished jobs that /status lists
_RUNNING = 20


async def show_job(services: Services, command: Show, caller: Caller, place: Place) -> PrivateReply:
    """Show a job again, with its buttons."""
    job = await visible_job(services.database, command.job, caller, place)
    seen = await job_views(services, [job], caller)
    return PrivateReply(title=job.title, views=seen)


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
    fields = await describe_limits(services, counted, workspace)
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
    """The fields that show limits in a workspace; a shared budget says with whom it is shared."""
    others = []
    if workspace.group is not None and any(limit.level is Level.GROUP for limit, _ in counted):
        members = await workspaces_of_group(services.database, workspace.group.id)
        others = [one for one in members if one != workspace.id]
    shared = f"Budget shared with {show_shared(others)}"
    return [
        field
        for limit, meter in strictest_personal(counted)
        for field in describe_limit(limit, meter, name=shared if limit.level is Level.GROUP else None)
    ]


def describe_limit(limit: Limit, meter: Meter, *, name: str | None = None) -> list[tuple[str, str]]:
    """The field that shows one limit: left, reserved, used and when it resets."""
    show = limit.unit.show
    value = (
        f"{limit.unit.show_left(meter.left(limit))} left of {show(limit.amount + meter.granted)} · "
        f"{show(meter.reserved)} reserved · {show(meter.used)} used · resets {moment(limit.period_end)}"
    )
    if meter.granted:
        value += f" · {show(meter.granted)} granted"
    return [(f"{name or _NAMES[limit.level]}, {limit.period.current}", value)]


async def show_help(services: Services, command: Help, caller: Caller) -> PrivateReply:
    """Show every command by example and the prices; or everything about one command."""
    admin = caller.is_admin or is_operator(caller, frozenset(services.settings.operators))
    wanted = command.command.removeprefix("/").strip().lower()
    if wanted:
        found = CATALOGUE.get(wanted)
        if found is None:
            raise InvalidRequest(f"There is no /{wanted}. /help shows all.")
        fields = [field for option in options(found) for field in _option_help(option)]
        return PrivateReply(title=f"/{found.name}", fields=((found.example, found.description), *fields))
    fields = [
        (item.example, item.description)
        for item in CATALOGUE.values()
        if admin or item.audience is Audience.EVERYONE
    ]
    return PrivateReply(
        title="What you can do",
        text=_prices(services.rates, await offered_models(services, caller.workspace)),
        fields=tuple(fields),
    )


def _option_help(option: Option) -> Iterator[tuple[str, str]]:
    """The field of an option, and one for each of its choices that has a note."""
    choices = f": {', '.join(option.choices)}" if option.choices and not option.choice_notes else ""
    default = f" (default {option.default})" if option.default else ""
    yield f"--{option.name}", f"{option.description}{choices}{default}"
    yield from zip(option.choices, option.choice_notes, strict=False)


def _prices(rates: Rates, offered: Mapping[str, Sequence[Model]]) -> str:
    """What each kind of job costs, by example, of the models that are offered and have a price."""
    known = {
        "source": Reference(job="any", kind=MediaKind.VIDEO),
        "aspect_ratio": AspectRatio.LANDSCAPE,
        "duration_ms": Duration.FIVE.ms,
    }
    higher = {"resolution": Resolution.P1080}
    examples: tuple[tuple[str, type[AnyRequest], Mapping[str, object]], ...] = (
        ("A picture costs", ImageRequest, {"prompt": "any"}),
        ("A video of 5 s in 720p costs", VideoRequest, {}),
        ("For such a video, /modify costs", ModifyVideoRequest, known),
        ("/upscale costs", UpscaleRequest, known | higher),
        ("/audio costs", AudioRequest, known),
    )
    lines = []
    for words, kind, fields in examples:
        models = offered.get(kind.model_fields["kind"].default, ())
        requests = (kind.model_validate({**fields, "model": model}) for model in models)
        prices = [shown for one in requests if (shown := _shown_price(one, rates))]
        if prices:
            lines.append(f"{words} {', '.join(prices)}.")
    return " ".join((*lines, "A failed job is not charged."))


def next_prices(
    rates: Rates, offered: Mapping[str, Sequence[Model]], used: Collection[object], left: int | None = None
) -> str:
    """What the next picture and the next video cost with the models of `used`, the member's defaults.

    Warns where that is more than what is `left`, in micro-dollars.
    """
    lines = []
    for words, kind in (("The next picture costs", ImageRequest), ("a video of 5 s", VideoRequest)):
        models = offered.get(kind.model_fields["kind"].default, ())
        model = next((one for one in models if one in used), next(iter(models), None))
        if model is None or not has_price(model, rates):
            continue
        request = kind.model_validate({"prompt": "any", "model": model})
        short = left is not None and price(request, rates) > left
        lines.append(f"{words} {_shown_price(request, rates)}{' (⚠️ more than is left)' if short else ''}")
    return f"{', '.join(lines)}." if lines else ""


def _shown_price(request: AnyRequest, rates: Rates) -> str:
    """A model with its price; empty if the operator's rates have none."""
    try:
        amount = price(request, rates)
    except InvalidRequest:
        return ""
    return f"{request.model} {show_money(amount, estimate=is_estimate(request))}"
