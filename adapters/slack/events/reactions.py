"""Reactions under our cards: who reacts pays, and a refusal is shown to them alone.

Slack is not asked to tell of those that are taken away: what they meant has been done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from adapters.slack.events.context import Event, EventContext, seat_of
from adapters.slack.events.replies import Replies
from adapters.slack.events.requests import RequestRunner
from adapters.slack.events.shortcuts import MessageShortcutHandler
from adapters.slack.web_api.client import WebApi
from adapters.slack.web_api.errors import ApiError
from bot.domain.actions import GENERATING, Action
from bot.domain.errors import Delayed, InvalidRequest, Refused, TooManyRequests
from bot.domain.reactions import normalized
from bot.service.facade import BotService
from bot.service.replies import Reply

_log = structlog.get_logger(__name__)

#: Slack's names of the emoji that a map may hold
EMOJI_NAMES: Mapping[str, str] = {
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
    return EMOJI_NAMES.get(name.partition("::")[0])


class ChoiceUnknown(Refused):
    """Slack does not say which of the results you have chosen, so nothing was started or charged.

    Take the reaction away and put it again in a moment, or use the buttons under the card.
    """

    def __init__(self, why: str = "") -> None:
        text = " ".join((type(self).__doc__ or "").split())
        super().__init__(f"{text} ({why})" if why else text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionHandler:
    """Does what a reaction says, by the map of its workspace."""

    slack: WebApi
    service: BotService
    asking: RequestRunner
    answering: Replies
    shortcuts: MessageShortcutHandler

    async def reacted(self, event: Event, *, now: int) -> None:
        """Raises StoreError while nothing can be made durable."""
        emoji, action, seat = self._meant(event), self.action_of(event), seat_of(event, now)
        if emoji is None or action is None:
            return

        async def ask() -> Reply | None:
            item = event.body["event"]["item"]
            # Before anything is looked up; a reaction to what may be another's message is no command yet.
            ours = event.body["event"].get("item_user") is not None
            if ours:
                self.service.admit(seat.caller, seat.key)
            elif not self._may_ask(seat):
                return None
            shown = await self.shortcuts.shown_by(str(item["channel"]), str(item["ts"]))
            if shown is None:
                return None
            if not ours:
                self.service.admit(seat.caller, seat.key)
            person = await self.asking.recognised(seat)
            # What makes nothing new needs no place, and of one job there is nothing to choose.
            several = len(shown.jobs) > 1
            needed = action in GENERATING or several
            message = await self._message(seat, item, must=several) if needed else {}
            there = _in_thread(person, message)
            job = chosen_job(shown.jobs, message, seat.user)
            answer = await self.service.react(emoji, job, there.caller, there.place(), key=seat.key)
            self.asking.touch(there)
            return answer

        await self.answering.take(seat, ask, silently=True)

    def _may_ask(self, seat: EventContext) -> bool:
        """Whether the store may be asked if a message is ours."""
        try:
            self.service.admit_query(seat.caller)
        except TooManyRequests:
            return False
        return True

    def action_of(self, event: Event) -> Action | None:
        """What a reaction asks for by the map of its workspace; None for all others."""
        emoji = self._meant(event)
        return self.service.reactions(seat_of(event, 0).caller).get(normalized(emoji)) if emoji else None

    def _meant(self, event: Event) -> str | None:
        """The emoji under a message of ours; None for all that can mean nothing, which costs no look-up."""
        told = event.body["event"]
        item = told.get("item") or {}
        ours = told.get("item_user") in (None, event.me)
        named = item.get("type") == "message" and item.get("channel") and item.get("ts")
        if not named or not ours or event.user == event.me:
            return None
        return emoji_of(str(told.get("reaction") or ""))

    async def _message(self, seat: EventContext, item: Mapping[str, Any], *, must: bool) -> Mapping[str, Any]:
        """The message with its reactions.

        Raises ChoiceUnread where they cannot be read although something hangs on them.
        """
        why = ""
        try:
            said = await self.slack.call(
                "reactions.get",
                seat.team,
                enterprise=seat.enterprise,
                channel=item["channel"],
                timestamp=item["ts"],
                full=True,
            )
        except (ApiError, Delayed) as error:
            _log.info("reactions_not_read", channel=item["channel"], error=str(error))
            why = error.told if isinstance(error, ApiError) and error.needed else ""
            found: Any = None
        else:
            found = said.get("message")
        if isinstance(found, Mapping):
            return found
        if must:
            raise ChoiceUnknown(why)
        return {}


def _in_thread(seat: EventContext, message: Mapping[str, Any]) -> EventContext:
    thread = message.get("thread_ts")
    if not thread or thread == message.get("ts"):
        return seat
    return replace(seat, spot=seat.spot.model_copy(update={"thread": str(thread)}))


def chosen_job(jobs: Sequence[str], message: Mapping[str, Any], user: str) -> str:
    """The job whose number the person has put under the card, else the first.

    Raises ChoiceUnread and InvalidRequest where it is not certain which one is meant.
    """
    if len(jobs) == 1:
        return jobs[0]
    numbers = set()
    for one in message.get("reactions") or ():
        number = _NUMBERS.get(str(one.get("name", "")).partition("::")[0])
        users = one.get("users") or ()
        if number is not None and user in users:
            numbers.add(number)
        elif number is not None and int(one.get("count") or 0) > len(users):
            # Slack leaves people out where there are many.
            raise ChoiceUnknown
    if len(numbers) > 1:
        raise InvalidRequest(
            "You have put several numbers under this card. Leave the one that you mean, and put the reaction "
            "again; nothing was started and nothing was charged"
        )
    number = numbers.pop() if numbers else 1
    if number > len(jobs):
        raise InvalidRequest(
            f"This card has {len(jobs)} results, and you have put the number {number}. Take it away, and put "
            "the reaction again; nothing was started and nothing was charged"
        )
    return jobs[number - 1]
