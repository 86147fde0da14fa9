"""The use cases of `/settings` and `/studio defaults`."""

from collections.abc import Mapping

from bot.domain.commands.defaults import DefaultsCommand, Settings, StudioDefaults
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller, Place
from bot.domain.options import options
from bot.domain.policy.named import RuleTarget
from bot.domain.policy.record import ChannelDefaults, Policy
from bot.domain.text import either
from bot.domain.workspace.defaults import LABELS, WORKSPACE, OptionDefaults
from bot.jobs.routing import offered_choices
from bot.service.admin.rules import Admin, as_admin, replaced
from bot.service.defaults import effective_here
from bot.service.durable_writes import until_known
from bot.service.replies import PrivateReply
from bot.services import Services
from bot.store.admin.presets import preset_kinds
from bot.store.members.defaults import change_member_defaults

#: presets that are listed
_PRESETS = 25
_PRECEDENCE = (
    "They apply where a command leaves an option open. What you type comes first, then your own defaults, "
    "the channel's, and the workspace's. One that cannot be used for a command is passed over."
)


async def change_settings(
    services: Services, command: Settings, caller: Caller, place: Place
) -> PrivateReply:
    """Change the caller's defaults, and show which defaults count for them here."""
    if command.changes:
        await _require_offered(services, command, caller)
        now = services.clock()
        await until_known(
            services,
            lambda: services.database.transact(change_member_defaults, caller, command.applied_to, now=now),
        )
    found = await effective_here(services, caller, place)
    presets = list(await preset_kinds(services.database, caller.workspace))
    more = f" and {len(presets) - _PRESETS} more" if len(presets) > _PRESETS else ""
    return PrivateReply(
        title="Settings saved" if command.changes else "Your settings",
        text=_PRECEDENCE,
        fields=(
            *((LABELS[name], one.text) for name, one in found.items()),
            ("Presets of this workspace", f"{', '.join(presets[:_PRESETS])}{more}" or "none"),
        ),
    )


async def set_workspace_defaults(
    services: Services, command: StudioDefaults, caller: Caller, place: Place
) -> PrivateReply:
    """Change the defaults of a channel or the workspace, or show all that are set."""
    admin = as_admin(services, caller, place)
    target = await admin.channel(command.channel)
    if not command.changes:
        return _shown(await admin.policy(), target)
    await _require_offered(services, command, caller)
    changed = await admin.change(
        command.name,
        target.id or caller.workspace,
        lambda policy: _with_defaults(policy, command, target, admin),
    )
    before = next((one for one in changed.before.defaults if one.channel == target.id), None)
    after = next((one for one in changed.after.defaults if one.channel == target.id), None)
    where = f"#{target.name}" if target.id else WORKSPACE
    return PrivateReply(
        title=f"Defaults of {where}",
        text=("Saved. " + _PRECEDENCE if after else "Nothing is set any more.") + replaced(before, caller),
        fields=after.values.lines if after else (),
    )


def _with_defaults(policy: Policy, command: StudioDefaults, target: RuleTarget, admin: Admin) -> Policy:
    before = next((one for one in policy.defaults if one.channel == target.id), ChannelDefaults())
    others = tuple(one for one in policy.defaults if one.channel != target.id)
    values = command.applied_to(before.values)
    if values == OptionDefaults():
        return policy.model_copy(update={"defaults": others})
    own = ChannelDefaults(channel=target.id, channel_name=target.name, values=values, **admin.decided())
    return policy.model_copy(update={"defaults": (*others, own)})


def _shown(policy: Policy, target: RuleTarget) -> PrivateReply:
    """What is set for one channel, or for the workspace and every channel."""
    found = [one for one in policy.defaults if target.id in ("", one.channel)]
    fields = tuple(
        (one.origin, f"{', '.join(map(' '.join, one.values.lines))} · set by {one.by}")
        for one in sorted(found, key=lambda one: (bool(one.channel), one.channel_name))
    )
    text = (
        _PRECEDENCE if fields else "Nothing is set: commands use what is built in, or members' own settings."
    )
    return PrivateReply(title="Defaults of this workspace", text=text, fields=fields)


async def _require_offered(services: Services, command: DefaultsCommand, caller: Caller) -> None:
    """Refuse a value that no provider of the workspace makes; raises InvalidRequest."""
    offered: Mapping[str, frozenset[str]] = await offered_choices(services, caller.workspace)
    choices = {option.name: option.choices for option in options(type(command))}
    for name, value in command.given.items():
        known = offered.get("model" if name.endswith("_model") else name)
        if known is not None and value not in known:
            possible = [choice for choice in choices[name] if choice in known]
            remedy = f"choose {either(possible)}" if possible else "leave it out"
            raise InvalidRequest(f"{name}: {value} is not available here right now; {remedy}")
