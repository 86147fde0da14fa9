"""Finds a card's message in a channel when nobody knows whether it was posted.

Distributed apps may read a history once a minute, 15 messages at a time, so an interrupted search continues
where it stopped.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from adapters.chat.ttl_cache import TtlCache
from adapters.slack.places import message_id
from adapters.slack.web_api.client import WorkspaceApi
from bot.domain.ids import id_created_at

#: the type of the metadata in a card's message, which nobody sees; stored in messages
EVENT_TYPE = "reverie_card"
_PAGE_SIZE, _MAX_PAGES = 100, 5
#: clocks may differ; a message is never much older than its card
_CLOCK_DIFFERENCE_S = 60
_MAX_SEARCHES = 1_000


class CardFinder:
    """Reads the messages since a card was made, one channel at a time."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()
        #: (card, channel) → pages read, and the cursor of the next one
        self._progress: TtlCache[tuple[str, str], tuple[int, str]] = TtlCache(_MAX_SEARCHES)

    async def find(self, api: WorkspaceApi, card: str, channel: str, thread: str | None = None) -> str | None:
        """The id of the card's message; None where there is none. Raises ApiError and Delayed."""
        method = "conversations.history" if thread is None else "conversations.replies"
        arguments: dict[str, Any] = {
            "channel": channel,
            "ts": thread,
            "oldest": f"{id_created_at(card) // 1000 - _CLOCK_DIFFERENCE_S}.000000",
            "limit": _PAGE_SIZE,
            "include_all_metadata": True,
        }
        key = (card, channel)
        async with self._one_at_a_time:
            pages, cursor = self._progress.get(key) or (0, "")
            while pages < _MAX_PAGES:
                self._progress.put(key, (pages, cursor))
                response = await api.call(method, cursor=cursor or None, **arguments)
                ts = _ts_of(response["messages"], card)
                paging = response.get("response_metadata")
                cursor = str(paging.get("next_cursor") or "") if isinstance(paging, Mapping) else ""
                pages += 1
                if ts is not None or not cursor:
                    break
            self._progress.discard(key)
        return message_id(channel, ts) if ts is not None else None


def metadata(card: str) -> dict[str, Any]:
    """The metadata that marks a message as the card's."""
    return {"event_type": EVENT_TYPE, "event_payload": {"card": card}}


def _ts_of(messages: Iterable[object], card: str) -> str | None:
    for message in messages:
        if isinstance(message, Mapping) and message.get("metadata") == metadata(card) and message.get("ts"):
            return str(message["ts"])
    return None
