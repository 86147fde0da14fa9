"""Texts that only Slack needs, and the names by which commands are typed on Slack."""

import re
from dataclasses import dataclass, replace

from adapters.chat.strings import Strings
from adapters.slack.messages.option_fields import native_on_slack
from bot.domain.commands import CATALOGUE
from bot.service.replies import PrivateReply

#: the slash command in front of all others
GENERAL_COMMAND = "/reverie"

_NOT_NATIVE = {name.partition(" ")[0] for name, command in CATALOGUE.items() if not native_on_slack(command)}
_COMMAND = re.compile(rf"(?<![\w/])/(?=(?:{'|'.join(sorted(_NOT_NATIVE))})\b)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackStrings(Strings):
    """English; texts with braces are formatted."""

    #: under /help
    forms: str = "Open a form"
    #: beside each job of a list
    show: str = "Show"
    #: on a card whose video is posted in the thread
    video_in_thread: str = "The video is in the thread"
    open_video: str = "Open the video"
    #: on the ephemeral copy of a private card
    private: str = "Only you can see this. The result will be sent to you as a direct message."
    #: to a person to whom a result could not be sent directly
    not_sent: str = "The result could not be sent to you: {reason}. Use `/reverie show {job}` to see it."
    #: under a private reply with a file, which no private message in a channel can have
    file_sent: str = "The file was sent to you as a direct message."
    #: where a result can be neither uploaded nor linked
    no_file: str = (
        "The result cannot be shown here: {reason}. The bot has no public URL to link it from. "
        "The bot's operator can set REVERIE_PUBLIC_URL."
    )
    #: where the channel does not take it and it cannot be linked
    moves: str = "The result cannot be shown here: {reason}. It is sent to the person who asked for it."
    #: the reason where Slack accepted a file and never shared it
    not_shared: str = "Slack accepted the file, but did not show it"
    #: where it is linked for that reason
    linked: str = "{reason}; it is linked instead."


ENGLISH = SlackStrings()


def with_slack_commands(text: str) -> str:
    """Rewrite commands that Slack does not register: `/reverie help` for `/help`."""
    return _COMMAND.sub(f"{GENERAL_COMMAND} ", text)


def reply_with_slack_commands(reply: PrivateReply) -> PrivateReply:
    fields = tuple((with_slack_commands(label), with_slack_commands(value)) for label, value in reply.fields)
    return replace(reply, text=with_slack_commands(reply.text), fields=fields)
