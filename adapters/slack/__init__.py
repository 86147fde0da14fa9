"""Slack: the outlet shows cards by the Web API alone, the inlet takes in what people do.

What an inlet finds here:

- `connection.open_connection` makes the `Connection` that inlet and outlet share: `slack` (the one door to
  the API: `await slack.call(method, team, enterprise=…, **arguments)`, which raises Delayed or `Refusal`),
  `client` (the library's own, for bolt), `tokens`, `people`, `files`, `publisher`, `link`.
- `reach.Reach` is what to leave in `Place.reach`: `Reach(enterprise=…, response_url=…, until=…).write()`.
  `Place.channel` is the channel's id, `Place.thread` the stamp of its thread's first message, and
  `channel="@slack:<team>:<user>"` means direct messages. A plain place needs no message: the outlet posts the
  first revision itself. `Place.message` is `<channel>/<ts>`; `CardOutlet.card_message(channel, ts)` tells the
  card's message where somebody means the one with its film.
- A private card lives in direct messages; its asker sees its first revision where they asked for it, by the
  response_url while that lives. In a conversation with the bot it is shown like every other card.
- `buttons.Pressed.read(action, payload["state"]["values"])` gives the verb (an `Action` or a `Control`), the
  job and the card of any action; `PICK` needs no more than an acknowledgement, for what is chosen comes with
  the next press. `buttons.jobs_of(blocks)` tells the jobs that a message shows.
- `notes.render_note(note, shown=await publisher.results(view))`, `notes.refused` and `notes.say` make what is
  answered privately; `Payload.posted` is for new messages and response_urls, `Payload.edited` for the rest.
- `plain.as_text` is for people's words in `mrkdwn`, `plain.plain` for everywhere else.
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


def _names() -> frozenset[str]:
    from adapters.slack.settings import SlackSettings  # noqa: PLC0415

    return setting_names(SlackSettings)


def _build(context: AdapterContext) -> Adapter:
    from adapters.slack.adapter import connect  # noqa: PLC0415  # imported only when enabled

    return connect(context)


def _examine(settings: Settings) -> AsyncIterator[Diagnosis]:
    from adapters.slack.doctor import diagnose  # noqa: PLC0415  # imported only when enabled

    return diagnose(settings)


plugin = AdapterPlugin(name="slack", enabled=_enabled, build=_build, diagnose=_examine, setting_names=_names)
