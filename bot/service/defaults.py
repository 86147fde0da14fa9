"""Completes a command: the presets that it names, then the defaults of its member, channel and workspace."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from bot.domain.access import Workspace
from bot.domain.commands import GenerateCommand
from bot.domain.errors import InvalidRequest, NotAllowed
from bot.domain.identity import Caller, Place
from bot.domain.jobs.job import Job
from bot.domain.money.pricing import price
from bot.domain.policy.access import Asked
from bot.domain.policy.check import require_access
from bot.domain.policy.record import ChannelDefaults
from bot.domain.text import nearest
from bot.domain.workspace.defaults import (
    YOURS,
    DefaultLevel,
    EffectiveDefault,
    OptionDefaults,
    effective_defaults,
)
from bot.domain.workspace.presets import unknown_preset
from bot.jobs.routing import account_required, offered_choices, route_request, usable_accounts
from bot.services import Services
from bot.store.admin.presets import named_presets, preset_kinds
from bot.store.admin.workspaces import find_workspace
from bot.store.members.defaults import member_defaults

_Command = TypeVar("_Command", bound=GenerateCommand)


async def with_presets(services: Services, command: _Command, workspace: str) -> _Command:
    """The command with what the presets add that it names; raises InvalidRequest for an unknown one."""
    names = command.preset_names
    if not names:
        return command
    found = await named_presets(services.database, workspace, names)
    for name in names:
        if name not in found:
            raise await unknown_preset_named(services, workspace, name)
    return command.with_presets([found[name] for name in names])


async def unknown_preset_named(services: Services, workspace: str, name: str) -> InvalidRequest:
    known = list(await preset_kinds(services.database, workspace))
    return unknown_preset(name, nearest(name, known), known)


async def with_defaults(
    services: Services, command: _Command, sources: Mapping[str, Job], caller: Caller, place: Place
) -> tuple[_Command, Workspace]:
    """The command with the defaults that can be used for it, and the workspace that they were read with.

    `sources` has the jobs that the command names. What a provider does not make, or a rule denies, is
    passed over. Where nothing can be used the command stays as it is, and is refused for its own reason if
    it has one.
    """
    workspace, levels = await _levels(services, caller, place)
    if not any(level.values.lines for level in levels):
        return command, workspace
    accounts = await usable_accounts(services, workspace.own_account, None)

    def can_be_made(candidate: _Command) -> bool:
        try:
            request = candidate.request(sources)
            routed = route_request(
                services,
                request,
                candidate.open_fields,
                required=account_required(request, sources),
                preferred="",
                accounts=accounts,
            )
            price(routed.request, services.rates)
            require_access(workspace.policy.access, Asked.of(caller, place, routed.request))
        except (InvalidRequest, NotAllowed):
            return False
        return True

    return command.with_defaults(levels, can_be_made), workspace


async def is_private(services: Services, command: GenerateCommand, caller: Caller, place: Place) -> bool:
    """Whether the result is for the caller alone, as they say or by default."""
    if "private" not in command.open_defaults:
        return command.private
    return await private_by_default(services, caller, place)


async def private_by_default(services: Services, caller: Caller, place: Place) -> bool:
    """Whether what a caller makes at a place is for them alone where nothing says otherwise."""
    _, levels = await _levels(services, caller, place)
    return bool(effective_defaults(levels, {})["private"].value)


async def effective_here(services: Services, caller: Caller, place: Place) -> Mapping[str, EffectiveDefault]:
    """By field, the value that counts for a caller at a place, and where it comes from."""
    _, levels = await _levels(services, caller, place)
    offered = await offered_choices(services, caller.workspace)
    models = {"image_model": offered["model"], "video_model": offered["model"]}
    return effective_defaults(levels, {**offered, **models})


async def _levels(
    services: Services, caller: Caller, place: Place
) -> tuple[Workspace, Sequence[DefaultLevel]]:
    workspace, own = await asyncio.gather(
        find_workspace(services.database, caller.workspace),
        member_defaults(services.database, caller.member),
    )
    return workspace, _levels_at(own, workspace.policy.defaults, place)


def _levels_at(
    member: OptionDefaults, decided: Iterable[ChannelDefaults], place: Place
) -> tuple[DefaultLevel, ...]:
    """The defaults that count for a member at a place, the first ones first."""
    by_channel = {one.channel: one for one in decided}
    found = (by_channel.get(channel) for channel in (place.thread or "-", place.channel, ""))
    return (
        DefaultLevel(origin=YOURS, values=member),
        *(DefaultLevel(origin=one.origin, values=one.values) for one in found if one is not None),
    )
