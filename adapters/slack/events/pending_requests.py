"""What somebody wants of the core, in a shape that can be kept until they say where it is to be shown."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from bot.domain.actions import GENERATING, Action, ActionInput
from bot.domain.commands import CATALOGUE, Command, GenerateCommand
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller
from bot.domain.media import Reference
from bot.service.adapter_data import AdapterData


class PendingRequest(BaseModel):
    """A command with the files that came along, or an action on a job."""

    model_config = ConfigDict(frozen=True)

    #: the command's name in the catalogue; empty for an action
    name: str = ""
    #: the command itself as JSON
    given: str = "{}"
    files: tuple[Reference, ...] = ()
    #: the job under whose card it was said
    replied: str | None = None
    action: Action | None = None
    job: str = ""
    #: the card that the action goes on from
    card: str = ""
    wording: ActionInput = ActionInput()

    @classmethod
    def of(cls, command: Command, files: Sequence[Reference] = (), *, replied: str | None = None) -> Self:
        given = command.model_dump_json()
        return cls(name=command.name, given=given, files=tuple(files), replied=replied)

    @classmethod
    def to(cls, action: Action, job: str, *, card: str = "", wording: ActionInput | None = None) -> Self:
        return cls(action=action, job=job, card=card, wording=wording or ActionInput())

    @property
    def command(self) -> Command:
        """The command; raises InvalidRequest for one that another version knew."""
        try:
            return CATALOGUE[self.name].model_validate_json(self.given)
        except (KeyError, ValueError) as error:
            raise InvalidRequest("This is no longer at hand; ask for it once more") from error

    @property
    def is_public(self) -> bool:
        """It makes something that everybody at its place is to see."""
        if self.action is not None:
            return self.action in GENERATING
        command = self.command
        return isinstance(command, GenerateCommand) and not command.private


class PendingEntry(BaseModel):
    """What is kept of one person."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)

    #: of the event from which it comes
    id: str
    #: stored under the name that it had first
    order: PendingRequest | None = Field(default=None, alias="wish")
    #: pictures and videos of a message
    media: tuple[Reference, ...] = ()


class PendingStore:
    """Keeps the newest of each person and sort, so that nothing which is never finished piles up."""

    def __init__(self, adapter_data: AdapterData) -> None:
        self._adapter_data = adapter_data

    async def keep_wish(self, caller: Caller, id_: str, order: PendingRequest) -> None:
        await self._adapter_data.put(
            f"wish/{caller.person}", PendingEntry(id=id_, order=order).model_dump_json()
        )

    async def order(self, caller: Caller, id_: str) -> PendingRequest:
        """Raises InvalidRequest where it is not known any more."""
        kept = await self._read(f"wish/{caller.person}", id_)
        if kept is None or kept.order is None:
            raise InvalidRequest("This is no longer at hand; ask for it once more")
        return kept.order

    async def keep_media(self, caller: Caller, id_: str, media: Sequence[Reference]) -> None:
        await self._adapter_data.put(
            f"draft/{caller.person}", PendingEntry(id=id_, media=tuple(media)).model_dump_json()
        )

    async def media(self, caller: Caller, id_: str) -> tuple[Reference, ...]:
        """Raises InvalidRequest where they are not known any more."""
        kept = await self._read(f"draft/{caller.person}", id_)
        if kept is None:
            raise InvalidRequest("This is no longer at hand; choose it again from the message's menu")
        return kept.media

    async def _read(self, key: str, id_: str) -> PendingEntry | None:
        text = await self._adapter_data.get(key)
        if text is None:
            return None
        try:
            kept = PendingEntry.model_validate_json(text)
        except ValueError:
            # Another version has kept it.
            return None
        return kept if kept.id == id_ else None
