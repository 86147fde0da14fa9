"""Buttons and selects under cards and private replies: whoever uses them is the caller, and pays."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from adapters.chat.controls import CardControl
from adapters.slack.events.command_modal import CommandModal
from adapters.slack.events.context import Body, EventContext
from adapters.slack.events.replies import Ack, Replies
from adapters.slack.events.requests import PendingRequest, RequestRunner
from adapters.slack.messages.buttons import (
    SEND_DIRECTLY,
    BlockAction,
    OutdatedControl,
    jobs_in_message,
    selected_job,
)
from adapters.slack.messages.modals import (
    EditModalState,
    OutdatedModal,
    aspect_ratio_modal,
    field_errors,
    parse_edit,
    prompt_modal,
)
from bot.domain.cards.decisions import Decision
from bot.domain.commands import Cancel, Show, build
from bot.domain.errors import InvalidRequest
from bot.domain.generations.models import AspectRatio
from bot.domain.jobs.actions import Action, rotated
from bot.domain.jobs.job import UNTITLED
from bot.service.replies import CardReply, PrivateReply, Reply

#: they act on one job, whichever button of the card it is
_ACTS_ON_ONE_JOB = frozenset(Action) | {CardControl.CANCEL}
#: they are under a private message that is deleted once it has been answered
_ANSWERS_QUESTION = (CardControl.CONFIRM, CardControl.KEEP, CardControl.START, CardControl.DISCARD)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockActionHandler:
    """Handles buttons, and the modals that they open."""

    requests: RequestRunner
    replies: Replies
    modal: CommandModal

    async def block_action(self, context: EventContext, ack: Ack) -> None:
        """A button or select of a card or a private reply."""
        body = context.body
        action = _parse(body)

        async def request() -> Reply | None:
            if action is not None and action.verb in _ACTS_ON_ONE_JOB and action.number is None:
                _require_selection(body)
            reply = await self.run(context, action)
            if action is not None and action.verb in _ANSWERS_QUESTION:
                # The result is a new message; the question has been answered.
                self.replies.delete_original(context)
                if action.verb in (CardControl.START, CardControl.DISCARD):
                    self.replies.delete_picture(context, action.job)
            return reply

        await self.replies.answer(context, request, ack)

    async def run(
        self, context: EventContext, action: BlockAction | None, *, asks_first: bool = False
    ) -> Reply | None:
        """Do what an action asks for; `asks_first` for a menu entry without a price. Raises Refused."""
        if action is None:
            raise OutdatedControl
        match action.verb:
            case CardControl.CANCEL | CardControl.CANCEL_ALL as verb:
                every = verb is CardControl.CANCEL_ALL
                cancel = PendingRequest.of_command(build(Cancel, {"job": action.job, "all": every}))
                return await self.requests.run(context, cancel)
            case verb if verb in _ANSWERS_QUESTION:
                return await self._answer_question(context, action)
            case Decision() as decision:
                return await self.requests.decide(context, decision, action.job, action.card)
            case CardControl.SETTINGS | Action.EDIT | Action.REFRAME:
                await self._open_modal(context, action)
                return None
            case Action() as verb:
                request = PendingRequest.of_action(
                    verb, action.job, card=action.card, shown_price=action.price, asks_first=asks_first
                )
                return await self.requests.run(context, request)
            case _:
                return await self.show_job(context, action.job)

    async def _answer_question(self, context: EventContext, action: BlockAction) -> Reply:
        match action.verb:
            case CardControl.START:
                shown = await self.requests.service.find_pending(action.job, context.invocation())
                request = PendingRequest.of_pending(action.job, private=shown.private)
                return await self.requests.run(context, request)
            case CardControl.DISCARD:
                return await self.requests.discard_pending(context, action.job)
            case verb:
                return await self.requests.answer_confirmation(
                    context, action.job, question=action.card, confirmed=verb is CardControl.CONFIRM
                )

    async def show_job(self, context: EventContext, job: str) -> Reply:
        """Show one job privately, with its buttons."""
        return await self.requests.run(context, PendingRequest.of_command(build(Show, {"job": job})))

    async def turn_page(self, context: EventContext, ack: Ack) -> None:
        """A button to another page of a list, which takes the place of this one."""
        page = str(context.body["actions"][0].get("value") or "")

        async def request() -> Reply:
            return await self.requests.turn_page(context, page)

        await self.replies.answer(context, request, ack, replaces=True)

    async def submit_edit(self, context: EventContext, ack: Ack) -> None:
        """An edit modal was submitted."""
        view = context.body["view"]
        try:
            state = EditModalState.of(view)
        except OutdatedModal as refusal:
            await self.replies.refuse_modal(context, refusal, ack)
            return
        located = replace(context.at(state), is_ephemeral=state.is_ephemeral)

        async def request() -> Reply:
            action_input, price = parse_edit(state, (view.get("state") or {}).get("values") or {})
            pending = PendingRequest.of_action(
                state.action, state.job, card=state.card, action_input=action_input, shown_price=price
            )
            return await self.requests.run(located, pending)

        await self.replies.answer(located, request, ack, errors=partial(field_errors, view))

    async def choose_channel(self, context: EventContext, ack: Ack) -> None:
        """Run a pending request again in its channel, or in direct messages."""
        action = context.body["actions"][0]
        key = str(action.get("value") or "")

        async def request() -> Reply:
            pending = await self.requests.pending.get(context.caller, key)
            located = context.in_direct_messages() if action["action_id"] == SEND_DIRECTLY else context
            # With the key of the first event: however often it is pressed, it runs once.
            reply = await self.requests.run(replace(located, key=key), pending)
            if isinstance(reply, CardReply):
                self.replies.delete_original(context)
            return reply

        await self.replies.answer(context, request, ack)

    async def _open_modal(self, context: EventContext, action: BlockAction) -> None:
        if isinstance(action.verb, Action):
            await self._open_edit_modal(context, action.verb, action)
        else:
            await self.modal.open_settings(context, action.job)

    async def _open_edit_modal(self, context: EventContext, verb: Action, action: BlockAction) -> None:
        state = EditModalState(
            **context.location.model_dump(),
            action=verb,
            job=action.job,
            card=action.card,
            is_ephemeral=context.is_ephemeral,
        )
        # Without looking the caller up: the trigger expires soon.
        reply = await self.requests.service.execute(build(Show, {"job": action.job}), context.invocation())
        assert isinstance(reply, PrivateReply)  # noqa: S101 - /show makes no card
        view = reply.views[0]
        prices = view.jobs[0].prices
        if verb is Action.EDIT:
            state = state.model_copy(update={"price": prices.shown(verb)})
            prompt = "" if view.title in UNTITLED.values() else view.title
            modal = prompt_modal(state, prompt, prices.text(verb))
        else:
            media = view.jobs[0].media
            ratio = media.aspect_ratio if media is not None else AspectRatio.LANDSCAPE
            modal = aspect_ratio_modal(state, rotated(ratio), prices)
        await self.modal.open_view(context, modal)


async def is_selection(body: dict[str, Any]) -> bool:
    """Whether only a card's select was used: the selection is sent along with the next button."""
    action = _parse(body)
    return action is not None and action.verb is CardControl.PICK


def _parse(body: Body) -> BlockAction | None:
    return BlockAction.parse(body["actions"][0], (body.get("state") or {}).get("values"))


def _require_selection(body: Body) -> None:
    """Raises InvalidRequest where a card has several jobs and Slack does not say which is selected."""
    blocks = (body.get("message") or {}).get("blocks") or ()
    state = (body.get("state") or {}).get("values") or {}
    if len(jobs_in_message(blocks)) > 1 and not selected_job(state):
        raise InvalidRequest(
            "Slack does not say which result you selected. Nothing was started and nothing was charged. "
            "Select it in the list above the buttons, and press the button again"
        )
