"""Commands of the core's sentences as they are typed at Slack, which keeps some names to itself. Pure."""

import re
from dataclasses import replace

from adapters.slack.messages.option_fields import native_on_slack
from bot.domain.commands import CATALOGUE
from bot.domain.errors import Refused
from bot.service.replies import PrivateReply

#: the name that takes all commands
GENERAL = "/reverie"

_FOREIGN = {name.partition(" ")[0] for name, command in CATALOGUE.items() if not native_on_slack(command)}
_NAME = re.compile(rf"(?<![\w/])/(?=(?:{'|'.join(sorted(_FOREIGN))})\b)")


def slack_wording(text: str) -> str:
    """The same with `/reverie help` for `/help`."""
    return _NAME.sub(f"{GENERAL} ", text)


def refusal_in_slack_wording(refusal: Refused) -> Refused:
    return Refused(slack_wording(str(refusal)))


def reply_in_slack_wording(note: PrivateReply) -> PrivateReply:
    facts = tuple((slack_wording(label), slack_wording(value)) for label, value in note.fields)
    return replace(note, text=slack_wording(note.text), fields=facts)
