"""What a page sends: the schemas of its request bodies, and who sends it from which conversation."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)
from starlette.exceptions import HTTPException
from starlette.requests import Request

from adapters.playground.delivery.people import PersonStore
from adapters.playground.messages.conversations import (
    ADAPTER,
    DIRECT_WORKSPACE,
    STUDIO,
    WORKSPACE,
    Channel,
    Conversation,
    Person,
    direct_messages,
)
from bot.domain.cards.decisions import Decision
from bot.domain.commands import Command
from bot.domain.generations.models import AspectRatio
from bot.domain.identity import Caller, Invocation, Place
from bot.domain.jobs.actions import Action
from bot.domain.options import Kind, options
from bot.domain.text import parse_json

_BODY_MAX = 128 * 1024
_TEXT_MAX = 12_000
_FILES_MAX = 10
_EMOJI_MAX = 16
_PAGE_MAX = 1_000_000
#: fits every number that the store gives, and none that it cannot hold
_NUMBER = re.compile(r"[0-9]{1,18}")

#: Made by the page and kept until it is answered: a request that is repeated with its key runs once.
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]
Id = Annotated[str, Field(max_length=64)]
#: names an uploaded file
Token = Annotated[str, Field(max_length=2_000)]
_Price = Annotated[StrictInt | None, Field(ge=0, lt=10**15)]
_Text = Annotated[StrictStr, Field(max_length=_TEXT_MAX)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _InConversation(_Body):
    channel: Channel = Channel.STUDIO


class FileValue(_Body):
    """An uploaded file in a field of a form."""

    file: Token
    weight: float | None = Field(default=None, ge=0, le=1)


#: The value of a field. Never a free object: a reference made by a page could name any stored file.
Value = (
    StrictBool | StrictInt | _Text | FileValue | Annotated[tuple[_Text | FileValue, ...], Field(max_length=8)]
)


class CommandFields(_InConversation):
    """A command, as text or as the values of its form."""

    text: str = Field(default="", max_length=_TEXT_MAX)
    command: str = Field(default="", max_length=40)
    values: dict[Annotated[str, Field(max_length=40)], Value] = Field(default_factory=dict, max_length=40)
    files: tuple[Token, ...] = Field(default=(), max_length=_FILES_MAX)
    replied: Id | None = None

    @model_validator(mode="after")
    def _text_or_form(self) -> Self:
        if bool(self.text) == bool(self.command):
            raise ValueError("send either text or command")
        return self


class _Replied(_InConversation):
    key: Key
    #: the admin page shows the reply beside the control that asked for it, so no conversation stores it
    beside: bool = False


class CommandBody(CommandFields, _Replied):
    #: sent by a button, so a short reply is not stored
    pressed: bool = False
    #: its form shows what it will do, and what it costs
    previewed: bool = False


class StartBody(_InConversation):
    """A command that was shown, to be started now."""

    pending: Id
    key: Key


class PageBody(_InConversation):
    """More of the list in a note."""

    note: Key
    page: str = Field(max_length=200)
    key: Key


class ActionBody(_InConversation):
    action: Action
    job: Id
    key: Key
    aspect_ratio: AspectRatio | None = None
    prompt: str | None = Field(default=None, max_length=_TEXT_MAX)
    #: micro-dollars that the button showed
    price: _Price = None


class DecisionBody(_InConversation):
    """A button under a question."""

    job: Id
    question: Id
    confirmed: bool
    label: str = Field(default="Yes", max_length=80)
    key: Key


class VerdictBody(_Replied):
    """A button under a held or reported job."""

    decision: Decision
    job: Id
    card: Id
    #: what the button said
    label: str = Field(max_length=200)


class KeyBody(_Replied):
    """The workspace's own API key, from its form."""

    api_key: SecretStr = Field(max_length=1_000)


class ReactionBody(_InConversation):
    card: Id
    emoji: str = Field(min_length=1, max_length=_EMOJI_MAX)
    on: bool
    key: Key
    #: the selected job of a card with several
    job: Id | None = None
    #: micro-dollars that the choice of reactions showed
    price: _Price = None


class DismissBody(_Body):
    #: None: every note of the conversation
    id: Key | None


class PersonBody(_Body):
    name: str = Field(max_length=200)


class LoginBody(_Body):
    password: str = Field(max_length=1000)


Body = TypeVar("Body", bound=_Body)
ConversationBody = TypeVar("ConversationBody", bound=_InConversation)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """Who sends a request, and from which conversation."""

    person: Person
    conversation: Conversation
    caller: Caller

    @classmethod
    def of(cls, person: Person, channel: Channel = Channel.STUDIO, *, is_authenticated: bool = False) -> Self:
        """`is_authenticated`: a password is needed to be anybody here."""
        direct = channel is Channel.DIRECT
        workspace = DIRECT_WORKSPACE if direct else WORKSPACE
        return cls(
            person=person,
            conversation=direct_messages(person.name) if direct else STUDIO,
            caller=Caller(
                workspace=workspace,
                person=person.id,
                member=f"{workspace}:{person.name}",
                name=person.name,
                # The workspace of all direct messages belongs to the operator alone.
                is_admin=person.is_admin and not direct,
                is_authenticated=is_authenticated,
            ),
        )

    def place(self, *, private: bool = False) -> Place:
        if self.conversation.owner is None:
            return Place(
                adapter=ADAPTER,
                workspace=WORKSPACE,
                channel=self.conversation.channel,
                channel_name=self.conversation.channel,
                private=private,
            )
        return Place(
            adapter=ADAPTER,
            workspace=DIRECT_WORKSPACE,
            channel=f"@{self.person.id}",
            private=True,
            direct=True,
        )

    def invocation(self, key: str = "", *, private: bool = False) -> Invocation:
        """Return the caller, the place and the idempotency key for the core; a query has no key."""
        return Invocation(
            caller=self.caller, place=self.place(private=private), key=f"{self.person.id}:{key}"
        )


class RequestReader:
    """Reads requests of the person that `?me=` names; everything a request does is done as that person."""

    def __init__(self, people: PersonStore, *, needs_password: bool = False) -> None:
        self._people = people
        self._needs_password = needs_password

    def context_of(self, person: Person, channel: Channel = Channel.STUDIO) -> RequestContext:
        """The context of somebody whom the page shows."""
        return RequestContext.of(person, channel, is_authenticated=self._needs_password)

    async def read(
        self, request: Request, schema: type[ConversationBody]
    ) -> tuple[ConversationBody, RequestContext]:
        body = await read_body(request, schema)
        return body, self.context_of(await self.person(request), body.channel)

    async def context(self, request: Request) -> RequestContext:
        """Return the context of a request that names its conversation as `?channel=`."""
        return self.context_of(await self.person(request), channel_of(request))

    async def members_named(self, command: Command) -> list[Caller]:
        """The people whom a command names as members, who may not have used the bot yet."""
        names = [
            str(getattr(command, option.name))
            for option in options(type(command))
            if option.kind is Kind.MEMBER
        ]
        found = [await self._people.find(name) for name in names]
        return [RequestContext.of(person).caller for person in found if person is not None]

    async def person(self, request: Request) -> Person:
        person = await self._people.find(request.query_params.get("me", ""))
        if person is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no person of this name")
        return person


def person_among(people: Sequence[Person], request: Request) -> Person:
    """Return the person whom a request names; a tab that is nobody yet becomes the first one."""
    wanted = request.query_params.get("me", "")
    return next((person for person in people if person.name == wanted), people[0])


def channel_of(request: Request) -> Channel:
    return Channel.DIRECT if request.query_params.get("channel") == Channel.DIRECT else Channel.STUDIO


def page_number(request: Request) -> int:
    """Return the page that a request for a part of a list names, from 1."""
    return min(max(1, read_number(request.query_params.get("page", "1"))), _PAGE_MAX)


def read_number(text: str) -> int:
    """Read a number from a header or query. Anything else, or a larger number, ends the request with 400."""
    if _NUMBER.fullmatch(text) is None:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"{text[:30]!r} is not a valid number")
    return int(text)


async def read_body(request: Request, schema: type[Body]) -> Body:
    """Read a JSON body. One that is too large or invalid ends the request with 413, 400 or 422."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > _BODY_MAX:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large")
    try:
        # Written as JSON again, because pydantic's JSON mode is stricter.
        text = json.dumps(parse_json(bytes(content)))
    except (ValueError, RecursionError) as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "The body is not JSON") from error
    try:
        return schema.model_validate_json(text)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"]) or "body"
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"{field} is not valid") from error
