"""What is said to one person beside a card, for their eyes alone. Nothing hangs on it."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from adapters.slack.delivery.routes import is_open
from adapters.slack.delivery.writer import Delivery
from adapters.slack.messages.cards import Payload, render_card
from adapters.slack.messages.mrkdwn import escape
from adapters.slack.messages.strings import Words
from adapters.slack.web_api.client import WebApi
from adapters.slack.web_api.errors import ApiError
from bot.domain.errors import DeliveryError

_log = structlog.get_logger(__name__)


class EphemeralNotices:
    """Says it once, while that can be done, and does not try again."""

    def __init__(self, slack: WebApi, clock: Callable[[], int], words: Words) -> None:
        self._slack = slack
        self._clock = clock
        self._words = words

    async def copy(self, show: Delivery) -> None:
        """Show what is private where it was asked for, as it is now; nobody can edit that later."""
        if is_open(show.place) or show.place.channel.startswith("@"):
            return
        notes = (self._words.private,)
        payload = render_card(show.view, words=self._words, notes=notes, buttons=False)
        await self._say(show, payload)

    async def own_up(self, show: Delivery, reason: str) -> None:
        """Tell who pressed a button that what they asked for could not be sent to them."""
        if show.place.channel.startswith("@"):
            text = self._words.not_sent.format(reason=escape(reason), job=show.view.jobs[0].id)
            await self._say(show, Payload(text=text, blocks=[]))

    async def _say(self, show: Delivery, payload: Payload) -> None:
        url = show.reach.answers(self._clock())
        try:
            if url is not None:
                await self._slack.respond(url, _ephemeral(payload))
            elif not show.place.channel.startswith("@"):
                await show.door.call(
                    "chat.postEphemeral",
                    channel=show.place.channel,
                    thread_ts=show.place.thread,
                    user=show.asker,
                    **payload.edited,
                )
        except (ApiError, DeliveryError) as error:
            _log.info("aside_not_shown", card=show.view.card, error=str(error))


def _ephemeral(payload: Payload) -> Mapping[str, Any]:
    return {"response_type": "ephemeral", "replace_original": False, **payload.posted}
