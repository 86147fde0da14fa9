"""Reactions to cards: whoever reacts is the caller, and pays. Refusals are private.

Removed reactions are not subscribed to: what they started is done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from adapters.slack.events.context import EventContext
from adapters.slack.events.home_tab import Viewer
from adapters.slack.events.replies import Replies
from adapters.slack.events.requests import RequestRunner
from adapters.slack.messages.emoji import emoji_of
from adapters.slack.web_api.client import WebApi
from adapters.slack.web_api.errors import ApiError
from bot.domain.errors import Delayed, InvalidRequest, Refused, TooManyRequests
from bot.domain.jobs.actions import GENERATING
from bot.service.facade import BotService
from bot.service.replies import Reply

_log = structlog.get_logger(__name__)

#: reactions that select a job of a card
_NUMBERS: Mapping[str, int] = {"one": 1, "two": 2, "three": 3, "four": 4}


class ChoiceUnknown(Refused):
    """Slack does not say which result you selected. Nothing was started and nothing was charged.

    Remove the reaction and add it again in a moment, or use the buttons under the card.
    """

    def __init__(self, reason: str = "") -> None:
        text = " ".join((type(self).__doc__ or "").split())
        super().__init__(f"{text} ({reason})" if reason else text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionHandler:
    """Does what a reaction means in its workspace."""

    web_api: WebApi
    service: BotService
    requests: RequestRunner
    replies: Replies

    async def reaction_added(self, context: EventContext) -> None:
        """Raises StoreError where nothing could be committed."""
        emoji = _emoji(context)
        rule = await self.service.reaction(emoji, context.caller) if emoji is not None else None
        if emoji is None or rule is None:
            return
        action = rule.action

        async def request() -> Reply | None:
            item = context.event["item"]
            is_ours = context.event.get("item_user") is not None
            # Rate limits come before any look-up. Where the author is unknown it may not be a command.
            if is_ours:
                self.service.admit(context.caller, context.key)
            elif not self._may_look_up(context):
                return None
            card = await self.requests.card_in_message(str(item["channel"]), str(item["ts"]))
            if card is None:
                return None
            if not is_ours:
                self.service.admit(context.caller, context.key)
            identified = await self.requests.identify(context)
            # A new card needs the thread, and several jobs need the number that was selected.
            several = len(card.jobs) > 1
            needs_message = action in GENERATING or several
            message = await self._message(identified, item, required=several) if needs_message else {}
            located = _in_thread_of(identified, message)
            job = job_by_number(card.jobs, message, context.user)
            reply = await self.service.react(emoji, job, located.invocation())
            self.requests.home.refresh(Viewer.of(located))
            return reply

        await self.replies.answer_event(context, request, silent=True)

    def may_have_meaning(self, context: EventContext) -> bool:
        """Whether a reaction may do something here, as far as that is known without a query."""
        emoji = _emoji(context)
        return emoji is not None and self.service.may_have_meaning(emoji, context.caller)

    def _may_look_up(self, context: EventContext) -> bool:
        """Whether the store may be asked if a message is ours."""
        try:
            self.service.admit_query(context.caller)
        except TooManyRequests:
            return False
        return True

    async def _message(
        self, context: EventContext, item: Mapping[str, Any], *, required: bool
    ) -> Mapping[str, Any]:
        """The message with its reactions; raises ChoiceUnknown where it is required and not available."""
        reason, message = "", None
        try:
            response = await self.web_api.call(
                "reactions.get",
                context.team,
                enterprise=context.enterprise,
                channel=item["channel"],
                timestamp=item["ts"],
                full=True,
            )
        except (ApiError, Delayed) as error:
            _log.info("reactions_not_read", channel=item["channel"], error=str(error))
            reason = error.reason if isinstance(error, ApiError) and error.needed else ""
        else:
            message = response.get("message")
        if isinstance(message, Mapping):
            return message
        if required:
            raise ChoiceUnknown(reason)
        return {}


def job_by_number(jobs: Sequence[str], message: Mapping[str, Any], user: str) -> str:
    """The job whose number the user added to the card, else the first.

    Raises ChoiceUnknown and InvalidRequest where that is not certain.
    """
    if len(jobs) == 1:
        return jobs[0]
    numbers = set()
    for reaction in message.get("reactions") or ():
        number = _NUMBERS.get(str(reaction.get("name", "")).partition("::")[0])
        users = reaction.get("users") or ()
        if number is not None and user in users:
            numbers.add(number)
        elif number is not None and int(reaction.get("count") or 0) > len(users):
            # Slack lists only some users of a popular reaction.
            raise ChoiceUnknown
    if len(numbers) > 1:
        raise InvalidRequest(
            "You added several numbers to this card. Keep only one of them and add the reaction again. "
            "Nothing was started and nothing was charged"
        )
    number = numbers.pop() if numbers else 1
    if number > len(jobs):
        raise InvalidRequest(
            f"This card has {len(jobs)} results, and you added the number {number}. Remove it and add the "
            "reaction again. Nothing was started and nothing was charged"
        )
    return jobs[number - 1]


def _emoji(context: EventContext) -> str | None:
    """The emoji under a message that may be ours; None for any other reaction, without a look-up."""
    event = context.event
    item = event.get("item") or {}
    may_be_ours = event.get("item_user") in (None, context.bot_user)
    is_message = item.get("type") == "message" and item.get("channel") and item.get("ts")
    if not is_message or not may_be_ours or context.user == context.bot_user:
        return None
    return emoji_of(str(event.get("reaction") or ""))


def _in_thread_of(context: EventContext, message: Mapping[str, Any]) -> EventContext:
    thread = message.get("thread_ts")
    return context.in_thread(str(thread)) if thread and thread != message.get("ts") else context
