"""Buttons and selects under a card. They keep working in messages of any age.

The action id names the verb, the value names the job, the card and the price that is shown. A card with
several jobs has a select: Slack sends each person's own selection along with the button they press. The
buttons for a variation of each job, directly under the results, act on their own job.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.chat.controls import (
    CardControl,
    Verb,
    actions_of_picked,
    control_for,
    job_to_cancel,
    may_cancel_all,
    option_label,
    parse_verb,
    variation_label,
    varied_jobs,
)
from adapters.slack.messages.mrkdwn import Block, plain_text
from adapters.slack.messages.strings import SlackStrings
from bot.domain.cards.card import CardView, JobPhase, JobView
from bot.domain.errors import InvalidRequest
from bot.domain.jobs.actions import EMOJI, Action
from bot.service.replies import ConfirmationButton, PageButton, PendingCommand

#: matches every action id of a card; stored in messages, never to be changed
ACTION_ID = r"rv:(?P<verb>[a-z]{1,20})(?::(?P<number>[1-9]))?"
_ACTION = re.compile(ACTION_ID)
_VALUE = re.compile(r"(?P<job>[0-9a-z]{24}):(?P<card>[0-9a-z]{24})(?::(?P<price>[0-9]{1,15}))?")
#: action ids of the buttons to other pages of a list; stored in messages, never to be changed
PAGE_ACTION_ID = r"rp:[0-9]"
#: offered where the bot is not in the channel; stored in messages, never to be changed
RETRY_HERE, SEND_DIRECTLY = "rw:here", "rw:directly"
#: under /help; stored in messages, never to be changed
FORMS_BUTTON = "rw:forms"
#: controls that always act on the job in their value, whatever is selected
_IGNORES_SELECT = (
    CardControl.CANCEL_ALL,
    CardControl.PICK,
    CardControl.OPEN,
    CardControl.ORIGIN,
    CardControl.CONFIRM,
    CardControl.KEEP,
    CardControl.START,
    CardControl.DISCARD,
)
_ROW_LENGTH = 5
_LABEL, _PLACEHOLDER, _OPTION = 75, 150, 75


class OutdatedControl(InvalidRequest):
    """This button belongs to another version of Reverie. Nothing was started and nothing was charged.

    Use /reverie show to get a job with its present buttons, or /reverie for everything you can do.
    """

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockAction:
    """What a button or select asks for. It gives no rights: those depend on the event's own user."""

    verb: Verb
    job: str
    card: str
    #: micro-dollars that the control shows; None for one that costs nothing, or was sent without a price
    price: int | None = None
    #: the number of the job whose own button this is, whatever is selected; None for others
    number: int | None = None

    @property
    def action_id(self) -> str:
        # The ids of one block must differ.
        return f"rv:{self.verb}:{self.number}" if self.number is not None else f"rv:{self.verb}"

    @property
    def value(self) -> str:
        price = f":{self.price}" if self.price is not None else ""
        return f"{self.job}:{self.card}{price}"

    @classmethod
    def parse(
        cls, action: Mapping[str, Any], state: Mapping[str, Mapping[str, Any]] | None = None
    ) -> "BlockAction | None":
        """Parse an action; None where it is not ours, or of a version with other verbs.

        `state` is the payload's `state.values`, which holds what is selected in the message.
        """
        match = _ACTION.fullmatch(str(action.get("action_id", "")))
        verb = parse_verb(match["verb"]) if match is not None else None
        option = action.get("selected_option") or {}
        value = _VALUE.fullmatch(str(action.get("value") or option.get("value") or ""))
        if match is None or verb is None or value is None:
            return None
        parsed = cls(
            verb=verb,
            job=value["job"],
            card=value["card"],
            price=int(value["price"]) if value["price"] else None,
            number=int(match["number"]) if match["number"] else None,
        )
        ignores_select = verb in _IGNORES_SELECT or parsed.number is not None
        selected = None if ignores_select else selected_job(state or {})
        if selected is not None and selected.card == parsed.card:
            return replace(parsed, job=selected.job)
        return parsed


def selected_job(state: Mapping[str, Mapping[str, Any]]) -> BlockAction | None:
    """What is selected in a card's select; None where there is no such select."""
    for actions in state.values():
        for action_id, selected in actions.items():
            action = BlockAction.parse({**selected, "action_id": action_id})
            if action is not None and action.verb is CardControl.PICK:
                return action
    return None


def jobs_in_message(blocks: Iterable[Block]) -> list[BlockAction]:
    """The jobs that a message of ours shows, in order."""
    elements = [element for block in blocks for element in block.get("elements") or ()]
    for element in elements:
        first = BlockAction.parse({**element, **(element.get("options") or [{}])[0]})
        if first is not None and first.verb is CardControl.PICK:
            options = [
                BlockAction.parse({**element, "value": option["value"]}) for option in element["options"]
            ]
            return [replace(option, verb=CardControl.DETAILS) for option in options if option is not None]
    actions = [BlockAction.parse(element) for element in elements]
    return [action for action in actions if action is not None and action.verb is CardControl.DETAILS][:1]


def control_rows(view: CardView, strings: SlackStrings) -> list[Block]:
    """The blocks under a card: a select where there are several jobs, and the buttons."""
    jobs = [job for job in view.jobs if job.phase is not JobPhase.GONE]
    if not jobs:
        return [_row(list(_decision_buttons(view)))] if view.decisions else []
    buttons = [*_decision_buttons(view), *_buttons(view, jobs, strings)]
    rows = [_row([_select(view, jobs, strings)])] if len(jobs) > 1 else []
    return rows + [_row(buttons[at : at + _ROW_LENGTH]) for at in range(0, len(buttons), _ROW_LENGTH)]


def variation_row(view: CardView) -> list[Block]:
    """A button for a variation of each of several results, which belongs directly under them."""
    buttons = [
        button(
            BlockAction(
                verb=Action.VARIATION,
                job=job.id,
                card=view.card,
                price=job.prices.shown(Action.VARIATION),
                number=number,
            ),
            f"{EMOJI[Action.VARIATION]} {variation_label(number, job)}",
        )
        for number, job in varied_jobs(view)
    ]
    return [_row(buttons)] if buttons else []


def button(action: BlockAction, label: str) -> Block:
    return {
        "type": "button",
        "action_id": action.action_id,
        "value": action.value,
        "text": plain_text(label, _LABEL, emoji=True),
    }


def choice_rows(choices: Sequence[ConfirmationButton]) -> list[Block]:
    """The buttons under a question; the place of the card id holds when it was asked."""
    buttons = [
        {
            **button(
                BlockAction(verb=control_for(choice), job=choice.job, card=choice.question), choice.label
            ),
            **({"style": "danger"} if choice.confirms else {}),
        }
        for choice in choices
    ]
    return [_row(buttons)] if buttons else []


def page_row(pages: Sequence[PageButton]) -> list[Block]:
    """The buttons to the pages before and after a list."""
    buttons = [
        {
            "type": "button",
            "action_id": f"rp:{number}",
            "value": one.page,
            "text": plain_text(one.label, _LABEL),
        }
        for number, one in enumerate(pages)
    ]
    return [_row(buttons)] if buttons else []


def open_row(views: Sequence[CardView], strings: SlackStrings) -> Block:
    """A select under a list of jobs, from which one is shown with its buttons."""
    options = [
        {
            "text": plain_text(f"{number} · {view.title or strings.untitled}", _OPTION),
            "value": BlockAction(verb=CardControl.OPEN, job=view.jobs[0].id, card=view.card).value,
        }
        for number, view in enumerate(views, 1)
    ]
    return _row(
        [
            {
                "type": "static_select",
                "action_id": f"rv:{CardControl.OPEN}",
                "placeholder": plain_text(strings.open, _PLACEHOLDER),
                "options": options,
            }
        ]
    )


def pending_row(pending: PendingCommand, strings: SlackStrings) -> Block:
    """The buttons under a command that was shown; both places of the value hold its id."""

    def control(verb: CardControl, label: str) -> Block:
        return button(BlockAction(verb=verb, job=pending.id, card=pending.id), label)

    start = control(CardControl.START, pending.start_label)
    return _row([{**start, "style": "primary"}, control(CardControl.DISCARD, strings.discard)])


def channel_choice_row(request: str) -> Block:
    """What to do with a request whose channel the bot is not in; `request` is its key in the store."""
    return _row(
        [
            {
                "type": "button",
                "action_id": action_id,
                "value": request,
                "text": plain_text(label, _LABEL, emoji=True),
            }
            for action_id, label in (
                (RETRY_HERE, "🔄 I have invited it"),
                (SEND_DIRECTLY, "✉️ Send it to me"),
            )
        ]
    )


def forms_row(commands: Sequence[str], label: str) -> Block:
    """The button that opens the form of one command, or of any where several are explained."""
    value = commands[0] if len(commands) == 1 else "any"
    text = plain_text(label, _LABEL)
    return _row([{"type": "button", "action_id": FORMS_BUTTON, "value": value, "text": text}])


def _row(elements: list[Block]) -> Block:
    return {"type": "actions", "elements": elements}


def _select(view: CardView, jobs: list[JobView], strings: SlackStrings) -> Block:
    options = [
        {
            "text": plain_text(option_label(number, job), _OPTION),
            "value": BlockAction(verb=CardControl.PICK, job=job.id, card=view.card).value,
        }
        for number, job in enumerate(view.jobs, 1)
        if job in jobs
    ]
    return {
        "type": "static_select",
        "action_id": f"rv:{CardControl.PICK}",
        "placeholder": plain_text(strings.pick, _PLACEHOLDER),
        "options": options,
        "initial_option": options[0],
    }


def _decision_buttons(view: CardView) -> Iterator[Block]:
    """What somebody has to decide, about all of the card."""
    for one in view.decisions:
        action = BlockAction(verb=one.decision, job=view.jobs[0].id, card=view.card)
        yield {
            **button(action, f"{one.emoji} {one.label}"),
            "style": "danger" if one.destructive else "primary",
        }


def _buttons(view: CardView, jobs: list[JobView], strings: SlackStrings) -> Iterator[Block]:
    def control(verb: Verb, job: str, label: str, price: int | None = None) -> Block:
        return button(BlockAction(verb=verb, job=job, card=view.card, price=price), label)

    for action in Action:
        job = next((job for job in jobs if action in actions_of_picked(view, job)), None)
        if job is not None:
            label = f"{EMOJI[action]} {job.prices.label(action)}"
            block = control(action, job.id, label, job.prices.shown(action))
            yield {**block, "style": "danger"} if action is Action.DELETE else block
    if (waiting := job_to_cancel(view, jobs[0])) is not None:
        # The label names its job, whatever is selected.
        number = view.jobs.index(waiting) + 1 if len(view.jobs) > 1 else None
        cancel = BlockAction(verb=CardControl.CANCEL, job=waiting.id, card=view.card, number=number)
        yield {**button(cancel, f"✖️ {strings.cancel_label(view, waiting)}"), "style": "danger"}
        if may_cancel_all(view):
            every = control(CardControl.CANCEL_ALL, waiting.id, f"✖️ {strings.cancel_all}")
            yield {**every, "style": "danger"}
    parent = next((job.parent for job in jobs if job.parent is not None), None)
    if parent is not None:
        yield control(CardControl.ORIGIN, parent, f"🔗 {strings.origin}")
    yield control(CardControl.DETAILS, jobs[0].id, f"ℹ️ {strings.details}")
