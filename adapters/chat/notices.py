"""Limits refusals that are sent as messages of their own.

A command's refusal is its response. A reaction or a mention has no response, so its refusal is a direct
message, and a flood of refused reactions must not become a flood of messages.
"""

from adapters.chat.ttl_cache import TtlCache
from bot.domain.errors import Refused, TooManyRequests

#: in this window a person gets each text once, and at most so many texts
_WINDOW_MS = 60_000
_MAX_NOTICES = 3
_MAX_PEOPLE = 10_000


class NoticeLimiter:
    """Decides whether a refusal is sent to a person."""

    def __init__(self) -> None:
        #: person → texts sent in the window, which begins with the first of them
        self._sent: TtlCache[str, set[str]] = TtlCache(_MAX_PEOPLE)

    def allows(self, person: str, refusal: Refused, now: int) -> bool:
        """Whether to send the refusal now (in milliseconds); if so, it counts as sent."""
        if isinstance(refusal, TooManyRequests) and refusal.repeated:
            return False
        sent, text = self._sent.get(person, now), str(refusal)
        if sent is None:
            self._sent.put(person, {text}, now, ttl_ms=_WINDOW_MS)
            return True
        if text in sent or len(sent) >= _MAX_NOTICES:
            return False
        sent.add(text)
        return True
