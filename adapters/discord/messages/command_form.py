"""The buttons under /help that open the forms of commands, and the custom ids of both. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.commands import CATALOGUE, GenerateCommand

#: what the custom ids begin with; messages that were sent already hold them
FORM = "rf:"
_PATTERN = re.compile(r"rf:(?P<command>[a-z]{1,30})(?::(?P<price>[0-9]{1,15}))?")
_ACTION_ROW, _BUTTON, _SECONDARY = 1, 2, 2
#: Discord's limits: buttons in a row, rows
_ROW_BUTTONS, _ROWS = 5, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FormId:
    """A parsed custom id: of a button, or of the form that it has opened."""

    command: type[GenerateCommand]
    #: micro-dollars that the form shows; None for a button, or where the price was not known
    price: int | None = None

    def write(self) -> str:
        price = f":{self.price}" if self.price is not None else ""
        return f"{FORM}{self.command.name}{price}"

    @classmethod
    def parse(cls, custom_id: str) -> "FormId | None":
        """Parse a custom id; None where it is not ours, or names a command of another version."""
        match = _PATTERN.fullmatch(custom_id)
        command = CATALOGUE.get(match["command"]) if match is not None else None
        if match is None or command is None or not issubclass(command, GenerateCommand):
            return None
        return cls(command=command, price=int(match["price"]) if match["price"] else None)


def form_rows(commands: Sequence[str]) -> list[dict[str, Any]]:
    """A button for each command that makes something; Discord itself asks for the options of others."""
    ids = [found for name in commands if (found := FormId.parse(f"{FORM}{name}")) is not None]
    buttons = [
        {
            "type": _BUTTON,
            "style": _SECONDARY,
            "custom_id": one.write(),
            "emoji": {"name": "📝"},
            "label": f"/{one.command.name}",
        }
        for one in ids
    ]
    rows = [
        {"type": _ACTION_ROW, "components": buttons[at : at + _ROW_BUTTONS]}
        for at in range(0, len(buttons), _ROW_BUTTONS)
    ]
    return rows[:_ROWS]
