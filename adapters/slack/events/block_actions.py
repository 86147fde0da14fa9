"""Buttons and lists under cards and notes: whoever presses asks, and pays."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from adapters.chat.controls import CardControl
from adapters.slack.events.command_form import field_errors
from adapters.slack.events.command_modal import CommandModal
from adapters.slack.events.context import Body, Event, EventContext, seat_of
from adapters.slack.events.edit_modal import EditModalState, aspect_ratio_modal, parse_edit, prompt_modal
from adapters.slack.events.pending_requests import PendingRequest
from adapters.slack.events.replies import SEND_DIRECTLY, Ack, Replies
from adapters.slack.events.requests import RequestRunner
from adapters.slack.events.stale import OutdatedControl, OutdatedModal
from adapters.slack.messages.buttons import BlockAction, jobs_in_message, selected_job
from bot.domain.actions import Action, rotated
from bot.domain.cards import JobView
from bot.domain.commands import Cancel, Show, build
from bot.domain.errors import InvalidRequest
from bot.domain.jobs import UNTITLED
from bot.domain.models import AspectRatio
from bot.service.replies import CardReply, PrivateReply, Reply

#: what acts on one result alone, whichever button of the card it is
_FOR_ONE = frozenset(Action) | {CardControl.CANCEL}


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockActionHandler:
    """Does what a button of ours says, for whoever pressed it."""

    asking: RequestRunner
    answering: Replies
    filling: CommandModal

    async def pressed(self, event: Event, ack: Ack, *, now: int) -> None:
        """A button or a list under a card or a note was used."""
        body: Any = event.body
        pressed = _read(body)

        async def ask() -> Reply | None:
            if pressed is not None and pressed.verb in _FOR_ONE:
                _must_be_chosen(body)
            seat = seat_of(event, now)
            answer = await self.do(seat, pressed)
            if pressed is not None and pressed.verb in (CardControl.CONFIRM, CardControl.KEEP):
                # What came of it is told anew; the question itself has had its answer.
                self.answering.hands.start(self.answering.withdraw(seat), f"withdraw {seat.key}")
            return answer

        await self.answering.answer(seat_of(event, now), ask, ack)

    async def do(self, seat: EventContext, pressed: BlockAction | None) -> Reply | None:
        """Do it, and answer what came of it; raises Refused."""
        if pressed is None:
            raise OutdatedControl
        match pressed.verb:
            case CardControl.CANCEL:
                return await self.asking.ask(seat, PendingRequest.of(build(Cancel, {"job": pressed.job})))
            case CardControl.CONFIRM | CardControl.KEEP:
                confirmed = pressed.verb is CardControl.CONFIRM
                return await self.asking.decide(seat, pressed.job, question=pressed.card, confirmed=confirmed)
            case Action.EDIT | Action.REFRAME:
                await self._open_form(seat, pressed)
                return None
            case Action() as action:
                return await self.asking.ask(seat, PendingRequest.to(action, pressed.job, card=pressed.card))
            case _:
                return await self.show(seat, pressed.job)

    async def show(self, seat: EventContext, job: str) -> Reply:
        """Show one job privately, with its buttons."""
        return await self.asking.ask(seat, PendingRequest.of(build(Show, {"job": job})))

    async def reworded(self, event: Event, ack: Ack, *, now: int) -> None:
        """One of the small forms was sent."""
        view = event.body["view"]
        try:
            remembered = EditModalState.of(view)
        except OutdatedModal as refusal:
            await self.answering.refuse_form(seat_of(event, now), refusal, ack, view)
            return
        seat = replace(seat_of(event, now, remembered), hidden=remembered.hidden)

        async def ask() -> Reply:
            wording = parse_edit(remembered, (view.get("state") or {}).get("values") or {})
            order = PendingRequest.to(
                remembered.action, remembered.job, card=remembered.card, wording=wording
            )
            return await self.asking.ask(seat, order)

        await self.answering.answer(seat, ask, ack, faults=partial(field_errors, view))

    async def placed(self, event: Event, ack: Ack, *, now: int) -> None:
        """Somebody says what shall become of a wish that could not be shown where they had it."""
        action, seat = event.body["actions"][0], seat_of(event, now)
        draft = str(action.get("value") or "")

        async def ask() -> Reply:
            order = await self.asking.drafts.order(seat.caller, draft)
            there = seat.direct() if action["action_id"] == SEND_DIRECTLY else seat
            # Pressed twice, or once each, it is still one wish.
            answer = await self.asking.ask(replace(there, key=draft), order)
            if isinstance(answer, CardReply):
                self.answering.hands.start(self.answering.withdraw(seat), f"withdraw {seat.key}")
            return answer

        await self.answering.answer(seat, ask, ack)

    async def _open_form(self, seat: EventContext, pressed: BlockAction) -> None:
        assert isinstance(pressed.verb, Action)  # noqa: S101 - only they have forms
        remembered = EditModalState(
            **seat.spot.model_dump(),
            action=pressed.verb,
            job=pressed.job,
            card=pressed.card,
            hidden=seat.hidden,
        )
        # Not by way of `asking`, which looks up who somebody is: the trigger is short-lived.
        note = await self.asking.service.execute(
            build(Show, {"job": pressed.job}), seat.caller, seat.place(), key=seat.key
        )
        assert isinstance(note, PrivateReply)  # noqa: S101 - what is only shown makes nothing
        view = note.views[0]
        if pressed.verb is Action.EDIT:
            words = "" if view.title in UNTITLED.values() else view.title
            form = prompt_modal(remembered, words)
        else:
            form = aspect_ratio_modal(remembered, _turned(view.jobs[0]))
        await self.filling.show(seat, form)


def chooses(body: Any) -> bool:
    """Whether one of a card's results was chosen in its list, and nothing more."""
    pressed = _read(body)
    return pressed is not None and pressed.verb is CardControl.PICK


def _read(body: Any) -> BlockAction | None:
    return BlockAction.read(body["actions"][0], (body.get("state") or {}).get("values"))


def _must_be_chosen(body: Body) -> None:
    """Raises InvalidRequest where a card has several results and Slack does not tell which is chosen."""
    told = body.get("message") or {}
    if len(jobs_in_message(told.get("blocks") or ())) > 1 and not selected_job(
        (body.get("state") or {}).get("values") or {}
    ):
        raise InvalidRequest(
            "Slack does not say which of the results you have chosen, so nothing was started and nothing was "
            "charged. Choose it in the list above the buttons, and press again"
        )


def _turned(job: JobView) -> AspectRatio:
    return rotated(job.media.aspect_ratio if job.media is not None else AspectRatio.LANDSCAPE)
