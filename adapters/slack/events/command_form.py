"""A command's form: the whole view, and what it remembers of where it was opened. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from adapters.slack.events.command_line import has_modal
from adapters.slack.events.command_names import slack_wording
from adapters.slack.events.context import EventLocation
from adapters.slack.events.form_fields import Values, has_more, input_blocks, select_option
from adapters.slack.events.stale import OutdatedModal
from adapters.slack.messages.mrkdwn import Block, plain_text
from adapters.slack.messages.option_fields import SLACK_HINT, SLACK_LABEL
from bot.domain.commands import CATALOGUE, Audience, Command, GenerateCommand
from bot.domain.completion import AutocompleteChoice
from bot.domain.errors import Refused
from bot.domain.media import Reference
from bot.domain.pricing import show_money
from bot.service.replies import PriceQuote

#: the form of every command; which one it is stands in what it remembers
COMMAND_MODAL = "reverie_form"
#: blocks and actions that are no option of a command, which none of these could be taken for
_OWN = "form_"
COMMAND, CONVERSATION, MEDIUM = f"{_OWN}command", f"{_OWN}conversation", f"{_OWN}medium"
MORE, PRICE = f"{_OWN}more", f"{_OWN}price"
_TITLE = 24
_ERROR = 500
_WORD = re.compile(r"[A-Za-z][A-Za-z_]*")


class CommandModalState(EventLocation):
    """What a form remembers, as its private metadata."""

    command: str
    #: the fields that are rarely used are shown too
    more: bool = False
    #: another command may be chosen in it
    open_to_all: bool = False
    #: names pictures and videos of a message that it builds on
    draft: str = ""

    @property
    def wanted(self) -> type[Command]:
        """The command; raises InvalidRequest for one that is not known any more, for nothing is guessed."""
        wanted = CATALOGUE.get(self.command)
        if wanted is None:
            raise OutdatedModal
        return wanted

    @classmethod
    def of(cls, view: Mapping[str, Any]) -> Self:
        """Read what a form remembers; raises InvalidRequest for one of another version."""
        try:
            return cls.model_validate_json(str(view.get("private_metadata") or ""))
        except ValueError as error:
            raise OutdatedModal from error

    @property
    def asks_place(self) -> bool:
        return not self.channel


def command_modal(
    form: CommandModalState, chosen: Values, *, price: str = "", media: Sequence[Reference] = ()
) -> Block:
    """The view with what is chosen in it; `media` are those of the message that it was opened on."""
    command = form.wanted
    blocks = [
        *_heading(form),
        *_media(media, chosen),
        *input_blocks(command, chosen, everything=form.more),
        *_place(form, chosen),
        *_footing(form, price),
    ]
    return {
        "type": "modal",
        "callback_id": COMMAND_MODAL,
        "title": plain_text(f"/{command.name}", _TITLE),
        "submit": plain_text("Create" if issubclass(command, GenerateCommand) else "Go", _TITLE),
        "close": plain_text("Cancel", _TITLE),
        "private_metadata": form.model_dump_json(exclude_defaults=True),
        "blocks": blocks,
    }


def price_text(quote: PriceQuote) -> str:
    """A price in words."""
    shown = show_money(quote.price, estimate=quote.estimate)
    return f"up to {shown}" if quote.upper_bound else shown


def field_errors(view: Mapping[str, Any], refusal: Refused) -> dict[str, str]:
    """Why a form was not taken, under the field that is meant, else under its first, where it has any."""
    blocks = [str(one.get("block_id")) for one in view.get("blocks") or () if one.get("type") == "input"]
    if not blocks:
        return {}
    word = _WORD.match(str(refusal))
    name = word[0].lower() if word is not None else ""
    own = [one for one in blocks if not one.startswith(_OWN)] or blocks
    meant = next((one for one in own if one == name or (one.startswith(f"{name}_") and name)), own[0])
    return {meant: slack_wording(str(refusal))[:_ERROR]}


def _heading(form: CommandModalState) -> Iterator[Block]:
    if form.open_to_all:
        options = [
            select_option(AutocompleteChoice(value=one.name, label=f"{one.name} · {one.description}"))
            for one in CATALOGUE.values()
            if has_modal(one) and one.audience is Audience.EVERYONE
        ]
        chosen = next((one for one in options if one["value"] == form.command), options[0])
        yield {
            "type": "input",
            "block_id": COMMAND,
            "label": plain_text("What to do", SLACK_LABEL),
            "dispatch_action": True,
            "element": {
                "type": "static_select",
                "action_id": COMMAND,
                "options": options,
                "initial_option": chosen,
            },
        }


def _media(media: Sequence[Reference], chosen: Values) -> Iterator[Block]:
    if not media:
        return
    options = [
        select_option(AutocompleteChoice(value=str(number), label=f"{number + 1} · {one.kind}"))
        for number, one in enumerate(media)
    ]
    yield {
        "type": "input",
        "block_id": MEDIUM,
        "label": plain_text("What to use of this message", SLACK_LABEL),
        "element": {
            "type": "static_select",
            "action_id": MEDIUM,
            "options": options,
            "initial_option": chosen.get(MEDIUM) or options[0],
        },
    }


def _place(form: CommandModalState, chosen: Values) -> Iterator[Block]:
    if not form.asks_place:
        return
    begins = chosen.get(CONVERSATION)
    yield {
        "type": "input",
        "block_id": CONVERSATION,
        "label": plain_text("Where to show it", SLACK_LABEL),
        "hint": plain_text("I must be a member of the channel", SLACK_HINT),
        "element": {
            "type": "conversations_select",
            "action_id": CONVERSATION,
            "default_to_current_conversation": True,
            "response_url_enabled": True,
            **({"initial_conversation": begins} if begins else {}),
        },
    }


def _footing(form: CommandModalState, price: str) -> Iterator[Block]:
    if price:
        yield {"type": "context", "block_id": PRICE, "elements": [plain_text(f"Price: {price}", SLACK_LABEL)]}
    if not form.more and has_more(form.wanted):
        button = {"type": "button", "action_id": MORE, "text": plain_text("More options", SLACK_LABEL)}
        yield {"type": "actions", "block_id": MORE, "elements": [button]}
