"""Slack's names of emoji: reactions, and most texts, have these in place of the characters. Pure."""

import re
from collections.abc import Mapping

from bot.domain.commands.base import Command
from bot.domain.commands.rules import RulesReactions
from bot.domain.errors import InvalidRequest
from bot.domain.jobs.actions import DEFAULT_REACTIONS, normalized

#: Slack's names of the emoji that start an action by default; any other is named by its name in colons
EMOJI_NAMES: Mapping[str, str] = {
    "repeat": "🔁",
    "game_die": "🎲",
    "pencil2": "✏️",
    "clapper": "🎬",
    "fast_forward": "⏩",
    "rewind": "⏪",
    "frame_with_picture": "🖼️",
    "arrow_up": "⬆️",
    "loud_sound": "🔊",
    "star": "⭐",
    "email": "✉️",
    "envelope": "✉️",
    "x": "❌",
}
#: other names that people type, and those that reactions have
_ALIASES: Mapping[str, str] = {"thumbsup": "+1", "thumbsdown": "-1"}
#: an emoji as text, such as `:tada:` and `:+1::skin-tone-2:`
_TYPED = re.compile(r":(?P<name>[^\s:]+(?:::[^\s:]+)?):")


def emoji_of(name: str) -> str | None:
    """The emoji of a Slack name, in any skin tone; None for no name."""
    plain = name.partition("::")[0]
    plain = _ALIASES.get(plain, plain)
    return EMOJI_NAMES.get(plain, f":{plain}:" if plain else None)


def with_reaction_names(command: Command) -> Command:
    """The command with the emoji as reactions name it.

    Raises InvalidRequest for one that no reaction could be compared with.
    """
    if not isinstance(command, RulesReactions) or not command.emoji.strip():
        return command
    emoji = command.emoji.strip()
    typed = _TYPED.fullmatch(emoji)
    if typed is not None:
        return command.model_copy(update={"emoji": emoji_of(typed["name"])})
    if emoji.isascii() or normalized(emoji) in DEFAULT_REACTIONS:
        return command
    raise InvalidRequest(
        "Write the emoji by its name on Slack, such as :fire: for 🔥; the name is shown in the emoji picker",
        option="emoji",
    )
