"""Set-up, pause, time zone and retention of a workspace, by its admins. Rights are checked on every call."""

from functools import partial
from zoneinfo import ZoneInfo

from bot.domain.access import is_operator
from bot.domain.commands import (
    StudioPause,
    StudioResume,
    StudioRetention,
    StudioSetup,
    StudioTimezone,
    Toggle,
)
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller, Named, Place
from bot.domain.money.caps import week_at_most
from bot.domain.money.pricing import MICROUSD, show_money
from bot.domain.money.quota import Allowance, Level, Limit, Period, Rule, bounds
from bot.domain.named_options import EVERY
from bot.domain.text import moment
from bot.domain.workspace.timezones import read_timezone
from bot.service.admin.rights import audit_entry, require_rights, store_rule
from bot.service.durable_writes import until_known
from bot.service.queries.member_queries import limits_with_meters
from bot.service.replies import PrivateReply, SetupState
from bot.services import ALL_JOBS, Services, Topic
from bot.store.admin.workspaces import SetUp, find_workspace, set_pause, set_up
from bot.store.members.retention import Retention, retention_of, set_retention
from bot.store.quotas.limits import of_level

#: monthly budgets to choose from, in dollars
_BUDGETS = (5, 10, 25, 50, 100, 250, 500, 1_000)


async def set_up_workspace(
    services: Services, command: StudioSetup, caller: Caller, place: Place
) -> PrivateReply:
    """Change what the command names, and show how the workspace is set up and what a week costs at most."""
    require_rights(services, caller)
    zone = read_timezone(command.timezone) if command.timezone else None
    if command.budget is not None:
        await _set_budget(services, caller, command.budget)
    chosen = command.model_fields_set - {"budget"}
    if any(getattr(command, name) for name in chosen):
        changes = SetUp(
            timezone=zone,
            channels=_subjects(command.channels),
            roles=_subjects(command.roles),
            reactions=None if command.reactions is None else command.reactions is Toggle.ON,
            admin_channel=command.admin_channel,
            admin_adapter=place.adapter if command.admin_channel else None,
        )
        entry = audit_entry(services, caller, command.name, caller.workspace)
        await until_known(
            services, lambda: services.database.transact(set_up, caller.workspace, changes, audit=entry)
        )
        services.reaction_maps.pop(caller.workspace, None)
    return await _shown(services, caller, changed=bool(command.model_fields_set))


def _subjects(given: tuple[Named, ...]) -> tuple[Named, ...] | None:
    """The chosen channels or roles; None where none are given, and empty for all."""
    return () if EVERY in given else given or None


async def _set_budget(services: Services, caller: Caller, amount: int) -> None:
    """Set the workspace's monthly cap; an operator gives the money with it."""
    levels = [Level.WORKSPACE]
    if is_operator(caller, frozenset(services.settings.operators)):
        levels.append(Level.CEILING)
    for level in levels:
        rule = Rule(
            level=level,
            subject=caller.workspace,
            workspace=caller.workspace if level is Level.WORKSPACE else "",
            allowance=Allowance(amount=amount, period=Period.MONTH),
        )
        entry = audit_entry(services, caller, StudioSetup.name, rule.scope)
        await until_known(services, partial(store_rule, services, rule, entry))
    services.wake(*ALL_JOBS, Topic.CARDS)


async def current_setup(services: Services, caller: Caller) -> tuple[SetupState, str]:
    """How a workspace is set up, and in words what a week costs at most."""
    workspace = await find_workspace(services.database, caller.workspace)
    counted = await limits_with_meters(services, caller)
    month = [limit.amount for limit, _ in of_level(counted, Level.WORKSPACE) if limit.period is Period.MONTH]
    budget = month[0] if month else None
    access = workspace.access
    state = SetupState(
        budget=budget,
        budgets=tuple(sorted({*(one * MICROUSD for one in _BUDGETS), *month})),
        channels=access.channels,
        roles=access.roles,
        reactions=access.reactions,
        admin_channel=workspace.admin_channel,
        timezone=workspace.timezone,
    )
    own_key = workspace.own_account is not None
    return state, _cost(services, [limit for limit, _ in counted], own_key=own_key)


async def _shown(services: Services, caller: Caller, *, changed: bool) -> PrivateReply:
    state, cost = await current_setup(services, caller)
    fields = (
        (
            "Budget of a month",
            "no cap of this workspace" if state.budget is None else show_money(state.budget),
        ),
        ("Channels", ", ".join(one.name for one in state.channels) or "everywhere"),
        ("Who may", ", ".join(one.name for one in state.roles) or "every member"),
        ("Reactions", "start jobs" if state.reactions else "start nothing"),
        ("Warnings go to", state.admin_channel.name if state.admin_channel else "nobody"),
        ("Time zone", state.timezone),
        ("Each member", f"{services.settings.defaults.member}, unless /quotas set says otherwise"),
    )
    return PrivateReply(
        title="Set-up saved" if changed else "Set-up of this workspace",
        text=cost,
        fields=fields,
        setup=state,
    )


def _cost(services: Services, limits: list[Limit], *, own_key: bool) -> str:
    """What a week costs at most, and what is missing before anything can be spent."""
    most = week_at_most(limits)
    if services.settings.simulated and not own_key:
        return "The simulator is in use: everything works, and nothing is spent."
    if most == 0 and own_key:
        return "Nothing can be spent yet with the API key of this workspace: choose a budget."
    if most == 0:
        return (
            "Nothing can be spent yet: this workspace has no budget. The operator of the bot gives one, or "
            "an admin enters an API key of the workspace's own with /studio key set."
        )
    return f"A week costs {show_money(most)} at most."


async def pause_or_resume(
    services: Services, command: StudioPause | StudioResume, caller: Caller
) -> PrivateReply:
    """Pause or resume a workspace: no job is accepted or submitted; running jobs end, queued ones stay."""
    require_rights(services, caller)
    paused = isinstance(command, StudioPause)
    reason = command.reason if isinstance(command, StudioPause) else ""
    entry = audit_entry(services, caller, command.name, caller.workspace)
    await until_known(
        services,
        lambda: services.database.transact(
            set_pause, caller.workspace, paused=paused, reason=reason, audit=entry
        ),
    )
    services.wake(*ALL_JOBS, Topic.CARDS)
    if paused:
        return PrivateReply(
            title="Paused", text="No new jobs are accepted or started here until /studio resume."
        )
    return PrivateReply(title="Resumed", text="Queued jobs are started again.")


async def set_timezone(services: Services, command: StudioTimezone, caller: Caller) -> PrivateReply:
    """Set the time zone in which the periods of a workspace begin; the operator's begin in UTC."""
    require_rights(services, caller)
    zone = read_timezone(command.timezone)
    entry = audit_entry(services, caller, command.name, caller.workspace)
    await until_known(
        services,
        lambda: services.database.transact(set_up, caller.workspace, SetUp(timezone=zone), audit=entry),
    )
    _, midnight = bounds(services.clock(), Period.DAY, ZoneInfo(zone))
    return PrivateReply(
        title="Time zone set",
        text=f"Days, weeks and months of this workspace begin in {zone}; the next day begins "
        f"{moment(midnight)} of your time. What was used today counts in the earlier time zone.",
    )


async def set_or_show_retention(services: Services, command: StudioRetention, caller: Caller) -> PrivateReply:
    """Show how long a workspace keeps what its jobs leave, after changing it where that is asked for."""
    require_rights(services, caller)
    kept = await retention_of(services.database, caller.workspace)
    if command.media is None and command.prompts is None:
        return _retention_shown(services, kept, title="Retention")
    new = Retention(
        media_days=kept.media_days if command.media is None else command.media or None,
        prompt_days=kept.prompt_days if command.prompts is None else command.prompts or None,
    )
    if new.prompt_days and new.media_days and new.prompt_days < new.media_days:
        raise InvalidRequest(
            f"Prompts cannot be removed after {new.prompt_days} days while media are kept for "
            f"{new.media_days}; set both, such as --media {new.prompt_days} --prompts {new.prompt_days}"
        )
    entry = audit_entry(services, caller, command.name, caller.workspace)
    await until_known(
        services, lambda: services.database.transact(set_retention, caller.workspace, new, audit=entry)
    )
    return _retention_shown(services, new, title="Retention set")


def _retention_shown(services: Services, kept: Retention, *, title: str) -> PrivateReply:
    days = [one for one in (kept.media_days, kept.prompt_days, services.settings.retention_days) if one]
    media = f"{min(days)} days" if days else "until they are deleted"
    prompts = f"{kept.prompt_days} days" if kept.prompt_days else "until members have their data deleted"
    return PrivateReply(
        title=title,
        text="Counted from the end of a job, and checked every ten minutes. What is in the gallery is kept; "
        "messages in channels stay as they are.",
        fields=(("Pictures and videos", media), ("Prompts and titles", prompts)),
    )
