"""Forms that open from a button or a menu, and what people have filled in. Pure."""

from collections.abc import Mapping
from typing import Any

from adapters.discord.messages.cards import Payload
from bot.domain.actions import EMOJI, LABELS, Action
from bot.domain.commands import build
from bot.domain.commands.reframe import Reframe
from bot.domain.errors import InvalidRequest
from bot.domain.models import AspectRatio
from bot.domain.requests import PROMPT_MAX

#: what a field of a form takes at most
FIELD_MAX = 4_000
PROMPT, RATIO = "prompt", "aspect_ratio"
#: what is told of a form that this version does not know
STALE = (
    "This form is of another version of the bot, so nothing was started or charged. "
    "Close it and open it again from the card or the message."
)
_ROW, _SELECT, _TEXT, _LABEL = 1, 3, 4, 18
_SHORT, _PARAGRAPH = 1, 2


def prompt_form(custom_id: str, action: Action, *, prompt: str = "", label: str, required: bool) -> Payload:
    """Ask for words; raises InvalidRequest for those there are, where they do not fit into a form."""
    if len(prompt) > FIELD_MAX:
        raise InvalidRequest(
            f"This prompt has {len(prompt)} characters, and a form takes {FIELD_MAX} at most. Give the "
            f"new one with a command such as /imagine, whose prompt takes {PROMPT_MAX}."
        )
    field = {
        "type": _TEXT,
        "custom_id": PROMPT,
        "style": _PARAGRAPH,
        "value": prompt,
        "max_length": FIELD_MAX,
        "required": required,
    }
    return _form(custom_id, action, label, field)


def ratio_form(custom_id: str, chosen: AspectRatio) -> Payload:
    """Ask for the new frame."""
    options = [{"label": one, "value": one, "default": one is chosen} for one in AspectRatio]
    field = {"type": _SELECT, "custom_id": RATIO, "options": options, "required": True}
    return _form(custom_id, Action.REFRAME, "The new frame, width to height", field)


def values_of(data: Mapping[str, Any]) -> dict[str, str]:
    """What was filled in, by the names of the fields; a field that says nothing legible is not among them."""
    found = {}
    for component in data.get("components") or ():
        for field in component.get("components") or (component.get("component") or component,):
            name, value, values = field.get("custom_id"), field.get("value"), field.get("values")
            if value is None and isinstance(values, list) and len(values) == 1:
                value = values[0]
            if isinstance(name, str) and isinstance(value, str):
                found[name] = value
    return found


def filled(values: Mapping[str, str], name: str) -> str:
    """What a field holds, which may be nothing; raises InvalidRequest where the form has no such field."""
    if name not in values:
        raise InvalidRequest(STALE)
    return values[name]


def ratio_of(values: Mapping[str, str]) -> AspectRatio:
    """The frame that was chosen; raises InvalidRequest."""
    reframe = build(Reframe, {RATIO: filled(values, RATIO)})
    assert isinstance(reframe, Reframe)  # noqa: S101 - it was asked for
    return reframe.aspect_ratio


def _form(custom_id: str, action: Action, label: str, field: Payload) -> Payload:
    return {
        "custom_id": custom_id,
        "title": f"{EMOJI[action]} {LABELS[action]}",
        "components": [{"type": _LABEL, "label": label, "component": field}],
    }
