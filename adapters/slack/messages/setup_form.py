"""The button that opens the set-up of a workspace, and the values that its form opens with. Pure."""

from typing import Any

from adapters.slack.messages.modal_fields import select_option
from adapters.slack.messages.mrkdwn import Block, plain_text
from bot.domain.command_text.completion import AutocompleteChoice
from bot.domain.commands import Toggle
from bot.domain.money.pricing import MICROUSD
from bot.domain.named_options import dump_named
from bot.service.replies import SetupState

#: action id; stored in messages, never to be changed
SETUP_BUTTON = "rw:setup"
_LABEL = 75


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
