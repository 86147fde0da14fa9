"""Initial values of inputs, and the format of entered values."""

from typing import Any

from tests.platforms.fake_slack.rules.blocks import elements
from tests.platforms.fake_slack.rules.refusals import Json

#: kind → where its state holds what was put in, and where the element names a value to begin with
_SLOTS: dict[str, tuple[str, str]] = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "file_input": ("files", ""),
}
MANY = {"selected_options", "selected_conversations", "files"}


def initial_state(blocks: list[Json], typed: dict[tuple[str, str], Json]) -> dict[tuple[str, str], Json]:
    """Return the state of every input; what has been typed into one of the same name stays."""
    state: dict[tuple[str, str], Json] = {}
    for block, element in elements(blocks):
        name, kind = (block["block_id"], element["action_id"]), element["type"]
        if kind not in _SLOTS:
            continue
        before = typed.get(name)
        if before is not None and before["type"] == kind:
            state[name] = before
        else:
            slot, beginning = _SLOTS[kind]
            state[name] = state_of(element, element.get(beginning, [] if slot in MANY else None))
    return state


def slot_of(element: Json) -> str:
    """Return where the element's state holds what was put in."""
    return _SLOTS[element["type"]][0]


def state_of(element: Json, value: Any) -> Json:
    return {"type": element["type"], slot_of(element): value}


def is_empty(state: Json) -> bool:
    return not any(value for key, value in state.items() if key != "type")
