"""Discord: the outlet shows cards by HTTP alone, the inlet takes in what people do.

What an inlet finds here:

- `connecting.connect` builds the adapter: an inlet joins there, with the `Connection` that both share. Its
  `obstacle` is the outlet's; join what keeps the gateway from working to it.
- `reach.Reach` is what to leave in `Place.reach` for every interaction: `Reach(…).write()`. `original` is
  False where the response only updates the message with the button, `ephemeral` and `lasting` say whether
  the bot's own token reaches the response later, `limit` is the event's `attachment_size_limit`.
- `Place.channel` is the channel, or of a thread its parent, with the thread's id in `Place.thread`. A plain
  `Place.message` is the response to an interaction; the outlet answers `<channel>/<message>` for what the
  bot posted itself (`ways.read_message`). `channel="@discord:<user>"` means direct messages.
- `CardOutlet.response(view, place)` is the body of the first response; pass the message's id on to
  `Studio.shown`. `buttons.components(view, words, picked)` is what the select under a card with several jobs
  turns its components into. `buttons.TEMPLATE` is for one `DynamicItem`; `Pressed.read`
  gives the verb (an `Action` or a `Control`), the job and the card of any custom id, and so a message's
  first component tells the card and job that a reaction or a context menu means.
- `permissions.require(app_permissions, …)` refuses before money is spent; `permissions.look_up` asks
  Discord where an event brings no permissions.
- `plain.as_text` is for people's words wherever Discord formats, `plain.visible` for where it does not.
"""

from bot.engine.adapter import Adapter, Plug, Surroundings
from bot.settings import Settings


def _enabled(_: Settings) -> bool:
    from adapters.discord.settings import DiscordSettings  # noqa: PLC0415  # read when asked, not before

    return DiscordSettings().token is not None


def _build(surroundings: Surroundings) -> Adapter:
    from adapters.discord.connecting import connect  # noqa: PLC0415  # imported only when enabled

    return connect(surroundings)


adapter = Plug(name="discord", enabled=_enabled, build=_build)
