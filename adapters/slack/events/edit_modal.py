"""The small forms that a button opens: other words for the same, or another frame. Pure."""

from collections.abc import Mapping
from typing import Any, Self

from adapters.slack.events.context import EventLocation
from adapters.slack.events.form_fields import select_option, view_values
from adapters.slack.events.stale import OutdatedModal
from adapters.slack.messages.buttons import BlockAction
from adapters.slack.messages.mrkdwn import Block, plain_text
from adapters.slack.messages.option_fields import SLACK_LABEL, SLACK_TEXT
from bot.domain.actions import EMOJI, LABELS, Action, ActionInput
from bot.domain.commands import build
from bot.domain.commands.reframe import Reframe
from bot.domain.completion import AutocompleteChoice
from bot.domain.errors import InvalidRequest
from bot.domain.models import AspectRatio
from bot.domain.requests import PROMPT_MAX

#: the view's callback; which action and job it is for stands in what it remembers
EDIT_MODAL = "reverie_rewording"
PROMPT, RATIO = "prompt", "aspect_ratio"
_TITLE = 24


class EditModalState(EventLocation):
    """What a small form remembers."""

    action: Action
    job: str
    card: str
    #: it was opened from what the caller alone sees
    hidden: bool = False

    @classmethod
    def of(cls, view: Mapping[str, Any]) -> Self:
        """Read what a form remembers; raises InvalidRequest for one of another version."""
        try:
            return cls.model_validate_json(str(view.get("private_metadata") or ""))
        except ValueError as error:
            raise OutdatedModal from error

    @property
    def pressed(self) -> BlockAction:
        return BlockAction(verb=self.action, job=self.job, card=self.card)


def prompt_modal(remembered: EditModalState, prompt: str) -> Block:
    """Ask for words; raises InvalidRequest for those there are, where they do not fit into a form."""
    if len(prompt) > SLACK_TEXT:
        raise InvalidRequest(
            f"This prompt has {len(prompt)} characters, and a form takes {SLACK_TEXT} at most. Give the "
            f"new one with a command such as /imagine, whose prompt takes {PROMPT_MAX}."
        )
    element = {
        "type": "plain_text_input",
        "action_id": PROMPT,
        "multiline": True,
        "max_length": SLACK_TEXT,
        **({"initial_value": prompt} if prompt else {}),
    }
    return _form(remembered, PROMPT, "What it shows", element, optional=True)


def aspect_ratio_modal(remembered: EditModalState, chosen: AspectRatio) -> Block:
    """Ask for the new frame."""
    options = {one: select_option(AutocompleteChoice(value=one, label=one)) for one in AspectRatio}
    element = {
        "type": "static_select",
        "action_id": RATIO,
        "options": list(options.values()),
        "initial_option": options[chosen],
    }
    return _form(remembered, RATIO, "The new frame, width to height", element, optional=False)


def parse_edit(remembered: EditModalState, state: Mapping[str, Any]) -> ActionInput:
    """What was filled in; raises InvalidRequest."""
    asked = {Action.EDIT: PROMPT, Action.REFRAME: RATIO}.get(remembered.action)
    if asked is None or asked not in state:
        raise OutdatedModal
    said = view_values(state)
    if remembered.action is Action.EDIT:
        return ActionInput(prompt=str(said.get(PROMPT) or ""))
    reframe = build(Reframe, {RATIO: str((said.get(RATIO) or {}).get("value", ""))})
    assert isinstance(reframe, Reframe)  # noqa: S101 - it was asked for
    return ActionInput(aspect_ratio=reframe.aspect_ratio)


def _form(remembered: EditModalState, block: str, label: str, element: Block, *, optional: bool) -> Block:
    action = remembered.action
    return {
        "type": "modal",
        "callback_id": EDIT_MODAL,
        "title": plain_text(f"{EMOJI[action]} {LABELS[action]}", _TITLE, emoji=True),
        "submit": plain_text("Create", _TITLE),
        "close": plain_text("Cancel", _TITLE),
        "private_metadata": remembered.model_dump_json(exclude_defaults=True),
        "blocks": [
            {
                "type": "input",
                "block_id": block,
                "label": plain_text(label, SLACK_LABEL),
                "optional": optional,
                "element": element,
            }
        ],
    }
