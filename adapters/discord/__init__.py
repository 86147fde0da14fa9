"""Discord adapter: the receiver handles gateway events, the publisher delivers cards over REST alone.

An event: `gateway/client` receives it → `events/router` → `events/context` (who and where) →
`events/options` (which command) → the core → `events/replies` → `delivery/interactions` (one response).
A card: `delivery/publisher` → `delivery/routes` (interaction token, channel, direct message) →
`delivery/writer`, with the payload of `messages/cards` and the files of `delivery/attachments`.

Shared by both: `Place.reply_token` is an `InteractionToken`. `Place.channel` is the channel, or the parent
of the thread in `Place.thread`. `Place.message` is the plain id of an interaction's response, or
`<channel>/<message>` for a message that the bot posted itself. A custom id is a `ComponentId`.
"""

from collections.abc import AsyncIterator

from bot.environment import setting_names
from bot.service.plugin import Adapter, AdapterContext, AdapterPlugin, Diagnosis
from bot.settings import Settings

# discord.py is imported only when this adapter is enabled, and the settings when they are read.


def _enabled(_: Settings) -> bool:
    from adapters.discord.settings import DiscordSettings  # noqa: PLC0415

    settings = DiscordSettings()
    if (fault := settings.fault) is not None:
        raise ValueError(fault)
    return settings.token is not None


def _setting_names() -> frozenset[str]:
    from adapters.discord.settings import DiscordSettings  # noqa: PLC0415

    return setting_names(DiscordSettings)


def _build(context: AdapterContext) -> Adapter:
    from adapters.discord.adapter import build_adapter  # noqa: PLC0415

    return build_adapter(context)


def _diagnose(settings: Settings) -> AsyncIterator[Diagnosis]:
    from adapters.discord.doctor import diagnose  # noqa: PLC0415

    return diagnose(settings)


plugin = AdapterPlugin(
    name="discord", enabled=_enabled, build=_build, diagnose=_diagnose, setting_names=_setting_names
)
