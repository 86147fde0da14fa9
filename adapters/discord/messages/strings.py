"""Texts that only Discord needs, besides those that all platforms share."""

from dataclasses import dataclass

from adapters.chat.strings import Strings


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordStrings(Strings):
    """English; texts with braces are formatted."""

    #: under a card whose message can be edited only until its interaction token expires
    expires: str = (
        "After {time} the result is sent to your direct messages; if those are closed, use `/show {job}`."
    )
    #: the same shortly before that time
    expires_soon: str = (
        "**This message cannot be updated much longer.** The result is sent to your direct messages; "
        "if those are closed, use `/show {job}`."
    )
    #: to a server that has invited the bot
    welcome_title: str = "Hello! I turn words into pictures and videos."
    welcome: str = (
        "Try `/imagine a red fox in the snow`, then press 🎬 under the picture. `/help` lists all commands "
        "with prices, and `private` shows a result to you alone.\n\n"
        "**For admins:** the button below sets me up in five clicks: budget, channels, roles, warnings, time "
        "zone; `/studio setup` shows it again. `/quotas set` sets what members may spend, `/studio pause` "
        "pauses the bot here. The bot's operator gives this server its budget; until then requests are "
        "refused.\n\n"
        "I need these permissions: View Channel, Send Messages, Embed Links, Attach Files and "
        "Read Message History."
    )
    #: to a person whose result could not be sent to their direct messages
    not_sent: str = (
        "The result could not be sent to you: {reason}. Allow direct messages in this server's privacy "
        "settings, or use `/show {job}`."
    )


STRINGS = DiscordStrings()
