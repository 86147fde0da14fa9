"""Runs people's requests against the core, with the rights that they have now."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self, cast

import structlog
from pydantic import BaseModel, ConfigDict, Field

from adapters.chat.pending_media import PendingMediaStore, forget_pending_media
from adapters.slack.delivery.upload_store import UploadStore
from adapters.slack.events.context import EventContext
from adapters.slack.events.home_tab import HomeTab, Viewer
from adapters.slack.messages.emoji import with_reaction_names
from adapters.slack.messages.message_files import File, is_incomplete
from adapters.slack.places import ADAPTER, message_id
from adapters.slack.web_api.client import WebApi
from adapters.slack.web_api.errors import ApiError
from adapters.slack.web_api.lookups import (
    BotNotInChannel,
    ChannelMembership,
    UserDirectory,
    UserKind,
    UserUnknown,
)
from adapters.slack.web_api.user_groups import UserGroups
from bot.domain.cards.decisions import Decision
from bot.domain.commands import CATALOGUE, Command
from bot.domain.errors import Delayed, InvalidRequest, NotAllowed
from bot.domain.generations.media import Reference
from bot.domain.identity import Caller, Named
from bot.domain.jobs.actions import GENERATING, Action, ActionInput
from bot.domain.named_options import dump_named, load_named
from bot.domain.options import Kind, options
from bot.service.adapter_data import AdapterData
from bot.service.facade import BotService
from bot.service.replies import Reply

_log = structlog.get_logger(__name__)

#: user names looked up for one command
_MAX_NAMES = 10
#: of the keys in the adapter's data, as earlier versions wrote them
_PENDING = "wish/"
_GONE = "This request is not available any more; start again"


class NotAPerson(NotAllowed):
    """Bots and deactivated accounts start nothing and are not answered."""


class ExternalUser(NotAllowed):
    """You belong to another organisation, so you cannot spend the budget of this workspace.

    Nothing was charged. Install Reverie in your own workspace, or ask an admin here for an account.
    """

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


class ShownCard(Protocol):
    """The card that a message shows."""

    @property
    def card(self) -> str: ...

    @property
    def jobs(self) -> tuple[str, ...]: ...


class PendingRequest(BaseModel):
    """A command with its files, or an action on a job. Stored as JSON while a person chooses a channel."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)

    #: the command's name; empty for an action
    name: str = ""
    #: what was given of the command, as JSON: what nobody has chosen stays open
    command_json: str = Field(default="{}", alias="given")
    files: tuple[Reference, ...] = ()
    #: the job of the card in whose thread it was written
    replied: str | None = None
    action: Action | None = None
    job: str = ""
    #: the card that the action belongs to
    card: str = ""
    action_input: ActionInput = Field(default=ActionInput(), alias="wording")
    #: micro-dollars that the button of an action showed; None for one without a price
    shown_price: int | None = None
    #: the action was chosen where no price was shown
    asks_first: bool = False
    #: id of a command that was shown before it is started; empty for others
    pending: str = ""
    #: what was shown is not posted to the channel
    pending_private: bool = False

    @classmethod
    def of_command(
        cls, command: Command, files: Sequence[Reference] = (), *, replied: str | None = None
    ) -> Self:
        return cls(
            name=command.name,
            command_json=command.model_dump_json(exclude_unset=True),
            files=tuple(files),
            replied=replied,
        )

    @classmethod
    def of_action(
        cls,
        action: Action,
        job: str,
        *,
        card: str = "",
        action_input: ActionInput | None = None,
        shown_price: int | None = None,
        asks_first: bool = False,
    ) -> Self:
        return cls(
            action=action,
            job=job,
            card=card,
            action_input=action_input or ActionInput(),
            shown_price=shown_price,
            asks_first=asks_first,
        )

    @classmethod
    def of_pending(cls, pending: str, *, private: bool) -> Self:
        """Start what was shown."""
        return cls(pending=pending, pending_private=private)

    @property
    def command(self) -> Command:
        """Raises InvalidRequest for a command of another version."""
        try:
            return CATALOGUE[self.name].model_validate_json(self.command_json)
        except (KeyError, ValueError) as error:
            raise InvalidRequest(_GONE) from error

    @property
    def is_public(self) -> bool:
        """Whether it posts something that everybody in the channel sees."""
        if self.pending:
            return not self.pending_private
        if self.action is not None:
            return self.action in GENERATING
        return self.command.is_public


class PendingEntry(BaseModel):
    """What is stored of one person's unfinished request."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)

    #: of the event that started it
    id: str
    request: PendingRequest | None = Field(default=None, alias="wish")


class PendingRequestStore:
    """Stores the newest pending request of each person, so that abandoned ones do not accumulate."""

    def __init__(self, adapter_data: AdapterData) -> None:
        self._adapter_data = adapter_data

    async def put(self, caller: Caller, id_: str, request: PendingRequest) -> None:
        entry = PendingEntry(id=id_, request=request)
        await self._adapter_data.put(f"{_PENDING}{caller.person}", entry.model_dump_json())

    async def get(self, caller: Caller, id_: str) -> PendingRequest:
        """Raises InvalidRequest if it is no longer stored."""
        text = await self._adapter_data.get(f"{_PENDING}{caller.person}")
        try:
            entry = PendingEntry.model_validate_json(text) if text else None
        except ValueError:
            # Stored by another version.
            entry = None
        if entry is None or entry.id != id_ or entry.request is None:
            raise InvalidRequest(_GONE)
        return entry.request


async def forget_person(adapter_data: AdapterData, person: str) -> None:
    """Remove the pending requests and media of a person."""
    await adapter_data.remove(f"{_PENDING}{person}")
    await forget_pending_media(adapter_data, person)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRunner:
    """Identifies the caller, checks that the bot can answer in the channel, and runs the request."""

    web_api: WebApi
    service: BotService
    users: UserDirectory
    groups: UserGroups
    membership: ChannelMembership
    uploads: UploadStore
    pending: PendingRequestStore
    pending_media: PendingMediaStore
    home: HomeTab

    async def identify(self, context: EventContext) -> EventContext:
        """The event with the caller's present name and rights.

        Raises UserUnknown where Slack does not answer, ExternalUser and NotAPerson for other accounts.
        """
        if not context.key:
            # Without its id, the same event could be carried out twice.
            raise InvalidRequest("Slack left out the id of this request; try again")
        user, roles = await asyncio.gather(
            self.users.get(context.team, context.user, enterprise=context.enterprise),
            self.groups.roles_of(context.team, context.user, enterprise=context.enterprise),
        )
        match user.kind:
            case UserKind.BOT | UserKind.DEACTIVATED:
                raise NotAPerson
            case UserKind.EXTERNAL:
                raise ExternalUser
        caller = replace(
            context.caller,
            name=user.name or context.caller.name,
            is_admin=user.is_admin,
            is_guest=user.kind is UserKind.GUEST,
            roles=roles,
        )
        return replace(context, caller=caller)

    async def run(
        self, context: EventContext, request: PendingRequest, *, mentioned: Sequence[Caller] = ()
    ) -> Reply:
        """Run a request; raises Refused.

        Where the bot is not in the channel, the request is stored for another one: BotNotInChannel.
        """
        context = await self.identify(context)
        if request.is_public and not await self._is_private(context, request):
            try:
                await self.membership.require(
                    context.team, context.location.channel, enterprise=context.enterprise
                )
            except BotNotInChannel:
                await self.pending.put(context.caller, context.key, request)
                raise
        for member in mentioned:
            await self._remember(context, member)
        reply = await self._execute(context, request)
        self.home.refresh(Viewer.of(context))
        return reply

    async def answer_confirmation(
        self, context: EventContext, job: str, *, question: str, confirmed: bool
    ) -> Reply:
        """Answer the core's question about a job; raises Refused."""
        context = await self.identify(context)
        reply = await self.service.answer_confirmation(
            job, context.caller, question=question, confirmed=confirmed, key=context.key
        )
        self.home.refresh(Viewer.of(context))
        return reply

    async def discard_pending(self, context: EventContext, pending: str) -> Reply:
        """Forget a command that was shown; raises Refused."""
        context = await self.identify(context)
        return await self.service.discard_pending(pending, context.caller, key=context.key)

    async def turn_page(self, context: EventContext, page: str) -> Reply:
        """Show another page of a list; raises Refused."""
        context = await self.identify(context)
        return await self.service.turn_page(page, context.invocation())

    async def decide(self, context: EventContext, decision: Decision, job: str, card: str) -> Reply:
        """Decide what a button under a held or reported job asks for; raises Refused."""
        context = await self.identify(context)
        reply = await self.service.decide(decision, job, card, context.caller, key=context.key)
        self.home.refresh(Viewer.of(context))
        return reply

    async def user_names(self, context: EventContext, users: Sequence[str]) -> Mapping[str, str]:
        """The names of users that an event mentions by id only."""
        if not users:
            return {}
        # First the caller: for an account that may do nothing, nobody is looked up.
        await self.identify(context)
        names = {}
        for user in users[:_MAX_NAMES]:
            name = await self.users.name(
                context.team, user, asker=context.user, enterprise=context.enterprise
            )
            if name:
                names[user] = name
        return names

    async def with_names(self, context: EventContext, command: Command) -> Command:
        """The command with the names of channels that Slack has sent by id only."""
        changes: dict[str, object] = {}
        for option in options(type(command)):
            if option.kind is not Kind.CHANNEL:
                continue
            value = getattr(command, option.name)
            if isinstance(value, str):
                if (channel := load_named(value)) is not None:
                    named = await self._named(context, channel)
                    changes[option.name] = dump_named(named.id, named.name)
            elif isinstance(value, tuple):
                changes[option.name] = tuple([await self._named(context, one) for one in value])
            elif value is not None:
                changes[option.name] = await self._named(context, value)
        return command.model_copy(update=changes) if changes else command

    async def _named(self, context: EventContext, channel: Named) -> Named:
        if channel.name != channel.id:
            return channel
        try:
            response = await self.web_api.call(
                "conversations.info", context.team, enterprise=context.enterprise, channel=channel.id
            )
        except (ApiError, Delayed) as error:
            _log.info("channel_not_named", channel=channel.id, error=str(error))
            return channel
        name = (response.get("channel") or {}).get("name")
        return replace(channel, name=f"#{name}") if name else channel

    async def complete_files(self, context: EventContext, files: Sequence[File]) -> list[File]:
        """Files with what some payloads leave out; raises InvalidRequest for one that is gone."""
        incomplete = [file for file in files if is_incomplete(file)]
        # Concurrently: a modal must open within three seconds.
        fetched = await asyncio.gather(
            *(self._fetch_file(context, file) for file in incomplete), return_exceptions=True
        )
        if errors := [each for each in fetched if isinstance(each, BaseException)]:
            raise errors[0]
        completed = iter(cast("list[File]", fetched))
        return [next(completed) if is_incomplete(file) else file for file in files]

    async def card_in_message(self, channel: str, ts: str) -> ShownCard | None:
        """The card that a message shows, or whose video it has."""
        message = message_id(channel, ts)
        card_message = await self.uploads.card_message(message)
        messages = (message, card_message) if card_message is not None else (message,)
        return await self.service.card_by_message(ADAPTER, *messages)

    async def _fetch_file(self, context: EventContext, file: File) -> File:
        try:
            response = await self.web_api.call(
                "files.info", context.team, enterprise=context.enterprise, file=str(file["id"])
            )
        except ApiError as error:
            raise InvalidRequest(f"Slack refuses this file: {error.reason}") from error
        except Delayed as error:
            raise InvalidRequest("Slack cannot provide this file right now; try again") from error
        found = response.get("file")
        return found if isinstance(found, Mapping) else {}

    async def _remember(self, context: EventContext, member: Caller) -> None:
        """Store the name of a member whom a command names, and whether they are a guest.

        Where Slack does not answer, what is stored stays.
        """
        user = member.person.rpartition(":")[2]
        try:
            known = await self.users.get(context.team, user, enterprise=context.enterprise)
        except UserUnknown as error:
            _log.info("member_not_remembered", user=user, error=str(error))
            return
        roles = await self.groups.roles_of(context.team, user, enterprise=context.enterprise)
        is_guest = known.kind is UserKind.GUEST
        await self.service.remember_member(
            replace(member, name=known.name or member.name, is_guest=is_guest, roles=roles)
        )

    async def _execute(self, context: EventContext, request: PendingRequest) -> Reply:
        invocation = context.invocation()
        if request.action is not None:
            return await self.service.act(
                request.action,
                request.job,
                invocation,
                action_input=request.action_input,
                shown_price=request.shown_price,
                asks_first=request.asks_first,
            )
        if request.pending:
            return await self.service.start_pending(request.pending, invocation)
        command = await self.with_names(context, with_reaction_names(request.command))
        return await self.service.execute(command, invocation, files=request.files, replied=request.replied)

    async def _is_private(self, context: EventContext, request: PendingRequest) -> bool:
        """Whether nothing is posted in the channel: by default, or because it continues a private card."""
        if request.pending:
            return False
        if request.action is not None and context.is_ephemeral and request.card:
            card = await self.service.get_card(request.card, context.caller)
            if card is not None and card.private:
                return True
        command, place = None if request.action else request.command, context.invocation().place
        return await self.service.is_private(command, context.caller, place) is True
