"""Records in the audit what members were refused by rules, quotas and blocks.

A refusal is answered first and recorded later, together with others. What a member can have recorded is
limited, because anybody can be refused as often as they like.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from bot.domain.cards.decisions import Decision
from bot.domain.commands import Command, Link, Unlink
from bot.domain.errors import NotAllowed, QuotaExhausted, TooManyRequests, for_admins
from bot.domain.identity import Caller, Invocation
from bot.domain.jobs.actions import Action
from bot.domain.jobs.failures import one_line
from bot.service.facade import BotService
from bot.service.members.questions import is_question
from bot.service.replies import PrivateReply, Reply
from bot.services import Services, log
from bot.store.admin.audit import RefusalRow, record_refusals

_HOUR_MS = 3_600_000
#: entries an hour, of one member and of one workspace
_PER_MEMBER, _PER_WORKSPACE = 20, 200
#: a workspace's admins are not told about other accounts of its members
_NOT_RECORDED = (Link, Unlink)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """Equal ones become one entry."""

    member: str
    workspace: str
    asked: str
    reason: str


class RefusalLog:
    """Collects refusals, and records them from time to time."""

    def __init__(self, services: Services) -> None:
        self._services = services
        #: how often each was given since the last recording
        self._waiting: Counter[_Refusal] = Counter()
        #: entries of members and workspaces in this hour
        self._recent: Counter[str] = Counter()
        self._hour = 0
        #: refusals that had no room
        self._left_out = 0

    def add(self, caller: Caller, asked: str, reason: str) -> None:
        """Note a refusal; one that is over the limits is only counted."""
        refusal = _Refusal(
            member=caller.member, workspace=caller.workspace, asked=asked, reason=one_line(reason)
        )
        if refusal not in self._waiting and not self._has_room(caller):
            self._left_out += 1
            return
        self._waiting[refusal] += 1

    def _has_room(self, caller: Caller) -> bool:
        hour = self._services.clock() // _HOUR_MS
        if hour != self._hour:
            self._hour = hour
            self._recent.clear()
        if self._recent[caller.member] >= _PER_MEMBER or self._recent[caller.workspace] >= _PER_WORKSPACE:
            return False
        self._recent.update((caller.member, caller.workspace))
        return True

    async def run(self) -> None:
        """Record until the process stops, and then what is left."""
        services = self._services
        async for _ in services.ticks("refusals", services.times.refusal_interval):
            await services.guarded("refusals", self.record)
        await services.guarded("refusals", self.record)

    async def record(self) -> None:
        """Record what was noted; after a failure it is tried again."""
        waiting, now = dict(self._waiting), self._services.clock()
        if left_out := self._left_out:
            log.info("refusals_not_recorded", count=left_out)
            self._left_out -= left_out
        if not waiting:
            return
        rows = [
            RefusalRow(
                at=now,
                member=one.member,
                workspace=one.workspace,
                asked=one.asked,
                reason=one.reason,
                times=times,
            )
            for one, times in waiting.items()
        ]
        await self._services.database.transact(record_refusals, rows)
        self._waiting -= Counter(waiting)

    @contextmanager
    def recorded(self, caller: Caller, asked: str) -> Iterator[None]:
        """Note what is refused inside, unless the caller only has to write it differently or to wait."""
        try:
            yield
        except TooManyRequests:
            raise
        except (NotAllowed, QuotaExhausted) as error:
            self.add(caller, asked, for_admins(error))
            raise


class AuditedService(BotService):
    """The use cases for adapters, with refusals in the audit."""

    def __init__(self, services: Services, refusals: RefusalLog) -> None:
        super().__init__(services)
        self._refusals = refusals

    async def execute(self, command: Command, invocation: Invocation, **more: Any) -> Reply:
        if isinstance(command, _NOT_RECORDED):
            return await super().execute(command, invocation, **more)
        with self._refusals.recorded(invocation.caller, command.name):
            return await super().execute(command, invocation, **more)

    async def act(self, action: Action, job: str, invocation: Invocation, **more: Any) -> Reply:
        with self._refusals.recorded(invocation.caller, action):
            return await super().act(action, job, invocation, **more)

    async def react(self, emoji: str, job: str, invocation: Invocation, **more: Any) -> Reply | None:
        with self._refusals.recorded(invocation.caller, f"reaction {emoji}"):
            return await super().react(emoji, job, invocation, **more)

    async def decide(
        self, decision: Decision, job: str, card: str, caller: Caller, *, key: str = ""
    ) -> PrivateReply:
        with self._refusals.recorded(caller, f"{decision} {job}"):
            return await super().decide(decision, job, card, caller, key=key)

    async def start_pending(self, pending: str, invocation: Invocation) -> Reply:
        with self._refusals.recorded(invocation.caller, "start of a preview"):
            return await super().start_pending(pending, invocation)

    async def answer_confirmation(
        self, job: str, caller: Caller, *, question: str, confirmed: bool, key: str = ""
    ) -> PrivateReply:
        answer = super().answer_confirmation(job, caller, question=question, confirmed=confirmed, key=key)
        if is_question(job, question):
            return await answer
        with self._refusals.recorded(caller, f"delete {job}"):
            return await answer

    async def set_workspace_key(self, key: SecretStr, caller: Caller, **more: Any) -> PrivateReply:
        with self._refusals.recorded(caller, "studio key"):
            return await super().set_workspace_key(key, caller, **more)
