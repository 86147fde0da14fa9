"""The Slack adapter.

Imports run in one direction: `adapter` → `socket_mode`, `http_routes` → `events` → `services` → `delivery`,
`oauth` → `messages` → `web_api` → `places`.

- `events` turns what people do into requests to the core, and answers them privately.
- `delivery` publishes cards over the Web API alone, so that a worker without a connection can do it.
- `messages` renders cards, replies, modals and the Home tab as blocks, and parses what people entered.
- `web_api` calls Slack, within its rate limits, and looks up users, channels and files.
- `oauth` has the app manifest, the installation and the tokens of each workspace.

A card is one message with the id `<channel>/<ts>`. `Place.channel` is a channel id, or
`@slack:<team>:<user>` for direct messages; `Place.thread` is the `ts` of the thread's first message.
"""

from collections.abc import AsyncIterator

from bot.environment import setting_names
from bot.service.plugin import Adapter, AdapterContext, AdapterPlugin, Diagnosis
from bot.settings import Settings


def _enabled(_: Settings) -> bool:
    from adapters.slack.settings import SlackSettings  # noqa: PLC0415  # read when asked, not before

    settings = SlackSettings()
    if settings.enabled and (fault := settings.fault) is not None:
        raise ValueError(fault)
    return settings.enabled


def _setting_names() -> frozenset[str]:
    from adapters.slack.settings import SlackSettings  # noqa: PLC0415

    return setting_names(SlackSettings)


def _build(context: AdapterContext) -> Adapter:
    from adapters.slack.adapter import connect  # noqa: PLC0415  # imports Slack's SDK: only when enabled

    return connect(context)


def _diagnose(settings: Settings) -> AsyncIterator[Diagnosis]:
    from adapters.slack.doctor import diagnose  # noqa: PLC0415  # imports Slack's SDK: only when enabled

    return diagnose(settings)


plugin = AdapterPlugin(
    name="slack", enabled=_enabled, build=_build, diagnose=_diagnose, setting_names=_setting_names
)
