"""Searches a channel's history for a card's message whose posting has an unknown outcome."""

import asyncio
from collections.abc import Mapping
from typing import Any

from discord.http import Route

from adapters.discord.delivery.routes import message_name
from adapters.discord.messages.buttons import belongs_to_card
from adapters.discord.rest.client import RestClient, id_of, objects_of, reading_response, snowflake_ms
from bot.domain.ids import id_created_at

_PAGE, _MAX_PAGES = 100, 5
#: clocks may differ: a message may seem this much older than its card
_CLOCK_SKEW_MS = 60_000


class CardFinder:
    """Reads the newest messages of a channel, one channel at a time."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest
        self._lock = asyncio.Lock()

    async def find(self, card: str, channel: str, *, pages: int = _MAX_PAGES) -> str | None:
        """The card's message as `message_name` writes it; None where it is not among the newest."""
        bot, earliest = await self._rest.bot_id(), id_created_at(card) - _CLOCK_SKEW_MS
        before: dict[str, str] = {}
        async with self._lock:
            for _ in range(pages):
                route = Route("GET", "/channels/{channel_id}/messages", channel_id=channel)
                answer = await self._rest.request(route, params={"limit": str(_PAGE), **before})
                page = objects_of(answer, "message")
                for message in page:
                    if id_of(message.get("author"), "user") == bot and shows_card(message, card):
                        return message_name(channel, id_of(message, "message"))
                if len(page) < _PAGE or snowflake_ms(id_of(page[-1], "message")) < earliest:
                    return None
                before = {"before": id_of(page[-1], "message")}
        return None


def shows_card(message: Mapping[str, Any], card: str) -> bool:
    """Whether a message has the card's components; raises UnexpectedResponse."""
    with reading_response("components"):
        return belongs_to_card(message.get("components") or (), card)
