"""The table's commands as text, for the front ends that take text."""

from typing import Any

from tests.front_ends.table import Channel, Use


def command_text(use: Use, *, channel: str, member: str) -> str:
    """The options of a command as they are typed after its name."""

    def shown(name: str, value: Any) -> str:
        if isinstance(value, Channel):
            return channel
        text = member if name == "member" else str(value)
        return f'"{text}"' if " " in text else text

    return " ".join(f"--{name} {shown(name, value)}" for name, value in use.options.items())
