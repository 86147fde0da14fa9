"""The real core, except that what would cost money is recorded and refused."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any, cast

from bot.domain.commands import Command, GenerateCommand
from bot.domain.errors import NotAllowed
from bot.domain.identity import Caller, Invocation
from bot.service.facade import BotService
from bot.service.plugin import AdapterContext

RECORDED = "Only recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request that would have been charged."""

    what: Any
    person: str
    workspace: str


class RecordingService:
    """Wraps the service; requests that would cost money are recorded and refused."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        #: how many requests have arrived, and whether they may go on
        self.came = 0
        self.opened = asyncio.Event()
        self.opened.set()
        #: requests are executed instead of refused
        self.makes = False
        self._service: Any = None

    def wrap(self, context: AdapterContext) -> AdapterContext:
        self._service = context.service
        return replace(context, service=cast("BotService", self))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)

    async def execute(self, command: Command, invocation: Invocation, **more: Any) -> Any:
        if self.makes or not isinstance(command, GenerateCommand):
            return await self._service.execute(command, invocation, **more)
        return await self._record(command, invocation.caller)

    async def act(self, action: Any, job: str, invocation: Invocation, **more: Any) -> Any:
        return await self._record((action, job, more.get("action_input")), invocation.caller)

    async def react(self, emoji: str, job: str, invocation: Invocation) -> Any:
        return await self._record((emoji, job), invocation.caller)

    async def _record(self, what: Any, caller: Caller) -> Any:
        self.came += 1
        await self.opened.wait()
        self.asked.append(Asked(what=what, person=caller.person, workspace=caller.workspace))
        raise NotAllowed(RECORDED)
