"""Whether the bot is where a result is to be shown: asked before anything is spent."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from adapters.chat.ttl_cache import TtlCache
from adapters.slack.delivery.routes import is_direct
from adapters.slack.events.context import EventContext
from adapters.slack.web_api.client import WebApi
from adapters.slack.web_api.errors import ApiError, ErrorAction
from adapters.slack.web_api.request_sharing import SharedRequests
from bot.domain.errors import Delayed, NotAllowed

_log = structlog.get_logger(__name__)

#: how long the bot is believed to be still where it was; if it is not, the card finds its way to the asker
_KEPT_MS = 5 * 60_000
_REMEMBERED = 10_000


class BotNotInChannel(NotAllowed):
    """I am not in this channel, so nothing could be shown here; nothing was charged.

    Type `/invite @Reverie` and try again, or have it in your direct messages.
    """

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


class ChannelMembership:
    """Asks Slack where the bot is, and remembers where it was found."""

    def __init__(self, slack: WebApi, clock: Callable[[], int]) -> None:
        self._slack = slack
        self._clock = clock
        #: channels that are not asked for again for a while
        self._seen: TtlCache[str, bool] = TtlCache(_REMEMBERED)
        #: what is wrong with the channel
        self._shared: SharedRequests[NotAllowed | str] = SharedRequests(str)

    async def require(self, seat: EventContext) -> None:
        """Let pass whoever sits where the bot can show something.

        Raises Absent, and NotAllowed where nobody can write. Where Slack does not tell, the card finds out.
        """
        channel = seat.spot.channel
        if not channel or channel.startswith("@") or self._seen.get(channel, self._clock()):
            return
        wrong = await self._shared.ask(channel, lambda: self._look(seat))
        if isinstance(wrong, BotNotInChannel):
            raise BotNotInChannel
        if isinstance(wrong, NotAllowed):
            raise NotAllowed(str(wrong))

    async def _look(self, seat: EventContext) -> NotAllowed | str:
        """Why nothing can be shown there; empty where it can, or where Slack does not tell."""
        channel = seat.spot.channel
        try:
            said = await self._slack.call(
                "conversations.info", seat.team, enterprise=seat.enterprise, channel=channel
            )
        except ApiError as refusal:
            if refusal.meaning is ErrorAction.GONE:
                return BotNotInChannel()
            _log.info("attendance_not_known", channel=channel, code=refusal.code)
            return ""
        except Delayed as error:
            _log.info("attendance_not_known", channel=channel, error=str(error))
            return ""
        told = said.get("channel")
        wrong = _fault(channel, told) if isinstance(told, Mapping) else ""
        if not wrong:
            self._seen.put(channel, True, self._clock(), ttl_ms=_KEPT_MS)
        return wrong


def _fault(channel: str, told: Mapping[str, Any]) -> NotAllowed | str:
    if told.get("is_archived"):
        return NotAllowed("This channel is archived, so nothing can be shown here; nothing was charged")
    among = told.get("is_im") or told.get("is_mpim") or is_direct(channel)
    return "" if among or told.get("is_member") else BotNotInChannel()
