"""What Discord alone makes necessary to say, besides what all adapters do."""

from dataclasses import dataclass

from adapters.chat.strings import Strings


@dataclass(frozen=True, slots=True, kw_only=True)
class Words(Strings):
    """English; texts with braces are filled in."""

    #: under a card that cannot be changed for ever
    bounded: str = (
        "What takes past {time} comes to your direct messages; where those are closed, `/show {job}` has it."
    )
    #: the same when that time is near
    bounded_soon: str = (
        "**This message cannot change much longer.** The result comes to your direct messages; "
        "where those are closed, `/show {job}` has it."
    )
    #: to a server that has invited the bot
    hello: str = "Hello! I turn words into pictures and videos."
    first_steps: str = (
        "Try `/imagine a red fox in the snow`, then press 🎬 under the picture. `/help` shows everything "
        "with its price, and `private` shows a result to you alone.\n\n"
        "**For admins:** `/quotas set` says what members may spend, `/service pause` stops me for a while. "
        "Whoever runs me gives this server its budget; until then I refuse politely.\n\n"
        "I need to see a channel, to write, to embed links, to attach files and to read its history."
    )
    #: to who asked for a result in their direct messages
    not_sent: str = (
        "It could not be sent to you: {reason}. Open them in this server's privacy settings, "
        "or take it from `/show {job}`."
    )


ENGLISH = Words()
