"""Buttons under a card: what they are called, and what they carry so that they work for ever.

The action's id names the verb, its value the job and the card. Under several jobs a select names the one
that is meant: each person's choice comes with their press, so that choosing changes nothing for others.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.chat.controls import PHASE_EMOJI, CardControl, control_for, parse_verb
from adapters.slack.messages.mrkdwn import Block, plain_text
from adapters.slack.messages.strings import Words
from bot.domain.actions import EMOJI, LABELS, Action
from bot.domain.cards import CardView, JobPhase, JobView
from bot.service.replies import ConfirmationButton

#: the whole of an action's id, for one listener of all
TEMPLATE = r"rv:(?P<verb>[a-z]{1,20})"
_ACTION = re.compile(TEMPLATE)
_VALUE = re.compile(r"(?P<job>[0-9a-z]{24}):(?P<card>[0-9a-z]{24})")
#: they mean the job that they name, whatever is chosen in the select
_OWN_JOB = (CardControl.PICK, CardControl.ORIGIN, CardControl.CONFIRM, CardControl.KEEP)
_IN_A_ROW = 5
_LABEL, _PLACEHOLDER, _OPTION = 75, 150, 75


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockAction:
    """What an action says. A wish, never a right: who may is decided by the event's own caller."""

    verb: Action | CardControl
    job: str
    card: str

    @property
    def action_id(self) -> str:
        return f"rv:{self.verb}"

    @property
    def value(self) -> str:
        return f"{self.job}:{self.card}"

    @classmethod
    def read(
        cls, action: Mapping[str, Any], state: Mapping[str, Mapping[str, Any]] | None = None
    ) -> "BlockAction | None":
        """Read an action; None where it is not ours, or of a version that knew other verbs.

        `state` is the payload's `state.values`: what is chosen in the message's select then counts.
        """
        match = _ACTION.fullmatch(str(action.get("action_id", "")))
        verb = parse_verb(match["verb"]) if match is not None else None
        chosen = action.get("selected_option") or {}
        value = _VALUE.fullmatch(str(action.get("value") or chosen.get("value") or ""))
        if verb is None or value is None:
            return None
        pressed = cls(verb=verb, job=value["job"], card=value["card"])
        chosen_job = selected_job(state or {}) if verb not in _OWN_JOB else None
        if chosen_job is not None and chosen_job.card == pressed.card:
            return replace(pressed, job=chosen_job.job)
        return pressed


def selected_job(state: Mapping[str, Mapping[str, Any]]) -> BlockAction | None:
    """What is chosen in a message's select; None where there is none, or nothing that can be read."""
    for actions in state.values():
        for action_id, chosen in actions.items():
            pressed = BlockAction.read({**chosen, "action_id": action_id})
            if pressed is not None and pressed.verb is CardControl.PICK:
                return pressed
    return None


def jobs_in_message(blocks: Iterable[Block]) -> list[BlockAction]:
    """The jobs that a message of ours shows, in their order."""
    elements = [one for block in blocks for one in block.get("elements") or ()]
    for element in elements:
        said = BlockAction.read({**element, **(element.get("options") or [{}])[0]})
        if said is not None and said.verb is CardControl.PICK:
            options = [BlockAction.read({**element, "value": one["value"]}) for one in element["options"]]
            return [replace(one, verb=CardControl.DETAILS) for one in options if one is not None]
    found = [BlockAction.read(element) for element in elements]
    return [one for one in found if one is not None and one.verb is CardControl.DETAILS][:1]


def control_rows(view: CardView, words: Words) -> list[Block]:
    """A select where there are several jobs, and the buttons of the one that is meant."""
    left = [job for job in view.jobs if job.phase is not JobPhase.GONE]
    if not left:
        return []
    buttons = list(_buttons(view, left, words))
    rows = [_row([_select(view, left, words)])] if len(left) > 1 else []
    return rows + [_row(buttons[at : at + _IN_A_ROW]) for at in range(0, len(buttons), _IN_A_ROW)]


def _row(inside: list[Block]) -> Block:
    return {"type": "actions", "elements": inside}


def _select(view: CardView, left: list[JobView], words: Words) -> Block:
    options = [
        {
            "text": plain_text(f"{number} · {PHASE_EMOJI[job.phase]} {words.of(job.headline)}", _OPTION),
            "value": BlockAction(verb=CardControl.PICK, job=job.id, card=view.card).value,
        }
        for number, job in enumerate(view.jobs, 1)
        if job in left
    ]
    return {
        "type": "static_select",
        "action_id": f"rv:{CardControl.PICK}",
        "placeholder": plain_text(words.pick, _PLACEHOLDER),
        "options": options,
        "initial_option": options[0],
    }


def _buttons(view: CardView, left: list[JobView], words: Words) -> Iterator[Block]:
    first = left[0]
    for action in Action:
        job = next((one for one in left if action in one.actions), None)
        if job is not None:
            label = f"{EMOJI[action]} {words.of(LABELS[action])}"
            shown = button(BlockAction(verb=action, job=job.id, card=view.card), label)
            yield {**shown, "style": "danger"} if action is Action.DELETE else shown
    waiting = next((one for one in left if one.cancellable), None)
    if waiting is not None:
        pressed = BlockAction(verb=CardControl.CANCEL, job=waiting.id, card=view.card)
        yield {**button(pressed, f"✖️ {words.cancel}"), "style": "danger"}
    parent = next((one.parent for one in left if one.parent is not None), None)
    if parent is not None:
        yield button(BlockAction(verb=CardControl.ORIGIN, job=parent, card=view.card), f"🔗 {words.origin}")
    yield button(BlockAction(verb=CardControl.DETAILS, job=first.id, card=view.card), f"ℹ️ {words.details}")


def button(pressed: BlockAction, label: str) -> Block:
    return {
        "type": "button",
        "action_id": pressed.action_id,
        "value": pressed.value,
        "text": plain_text(label, _LABEL, emoji=True),
    }


def choice_rows(choices: Sequence[ConfirmationButton]) -> list[Block]:
    """The buttons under a question, which say in the card's stead when it was asked."""
    shown = [
        {
            **button(BlockAction(verb=control_for(one), job=one.job, card=one.question), one.label),
            **({"style": "danger"} if one.confirms else {}),
        }
        for one in choices
    ]
    return [_row(shown)] if shown else []
