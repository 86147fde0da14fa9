"""Which use case answers each command that makes no job."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.domain.commands import (
    Audience,
    Cancel,
    Command,
    Delete,
    Gallery,
    Help,
    History,
    Lineage,
    Link,
    MydataExport,
    MydataForget,
    Quota,
    QuotasGrant,
    QuotasPace,
    QuotasRemove,
    QuotasReset,
    QuotasSet,
    QuotasShow,
    RulesAge,
    RulesAllow,
    RulesBlock,
    RulesDeny,
    RulesExplain,
    RulesModerators,
    RulesPrices,
    RulesReactions,
    RulesRemove,
    RulesShow,
    RulesTest,
    RulesUnblock,
    RulesWords,
    Settings,
    Show,
    Status,
    StudioAudit,
    StudioDefaults,
    StudioGallery,
    StudioKey,
    StudioPause,
    StudioPreset,
    StudioResume,
    StudioRetention,
    StudioSetup,
    StudioTimezone,
    StudioUsage,
    Unlink,
)
from bot.domain.identity import Caller, Place
from bot.service.admin import audit, presets, quotas, rights, rules, setup, usage, workspace_keys
from bot.service.commands import explain
from bot.service.members import links, mydata, set_defaults
from bot.service.queries import command_help, lineage, listings, member_queries
from bot.service.replies import PrivateReply
from bot.service.results import actions, gallery, moderation, reactions
from bot.services import Services

#: answers the commands that make no job
_ANSWERS: Mapping[type[Command], Callable[[Services, Any, Caller], Awaitable[PrivateReply]]] = {
    History: listings.list_history,
    Cancel: actions.cancel,
    Delete: actions.ask_to_delete,
    MydataExport: mydata.export,
    MydataForget: mydata.ask_to_forget,
    Link: links.show_or_enter,
    Unlink: links.unlink_account,
    QuotasSet: quotas.set_quota,
    QuotasRemove: quotas.remove_quota,
    QuotasGrant: quotas.grant_quota,
    QuotasPace: quotas.set_member_pace,
    QuotasShow: quotas.show_quotas,
    QuotasReset: quotas.reset_quota,
    StudioTimezone: setup.set_timezone,
    StudioKey: workspace_keys.manage_key,
    StudioPause: setup.pause_or_resume,
    StudioResume: setup.pause_or_resume,
    StudioUsage: usage.show_usage,
    StudioAudit: audit.show_audit,
    StudioRetention: setup.set_or_show_retention,
    RulesBlock: moderation.block_or_unblock,
    RulesUnblock: moderation.block_or_unblock,
}
#: answers those whose answer depends on the place
_ANSWERS_BY_PLACE: Mapping[type[Command], Callable[[Services, Any, Caller, Place], Awaitable[PrivateReply]]]
_ANSWERS_BY_PLACE = {
    Show: member_queries.show_job,
    Status: member_queries.show_status,
    Quota: member_queries.show_quota,
    Help: command_help.show_help,
    Settings: set_defaults.change_settings,
    StudioPreset: presets.manage_presets,
    StudioDefaults: set_defaults.set_workspace_defaults,
    StudioSetup: setup.set_up_workspace,
    RulesShow: rules.show_rules,
    RulesAllow: rules.set_access,
    RulesDeny: rules.set_access,
    RulesRemove: rules.remove_access,
    RulesWords: rules.change_words,
    RulesTest: rules.test_words,
    RulesAge: rules.set_age,
    RulesPrices: rules.set_prices,
    RulesModerators: rules.set_moderators,
    Gallery: listings.list_gallery,
    Lineage: lineage.show_lineage,
    StudioGallery: gallery.set_gallery,
    RulesReactions: reactions.manage_reactions,
    RulesExplain: explain.explain,
}


async def answer(services: Services, command: Command, caller: Caller, place: Place) -> PrivateReply:
    """Carry out a command that makes no job; raises Refused."""
    if (by_place := _ANSWERS_BY_PLACE.get(type(command))) is not None:
        return await by_place(services, command, caller, place)
    return await _ANSWERS[type(command)](services, command, caller)


async def execute(services: Services, command: Command, caller: Caller, place: Place) -> PrivateReply:
    """Carry out a command that somebody has given; raises Refused."""
    reply = await answer(services, command, caller, place)
    if command.audience is Audience.ADMINS:
        await rights.remember_admin(services, caller)
    return reply
