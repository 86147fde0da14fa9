"""Limits the private refusals that take a message of their own.

A command's refusal is its answer. A reaction or a mention has none, so a refusal is a message to the person,
and a flood of refused reactions must not become a flood of messages.
"""

from adapters.chat.ttl_cache import TtlCache
from bot.domain.errors import Refused, TooManyRequests

#: in this time nobody is told the same twice, or more than so much
_WINDOW_MS = 60_000
_MOST = 3
#: people remembered; who was told longest ago goes first
_REMEMBERED = 10_000


class Notices:
    """Decides whether a refusal is told."""

    def __init__(self) -> None:
        #: person → what they were told in a window that begins with the first of it
        self._told: TtlCache[str, set[str]] = TtlCache(_REMEMBERED)

    def take(self, person: str, refusal: Refused, now: int) -> bool:
        """Whether a person is to be told; if so, it counts as told. `now` is in milliseconds."""
        if isinstance(refusal, TooManyRequests) and refusal.repeated:
            return False
        told, text = self._told.get(person, now), str(refusal)
        if told is None:
            self._told.put(person, {text}, now, ttl_ms=_WINDOW_MS)
            return True
        if text in told or len(told) >= _MOST:
            return False
        told.add(text)
        return True
