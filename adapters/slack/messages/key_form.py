"""The button and the modal with which admins enter the workspace's own API key. Pure."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from adapters.slack.messages.modals import OutdatedModal
from adapters.slack.messages.mrkdwn import Block, plain_text
from adapters.slack.places import EventLocation
from bot.domain.workspace.workspace_keys import KEY_LABEL, KEY_MAX, KEY_TITLE

#: action id of the button, callback id of the modal and block id of its input; never to be changed
KEY_BUTTON, KEY_MODAL, KEY = "rw:key", "reverie_key", "api_key"


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
