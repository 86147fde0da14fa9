"""The buttons and forms of admins: the set-up of a workspace, and its own API key. Pure."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from adapters.slack.messages.modal_fields import select_option
from adapters.slack.messages.modals import OutdatedModal
from adapters.slack.messages.mrkdwn import Block, plain_text
from adapters.slack.places import EventLocation
from bot.domain.command_text.completion import AutocompleteChoice
from bot.domain.commands import Toggle
from bot.domain.money.pricing import MICROUSD
from bot.domain.named_options import dump_named
from bot.domain.workspace.workspace_keys import KEY_LABEL, KEY_MAX, KEY_TITLE
from bot.service.replies import SetupState

#: action id; stored in messages, never to be changed
SETUP_BUTTON = "rw:setup"
_LABEL = 75
#: action id of the button, callback id of the modal and block id of its input; never to be changed
KEY_BUTTON, KEY_MODAL, KEY = "rw:key", "reverie_key", "api_key"


def setup_button(label: str = "Set up") -> Block:
    return {
        "type": "button",
        "action_id": SETUP_BUTTON,
        "value": "setup",
        "style": "primary",
        "text": plain_text(label, _LABEL),
    }


def setup_row(label: str = "Set up") -> Block:
    return {"type": "actions", "elements": [setup_button(label)]}


def role_option(group: str, name: str) -> Block:
    """A user group as an option of a select."""
    return select_option(AutocompleteChoice(value=dump_named(group, name), label=name))


def setup_values(state: SetupState) -> dict[str, Any]:
    """What holds now, by the block ids of the form."""
    reactions = Toggle.ON if state.reactions else Toggle.OFF
    values: dict[str, Any] = {
        "channels": [one.id for one in state.channels],
        "roles": [role_option(one.id, one.name) for one in state.roles],
        "reactions": select_option(AutocompleteChoice(value=reactions, label=reactions)),
        "timezone": select_option(AutocompleteChoice(value=state.timezone, label=state.timezone)),
    }
    if state.budget is not None:
        values["budget"] = f"{state.budget / MICROUSD:.2f}"
    if state.admin_channel is not None:
        values["admin_channel"] = state.admin_channel.id
    return values


def key_row() -> Block:
    """The button that opens the modal."""
    button = {
        "type": "button",
        "action_id": KEY_BUTTON,
        "value": KEY,
        "style": "primary",
        "text": plain_text(KEY_TITLE, 75),
    }
    return {"type": "actions", "elements": [button]}


def key_modal(location: EventLocation) -> Block:
    """Slack has no input that hides what is typed; only the person who opened the modal sees it."""
    field = {
        "type": "input",
        "block_id": KEY,
        "label": plain_text(KEY_LABEL, 150),
        "element": {"type": "plain_text_input", "action_id": KEY, "max_length": KEY_MAX},
    }
    return {
        "type": "modal",
        "callback_id": KEY_MODAL,
        "title": plain_text(KEY_TITLE, 24),
        "submit": plain_text("Set", 24),
        "close": plain_text("Cancel", 24),
        "private_metadata": location.model_dump_json(exclude_defaults=True),
        "blocks": [field],
    }


def location_of(view: Mapping[str, Any]) -> EventLocation:
    """Where the modal was opened; raises OutdatedModal."""
    try:
        return EventLocation.model_validate_json(str(view.get("private_metadata") or ""))
    except ValueError as error:
        raise OutdatedModal from error


def entered_key(view: Mapping[str, Any]) -> SecretStr:
    """The submitted key; raises OutdatedModal where the modal has no such input."""
    try:
        return SecretStr(str(view["state"]["values"][KEY][KEY]["value"] or ""))
    except (KeyError, TypeError):
        raise OutdatedModal from None
