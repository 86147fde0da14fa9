"""Reactions under our cards: who reacts pays, and a refusal is shown to them alone.

Slack is not asked to tell of those that are taken away: what they meant has been done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from adapters.slack.api.client import Slack
from adapters.slack.api.refusals import Refusal
from adapters.slack.inlet.answering import Answering
from adapters.slack.inlet.asking import Asking
from adapters.slack.inlet.seat import Event, Seat, seat_of
from adapters.slack.inlet.shortcuts import Shortcuts
from bot.domain.actions import GENERATING
from bot.domain.errors import Delayed
from bot.domain.reactions import normal
from bot.engine.answers import Answer
from bot.engine.studio import Studio

_log = structlog.get_logger(__name__)

#: Slack's names of the emoji that a map may hold
NAMES: Mapping[str, str] = {
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
#: they say which of a card's jobs is meant
_NUMBERS: Mapping[str, int] = {"one": 1, "two": 2, "three": 3, "four": 4}


def emoji_of(name: str) -> str | None:
    """The emoji of a Slack name, whatever its skin tone; None for one that can mean nothing here."""
    return NAMES.get(name.partition("::")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacting:
    """Does what a reaction says, by the map of its workspace."""

    slack: Slack
    studio: Studio
    asking: Asking
    answering: Answering
    shortcuts: Shortcuts

    async def reacted(self, event: Event, *, now: int) -> None:
        """Raises StoreError while nothing can be made durable."""
        emoji, seat = self._meant(event), seat_of(event, now)
        action = self.studio.reactions(seat.caller).get(normal(emoji)) if emoji else None
        if emoji is None or action is None:
            return

        async def ask() -> Answer | None:
            item = event.body["event"]["item"]
            shown = await self.shortcuts.shown_by(str(item["channel"]), str(item["ts"]))
            if shown is None or await self._is_bot(seat):
                return None
            # What makes nothing new needs no place, and of one job there is nothing to choose.
            needed = action in GENERATING or len(shown.jobs) > 1
            message = await self._message(seat, item) if needed else {}
            there = await self.asking.recognised(_in_thread(seat, message))
            job = _chosen(shown.jobs, message, seat.user)
            answer = await self.studio.react(emoji, job, there.caller, there.place(), key=seat.key)
            self.asking.touch(there)
            return answer

        await self.answering.take(seat, ask, silently=True)

    def _meant(self, event: Event) -> str | None:
        """The emoji under a message of ours; None for all that can mean nothing, which costs no look-up."""
        told = event.body["event"]
        ours = told.get("item_user") in (None, event.me)
        if told["item"].get("type") != "message" or not ours or event.user == event.me:
            return None
        return emoji_of(str(told["reaction"]))

    async def _is_bot(self, seat: Seat) -> bool:
        return (await self.asking.people.look(seat.team, seat.user, enterprise=seat.enterprise)).is_bot

    async def _message(self, seat: Seat, item: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            said = await self.slack.call(
                "reactions.get",
                seat.team,
                enterprise=seat.enterprise,
                channel=item["channel"],
                timestamp=item["ts"],
                full=True,
            )
        except (Refusal, Delayed) as error:
            _log.info("reactions_not_read", channel=item["channel"], error=str(error))
            return {}
        found: Mapping[str, Any] = said.get("message") or {}
        return found


def _in_thread(seat: Seat, message: Mapping[str, Any]) -> Seat:
    thread = message.get("thread_ts")
    if not thread or thread == message.get("ts"):
        return seat
    return replace(seat, spot=seat.spot.model_copy(update={"thread": str(thread)}))


def _chosen(jobs: Sequence[str], message: Mapping[str, Any], user: str) -> str:
    """The job whose number the person has put under the card, else the first."""
    for one in message.get("reactions") or ():
        number = _NUMBERS.get(str(one.get("name", "")).partition("::")[0])
        if number is not None and number <= len(jobs) and user in (one.get("users") or ()):
            return jobs[number - 1]
    return jobs[0]
