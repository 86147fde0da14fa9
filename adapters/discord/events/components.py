"""Buttons, lists and their forms: whoever presses asks, and pays."""

from collections.abc import Mapping
from functools import partial

from adapters.discord.events import modals as forms
from adapters.discord.events.context import Seat
from adapters.discord.events.interaction_responses import Callback, Responder
from adapters.discord.events.replies import Answering, Ask
from adapters.discord.messages.buttons import CardControl, Pressed, components
from adapters.discord.messages.strings import ENGLISH, Words
from bot.domain.actions import GENERATING, Action, ActionInput, rotated
from bot.domain.cards import CardView, JobView
from bot.domain.commands import Cancel, Command, Show, build
from bot.domain.errors import InvalidRequest
from bot.domain.jobs import UNTITLED
from bot.domain.models import AspectRatio
from bot.service.facade import BotService
from bot.service.replies import PrivateReply, Reply

#: how often a list that was used is brought up to what has happened meanwhile
_LOOKS = 3


class Pressing:
    """Does what a button of ours says, for whoever pressed it."""

    def __init__(
        self, *, service: BotService, answering: Answering, responder: Responder, words: Words = ENGLISH
    ) -> None:
        self._service = service
        self._answering = answering
        self._responder = responder
        self._words = words

    async def press(self, seat: Seat, pressed: Pressed) -> None:
        match pressed.verb:
            case CardControl.CANCEL:
                ask = self._ask(build(Cancel, {"job": pressed.job}), seat)
                await self._answering.answer(seat, ask, private=True)
            case CardControl.DETAILS:
                await self.show(seat, pressed.job)
            case CardControl.ORIGIN:
                await self.show(seat, pressed.job, files=True)
            case CardControl.CONFIRM | CardControl.KEEP:
                ask = partial(
                    self._service.answer_confirmation,
                    pressed.job,
                    seat.caller,
                    question=pressed.card,
                    confirmed=pressed.verb is CardControl.CONFIRM,
                    key=seat.key,
                )
                await self._answering.replace(seat, ask)
            case Action.EDIT | Action.REFRAME:
                await self._open_form(seat, pressed)
            case Action() as action:
                await self.act(seat, action, pressed)
            case _:
                # A list from which nothing was chosen.
                raise InvalidRequest("Choose one entry of the list")

    async def pick(self, seat: Seat, pressed: Pressed, value: str) -> None:
        """A list was used: another job for the buttons below it, or one to be shown."""
        view = (
            await self._service.get_card(pressed.card, seat.caller)
            if pressed.verb is CardControl.PICK
            else None
        )
        if view is None or value not in {job.id for job in view.jobs}:
            await self.show(seat, value, files=pressed.verb is CardControl.OPEN)
            return
        # Everybody sees it: buttons that act on another job than the list shows would cost the wrong one.
        # The words and files stay as they are; the card's next revision begins with its first job again.
        shown = components(view, self._words, value)
        if await self._responder.respond(seat, Callback.UPDATE, {"components": shown}) is None:
            return
        for _ in range(_LOOKS):
            # The card may have got a new revision between our look and our answer, which now covers it.
            seen = await self._service.get_card(pressed.card, seat.caller)
            if seen is None or (now := components(seen, self._words, value)) == shown:
                return
            shown = now
            await self._responder.edit(seat, {"components": shown})

    async def submit(self, seat: Seat, pressed: Pressed, values: Mapping[str, str]) -> None:
        """A form came back that one of these buttons had opened."""
        match pressed.verb:
            case Action.EDIT:
                wording = ActionInput(prompt=forms.filled(values, forms.PROMPT))
                await self.act(seat, Action.EDIT, pressed, wording)
            case Action.REFRAME:
                wording = ActionInput(aspect_ratio=forms.ratio_of(values))
                await self.act(seat, Action.REFRAME, pressed, wording)
            case _:
                raise InvalidRequest(forms.STALE)

    async def act(
        self, seat: Seat, action: Action, pressed: Pressed, wording: ActionInput | None = None
    ) -> None:
        """Do an action of the core; what makes something new is answered with its card."""
        makes = action in GENERATING
        if makes:
            await self._answering.require_place(seat, pressed.card)
        ask = partial(
            self._service.act,
            action,
            pressed.job,
            seat.caller,
            seat.place(),
            key=seat.key,
            wording=wording,
            answer_window_ms=self._answering.window_ms,
        )
        await self._answering.answer(seat, ask, private=not makes)

    async def show(self, seat: Seat, job: str, *, files: bool = False) -> None:
        """Show one job privately, with its buttons."""
        ask = self._ask(build(Show, {"job": job}), seat)
        await self._answering.answer(seat, ask, private=True, files=files)

    async def _open_form(self, seat: Seat, pressed: Pressed) -> None:
        # Before anybody has written anything in vain.
        await self._answering.require_place(seat, pressed.card)
        note = await self._ask(build(Show, {"job": pressed.job}), seat)()
        view = _shown(note)
        custom_id = pressed.write()
        if pressed.verb is Action.EDIT:
            words = "" if view.title in UNTITLED.values() else view.title
            form = forms.prompt_form(
                custom_id, Action.EDIT, prompt=words, label="What it shows", required=False
            )
        else:
            form = forms.ratio_form(custom_id, _turned(view.jobs[0]))
        await self._responder.respond(seat, Callback.FORM, form)

    def _ask(self, command: Command, seat: Seat) -> Ask:
        return partial(self._service.execute, command, seat.caller, seat.place(), key=seat.key)


def _shown(answer: Reply) -> CardView:
    assert isinstance(answer, PrivateReply)  # noqa: S101 - what is only shown makes nothing
    return answer.views[0]


def _turned(job: JobView) -> AspectRatio:
    return rotated(job.media.aspect_ratio if job.media is not None else AspectRatio.LANDSCAPE)
