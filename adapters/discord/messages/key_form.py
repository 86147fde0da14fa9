"""The button and the modal with which admins enter the workspace's own API key. Pure."""

from collections.abc import Mapping

from pydantic import SecretStr

from adapters.discord.messages.cards import Payload
from adapters.discord.messages.modals import modal_value
from bot.domain.workspace.workspace_keys import KEY_LABEL, KEY_MAX, KEY_TITLE

#: custom id of the button and of the modal; messages that were sent already hold it
KEY_FORM = "rk:set"
#: custom id of the input
KEY = "api_key"
_ACTION_ROW, _BUTTON, _TEXT_INPUT, _LABEL = 1, 2, 4, 18
_PRIMARY, _SHORT = 1, 1


def key_row() -> Payload:
    """The button that opens the modal."""
    button = {"type": _BUTTON, "style": _PRIMARY, "custom_id": KEY_FORM, "label": KEY_TITLE}
    return {"type": _ACTION_ROW, "components": [button]}


def key_modal() -> Payload:
    field = {
        "type": _TEXT_INPUT,
        "custom_id": KEY,
        "style": _SHORT,
        "required": True,
        "max_length": KEY_MAX,
    }
    return {
        "custom_id": KEY_FORM,
        "title": KEY_TITLE,
        "components": [{"type": _LABEL, "label": KEY_LABEL, "component": field}],
    }


def entered_key(values: Mapping[str, str]) -> SecretStr:
    """The submitted key; raises InvalidRequest where the modal has no such input."""
    return SecretStr(modal_value(values, KEY))
