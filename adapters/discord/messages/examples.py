"""The catalogue's examples as people type them on Discord: option by option. Pure."""

from typing import Any

from bot.domain.errors import InvalidRequest
from bot.domain.options import Kind, Option, options
from bot.domain.parsing import parse
from bot.domain.pricing import MICROUSD


def spelled(text: str) -> str:
    """Spell an example such as `/reframe 9:16 with more sky`, or an option's `--name`, as Discord does."""
    if not text.startswith("/"):
        return text.removeprefix("--")
    try:
        command = parse(text)
    except InvalidRequest:
        return text
    given = (one for one in options(type(command)) if one.name in command.model_fields_set)
    return " ".join((f"/{command.name}", *(f"{one.name}:{_value(one, command)}" for one in given)))


def _value(option: Option, command: Any) -> str:
    value = getattr(command, option.name)
    return f"{value / MICROUSD:g}" if option.kind is Kind.MONEY else str(value)
