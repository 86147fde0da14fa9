"""Buttons and selects under a card, and the custom ids by which they work for ever.

A custom id holds the verb, the job, the card and the price that is shown, so that a button works after any
restart, costs no more than it says, and a message can be recognised as a card's.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
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
from adapters.chat.text import sanitize_line
from adapters.discord.messages.strings import STRINGS
from bot.domain.cards.card import CardView, JobPhase, JobView
from bot.domain.jobs.actions import EMOJI, Action
from bot.service.replies import ConfirmationButton, PageButton, PendingCommand

_PATTERN = re.compile(
    r"rv:(?P<verb>[a-z]{1,20}):(?P<job>[0-9a-z]{24}):(?P<card>[0-9a-z]{24})(?::(?P<price>[0-9]{1,15}))?"
)
#: Discord's limits: buttons in a row, rows, characters of a label and of an option, options of a select
_ROW_BUTTONS, _ROWS, _LABEL, _OPTION_LABEL, _OPTIONS = 5, 5, 80, 100, 25
#: component types and button styles
_ACTION_ROW, _BUTTON, _SELECT = 1, 2, 3
_SECONDARY, _SUCCESS, _DANGER = 2, 3, 4

_DESTRUCTIVE = (Action.DELETE, CardControl.CANCEL, CardControl.CANCEL_ALL)

#: what the custom id of a button to another page begins with; stored in messages, never to be changed
PAGE = "rp:"

Component = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentId:
    """A parsed custom id. It states a request, never a right: rights follow from the event's own caller."""

    verb: Verb
    job: str
    card: str
    #: micro-dollars that the component shows; None for one that costs nothing, or was sent without a price
    price: int | None = None

    def write(self) -> str:
        price = f":{self.price}" if self.price is not None else ""
        return f"rv:{self.verb}:{self.job}:{self.card}{price}"

    @classmethod
    def parse(cls, custom_id: str) -> "ComponentId | None":
        """Parse a custom id; None where it is not ours, or has a verb of another version."""
        match = _PATTERN.fullmatch(custom_id)
        verb = parse_verb(match["verb"]) if match is not None else None
        if match is None or verb is None:
            return None
        price = int(match["price"]) if match["price"] else None
        return cls(verb=verb, job=match["job"], card=match["card"], price=price)


def belongs_to_card(components: Iterable[Component], card: str) -> bool:
    """Whether a message with these components shows the card."""
    return any(component_id.card == card for _, component_id in _parsed(components))


def jobs_in(components: Iterable[Component]) -> list[ComponentId]:
    """The jobs that a message with these components shows, in order."""
    parsed = list(_parsed(components))
    for component, found in parsed:
        if found.verb is CardControl.PICK:
            options = component["options"]
            return [replace(found, verb=CardControl.DETAILS, job=one["value"]) for one in options]
    return [found for _, found in parsed if found.verb is CardControl.DETAILS][:1]


def card_components(view: CardView, picked: str | None = None) -> list[Component]:
    """The buttons of the picked job; of several, first one for a variation of each and the select."""
    remaining = [job for job in view.jobs if job.phase is not JobPhase.GONE]
    if not remaining:
        return [_row(list(_decision_buttons(view)))] if view.decisions else []
    job = next((one for one in remaining if one.id == picked), remaining[0])
    buttons = [*_decision_buttons(view), *_buttons(view, job)]
    rows = []
    if len(remaining) > 1:
        variations = list(_variation_buttons(view))
        rows = [_row(variations)] if variations else []
        rows.append(_row([_job_select(view, job)]))
    rows += [_row(buttons[at : at + _ROW_BUTTONS]) for at in range(0, len(buttons), _ROW_BUTTONS)]
    return rows[:_ROWS]


def job_selects(views: Sequence[CardView]) -> list[Component]:
    """Selects under a list of jobs, from which one is shown."""
    rows = []
    for at in range(0, len(views), _OPTIONS):
        part = views[at : at + _OPTIONS]
        first = ComponentId(verb=CardControl.OPEN, job=part[0].jobs[0].id, card=part[0].card)
        options = [
            {
                "label": f"{number} · {sanitize_line(view.title, _OPTION_LABEL - 6)}"[:_OPTION_LABEL],
                "value": view.jobs[0].id,
            }
            for number, view in enumerate(part, at + 1)
        ]
        rows.append(_row([_select(first, STRINGS.open, options)]))
    return rows[:_ROWS]


def confirmation_row(choices: Sequence[ConfirmationButton]) -> list[Component]:
    """The buttons under a question; their ids hold the question's id in place of a card's."""
    if not choices:
        return []
    return [
        _row(
            [
                {
                    "type": _BUTTON,
                    "style": _DANGER if one.confirms else _SECONDARY,
                    "custom_id": ComponentId(verb=control_for(one), job=one.job, card=one.question).write(),
                    "label": one.label[:_LABEL],
                }
                for one in choices
            ]
        )
    ]


def page_row(pages: Sequence[PageButton]) -> list[Component]:
    """The buttons to the pages before and after a list."""
    buttons = [
        {"type": _BUTTON, "style": _SECONDARY, "custom_id": f"{PAGE}{one.page}", "label": one.label[:_LABEL]}
        for one in pages
    ]
    return [_row(buttons)] if buttons else []


def pending_row(pending: PendingCommand) -> Component:
    """The buttons under a command that was shown; their ids hold the command's id twice."""
    buttons = (
        (CardControl.START, _SUCCESS, pending.start_label),
        (CardControl.DISCARD, _SECONDARY, STRINGS.discard),
    )
    return _row(
        [
            {
                "type": _BUTTON,
                "style": style,
                "custom_id": ComponentId(verb=verb, job=pending.id, card=pending.id).write(),
                "label": label[:_LABEL],
            }
            for verb, style, label in buttons
        ]
    )


def settings_row(view: CardView) -> Component:
    """The button under the details of one job that opens a form with its settings."""
    job = ComponentId(verb=CardControl.SETTINGS, job=view.jobs[0].id, card=view.card)
    label, emoji = STRINGS.settings, {"name": "⚙️"}
    return _row(
        [{"type": _BUTTON, "style": _SECONDARY, "custom_id": job.write(), "emoji": emoji, "label": label}]
    )


def _parsed(components: Iterable[Component]) -> Iterator[tuple[Component, ComponentId]]:
    """Our components on every level, with their parsed ids."""
    for component in components:
        component_id = ComponentId.parse(component.get("custom_id") or "")
        if component_id is not None:
            yield component, component_id
        yield from _parsed(component.get("components") or ())


def _row(components: list[Component]) -> Component:
    return {"type": _ACTION_ROW, "components": components}


def _job_select(view: CardView, picked: JobView) -> Component:
    options = [
        {
            "label": sanitize_line(option_label(number, job), _OPTION_LABEL),
            "value": job.id,
            "default": job.id == picked.id,
        }
        for number, job in enumerate(view.jobs, 1)
        if job.phase is not JobPhase.GONE
    ]
    return _select(ComponentId(verb=CardControl.PICK, job=picked.id, card=view.card), STRINGS.pick, options)


def _select(component_id: ComponentId, placeholder: str, options: list[Component]) -> Component:
    return {
        "type": _SELECT,
        "custom_id": component_id.write(),
        "placeholder": placeholder,
        "min_values": 1,
        "max_values": 1,
        "options": options,
    }


def _decision_buttons(view: CardView) -> Iterator[Component]:
    """What somebody has to decide, about all of the card."""
    for one in view.decisions:
        yield {
            "type": _BUTTON,
            "style": _DANGER if one.destructive else _SUCCESS,
            "custom_id": ComponentId(verb=one.decision, job=view.jobs[0].id, card=view.card).write(),
            "emoji": {"name": one.emoji},
            "label": sanitize_line(one.label, _LABEL),
        }


def _buttons(view: CardView, job: JobView) -> Iterator[Component]:
    for action in actions_of_picked(view, job):
        yield _button(view, action, job, EMOJI[action], job.prices.label(action))
    if (cancelled := job_to_cancel(view, job)) is not None:
        yield _button(view, CardControl.CANCEL, cancelled, "✖️", STRINGS.cancel_label(view, cancelled))
        if may_cancel_all(view):
            yield _button(view, CardControl.CANCEL_ALL, cancelled, "✖️", STRINGS.cancel_all)
    if job.parent is not None:
        component_id = ComponentId(verb=CardControl.ORIGIN, job=job.parent, card=view.card)
        yield _plain_button(component_id, "🔗", STRINGS.origin)
    yield _button(view, CardControl.DETAILS, job, "ℹ️", STRINGS.details)


def _variation_buttons(view: CardView) -> Iterator[Component]:
    """One for each result, whichever is picked."""
    for number, job in varied_jobs(view):
        label = variation_label(number, job)
        yield _button(view, Action.VARIATION, job, EMOJI[Action.VARIATION], label)


def _button(view: CardView, verb: Action | CardControl, job: JobView, emoji: str, label: str) -> Component:
    price = job.prices.shown(verb) if isinstance(verb, Action) else None
    return _plain_button(ComponentId(verb=verb, job=job.id, card=view.card, price=price), emoji, label)


def _plain_button(component_id: ComponentId, emoji: str, label: str) -> Component:
    return {
        "type": _BUTTON,
        "style": _DANGER if component_id.verb in _DESTRUCTIVE else _SECONDARY,
        "custom_id": component_id.write(),
        "emoji": {"name": emoji},
        "label": label[:_LABEL],
    }
