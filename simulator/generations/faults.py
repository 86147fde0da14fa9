"""Faults on demand: rules, kept in the database, for what goes wrong, how often and for whom."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from simulator.generations.accounts import account_id
from simulator.generations.database import Database


class FaultStage(StrEnum):
    """When a fault happens; each request consumes at most one rule of each stage, the oldest."""

    #: before anything is done
    DELAY = "delay"
    #: in place of the work
    INSTEAD = "instead"
    #: when the work is done, in place of its response
    AFTER = "after"
    #: later, to the new generation
    GENERATION = "fate"


class FaultKind(StrEnum):
    SLOW = "slow"
    UNAUTHORIZED = "unauthorized"
    NO_CREDITS = "no_credits"
    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    LIST_ERROR = "list_error"
    ASSET_ERROR = "asset_error"
    LOST_ANSWER = "lost_answer"
    SERVER_ERROR_AFTER = "server_error_after"
    GARBAGE = "garbage"
    MODERATION = "moderation"
    PROMPT_FAILED = "prompt_failed"
    JOB_FAILED = "job_failed"
    STUCK = "stuck"
    VANISH = "vanish"
    EXPIRED_ASSET = "expired_asset"
    BROKEN_ASSET = "broken_asset"
    UNKNOWN_STATE = "unknown_state"


_STAGES = {
    FaultKind.SLOW: FaultStage.DELAY,
    FaultKind.UNAUTHORIZED: FaultStage.INSTEAD,
    FaultKind.NO_CREDITS: FaultStage.INSTEAD,
    FaultKind.RATE_LIMIT: FaultStage.INSTEAD,
    FaultKind.SERVER_ERROR: FaultStage.INSTEAD,
    FaultKind.LIST_ERROR: FaultStage.INSTEAD,
    FaultKind.ASSET_ERROR: FaultStage.INSTEAD,
    FaultKind.LOST_ANSWER: FaultStage.AFTER,
    FaultKind.SERVER_ERROR_AFTER: FaultStage.AFTER,
    FaultKind.GARBAGE: FaultStage.AFTER,
}

#: failure reasons of generations that fail on demand
FAILURES = {
    FaultKind.MODERATION: "Advanced prompt moderation failed",
    FaultKind.PROMPT_FAILED: "Prompt processing failed",
    FaultKind.JOB_FAILED: "Job failed",
}

#: words in a prompt that have the same effect, for trying things out
MAGIC_WORDS = {
    "#moderation": FaultKind.MODERATION,
    "#fail": FaultKind.JOB_FAILED,
    "#stuck": FaultKind.STUCK,
}
#: makes a generation take this many times as long
SLOW_WORD, SLOWDOWN = "#slow", 5

Call = Literal["create", "get", "list", "delete", "credits", "asset", "any"]


class FaultRule(BaseModel):
    """A fault that is to happen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind
    #: how many requests it affects
    times: int = Field(default=1, ge=1)
    #: API key that it is limited to
    key: str | None = None
    #: text that the prompt must contain
    match: str | None = None
    #: failure reason, or detail of the error response
    reason: str | None = None
    #: delay of `slow`, or the Retry-After of `rate_limit`
    ms: int | None = Field(default=None, ge=0)
    #: the call that it affects; faults of a generation or its response always affect creates
    on: Call | None = None

    @property
    def stage(self) -> FaultStage:
        return _STAGES.get(self.kind, FaultStage.GENERATION)

    @property
    def call(self) -> Call:
        if self.kind is FaultKind.LIST_ERROR:
            return "list"
        if self.kind is FaultKind.ASSET_ERROR:
            return "asset"
        return (self.on or "create") if self.stage in (FaultStage.DELAY, FaultStage.INSTEAD) else "create"


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggeredFault:
    """A fault that happens to one request."""

    kind: FaultKind
    reason: str | None
    ms: int | None


class Faults:
    """The stored fault rules."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, rule: FaultRule) -> None:
        await self._database.write(
            'INSERT INTO fault (kind, moment, "on", times, account, match, reason, ms)'
            " VALUES (:kind, :moment, :on, :times, :account, :match, :reason, :ms)",
            {
                **rule.model_dump(mode="json", exclude={"key"}),
                "moment": rule.stage.value,
                "on": rule.call,
                "account": None if rule.key is None else account_id(rule.key),
            },
        )

    async def pending(self) -> list[dict[str, Any]]:
        rows = await self._database.read(
            'SELECT kind, "on", times, account, match, reason, ms FROM fault ORDER BY seq'
        )
        names = ("kind", "on", "times", "key_hash", "match", "reason", "ms")
        return [dict(zip(names, row, strict=True)) for row in rows]

    async def clear(self) -> None:
        await self._database.write("DELETE FROM fault", {})

    async def consume(
        self, call: Call, account: str, prompt: str, stage: FaultStage
    ) -> TriggeredFault | None:
        """Use up one fault rule that matches this request, if there is one."""
        if not await self._database.read("SELECT 1 FROM fault LIMIT 1"):
            return None
        parameters = {"call": call, "account": account, "prompt": prompt.lower(), "moment": stage.value}
        async with self._database.transaction() as connection:
            found = list(
                await connection.execute_fetchall(
                    "UPDATE fault SET times = times - 1 WHERE seq = (SELECT seq FROM fault"
                    """ WHERE moment = :moment AND "on" IN (:call, 'any')"""
                    " AND (account IS NULL OR account = :account)"
                    " AND (match IS NULL OR instr(:prompt, lower(match)) > 0)"
                    " ORDER BY seq LIMIT 1) RETURNING kind, reason, ms",
                    parameters,
                )
            )
            await connection.execute("DELETE FROM fault WHERE times <= 0")
        if not found:
            return None
        kind, reason, ms = found[0]
        return TriggeredFault(kind=FaultKind(kind), reason=reason, ms=ms)


def fault_in_prompt(prompt: str) -> TriggeredFault | None:
    """Find the fault that a magic word of the prompt asks for."""
    words = prompt.lower()
    for word, kind in MAGIC_WORDS.items():
        if word in words:
            return TriggeredFault(kind=kind, reason=None, ms=None)
    return None
