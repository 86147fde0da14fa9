"""Modals that open from a button or a context menu, and the values submitted in them. Pure."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from adapters.chat.controls import parse_priced, priced_value
from adapters.discord.messages.cards import Payload
from bot.domain.command_text.completion import defaulted_option, offered_option
from bot.domain.command_text.job_settings import JobSettings
from bot.domain.commands import build
from bot.domain.commands.reframe import Reframe
from bot.domain.errors import InvalidRequest
from bot.domain.generations.models import AspectRatio
from bot.domain.generations.requests import PROMPT_MAX
from bot.domain.jobs.actions import EMOJI, LABELS, NO_PRICES, Action, ActionPrices
from bot.domain.options import Kind, Option, options
from bot.domain.workspace.defaults import EffectiveDefault

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
#: Discord's limit on the text of an empty input
_HINT = 100
_SHORT, _PARAGRAPH = 1, 2
#: Discord's limit on the inputs of a modal, and the longest text of a single-line input
_FIELDS, _ONE_LINE = 5, 300
#: the kinds of options that a modal asks for, the most important first
_ASKED = (Kind.CHOICE, Kind.INTEGER, Kind.DECIMAL, Kind.TEXT)


def prompt_modal(
    custom_id: str, action: Action, *, prompt: str = "", label: str, required: bool, price: str = ""
) -> Payload:
    """Ask for a prompt; raises InvalidRequest where the present one is too long for a modal."""
    if len(prompt) > FIELD_MAX:
        raise _too_long(prompt)
    field = {
        "type": _TEXT_INPUT,
        "custom_id": PROMPT,
        "style": _PARAGRAPH,
        "value": prompt,
        "max_length": FIELD_MAX,
        "required": required,
    }
    return _modal(custom_id, action, label, field, price)


def _too_long(prompt: str) -> InvalidRequest:
    return InvalidRequest(
        f"This prompt has {len(prompt)} characters, and a form takes at most {FIELD_MAX}. "
        f"Use a command such as /imagine, whose prompt takes {PROMPT_MAX}."
    )


def aspect_ratio_modal(custom_id: str, selected: AspectRatio, prices: ActionPrices = NO_PRICES) -> Payload:
    """Ask for a new aspect ratio; each value holds the price that is shown beside it."""
    choices = [
        {
            "label": prices.ratio_label(one),
            "value": priced_value(one, prices.shown_of_ratio(one)),
            "default": one is selected,
        }
        for one in AspectRatio
    ]
    field = {"type": _SELECT, "custom_id": RATIO, "options": choices, "required": True}
    return _modal(custom_id, Action.REFRAME, "New aspect ratio (width:height)", field)


def settings_modal(
    custom_id: str,
    settings: JobSettings,
    offered: Mapping[str, Collection[str]],
    price: str = "",
    defaults: Mapping[str, EffectiveDefault] = MappingProxyType({}),
) -> Payload:
    """Ask for the settings of a job, as many as a modal holds; the others stay as they are.

    Raises InvalidRequest where a text is too long for a modal.
    """
    fields = [
        _setting(defaulted_option(option, settings.command, defaults), settings)
        for option in shown_settings(settings, offered)
    ]
    return {"custom_id": custom_id, "title": _title(f"/{settings.command.name}", price), "components": fields}


def shown_settings(settings: JobSettings, offered: Mapping[str, Collection[str]]) -> list[Option]:
    """The options that the modal asks for: the prompt, then choices, numbers and other texts."""
    found = [offered_option(one, offered) for one in options(settings.command) if one.kind in _ASKED]
    return sorted(found, key=lambda option: (option.name != PROMPT, _ASKED.index(option.kind)))[:_FIELDS]


def settings_values(
    settings: JobSettings, values: Mapping[str, str], offered: Mapping[str, Collection[str]]
) -> dict[str, Any]:
    """The option values of a submitted modal, with those of the job that it did not ask for."""
    asked = {option.name for option in shown_settings(settings, offered)}
    entered = {name: value.strip() for name, value in values.items() if name in asked}
    kept = {name: value for name, value in settings.values.items() if name not in asked}
    return kept | {name: value for name, value in entered.items() if value}


def _setting(option: Option, settings: JobSettings) -> Payload:
    value = settings.values.get(option.name)
    label = option.name.replace("_", " ").capitalize()
    # A default is not selected: what is not chosen is left to whatever counts for the whole command.
    hint = {"placeholder": option.default_text[:_HINT]} if option.default_text else {}
    if option.kind is Kind.CHOICE:
        choices = [{"label": one, "value": one, "default": one == value} for one in option.choices]
        field = {"type": _SELECT, "custom_id": option.name, "options": choices, "required": option.required}
        field |= hint
        # None has to be selected where the option may be left out.
        return {
            "type": _LABEL,
            "label": label,
            "component": field | ({} if option.required else {"min_values": 0}),
        }
    text = "" if value is None else str(value)
    if len(text) > FIELD_MAX:
        raise _too_long(text)
    long = option.max_length > _ONE_LINE and option.kind is Kind.TEXT
    field = {
        "type": _TEXT_INPUT,
        "custom_id": option.name,
        "style": _PARAGRAPH if long else _SHORT,
        "value": text,
        "max_length": min(option.max_length, FIELD_MAX),
        "required": option.required,
    }
    return {"type": _LABEL, "label": label, "component": field | hint}


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
    return {
        "custom_id": custom_id,
        "title": _title(f"{EMOJI[action]} {LABELS[action]}", price),
        "components": [{"type": _LABEL, "label": label, "component": field}],
    }


def _title(text: str, price: str) -> str:
    return f"{text} · {price}"[:_TITLE] if price else text
