"""Looking for a card's message where nobody knows whether it was posted: rare, and within the limits.

Apps of many workspaces may read once a minute, 15 messages: so the search goes on where it had to stop.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from adapters.chat.ttl_cache import TtlCache
from adapters.slack.delivery.routes import ChannelRoute, name_message
from adapters.slack.web_api.client import WorkspaceApi
from bot.domain.ids import id_created_at

#: what a card's message carries, for nobody to see
EVENT_TYPE = "reverie_card"
_PAGE, _PAGES = 100, 5
#: clocks may differ; a message is never much older than its card
_SLACK_S = 60
_REMEMBERED = 1_000


class CardFinder:
    """Reads what was said in a place since a card was made, one place at a time."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()
        #: card and channel → pages read, and where the next one begins
        self._stopped_at: TtlCache[tuple[str, str], tuple[int, str]] = TtlCache(_REMEMBERED)

    async def find(self, door: WorkspaceApi, card: str, place: ChannelRoute) -> str | None:
        """The card's message, as `name_message` writes it; None where it is not there.

        Raises Refusal and Delayed.
        """
        method = "conversations.history" if place.thread is None else "conversations.replies"
        where: dict[str, Any] = {
            "channel": place.channel,
            "ts": place.thread,
            "oldest": f"{id_created_at(card) // 1000 - _SLACK_S}.000000",
            "limit": _PAGE,
            "include_all_metadata": True,
        }
        key = (card, place.channel)
        async with self._one_at_a_time:
            pages, cursor = self._stopped_at.get(key) or (0, "")
            while pages < _PAGES:
                self._stopped_at.put(key, (pages, cursor))
                said = await door.call(method, cursor=cursor or None, **where)
                found = _of(said["messages"], card)
                more = said.get("response_metadata")
                cursor = str(more.get("next_cursor") or "") if isinstance(more, Mapping) else ""
                pages += 1
                if found is not None or not cursor:
                    break
            self._stopped_at.discard(key)
        return name_message(place.channel, found) if found is not None else None


def metadata(card: str) -> dict[str, Any]:
    """What marks a message as the card's."""
    return {"event_type": EVENT_TYPE, "event_payload": {"card": card}}


def _of(messages: Iterable[object], card: str) -> str | None:
    for message in messages:
        if isinstance(message, Mapping) and message.get("metadata") == metadata(card) and message.get("ts"):
            return str(message["ts"])
    return None
