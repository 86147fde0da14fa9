"""Buttons under a card: what they are called, and what they carry so that they work for ever.

A custom id says everything: the verb, the job, and the card, by which a message is found again.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from adapters.discord.cards.words import Words
from bot.domain.actions import EMOJI, LABELS, Action
from bot.domain.cards import CardView, JobView, Tone

#: the whole of a custom id, for `discord.ui.DynamicItem`
TEMPLATE = r"rv:(?P<verb>[a-z]{1,20}):(?P<job>[0-9a-z]{24}):(?P<card>[0-9a-z]{24})"
_PATTERN = re.compile(TEMPLATE)
_IN_A_ROW, _ROWS = 5, 5
_SECONDARY, _DANGER = 2, 4
_LABEL, _OPTION = 80, 100

Component = dict[str, Any]


class Control(StrEnum):
    """What a button does besides the actions of the core."""

    #: take back a job that waits
    CANCEL = "cancel"
    #: show everything about a job, privately; under every card, so that every card can be found again
    DETAILS = "details"
    #: show the job that this one was made from
    ORIGIN = "origin"
    #: a select: which job of the card the buttons are for
    PICK = "pick"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """What a custom id says. A wish, never a right: who may is decided by the event's own caller."""

    verb: Action | Control
    job: str
    card: str

    def write(self) -> str:
        return f"rv:{self.verb}:{self.job}:{self.card}"

    @classmethod
    def read(cls, custom_id: str) -> "Pressed | None":
        """Read a custom id; None where it is not ours, or of a version that knew other verbs."""
        match = _PATTERN.fullmatch(custom_id)
        if match is None:
            return None
        for verbs in (Action, Control):
            if match["verb"] in set(verbs):
                return cls(verb=verbs(match["verb"]), job=match["job"], card=match["card"])
        return None


def mentions_card(components: Iterable[Component], card: str) -> bool:
    """Whether these components of a message belong to the card."""
    for component in components:
        pressed = Pressed.read(component.get("custom_id") or "")
        if pressed is not None and pressed.card == card:
            return True
        if mentions_card(component.get("components") or (), card):
            return True
    return False


def components(view: CardView, words: Words, picked: str | None = None) -> list[Component]:
    """A select where there are several jobs, and the buttons of the one that is picked."""
    left = [job for job in view.jobs if job.tone is not Tone.GONE]
    if not left:
        return []
    job = next((one for one in left if one.id == picked), left[0])
    rows = [_row([_select(view, job, words)])] if len(left) > 1 else []
    buttons = list(_buttons(view, job, words))
    rows += [_row(buttons[at : at + _IN_A_ROW]) for at in range(0, len(buttons), _IN_A_ROW)]
    return rows[:_ROWS]


def _row(inside: list[Component]) -> Component:
    return {"type": 1, "components": inside}


def _select(view: CardView, picked: JobView, words: Words) -> Component:
    return {
        "type": 3,
        "custom_id": Pressed(verb=Control.PICK, job=picked.id, card=view.card).write(),
        "placeholder": words.pick,
        "min_values": 1,
        "max_values": 1,
        "options": [
            {
                "label": f"{number} · {words.of(job.headline)}"[:_OPTION],
                "value": job.id,
                "default": job.id == picked.id,
            }
            for number, job in enumerate(view.jobs, 1)
            if job.tone is not Tone.GONE
        ],
    }


def _buttons(view: CardView, job: JobView, words: Words) -> Iterator[Component]:
    def button(verb: Action | Control, emoji: str, label: str, about: str = job.id) -> Component:
        return {
            "type": 2,
            "style": _DANGER if verb in (Action.DELETE, Control.CANCEL) else _SECONDARY,
            "custom_id": Pressed(verb=verb, job=about, card=view.card).write(),
            "emoji": {"name": emoji},
            "label": label[:_LABEL],
        }

    for action in job.actions:
        yield button(action, EMOJI[action], words.of(LABELS[action]))
    if job.cancellable:
        yield button(Control.CANCEL, "✖️", words.cancel)
    if job.parent is not None:
        yield button(Control.ORIGIN, "🔗", words.origin, job.parent)
    yield button(Control.DETAILS, "ℹ️", words.details)
