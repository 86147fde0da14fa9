"""The menu of a message: on our results and on everything else that shows a picture or a video.

Where a message shows several, nothing is guessed that somebody would pay for: the person chooses first.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from adapters.discord.events import modals as forms
from adapters.discord.events.components import Pressing
from adapters.discord.events.context import Seat
from adapters.discord.events.interaction_responses import Callback, Responder
from adapters.discord.events.menu_entries import Menu
from adapters.discord.events.message_media import media_of
from adapters.discord.events.pending_media import Draft, Drafted, Drafts, Use
from adapters.discord.events.replies import Answering
from adapters.discord.gateway.payloads import understood
from adapters.discord.messages.buttons import Component, Pressed, jobs_of
from adapters.discord.messages.cards import render
from adapters.discord.messages.notes import say
from bot.domain.actions import EMOJI, LABELS, VARIATION_WEIGHT, Action
from bot.domain.commands import Animate, Command, Imagine, Reframe, build
from bot.domain.errors import InvalidRequest
from bot.domain.media import MediaKind, Reference
from bot.domain.models import AspectRatio
from bot.service.facade import BotService

_ACTIONS: Mapping[Menu, Action] = {
    Menu.ANIMATE: Action.ANIMATE,
    Menu.REFRAME: Action.REFRAME,
    Menu.VARIATION: Action.VARIATION,
}
_USES: Mapping[Menu, Use] = {
    Menu.ANIMATE: Use.ANIMATE,
    Menu.REFRAME: Use.REFRAME,
    Menu.VARIATION: Use.VARIATION,
}
#: what can be done with each kind
_FITTING: Mapping[MediaKind, tuple[Use, ...]] = {
    MediaKind.PICTURE: (Use.VARIATION, Use.ANIMATE, Use.REFRAME),
    MediaKind.VIDEO: (Use.REFRAME,),
}
#: rows of buttons under one message
_MEDIA = 5
_NOTHING = "There is no picture or video in this message"


class Choosing:
    """Does what somebody chose from the menu of a message."""

    def __init__(
        self,
        *,
        service: BotService,
        answering: Answering,
        responder: Responder,
        pressing: Pressing,
        drafts: Drafts,
    ) -> None:
        self._service = service
        self._answering = answering
        self._responder = responder
        self._pressing = pressing
        self._drafts = drafts

    async def choose(self, seat: Seat, menu: Menu, message: Mapping[str, Any], me: str) -> None:
        """`message` is as Discord sent it, `me` the bot's own user id."""
        with understood():
            ours = str(message["author"]["id"]) == me
            jobs = jobs_of(message.get("components") or ()) if ours else []
            media = media_of(message)
        if jobs:
            await self._on_ours(seat, menu, jobs)
            return
        if not media:
            raise InvalidRequest(_NOTHING)
        await self._on_foreign(seat, menu, media)

    async def use(self, seat: Seat, drafted: Drafted) -> None:
        """A button under somebody else's pictures was pressed."""
        await self._go_on(seat, drafted, await self._drafts.read(drafted, seat.caller))

    async def submit(self, seat: Seat, drafted: Drafted, values: Mapping[str, str]) -> None:
        """A form about one of them came back."""
        medium = await self._drafts.read(drafted, seat.caller)
        match drafted.use:
            case Use.REFRAME:
                ratio = forms.filled(values, forms.RATIO)
                await self._make(seat, build(Reframe, {"media": medium, forms.RATIO: ratio}))
            case Use.VARIATION:
                weighted = medium.model_copy(update={"weight": VARIATION_WEIGHT})
                words = {"prompt": forms.filled(values, forms.PROMPT), "image": (weighted,)}
                await self._make(seat, build(Imagine, words))
            case _:
                raise InvalidRequest(forms.STALE)

    async def _on_ours(self, seat: Seat, menu: Menu, jobs: Sequence[Pressed]) -> None:
        first = jobs[0]
        several = await self._service.get_card(first.card, seat.caller) if len(jobs) > 1 else None
        if several is not None:
            await self._answering.tell(seat, render(several))
        elif menu in _ACTIONS and len(jobs) == 1:
            pressed = Pressed(verb=_ACTIONS[menu], job=first.job, card=first.card)
            await self._pressing.press(seat, pressed)
        else:
            await self._pressing.show(seat, first.job)

    async def _on_foreign(self, seat: Seat, menu: Menu, media: Sequence[Reference]) -> None:
        draft = Draft(id=seat.key, media=tuple(media[:_MEDIA]))
        use = _USES.get(menu)
        if menu is Menu.DETAILS:
            raise InvalidRequest("This was not made here, so nothing more is known about it")
        fitting = [at for at, one in enumerate(draft.media) if use is None or use in _FITTING[one.kind]]
        if not fitting:
            raise InvalidRequest(f"{menu} is for pictures, and this is a video; {Menu.REFRAME} takes it")
        await self._drafts.keep(draft, seat.caller)
        if use is not None and len(fitting) == 1:
            number = fitting[0]
            drafted = Drafted(use=use, draft=draft.id, number=number)
            await self._go_on(seat, drafted, draft.media[number])
            return
        panel = say("What shall become of it?", components=_panel(draft))
        await self._answering.tell(seat, panel)

    async def _go_on(self, seat: Seat, drafted: Drafted, medium: Reference) -> None:
        await self._answering.require_place(seat)
        match drafted.use:
            case Use.ANIMATE:
                await self._make(seat, build(Animate, {"start": medium}))
            case Use.VARIATION:
                form = forms.prompt_form(
                    drafted.write(), Action.VARIATION, label="What it shall show", required=True
                )
                await self._responder.respond(seat, Callback.FORM, form)
            case Use.REFRAME:
                form = forms.ratio_form(drafted.write(), AspectRatio.PORTRAIT)
                await self._responder.respond(seat, Callback.FORM, form)

    async def _make(self, seat: Seat, command: Command) -> None:
        await self._answering.require_place(seat)
        ask = partial(
            self._service.execute,
            command,
            seat.caller,
            seat.place(),
            key=seat.key,
            answer_window_ms=self._answering.window_ms,
        )
        await self._answering.answer(seat, ask, private=False)


def _panel(draft: Draft) -> list[Component]:
    """A row of buttons for each picture or video."""
    rows = []
    for number, medium in enumerate(draft.media):
        which = f"{number + 1} · " if len(draft.media) > 1 else ""
        buttons = [
            {
                "type": 2,
                "style": 2,
                "custom_id": Drafted(use=use, draft=draft.id, number=number).write(),
                "emoji": {"name": EMOJI[Action(use)]},
                "label": f"{which}{LABELS[Action(use)]}",
            }
            for use in _FITTING[medium.kind]
        ]
        rows.append({"type": 1, "components": buttons})
    return rows
