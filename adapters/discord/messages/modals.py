"""Modals that open from a button or a context menu, and the values submitted in them. Pure."""

from collections.abc import Mapping
from typing import Any

from adapters.chat.controls import parse_priced, priced_value
from adapters.discord.messages.cards import Payload
from bot.domain.action_prices import NO_PRICES, ActionPrices
from bot.domain.actions import EMOJI, LABELS, Action
from bot.domain.commands import build
from bot.domain.commands.reframe import Reframe
from bot.domain.errors import InvalidRequest
from bot.domain.models import AspectRatio
from bot.domain.requests import PROMPT_MAX

#: Discord's limit on a text input, in characters
FIELD_MAX = 4_000
#: custom ids of the inputs; modals that are open while the bot is upgraded hold them
PROMPT, RATIO = "prompt", "aspect_ratio"
OUTDATED_MODAL = (
    "This form belongs to another version of the bot, so nothing was started or charged. "
    "Close it and open it again from the card or the message."
)
#: component types and text input style
_SELECT, _TEXT_INPUT, _LABEL = 3, 4, 18
#: Discord's limit on a title, in characters
_TITLE = 45
_PARAGRAPH = 2


def prompt_modal(
    custom_id: str, action: Action, *, prompt: str = "", label: str, required: bool, price: str = ""
) -> Payload:
    """Ask for a prompt; raises InvalidRequest where the present one is too long for a modal."""
    if len(prompt) > FIELD_MAX:
        raise InvalidRequest(
            f"This prompt has {len(prompt)} characters, and a form takes at most {FIELD_MAX}. "
            f"Use a command such as /imagine, whose prompt takes {PROMPT_MAX}."
        )
    field = {
        "type": _TEXT_INPUT,
        "custom_id": PROMPT,
        "style": _PARAGRAPH,
        "value": prompt,
        "max_length": FIELD_MAX,
        "required": required,
    }
    return _modal(custom_id, action, label, field, price)


def aspect_ratio_modal(custom_id: str, selected: AspectRatio, prices: ActionPrices = NO_PRICES) -> Payload:
    """Ask for a new aspect ratio; each value holds the price that is shown beside it."""
    options = [
        {
            "label": prices.ratio_label(one),
            "value": priced_value(one, prices.shown_of_ratio(one)),
            "default": one is selected,
        }
        for one in AspectRatio
    ]
    field = {"type": _SELECT, "custom_id": RATIO, "options": options, "required": True}
    return _modal(custom_id, Action.REFRAME, "New aspect ratio (width:height)", field)


def modal_values(data: Mapping[str, Any]) -> dict[str, str]:
    """The submitted values by custom id; an input without a single text value is left out."""
    found = {}
    for component in data.get("components") or ():
        for field in component.get("components") or (component.get("component") or component,):
            name, value, values = field.get("custom_id"), field.get("value"), field.get("values")
            if value is None and isinstance(values, list) and len(values) == 1:
                value = values[0]
            if isinstance(name, str) and isinstance(value, str):
                found[name] = value
    return found


def modal_value(values: Mapping[str, str], name: str) -> str:
    """One submitted value, which may be empty; raises InvalidRequest where the modal has no such input."""
    if name not in values:
        raise InvalidRequest(OUTDATED_MODAL)
    return values[name]


def aspect_ratio_value(values: Mapping[str, str]) -> tuple[AspectRatio, int | None]:
    """The submitted aspect ratio, and the price that was shown with it; raises InvalidRequest."""
    ratio, price = parse_priced(modal_value(values, RATIO))
    reframe = build(Reframe, {RATIO: ratio})
    assert isinstance(reframe, Reframe)  # noqa: S101 - `build` returns the class that it is given
    return reframe.aspect_ratio, price


def _modal(custom_id: str, action: Action, label: str, field: Payload, price: str = "") -> Payload:
    title = f"{EMOJI[action]} {LABELS[action]}"
    return {
        "custom_id": custom_id,
        "title": f"{title} · {price}"[:_TITLE] if price else title,
        "components": [{"type": _LABEL, "label": label, "component": field}],
    }
