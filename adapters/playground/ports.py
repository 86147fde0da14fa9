"""The core as the playground sees it: protocols of the facade and of the adapter data."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from bot.domain.actions import Action, ActionInput
from bot.domain.commands import Command, GenerateCommand, Quota
from bot.domain.completion import Suggestion
from bot.domain.identity import Caller, Invocation
from bot.domain.media import Media, Reference
from bot.service.replies import PriceQuote, PrivateReply, Reply

#: milliseconds UTC
Clock = Callable[[], int]


class Upload(Protocol):
    """A file on its way in, within what its member may have on their way."""

    def add(self, size: int, /) -> None:
        """Count bytes before they are written; raises where they are too many."""
        ...

    async def store(self, path: Path, /) -> Media: ...


class BotService(Protocol):
    """Carries out what people ask; raises Refused with a text for them."""

    async def execute(
        self,
        command: Command,
        invocation: Invocation,
        *,
        files: tuple[Reference, ...] = (),
        replied: str | None = None,
    ) -> Reply: ...

    async def act(
        self,
        action: Action,
        job: str,
        invocation: Invocation,
        *,
        action_input: ActionInput | None = None,
    ) -> Reply: ...

    async def answer_confirmation(
        self, job: str, caller: Caller, *, question: str, confirmed: bool
    ) -> PrivateReply: ...

    async def react(self, emoji: str, job: str, invocation: Invocation) -> Reply | None: ...

    async def unreact(self, emoji: str, job: str, invocation: Invocation) -> Reply | None: ...

    def reactions(self, caller: Caller, /) -> Mapping[str, Action]: ...

    def admit_query(self, caller: Caller, /) -> None: ...

    def begin_upload(self, caller: Caller, /) -> AbstractAsyncContextManager[Upload]: ...

    async def quote(
        self,
        command: GenerateCommand,
        invocation: Invocation,
        *,
        files: tuple[Reference, ...] = (),
        replied: str | None = None,
    ) -> PriceQuote: ...

    async def answer_query(self, question: Quota, caller: Caller) -> PrivateReply: ...

    async def autocomplete_line(self, text: str, invocation: Invocation) -> Sequence[Suggestion]: ...


class Entry(Protocol):
    """A value in the vault; `seq` tells when it was put."""

    @property
    def key(self) -> str: ...

    @property
    def value(self) -> str: ...

    @property
    def seq(self) -> int: ...


class AdapterData(Protocol):
    """The adapter's own encrypted key-value store in the database."""

    async def put(self, key: str, value: str) -> int: ...

    async def get(self, key: str) -> str | None: ...

    async def remove(self, key: str) -> None: ...

    async def since(self, prefix: str, seq: int, *, limit: int = 500) -> Sequence[Entry]: ...

    async def latest(self, prefix: str, *, limit: int = 200) -> Sequence[Entry]: ...
