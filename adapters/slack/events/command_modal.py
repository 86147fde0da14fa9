"""The modal of a command: opened while the trigger is fresh, updated as people choose, and submitted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any

import structlog

from adapters.chat.ttl_cache import TtlCache
from adapters.slack.events.context import EventContext
from adapters.slack.events.replies import Ack, Replies
from adapters.slack.events.requests import PendingRequest, RequestRunner
from adapters.slack.messages.admin_forms import role_option, setup_values
from adapters.slack.messages.modal_fields import (
    JOB_SELECT,
    Defaults,
    ViewState,
    chosen_defaults,
    initial_values,
    parse_view,
    select_option,
    view_values,
)
from adapters.slack.messages.modals import (
    COMMAND,
    CONVERSATION,
    MEDIUM,
    MORE,
    CommandModalState,
    OutdatedModal,
    command_modal,
    field_errors,
    price_text,
    prompt_too_long,
)
from adapters.slack.messages.mrkdwn import Block
from adapters.slack.messages.option_fields import SLACK_SELECT_OPTIONS, SLACK_TEXT
from adapters.slack.places import RESPONSE_URL_MS, member_caller
from adapters.slack.web_api.client import WebApi
from adapters.slack.web_api.errors import ApiError
from bot.domain.command_text.completion import AutocompleteChoice
from bot.domain.commands import Command, GenerateCommand, Imagine, Settings, StudioSetup, build
from bot.domain.errors import InvalidRequest, Refused
from bot.domain.generations.concepts import CONCEPTS_OPTION, MOTION_OPTION, motions_like
from bot.domain.generations.media import Reference
from bot.domain.generations.models import AspectRatio
from bot.domain.jobs.actions import VARIATION_WEIGHT
from bot.domain.named_options import EVERY
from bot.domain.options import Kind, is_address, options
from bot.service.facade import BotService
from bot.service.replies import PrivateReply, Reply

_log = structlog.get_logger(__name__)

#: characters of an option's value
_VALUE = 150
#: modals whose latest change is remembered
_MAX_MODALS = 1_000
#: Slack's error code where a view was changed meanwhile
_HASH_CONFLICT = "hash_conflict"
#: stands for required text that is not written yet: the price does not depend on it
_ANY_TEXT = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandModal:
    """Opens, updates and submits the modals of commands."""

    web_api: WebApi
    service: BotService
    requests: RequestRunner
    replies: Replies
    clock: Callable[[], int]
    #: view id → `action_ts` of the latest choice in it
    latest_choice: TtlCache[str, str] = field(default_factory=lambda: TtlCache(_MAX_MODALS))

    async def open_any(self, context: EventContext) -> None:
        """Open a modal in which the command, and outside of a channel the conversation, is chosen."""
        await self.open(context, Imagine, choose_command=True)

    async def open(
        self,
        context: EventContext,
        command: type[Command],
        *,
        choose_command: bool = False,
        media: Sequence[Reference] = (),
    ) -> None:
        """Open a command's modal, ready to be submitted where possible; raises Refused."""
        state = CommandModalState(
            **context.location.model_dump(),
            command=command.name,
            choose_command=choose_command,
            media_id=context.key if media else "",
        )
        if media:
            await self.requests.pending_media.put(context.caller, context.key, media)
        defaults = await self.service.effective_defaults(context.invocation())
        values = await self._initial_values(context, command, defaults, with_media=bool(media))
        price = await self._price(context, command, values, media, {})
        offered = await self.service.offered_choices(context.caller)
        view = command_modal(state, values, defaults=defaults, offered=offered, price=price, media=media)
        await self.open_view(context, view)

    async def open_settings(self, context: EventContext, job: str) -> None:
        """Open the modal of a job's command, with the job's settings; raises Refused."""
        settings = await self.service.settings_of(job, context.invocation())
        prompt = str(settings.values.get("prompt", ""))
        if len(prompt) > SLACK_TEXT:
            raise prompt_too_long(prompt)
        state = CommandModalState(
            **context.location.model_dump(), command=settings.command.name, all_fields=True, job=job
        )
        defaults = await self.service.effective_defaults(context.invocation())
        values = initial_values(settings)
        price = await self._price(context, settings.command, values, (), {}, kept=settings.values)
        offered = await self.service.offered_choices(context.caller)
        view = command_modal(state, values, defaults=defaults, offered=offered, price=price)
        await self.open_view(context, view)

    async def open_view(self, context: EventContext, view: Block) -> None:
        """Open any modal; raises Refused where Slack does not."""
        try:
            await self.web_api.call(
                "views.open",
                context.team,
                enterprise=context.enterprise,
                trigger_id=context.trigger_id,
                view=view,
            )
        except ApiError as error:
            _log.warning("modal_not_opened", key=context.key, code=error.code, details=error.details)
            raise InvalidRequest(
                "Slack did not open the form in time. Try again, or type the whole command, such as "
                "/reverie imagine a red fox in the snow"
            ) from error

    async def change(self, context: EventContext) -> None:
        """Update the modal after a choice: other fields, another price."""
        view, action = context.body.get("view") or {}, context.body["actions"][0]
        view_id = str(view.get("id"))
        self.latest_choice.put(view_id, max(_action_ts(action), self.latest_choice.get(view_id) or ""))
        try:
            await self._update(context, view, action)
        except Exception as error:  # noqa: BLE001 - whatever failed, the modal works as it is
            # Mostly a later choice came first, and its update shows the price.
            _log.info("modal_not_updated", view=view.get("id"), error=repr(error))

    async def submit(self, context: EventContext, ack: Ack) -> None:
        """Run a submitted modal; what is wrong is shown under its fields."""
        view = context.body["view"]
        try:
            state = self._with_conversation(CommandModalState.of(view), context.body)
        except OutdatedModal as refusal:
            await self.replies.refuse_modal(context, refusal, ack)
            return
        located = context.at(state)

        async def request() -> Reply:
            values = view["state"]["values"]
            _require_shown_command(state, values)
            entered = parse_view(state.command_class, values, located.team)
            if state.command_class is StudioSetup:
                # The form shows what holds, so that an empty list stands for all.
                entered.options.setdefault("channels", (EVERY,))
                entered.options.setdefault("roles", (EVERY,))
            if issubclass(state.command_class, GenerateCommand):
                # The form shows whether the result is private, so that an empty box stands for no.
                entered.options.setdefault("private", False)
            if state.command_class is Settings:
                # It shows all that the person has set: what they have cleared is put back.
                entered.options.setdefault("reset", "all")
            given = {**await self._inputs(located, state), **entered.options}
            pending = PendingRequest.of_command(
                build(state.command_class, given), await self._medium(state, values, located)
            )
            names = await self.requests.user_names(located, entered.users)
            mentioned = [member_caller(located.team, user, names.get(user, user)) for user in entered.users]
            return await self.requests.run(located, pending, mentioned=mentioned)

        await self.replies.answer(located, request, ack, errors=partial(field_errors, view))

    async def options(self, context: EventContext) -> list[Block]:
        """The options of a select while somebody types into it."""
        body = context.body
        state = CommandModalState.of(body["view"])
        located, typed = context.at(state), str(body.get("value") or "").strip()
        name = str(body["action_id"]).removesuffix(JOB_SELECT)
        if _kind_of(state.command_class, name) is Kind.ROLE:
            return await self._roles(located, typed)
        offers = await self._offers(state.command_class, name, typed, located)
        is_job_select = str(body["action_id"]).endswith(JOB_SELECT)
        # Phrases like those of the list work too.
        is_phrase = name == MOTION_OPTION and typed not in ("", *(offer.value for offer in offers))
        if len(typed) <= _VALUE and (is_phrase or (is_job_select and is_address(typed))):
            offers = (AutocompleteChoice(value=typed, label=typed), *offers)
        return [select_option(offer) for offer in offers if len(offer.value) <= _VALUE]

    async def _roles(self, context: EventContext, typed: str) -> list[Block]:
        """The user groups whose handle contains what is typed."""
        groups = await self.requests.groups.of_team(context.team, enterprise=context.enterprise) or ()
        wanted = typed.lower().removeprefix("@")
        found = [(group.id, f"@{group.handle}") for group in groups if wanted in group.handle.lower()]
        return [role_option(id_, name) for id_, name in found[:SLACK_SELECT_OPTIONS]]

    async def _offers(
        self, command: type[Command], name: str, typed: str, context: EventContext
    ) -> tuple[AutocompleteChoice, ...]:
        """What matches the typed text; a select of several completes its last word."""
        complete = partial(self.service.autocomplete_option, command, name)
        if _kind_of(command, name) is Kind.PRESET or name == CONCEPTS_OPTION:
            # Each is an option of its own here, so that all words are meant for one.
            every = await complete("", context.invocation(), count=SLACK_SELECT_OPTIONS)
            fitting = motions_like(typed.replace("_", " "), [offer.value for offer in every])
            return tuple(offer for offer in every if offer.value in fitting)
        several = " " in typed and _takes_several(command, name)
        return await complete(typed.rpartition(" ")[2] if several else typed, context.invocation())

    async def _update(self, context: EventContext, view: Block, action: Block) -> None:
        state = CommandModalState.of(view)
        located, view_state = context.at(state), view["state"]["values"]
        values = view_values(view_state)
        defaults = await self.service.effective_defaults(located.invocation())
        if action["action_id"] == MORE:
            state = state.model_copy(update={"all_fields": True})
        elif action["action_id"] == COMMAND:
            command = str(action["selected_option"]["value"])
            state = state.model_copy(update={"command": command, "all_fields": False})
            kept = {name: values[name] for name in (CONVERSATION, "prompt") if name in values}
            values = kept | await self._initial_values(
                located, state.command_class, defaults, with_media=False
            )
            view_state = {}
        media = (
            await self.requests.pending_media.get(located.caller, state.media_id) if state.media_id else ()
        )
        inputs = await self._inputs(located, state)
        price = await self._price(located, state.command_class, values, media, view_state, kept=inputs)
        offered = await self.service.offered_choices(located.caller)
        update = partial(
            self.web_api.call,
            "views.update",
            located.team,
            enterprise=located.enterprise,
            view_id=view["id"],
            view=command_modal(state, values, defaults=defaults, offered=offered, price=price, media=media),
        )
        try:
            await update(hash=view["hash"])
        except ApiError as error:
            is_latest = self.latest_choice.get(str(view["id"])) == _action_ts(action)
            if error.code != _HASH_CONFLICT or not is_latest:
                raise
            # The update for an earlier choice came between; the latest choice is to be shown.
            await update()

    async def _inputs(self, context: EventContext, state: CommandModalState) -> Mapping[str, Any]:
        """The inputs of the job whose settings the modal opened with."""
        if not state.job:
            return {}
        settings = await self.service.settings_of(state.job, context.invocation())
        return {name: settings.values[name] for name in settings.inputs}

    async def _initial_values(
        self,
        context: EventContext,
        command: type[Command],
        defaults: Defaults,
        *,
        with_media: bool,
    ) -> dict[str, Any]:
        """The values that a modal opens with, so that it can be submitted at once."""
        values = chosen_defaults(command, defaults)
        if command is StudioSetup:
            reply = await self.service.execute(StudioSetup(), context.invocation())
            assert isinstance(reply, PrivateReply)  # noqa: S101 - it makes no card
            return setup_values(reply.setup) if reply.setup is not None else values
        ratio = next(
            (option for option in options(command) if option.name == "aspect_ratio" and option.required),
            None,
        )
        if ratio is not None:
            values[ratio.name] = select_option(
                AutocompleteChoice(value=AspectRatio.PORTRAIT, label=AspectRatio.PORTRAIT)
            )
        if with_media or not issubclass(command, GenerateCommand):
            return values
        if (source := _source_option(command)) is not None:
            offer = await self.service.preselect(command, source, context.invocation())
            kind = next(option.kind for option in options(command) if option.name == source)
            if offer is not None:
                values[source if kind is Kind.JOB else f"{source}{JOB_SELECT}"] = select_option(offer)
        return values

    async def _price(
        self,
        context: EventContext,
        command: type[Command],
        values: Mapping[str, Any],
        media: Sequence[Reference],
        state: ViewState,
        *,
        kept: Mapping[str, Any] = MappingProxyType({}),
    ) -> str:
        """The price of what is entered so far; empty where it is unknown.

        `kept` has the values that are used where no others are entered.
        """
        if not issubclass(command, GenerateCommand):
            return ""
        placeholders = {
            option.name: _ANY_TEXT
            for option in options(command)
            if option.required and option.kind is Kind.TEXT
        }
        try:
            entered = parse_view(command, state, context.team).options
            draft = build(command, {**placeholders, **kept, **_selected_options(command, values), **entered})
            assert isinstance(draft, GenerateCommand)  # noqa: S101 - what was asked for
            quote = await self.service.quote(draft, context.invocation(), files=tuple(media[:1]))
        except Refused:
            return ""
        return price_text(quote)

    async def _medium(
        self, state: CommandModalState, values: ViewState, context: EventContext
    ) -> tuple[Reference, ...]:
        """The picture or video of a message that was selected in the modal."""
        if not state.media_id:
            return ()
        media = await self.requests.pending_media.get(context.caller, state.media_id)
        selected = (view_values(values).get(MEDIUM) or {}).get("value")
        number = int(selected) if isinstance(selected, str) and selected.isdecimal() else -1
        if not 0 <= number < len(media):
            raise InvalidRequest("Choose which picture or video of the message to use; nothing was charged")
        medium = media[number]
        if state.command_class is Imagine:
            medium = medium.model_copy(update={"weight": VARIATION_WEIGHT})
        return (medium,)

    def _with_conversation(self, state: CommandModalState, body: Mapping[str, Any]) -> CommandModalState:
        """The state with the conversation that was selected in the modal, where it asks for one."""
        if not state.asks_conversation:
            return state
        channel = str(view_values(body["view"]["state"]["values"]).get(CONVERSATION) or "")
        urls = [each for each in body.get("response_urls") or () if each.get("channel_id") == channel]
        url = urls[0].get("response_url") if urls else None
        until = self.clock() + RESPONSE_URL_MS if url else 0
        chosen = {"channel": channel, "channel_name": "", "response_url": url, "until": until}
        return state.model_copy(update=chosen)


def _action_ts(action: Mapping[str, Any]) -> str:
    return str(action.get("action_ts") or "")


def _selected_options(command: type[Command], values: Mapping[str, Any]) -> dict[str, Any]:
    """The selections that a modal opens with, as option values."""
    selected = {}
    for option in options(command):
        for name in (option.name, f"{option.name}{JOB_SELECT}"):
            if isinstance(value := values.get(name), Mapping):
                selected[option.name] = str(value["value"])
    return selected


def _require_shown_command(state: CommandModalState, values: ViewState) -> None:
    """Raises InvalidRequest where the modal shows the fields of another command than the selected one."""
    selected = (view_values(values).get(COMMAND) or {}).get("value")
    if state.choose_command and selected != state.command:
        raise InvalidRequest(
            f"The form still shows the fields of /{state.command}, so nothing was started. Choose the "
            "command again, and submit the form when its fields are shown"
        )


def _source_option(command: type[GenerateCommand]) -> str | None:
    """The option for which the caller's newest result is preselected, where that completes the modal."""
    if command.default_source is not None:
        return command.default_source[0]
    if any(option.required for option in options(command)):
        return None
    return next(iter(command.attachment_options), None)


def _kind_of(command: type[Command], name: str) -> Kind | None:
    return next((option.kind for option in options(command) if option.name == name), None)


def _takes_several(command: type[Command], name: str) -> bool:
    return any(option.name == name and option.max_count > 1 for option in options(command))
