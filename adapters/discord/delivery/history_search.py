"""Looking for a card's message where nobody knows whether it was posted: rare, and within bounds."""

import asyncio
from collections.abc import Mapping
from typing import Any

from discord.http import Route

from adapters.discord.delivery.routes import name_message
from adapters.discord.messages.buttons import mentions_card
from adapters.discord.rest.client import Rest
from adapters.discord.rest.responses import expecting, id_of, objects_of
from bot.domain.ids import id_created_at

_PAGE, _PAGES = 100, 5
#: clocks may differ; a message is never much older than its card
_SLACK_MS = 60_000
_DISCORD_EPOCH_MS = 1_420_070_400_000


class Search:
    """Reads the bot's own newest messages of a channel, one channel at a time."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._one_at_a_time = asyncio.Lock()

    async def find(self, card: str, channel: str, *, pages: int = _PAGES) -> str | None:
        """The card's message, as `name_message` writes it; None where it is not among the bot's newest."""
        me, earliest = await self._rest.me(), id_created_at(card) - _SLACK_MS
        before: dict[str, str] = {}
        async with self._one_at_a_time:
            for _ in range(pages):
                route = Route("GET", "/channels/{channel_id}/messages", channel_id=channel)
                answer = await self._rest.request(route, params={"limit": str(_PAGE), **before})
                page = objects_of(answer, "message")
                for message in page:
                    if id_of(message.get("author"), "user") == me and shows(message, card):
                        return name_message(channel, id_of(message, "message"))
                if len(page) < _PAGE or sent_at(id_of(page[-1], "message")) < earliest:
                    return None
                before = {"before": id_of(page[-1], "message")}
        return None


def shows(message: Mapping[str, Any], card: str) -> bool:
    with expecting("components"):
        return mentions_card(message.get("components") or (), card)


def sent_at(message: str) -> int:
    """When a message was sent, in milliseconds UTC, which its id begins with."""
    return (int(message) >> 22) + _DISCORD_EPOCH_MS
