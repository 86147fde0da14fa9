"""Forms as people use them: opened while the trigger is fresh, changed as they choose, and sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog

from adapters.chat.ttl_cache import TtlCache
from adapters.slack.delivery.response_url import RESPONSE_URL_MS
from adapters.slack.events.command_form import (
    COMMAND,
    CONVERSATION,
    MEDIUM,
    MORE,
    CommandModalState,
    command_modal,
    field_errors,
    price_text,
)
from adapters.slack.events.command_line import member
from adapters.slack.events.context import Event, EventContext, seat_of
from adapters.slack.events.form_fields import PICKER, ViewState, parse_view, select_option, view_values
from adapters.slack.events.pending_requests import PendingRequest
from adapters.slack.events.replies import Ack, Replies
from adapters.slack.events.requests import RequestRunner
from adapters.slack.events.stale import OutdatedModal
from adapters.slack.messages.mrkdwn import Block
from adapters.slack.web_api.client import WebApi
from adapters.slack.web_api.errors import ApiError
from bot.domain.actions import VARIATION_WEIGHT
from bot.domain.commands import Command, GenerateCommand, Imagine, build
from bot.domain.completion import AutocompleteChoice
from bot.domain.errors import InvalidRequest, Refused
from bot.domain.media import Reference
from bot.domain.models import AspectRatio
from bot.domain.options import Kind, is_address, options
from bot.service.facade import BotService
from bot.service.replies import Reply

_log = structlog.get_logger(__name__)

#: characters of an option's value
_VALUE = 150
#: forms in which something was chosen lately
_FORMS = 1_000
#: Slack's word for a view that was changed meanwhile
_CONFLICT = "hash_conflict"
#: stands for words that are still to be written, for the price does not depend on them
_ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandModal:
    """Opens and takes in the forms of commands."""

    slack: WebApi
    service: BotService
    asking: RequestRunner
    answering: Replies
    clock: Callable[[], int]
    #: view → when the newest choice in it was made, as Slack says
    newest: TtlCache[str, str] = field(default_factory=lambda: TtlCache(_FORMS))

    async def open_any(self, seat: EventContext) -> None:
        """Open a form in which the command itself is chosen, and its place where there is none."""
        await self.open(seat, Imagine, open_to_all=True)

    async def open(
        self,
        seat: EventContext,
        command: type[Command],
        *,
        open_to_all: bool = False,
        media: Sequence[Reference] = (),
    ) -> None:
        """Open a command's form, ready to be sent where that is possible; raises Refused."""
        form = CommandModalState(
            **seat.spot.model_dump(),
            command=command.name,
            open_to_all=open_to_all,
            draft=seat.key if media else "",
        )
        if media:
            await self.asking.drafts.keep_media(seat.caller, seat.key, media)
        chosen = await self._beginning(seat, command, with_media=bool(media))
        price = await self._price(seat, command, chosen, media, {})
        await self.show(seat, command_modal(form, chosen, price=price, media=media))

    async def show(self, seat: EventContext, view: Block) -> None:
        """Open any view; raises Refused where Slack does not show it."""
        try:
            await self.slack.call(
                "views.open", seat.team, enterprise=seat.enterprise, trigger_id=seat.trigger, view=view
            )
        except ApiError as refusal:
            _log.warning("form_not_opened", key=seat.key, code=refusal.code, details=refusal.details)
            raise InvalidRequest(
                "Slack did not open the form in time. Try once more, or write the command out, such as "
                "/reverie imagine a red fox in the snow"
            ) from refusal

    async def change(self, event: Event, *, now: int) -> None:
        """Show what follows from what was just chosen: other fields, another price."""
        view, action = event.body.get("view") or {}, event.body["actions"][0]
        self.newest.put(
            str(view.get("id")), max(_made_at(action), self.newest.get(str(view.get("id"))) or "")
        )
        try:
            await self._show_change(event, view, action, now=now)
        except Exception as error:  # noqa: BLE001 - whatever it was, the form works as it is
            # Mostly a later choice has overtaken this one; the next one tells the price.
            _log.info("form_not_changed", view=view.get("id"), error=repr(error))

    async def _show_change(self, event: Event, view: Block, action: Block, *, now: int) -> None:
        form = CommandModalState.of(view)
        seat, state = seat_of(event, now, form), view["state"]["values"]
        chosen = view_values(state)
        if action["action_id"] == MORE:
            form = form.model_copy(update={"more": True})
        elif action["action_id"] == COMMAND:
            wanted = str(action["selected_option"]["value"])
            form = form.model_copy(update={"command": wanted, "more": False})
            kept = {name: chosen[name] for name in (CONVERSATION, "prompt") if name in chosen}
            chosen = kept | await self._beginning(seat, form.wanted, with_media=False)
            state = {}
        media = await self.asking.drafts.media(seat.caller, form.draft) if form.draft else ()
        price = await self._price(seat, form.wanted, chosen, media, state)
        shown = command_modal(form, chosen, price=price, media=media)
        update = partial(
            self.slack.call,
            "views.update",
            seat.team,
            enterprise=seat.enterprise,
            view_id=view["id"],
            view=shown,
        )
        try:
            await update(hash=view["hash"])
        except ApiError as refusal:
            if refusal.code != _CONFLICT or self.newest.get(str(view["id"])) != _made_at(action):
                raise
            # The answer to an earlier choice came between; the form shows what was chosen last.
            await update()

    async def submit(self, event: Event, ack: Ack, *, now: int) -> None:
        """A form was sent; what is wrong with it is told under its fields."""
        view = event.body["view"]
        try:
            form = _placed(CommandModalState.of(view), event.body, now)
        except OutdatedModal as refusal:
            await self.answering.refuse_form(seat_of(event, now), refusal, ack, view)
            return
        seat = seat_of(event, now, form)

        async def ask() -> Reply:
            state = view["state"]["values"]
            _must_show(form, state)
            given = parse_view(form.wanted, state, seat.team)
            order = PendingRequest.of(build(form.wanted, given.values), await self._medium(form, state, seat))
            names = await self.asking.names(seat, given.named)
            named = [member(seat.team, user, names.get(user, user)) for user in given.named]
            return await self.asking.ask(seat, order, named=named)

        await self.answering.answer(seat, ask, ack, faults=partial(field_errors, view))

    async def offer(self, event: Event, *, now: int) -> list[Block]:
        """What could be chosen in a list while somebody types into it."""
        body = event.body
        form = CommandModalState.of(body["view"])
        seat, typed = seat_of(event, now, form), str(body.get("value") or "").strip()
        name = str(body["action_id"]).removesuffix(PICKER)
        # A list of several asks for each by itself.
        last = typed.rpartition(" ")[2] if " " in typed and _takes_several(form.wanted, name) else typed
        offers = await self.service.autocomplete_option(form.wanted, name, last, seat.caller, seat.place())
        if is_address(typed) and len(typed) <= _VALUE and str(body["action_id"]).endswith(PICKER):
            offers = (AutocompleteChoice(value=typed, label=typed), *offers)
        return [select_option(one) for one in offers if len(one.value) <= _VALUE]

    async def _beginning(
        self, seat: EventContext, command: type[Command], *, with_media: bool
    ) -> dict[str, Any]:
        """What is chosen from the first, so that the form can be sent as it is."""
        chosen: dict[str, Any] = {}
        ratio = next((one for one in options(command) if one.name == "aspect_ratio" and one.required), None)
        if ratio is not None:
            chosen[ratio.name] = select_option(
                AutocompleteChoice(value=AspectRatio.PORTRAIT, label=AspectRatio.PORTRAIT)
            )
        if with_media or not issubclass(command, GenerateCommand):
            return chosen
        if (option := _builds_on(command)) is not None:
            found = await self.service.preselect(command, option, seat.caller, seat.place())
            kind = next(one.kind for one in options(command) if one.name == option)
            if found is not None:
                chosen[option if kind is Kind.JOB else f"{option}{PICKER}"] = select_option(found)
        return chosen

    async def _price(
        self,
        seat: EventContext,
        command: type[Command],
        chosen: Mapping[str, Any],
        media: Sequence[Reference],
        state: ViewState,
    ) -> str:
        """The price of what is chosen and put in, as far as it is known; empty where it is not."""
        if not issubclass(command, GenerateCommand):
            return ""
        needed = {one.name: _ANY for one in options(command) if one.required and one.kind is Kind.TEXT}
        try:
            given = parse_view(command, state, seat.team).values
            wanted = build(command, needed | chosen_as_values(command, chosen) | given)
            assert isinstance(wanted, GenerateCommand)  # noqa: S101 - it was asked for
            return price_text(
                await self.service.quote(wanted, seat.caller, seat.place(), files=tuple(media[:1]))
            )
        except Refused:
            return ""

    async def _medium(
        self, form: CommandModalState, state: Mapping[str, Any], seat: EventContext
    ) -> tuple[Reference, ...]:
        """The picture or video of a message that was chosen in the form."""
        if not form.draft:
            return ()
        media = await self.asking.drafts.media(seat.caller, form.draft)
        said = (view_values(state).get(MEDIUM) or {}).get("value")
        number = int(said) if isinstance(said, str) and said.isdecimal() else -1
        if not 0 <= number < len(media):
            raise InvalidRequest("Choose which picture or video of the message is meant; nothing was charged")
        medium = media[number]
        if form.wanted is Imagine:
            medium = medium.model_copy(update={"weight": VARIATION_WEIGHT})
        return (medium,)


def _made_at(action: Mapping[str, Any]) -> str:
    return str(action.get("action_ts") or "")


def chosen_as_values(command: type[Command], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """What a form begins with, as values of its command."""
    values = {}
    for option in options(command):
        for name in (option.name, f"{option.name}{PICKER}"):
            if isinstance(one := chosen.get(name), Mapping):
                values[option.name] = str(one["value"])
    return values


def _must_show(form: CommandModalState, state: ViewState) -> None:
    """Raises InvalidRequest where another command is chosen than the one whose fields the form shows."""
    chosen = (view_values(state).get(COMMAND) or {}).get("value")
    if form.open_to_all and chosen != form.command:
        raise InvalidRequest(
            f"The form still shows the fields of /{form.command}, so nothing was started. Choose under "
            "“What to do” once more, and send it when its fields are there"
        )


def _builds_on(command: type[GenerateCommand]) -> str | None:
    """The option for which the caller's newest result is chosen, where that makes the form complete."""
    if command.default_source is not None:
        return command.default_source[0]
    if any(one.required for one in options(command)):
        return None
    return next(iter(command.attachment_options), None)


def _takes_several(command: type[Command], name: str) -> bool:
    return any(one.name == name and one.max_count > 1 for one in options(command))


def _placed(form: CommandModalState, body: Mapping[str, Any], now: int) -> CommandModalState:
    """A form that has asked for its place, at that place."""
    if not form.asks_place:
        return form
    channel = str(view_values(body["view"]["state"]["values"]).get(CONVERSATION) or "")
    urls = [one for one in body.get("response_urls") or () if one.get("channel_id") == channel]
    url = urls[0].get("response_url") if urls else None
    return form.model_copy(
        update={"channel": channel, "response_url": url, "until": now + RESPONSE_URL_MS if url else 0}
    )
