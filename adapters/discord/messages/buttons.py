"""Buttons and selects under a card, and the custom ids by which they work for ever.

A custom id holds the verb, the job and the card, so that a button works after any restart and a message can
be recognised as a card's.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.chat.controls import CardControl, Verb, control_for, parse_verb
from adapters.chat.text import sanitize_line
from adapters.discord.messages.strings import STRINGS
from bot.domain.actions import EMOJI, LABELS, Action
from bot.domain.cards import CardView, JobPhase, JobView
from bot.service.replies import ConfirmationButton, PendingCommand

_PATTERN = re.compile(r"rv:(?P<verb>[a-z]{1,20}):(?P<job>[0-9a-z]{24}):(?P<card>[0-9a-z]{24})")
#: Discord's limits: buttons in a row, rows, characters of a label and of an option, options of a select
_ROW_BUTTONS, _ROWS, _LABEL, _OPTION_LABEL, _OPTIONS = 5, 5, 80, 100, 25
#: component types and button styles
_ACTION_ROW, _BUTTON, _SELECT = 1, 2, 3
_SECONDARY, _SUCCESS, _DANGER = 2, 3, 4

Component = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentId:
    """A parsed custom id. It states a request, never a right: rights follow from the event's own caller."""

    verb: Verb
    job: str
    card: str

    def write(self) -> str:
        return f"rv:{self.verb}:{self.job}:{self.card}"

    @classmethod
    def parse(cls, custom_id: str) -> "ComponentId | None":
        """Parse a custom id; None where it is not ours, or has a verb of another version."""
        match = _PATTERN.fullmatch(custom_id)
        verb = parse_verb(match["verb"]) if match is not None else None
        if match is None or verb is None:
            return None
        return cls(verb=verb, job=match["job"], card=match["card"])


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
    """The select of a card with several jobs, and the buttons of the picked job."""
    remaining = [job for job in view.jobs if job.phase is not JobPhase.GONE]
    if not remaining:
        return [_row(list(_decision_buttons(view)))] if view.decisions else []
    job = next((one for one in remaining if one.id == picked), remaining[0])
    rows = [_row([_job_select(view, job)])] if len(remaining) > 1 else []
    buttons = [*_decision_buttons(view), *_buttons(view, job)]
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


def pending_row(pending: PendingCommand) -> Component:
    """The buttons under a command that was shown; their ids hold the command's id twice."""
    buttons = (
        (CardControl.START, _DANGER if pending.deletes else _SUCCESS, pending.start_label),
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
            "label": f"{number} · {job.headline}"[:_OPTION_LABEL],
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
    def button(verb: Action | CardControl, emoji: str, label: str, target: str = job.id) -> Component:
        return {
            "type": _BUTTON,
            "style": _DANGER if verb in (Action.DELETE, CardControl.CANCEL) else _SECONDARY,
            "custom_id": ComponentId(verb=verb, job=target, card=view.card).write(),
            "emoji": {"name": emoji},
            "label": label[:_LABEL],
        }

    for action in job.actions:
        yield button(action, EMOJI[action], LABELS[action])
    if job.cancellable:
        yield button(CardControl.CANCEL, "✖️", STRINGS.cancel)
    if job.parent is not None:
        yield button(CardControl.ORIGIN, "🔗", STRINGS.origin, job.parent)
    yield button(CardControl.DETAILS, "ℹ️", STRINGS.details)
