"""Discord: the inlet takes in what people do, the outlet shows cards by HTTP alone.

The way of an event: `inlet/listening` logs in → `inlet/gateway` hears → `inlet/doors` lets it in →
`inlet/seat` (who and where) → `inlet/reading` (which command) → the studio → `inlet/answering`, once.
The way of a card: `outlet/showing` → `outlet/ways` (by token, by channel, to direct messages) →
`outlet/writing`, with the words of `cards/rendering` and the files of `outlet/ladder`, through `api/rest`.

What both sides agree on: `Place.reach` is an `outlet.reach.Reach`; `Place.channel` is the channel, or of a
thread its parent, with the thread in `Place.thread`; `Place.message` is the plain id of an interaction's
response, or `<channel>/<message>` for what the bot posted itself; a custom id is a `cards.buttons.Pressed`.
"""

from collections.abc import AsyncIterator

from bot.environment import setting_names
from bot.service.adapter import Adapter, AdapterContext, AdapterPlugin, Diagnosis
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


def _build(surroundings: AdapterContext) -> Adapter:
    from adapters.discord.adapter import connect  # noqa: PLC0415

    return connect(surroundings)


def _examine(settings: Settings) -> AsyncIterator[Diagnosis]:
    from adapters.discord.doctor import examine  # noqa: PLC0415

    return examine(settings)


plugin = AdapterPlugin(name="discord", enabled=_enabled, build=_build, examine=_examine, settings=_names)
