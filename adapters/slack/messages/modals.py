"""The modals: one for any command, and a small one to edit a prompt or an aspect ratio.

A modal's private_metadata holds its state, which only the app can read. Callback ids, block ids and the
names in the metadata are part of modals that are open while a new version starts: they never change.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Self

from pydantic import ConfigDict, Field

from adapters.chat.controls import parse_priced, priced_value
from adapters.slack.messages.modal_fields import (
    Defaults,
    Offered,
    Values,
    has_more_fields,
    input_blocks,
    select_option,
    view_values,
)
from adapters.slack.messages.mrkdwn import Block, plain_text
from adapters.slack.messages.option_fields import SLACK_HINT, SLACK_LABEL, SLACK_TEXT
from adapters.slack.messages.strings import with_slack_commands
from adapters.slack.places import EventLocation
from bot.domain.command_text.completion import AutocompleteChoice
from bot.domain.commands import CATALOGUE, Audience, Command, GenerateCommand, Settings, build
from bot.domain.commands.reframe import Reframe
from bot.domain.errors import InvalidRequest, Refused
from bot.domain.generations.media import Reference
from bot.domain.generations.models import AspectRatio
from bot.domain.generations.requests import PROMPT_MAX
from bot.domain.ids import short_id
from bot.domain.jobs.actions import EMOJI, LABELS, NO_PRICES, Action, ActionInput, ActionPrices
from bot.domain.options import options
from bot.domain.policy.holds import HELD_FIRST
from bot.domain.workspace.workspace_keys import OWN_KEY
from bot.service.replies import PriceQuote

#: callback ids
COMMAND_MODAL, EDIT_MODAL = "reverie_form", "reverie_rewording"
#: prefix of the block ids and action ids that are no option of a command
_OWN = "form_"
COMMAND, CONVERSATION, MEDIUM = f"{_OWN}command", f"{_OWN}conversation", f"{_OWN}medium"
MORE, _PRICE = f"{_OWN}more", f"{_OWN}price"
#: block ids of the edit modal
PROMPT, ASPECT_RATIO = "prompt", "aspect_ratio"
_TITLE, _PRICE_TEXT = 24, 500
_ERROR = 500
_WORD = re.compile(r"[A-Za-z][A-Za-z_]*")


class OutdatedModal(InvalidRequest):
    """This form belongs to another version of Reverie. Nothing was started and nothing was charged.

    Close it and open it again, for example with /reverie.
    """

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


class _ModalState(EventLocation):
    """A modal's private_metadata."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True)

    @classmethod
    def of(cls, view: Mapping[str, Any]) -> Self:
        """Parse a view's metadata; raises OutdatedModal for one of another version."""
        try:
            return cls.model_validate_json(str(view.get("private_metadata") or ""))
        except ValueError as error:
            raise OutdatedModal from error


class CommandModalState(_ModalState):
    """The state of a command's modal."""

    command: str
    #: rarely used fields are shown too
    all_fields: bool = Field(default=False, alias="more")
    #: another command can be chosen in the modal
    choose_command: bool = Field(default=False, alias="open_to_all")
    #: the pending media of a message; empty where there is none
    media_id: str = Field(default="", alias="draft")
    #: the job whose settings the modal opened with: its inputs are used where no others are given
    job: str = ""

    @property
    def command_class(self) -> type[Command]:
        """Raises OutdatedModal for an unknown command."""
        command = CATALOGUE.get(self.command)
        if command is None:
            raise OutdatedModal
        return command

    @property
    def asks_conversation(self) -> bool:
        return not self.channel


class EditModalState(_ModalState):
    """The state of an edit modal: the action, its job and card."""

    action: Action
    job: str
    card: str
    #: micro-dollars that the modal shows; None for one that was opened without a price
    price: int | None = None
    #: opened from an ephemeral message
    is_ephemeral: bool = Field(default=False, alias="hidden")


def has_modal(command: type[Command]) -> bool:
    """Whether a command has anything to fill in; others are answered at once."""
    fills = issubclass(command, GenerateCommand) or command is Settings
    return fills or any(option.required for option in options(command))


def command_modal(
    state: CommandModalState,
    values: Values,
    *,
    defaults: Defaults = MappingProxyType({}),
    offered: Offered = MappingProxyType({}),
    price: str = "",
    media: Sequence[Reference] = (),
) -> Block:
    """The modal of a command; `media` are those of the message that it was opened on."""
    command = state.command_class
    return _modal(
        COMMAND_MODAL,
        state,
        title=plain_text(f"/{command.name}", _TITLE),
        submit="Create" if issubclass(command, GenerateCommand) else "Run",
        blocks=[
            *_command_select(state),
            *_media_select(media, values),
            *input_blocks(command, values, defaults, offered, all_fields=state.all_fields),
            *_conversation_select(state, values),
            *_footer(state, price),
        ],
    )


def prompt_modal(state: EditModalState, prompt: str, price: str = "") -> Block:
    """Edit a prompt; raises InvalidRequest for one that is too long for a modal."""
    if len(prompt) > SLACK_TEXT:
        raise prompt_too_long(prompt)
    element = {
        "type": "plain_text_input",
        "action_id": PROMPT,
        "multiline": True,
        "max_length": SLACK_TEXT,
        **({"initial_value": prompt} if prompt else {}),
    }
    return _edit_modal(state, PROMPT, "Prompt", element, optional=True, price=price)


def prompt_too_long(prompt: str) -> InvalidRequest:
    return InvalidRequest(
        f"This prompt has {len(prompt)} characters, and a form accepts {SLACK_TEXT}. Use a command such "
        f"as /imagine instead, whose prompt can have {PROMPT_MAX}."
    )


def aspect_ratio_modal(
    state: EditModalState, initial: AspectRatio, prices: ActionPrices = NO_PRICES
) -> Block:
    """Choose a new aspect ratio; each value holds the price that is shown beside it."""
    choices = {
        ratio: select_option(
            AutocompleteChoice(
                value=priced_value(ratio, prices.shown_of_ratio(ratio)), label=prices.ratio_label(ratio)
            )
        )
        for ratio in AspectRatio
    }
    element = {
        "type": "static_select",
        "action_id": ASPECT_RATIO,
        "options": list(choices.values()),
        "initial_option": choices[initial],
    }
    return _edit_modal(state, ASPECT_RATIO, "New aspect ratio (width:height)", element, optional=False)


def parse_edit(state: EditModalState, values: Mapping[str, Any]) -> tuple[ActionInput, int | None]:
    """Parse the values of an edit modal, and the price that it showed; raises InvalidRequest."""
    block = {Action.EDIT: PROMPT, Action.REFRAME: ASPECT_RATIO}.get(state.action)
    if block is None or block not in values:
        raise OutdatedModal
    entered = view_values(values).get(block)
    if state.action is Action.EDIT:
        return ActionInput(prompt=str(entered or "")), state.price
    ratio, price = parse_priced(str((entered or {}).get("value", "")))
    reframe = build(Reframe, {ASPECT_RATIO: ratio})
    assert isinstance(reframe, Reframe)  # noqa: S101 - what was asked for
    return ActionInput(aspect_ratio=reframe.aspect_ratio), price


def price_text(quote: PriceQuote) -> str:
    amount = f"{quote.price.text} · {OWN_KEY}" if quote.own_key else quote.price.text
    if quote.shortage:
        return f"⚠️ {amount}. {with_slack_commands(quote.shortage)}"
    return f"{amount} · {HELD_FIRST[quote.hold]}" if quote.hold is not None else amount


def field_errors(view: Mapping[str, Any], refusal: Refused) -> dict[str, str]:
    """A refusal as the error of the field that it names, else of the first; empty without any field."""
    blocks = [
        str(block.get("block_id")) for block in view.get("blocks") or () if block.get("type") == "input"
    ]
    if not blocks:
        return {}
    word = _WORD.match(str(refusal))
    named = refusal.option if isinstance(refusal, InvalidRequest) else ""
    name = named or (word[0].lower() if word is not None else "")
    fields = [block for block in blocks if not block.startswith(_OWN)] or blocks
    matches = (field for field in fields if field == name or (name and field.startswith(f"{name}_")))
    return {next(matches, fields[0]): with_slack_commands(str(refusal))[:_ERROR]}


def _modal(callback_id: str, state: _ModalState, *, title: Block, submit: str, blocks: list[Block]) -> Block:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": title,
        "submit": plain_text(submit, _TITLE),
        "close": plain_text("Cancel", _TITLE),
        "private_metadata": state.model_dump_json(exclude_defaults=True),
        "blocks": blocks,
    }


def _edit_modal(
    state: EditModalState, block: str, label: str, element: Block, *, optional: bool, price: str = ""
) -> Block:
    action = state.action
    field = {
        "type": "input",
        "block_id": block,
        "label": plain_text(label, SLACK_LABEL),
        "optional": optional,
        "element": element,
    }
    title = plain_text(f"{EMOJI[action]} {LABELS[action]}", _TITLE, emoji=True)
    return _modal(EDIT_MODAL, state, title=title, submit="Create", blocks=[field, *_price_line(price)])


def _select(block: str, label: str, choices: list[Block], initial: Block, **more: Any) -> Block:
    """An input with a static select."""
    return {
        "type": "input",
        "block_id": block,
        "label": plain_text(label, SLACK_LABEL),
        **more,
        "element": {
            "type": "static_select",
            "action_id": block,
            "options": choices,
            "initial_option": initial,
        },
    }


def _command_select(state: CommandModalState) -> Iterator[Block]:
    if state.choose_command:
        choices = [
            select_option(
                AutocompleteChoice(value=command.name, label=f"{command.name} · {command.description}")
            )
            for command in CATALOGUE.values()
            if has_modal(command) and command.audience is Audience.EVERYONE
        ]
        initial = next((choice for choice in choices if choice["value"] == state.command), choices[0])
        yield _select(COMMAND, "Command", choices, initial, dispatch_action=True)


def _media_select(media: Sequence[Reference], values: Values) -> Iterator[Block]:
    if media:
        choices = [
            select_option(AutocompleteChoice(value=str(number), label=f"{number + 1} · {reference.kind}"))
            for number, reference in enumerate(media)
        ]
        yield _select(MEDIUM, "Input from this message", choices, values.get(MEDIUM) or choices[0])


def _conversation_select(state: CommandModalState, values: Values) -> Iterator[Block]:
    if state.asks_conversation:
        initial = values.get(CONVERSATION)
        yield {
            "type": "input",
            "block_id": CONVERSATION,
            "label": plain_text("Where to post it", SLACK_LABEL),
            "hint": plain_text("I must be a member of the channel", SLACK_HINT),
            "element": {
                "type": "conversations_select",
                "action_id": CONVERSATION,
                "default_to_current_conversation": True,
                "response_url_enabled": True,
                **({"initial_conversation": initial} if initial else {}),
            },
        }


def _price_line(price: str) -> Iterator[Block]:
    if price:
        text = plain_text(f"Price: {price}", _PRICE_TEXT, emoji=True)
        yield {"type": "context", "block_id": _PRICE, "elements": [text]}


def _footer(state: CommandModalState, price: str) -> Iterator[Block]:
    if state.job:
        about = f"With the settings of #{short_id(state.job)}; its inputs are used where you give no others"
        yield {"type": "context", "elements": [plain_text(about, SLACK_HINT)]}
    yield from _price_line(price)
    if not state.all_fields and has_more_fields(state.command_class):
        button = {"type": "button", "action_id": MORE, "text": plain_text("More options", SLACK_LABEL)}
        yield {"type": "actions", "block_id": MORE, "elements": [button]}
