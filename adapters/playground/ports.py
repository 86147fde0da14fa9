"""What the playground needs of the core, as roles; `bot.engine.studio` and `bot.engine.vault` play them."""

from collections.abc import Callable, Sequence
from typing import Protocol

from bot.domain.actions import Action
from bot.domain.commands import Command
from bot.domain.completion import Suggestion
from bot.domain.people import Caller, Place
from bot.domain.requests import AspectRatio
from bot.engine.answers import Answer, Note

#: milliseconds UTC
Clock = Callable[[], int]


class Studio(Protocol):
    """Carries out what people ask; raises Refused with a text for them."""

    async def handle(self, command: Command, caller: Caller, place: Place, *, key: str) -> Answer: ...

    async def act(
        self,
        action: Action,
        job: str,
        caller: Caller,
        place: Place,
        *,
        key: str,
        aspect_ratio: AspectRatio | None = None,
    ) -> Answer: ...

    async def quota(self, caller: Caller) -> Note: ...

    async def suggest(self, text: str, caller: Caller) -> Sequence[Suggestion]: ...


class Entry(Protocol):
    """A value in the vault; `seq` tells when it was put."""

    @property
    def key(self) -> str: ...

    @property
    def value(self) -> str: ...

    @property
    def seq(self) -> int: ...


class Vault(Protocol):
    """The adapter's own encrypted key-value store in the database."""

    async def put(self, key: str, value: str) -> int: ...

    async def get(self, key: str) -> str | None: ...

    async def remove(self, key: str) -> None: ...

    async def since(self, prefix: str, seq: int, *, limit: int = 500) -> Sequence[Entry]: ...

    async def latest(self, prefix: str, *, limit: int = 200) -> Sequence[Entry]: ...
