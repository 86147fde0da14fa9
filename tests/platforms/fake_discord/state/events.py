"""Gateway events and the intents that they need."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntFlag
from typing import Any


class Intents(IntFlag):
    NONE = 0
    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    MESSAGE_CONTENT = 1 << 15


#: only for apps that the service has allowed them
PRIVILEGED = Intents.GUILD_MEMBERS | Intents.GUILD_PRESENCES | Intents.MESSAGE_CONTENT
#: every bit that the service knows
KNOWN_BITS = (1 << 26) - 1

_GUILD = {
    "GUILD": Intents.GUILDS,
    "CHANNEL": Intents.GUILDS,
    "THREAD": Intents.GUILDS,
    "MESSAGE_REACTION": Intents.GUILD_MESSAGE_REACTIONS,
    "MESSAGE": Intents.GUILD_MESSAGES,
}
_DIRECT = {
    "MESSAGE_REACTION": Intents.DIRECT_MESSAGE_REACTIONS,
    "MESSAGE": Intents.DIRECT_MESSAGES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    name: str
    data: dict[str, Any]
    #: whose shard hears of it; shard 0 when it belongs to no guild
    guild_id: int | None = None
    #: the same for those who may not read what people write
    without_content: dict[str, Any] | None = None

    @property
    def intent(self) -> Intents:
        """What a session must have named to hear of it."""
        table = _DIRECT if self.guild_id is None else _GUILD
        found = [prefix for prefix in table if self.name.startswith(prefix)]
        return table[max(found, key=len)] if found else Intents.NONE

    def told(self, intents: Intents) -> dict[str, Any]:
        if self.without_content is not None and Intents.MESSAGE_CONTENT not in intents:
            return self.without_content
        return self.data


Announce = Callable[[Event], None]
