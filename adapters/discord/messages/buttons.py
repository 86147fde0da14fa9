"""Buttons under a card: what they are called, and what they carry so that they work for ever.

A custom id says everything: the verb, the job, and the card, by which a message is found again.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.chat.controls import CardControl, control_for, parse_verb
from adapters.discord.messages.markdown import sanitize_line
from adapters.discord.messages.strings import Words
from bot.domain.actions import EMOJI, LABELS, Action
from bot.domain.cards import CardView, JobPhase, JobView
from bot.service.replies import ConfirmationButton

__all__ = [
    "CardControl",
    "Component",
    "Pressed",
    "chooser",
    "components",
    "jobs_of",
    "mentions_card",
]

_PATTERN = re.compile(r"rv:(?P<verb>[a-z]{1,20}):(?P<job>[0-9a-z]{24}):(?P<card>[0-9a-z]{24})")
_IN_A_ROW, _ROWS = 5, 5
_SECONDARY, _DANGER = 2, 4
_LABEL, _OPTION, _OPTIONS = 80, 100, 25

Component = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """What a custom id says. A wish, never a right: who may is decided by the event's own caller."""

    verb: Action | CardControl
    job: str
    card: str

    def write(self) -> str:
        return f"rv:{self.verb}:{self.job}:{self.card}"

    @classmethod
    def read(cls, custom_id: str) -> "Pressed | None":
        """Read a custom id; None where it is not ours, or of a version that knew other verbs."""
        match = _PATTERN.fullmatch(custom_id)
        verb = parse_verb(match["verb"]) if match is not None else None
        if match is None or verb is None:
            return None
        return cls(verb=verb, job=match["job"], card=match["card"])


def mentions_card(components: Iterable[Component], card: str) -> bool:
    """Whether these components of a message belong to the card."""
    return any(pressed.card == card for _, pressed in _said(components))


def jobs_of(components: Iterable[Component]) -> list[Pressed]:
    """The jobs that a message of ours shows, in their order."""
    said = list(_said(components))
    for component, pressed in said:
        if pressed.verb is CardControl.PICK:
            return [
                replace(pressed, verb=CardControl.DETAILS, job=one["value"]) for one in component["options"]
            ]
    return [pressed for _, pressed in said if pressed.verb is CardControl.DETAILS][:1]


def _said(components: Iterable[Component]) -> Iterator[tuple[Component, Pressed]]:
    """Every component of every level that is ours, with what it says."""
    for component in components:
        pressed = Pressed.read(component.get("custom_id") or "")
        if pressed is not None:
            yield component, pressed
        yield from _said(component.get("components") or ())


def components(view: CardView, words: Words, picked: str | None = None) -> list[Component]:
    """A select where there are several jobs, and the buttons of the one that is picked."""
    left = [job for job in view.jobs if job.phase is not JobPhase.GONE]
    if not left:
        return []
    job = next((one for one in left if one.id == picked), left[0])
    rows = [_row([_select(view, job, words)])] if len(left) > 1 else []
    buttons = list(_buttons(view, job, words))
    rows += [_row(buttons[at : at + _IN_A_ROW]) for at in range(0, len(buttons), _IN_A_ROW)]
    return rows[:_ROWS]


def chooser(views: Sequence[CardView], words: Words) -> list[Component]:
    """Selects that show one of several jobs, each a card of its own."""
    rows = []
    for at in range(0, len(views), _OPTIONS):
        part = views[at : at + _OPTIONS]
        first = Pressed(verb=CardControl.OPEN, job=part[0].jobs[0].id, card=part[0].card)
        options = [
            {
                "label": f"{number} · {sanitize_line(view.title, _OPTION - 6)}"[:_OPTION],
                "value": view.jobs[0].id,
            }
            for number, view in enumerate(part, at + 1)
        ]
        rows.append(_row([_list(first, words.open, options)]))
    return rows[:_ROWS]


def questions(choices: Sequence[ConfirmationButton]) -> list[Component]:
    """The buttons under a question, which say in the card's stead when it was asked."""
    if not choices:
        return []
    return [
        _row(
            [
                {
                    "type": 2,
                    "style": _DANGER if one.confirms else _SECONDARY,
                    "custom_id": Pressed(verb=control_for(one), job=one.job, card=one.question).write(),
                    "label": one.label[:_LABEL],
                }
                for one in choices
            ]
        )
    ]


def _row(inside: list[Component]) -> Component:
    return {"type": 1, "components": inside}


def _select(view: CardView, picked: JobView, words: Words) -> Component:
    options = [
        {
            "label": f"{number} · {words.of(job.headline)}"[:_OPTION],
            "value": job.id,
            "default": job.id == picked.id,
        }
        for number, job in enumerate(view.jobs, 1)
        if job.phase is not JobPhase.GONE
    ]
    return _list(Pressed(verb=CardControl.PICK, job=picked.id, card=view.card), words.pick, options)


def _list(pressed: Pressed, placeholder: str, options: list[Component]) -> Component:
    """A select from which one thing is chosen."""
    return {
        "type": 3,
        "custom_id": pressed.write(),
        "placeholder": placeholder,
        "min_values": 1,
        "max_values": 1,
        "options": options,
    }


def _buttons(view: CardView, job: JobView, words: Words) -> Iterator[Component]:
    def button(verb: Action | CardControl, emoji: str, label: str, about: str = job.id) -> Component:
        return {
            "type": 2,
            "style": _DANGER if verb in (Action.DELETE, CardControl.CANCEL) else _SECONDARY,
            "custom_id": Pressed(verb=verb, job=about, card=view.card).write(),
            "emoji": {"name": emoji},
            "label": label[:_LABEL],
        }

    for action in job.actions:
        yield button(action, EMOJI[action], words.of(LABELS[action]))
    if job.cancellable:
        yield button(CardControl.CANCEL, "✖️", words.cancel)
    if job.parent is not None:
        yield button(CardControl.ORIGIN, "🔗", words.origin, job.parent)
    yield button(CardControl.DETAILS, "ℹ️", words.details)
