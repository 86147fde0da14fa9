"""Discord: the receiver handles events of the gateway, the publisher shows cards over REST alone.

An event: `gateway/supervisor` connects → `gateway/client` receives → `events/router` dispatches →
`events/context` (who and where) → `events/options` (which command) → the core → `events/replies`, once.
A card: `delivery/publisher` → `delivery/routes` (by token, by channel, by direct message) →
`delivery/writer`, with the payload of `messages/cards` and the files of `delivery/attachments`.

What both sides agree on: `Place.reach` is a `delivery.interaction_token.Reach`; `Place.channel` is the
channel, or of a thread its parent, with the thread in `Place.thread`; `Place.message` is the plain id of an
interaction's response, or `<channel>/<message>` for what the bot posted itself; a custom id is a
`messages.buttons.Pressed`.
"""

from collections.abc import AsyncIterator

from bot.environment import setting_names
from bot.service.plugin import Adapter, AdapterContext, AdapterPlugin, Diagnosis
from bot.settings import Settings

# The library is imported only when this adapter is enabled, and its settings when they are asked for.


def _enabled(_: Settings) -> bool:
    from adapters.discord.settings import DiscordSettings  # noqa: PLC0415

    settings = DiscordSettings()
    if (fault := settings.fault) is not None:
        raise ValueError(fault)
    return settings.token is not None


def _names() -> frozenset[str]:
    from adapters.discord.settings import DiscordSettings  # noqa: PLC0415

    return setting_names(DiscordSettings)


def _build(context: AdapterContext) -> Adapter:
    from adapters.discord.adapter import connect  # noqa: PLC0415

    return connect(context)


def _examine(settings: Settings) -> AsyncIterator[Diagnosis]:
    from adapters.discord.doctor import examine  # noqa: PLC0415

    return examine(settings)


plugin = AdapterPlugin(
    name="discord", enabled=_enabled, build=_build, diagnose=_examine, setting_names=_names
)
