"""The catalogue: every command, defined once.

A command is one frozen model. Discord's options, Slack's flags and forms and the playground's forms are
derived from its fields (see `options.py`).
"""

from collections.abc import Mapping

from bot.domain.commands.admin import (
    StudioAudit,
    StudioGallery,
    StudioKey,
    StudioPause,
    StudioResume,
    StudioRetention,
    StudioSetup,
    StudioTimezone,
    StudioUsage,
    Toggle,
)
from bot.domain.commands.animate import Animate
from bot.domain.commands.base import Audience, Command, build
from bot.domain.commands.defaults import Settings, StudioDefaults
from bot.domain.commands.edits import Audio, Upscale
from bot.domain.commands.extend import Direction, Extend
from bot.domain.commands.generate import GenerateCommand, MediaCommand
from bot.domain.commands.imagine import Imagine
from bot.domain.commands.jobs import Cancel, Delete, Gallery, Help, History, Lineage, Quota, Show, Status
from bot.domain.commands.members import Link, MydataExport, MydataForget, Unlink
from bot.domain.commands.modify import Modify
from bot.domain.commands.presets import StudioPreset
from bot.domain.commands.quotas import (
    QuotasGrant,
    QuotasPace,
    QuotasRemove,
    QuotasReset,
    QuotasSet,
    QuotasShow,
)
from bot.domain.commands.reframe import Reframe
from bot.domain.commands.rules import (
    Report,
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
)

__all__ = [
    "CATALOGUE",
    "Animate",
    "Audience",
    "Audio",
    "Cancel",
    "Command",
    "Delete",
    "Direction",
    "Extend",
    "Gallery",
    "GenerateCommand",
    "Help",
    "History",
    "Imagine",
    "Lineage",
    "Link",
    "MediaCommand",
    "Modify",
    "MydataExport",
    "MydataForget",
    "Quota",
    "QuotasGrant",
    "QuotasPace",
    "QuotasRemove",
    "QuotasReset",
    "QuotasSet",
    "QuotasShow",
    "Reframe",
    "Report",
    "RulesAge",
    "RulesAllow",
    "RulesBlock",
    "RulesDeny",
    "RulesExplain",
    "RulesModerators",
    "RulesPrices",
    "RulesReactions",
    "RulesRemove",
    "RulesShow",
    "RulesTest",
    "RulesUnblock",
    "RulesWords",
    "Settings",
    "Show",
    "Status",
    "StudioAudit",
    "StudioDefaults",
    "StudioGallery",
    "StudioKey",
    "StudioPause",
    "StudioPreset",
    "StudioResume",
    "StudioRetention",
    "StudioSetup",
    "StudioTimezone",
    "StudioUsage",
    "Toggle",
    "Unlink",
    "Upscale",
    "build",
]

CATALOGUE: Mapping[str, type[Command]] = {
    command.name: command
    for command in (
        Imagine,
        Animate,
        Extend,
        Reframe,
        Modify,
        Upscale,
        Audio,
        Show,
        History,
        Gallery,
        Lineage,
        Status,
        Cancel,
        Delete,
        Report,
        Quota,
        Link,
        Unlink,
        MydataExport,
        MydataForget,
        Settings,
        Help,
        QuotasSet,
        QuotasShow,
        QuotasGrant,
        QuotasPace,
        QuotasReset,
        QuotasRemove,
        StudioSetup,
        StudioDefaults,
        StudioPreset,
        StudioPause,
        StudioResume,
        StudioUsage,
        StudioTimezone,
        StudioGallery,
        StudioAudit,
        StudioGallery,
        StudioRetention,
        StudioKey,
        RulesShow,
        RulesAllow,
        RulesDeny,
        RulesRemove,
        RulesWords,
        RulesTest,
        RulesAge,
        RulesPrices,
        RulesModerators,
        RulesBlock,
        RulesUnblock,
        RulesReactions,
        RulesExplain,
    )
}
