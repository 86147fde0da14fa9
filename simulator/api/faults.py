"""Faults on demand: what shall go wrong, how often and for whom, kept in the database."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from simulator.api.accounts import account_of
from simulator.api.database import Database


class Moment(StrEnum):
    """When a fault strikes; of each moment a request meets one fault at most, the oldest."""

    #: before anything is done
    DELAY = "delay"
    #: in place of the work
    INSTEAD = "instead"
    #: when the work is done, in place of its answer
    AFTER = "after"
    #: later, to the generation that was made
    FATE = "fate"


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


_MOMENTS = {
    FaultKind.SLOW: Moment.DELAY,
    FaultKind.UNAUTHORIZED: Moment.INSTEAD,
    FaultKind.NO_CREDITS: Moment.INSTEAD,
    FaultKind.RATE_LIMIT: Moment.INSTEAD,
    FaultKind.SERVER_ERROR: Moment.INSTEAD,
    FaultKind.LIST_ERROR: Moment.INSTEAD,
    FaultKind.ASSET_ERROR: Moment.INSTEAD,
    FaultKind.LOST_ANSWER: Moment.AFTER,
    FaultKind.SERVER_ERROR_AFTER: Moment.AFTER,
    FaultKind.GARBAGE: Moment.AFTER,
}

#: what a generation that was made to fail gives as its reason
FAILURES = {
    FaultKind.MODERATION: "Advanced prompt moderation failed",
    FaultKind.PROMPT_FAILED: "Prompt processing failed",
    FaultKind.JOB_FAILED: "Job failed",
}

#: words in a prompt that do the same, for whoever tries things out
MAGIC_WORDS = {
    "#moderation": FaultKind.MODERATION,
    "#fail": FaultKind.JOB_FAILED,
    "#stuck": FaultKind.STUCK,
}
#: makes a generation take this many times as long
SLOW_WORD, SLOWDOWN = "#slow", 5

Call = Literal["create", "get", "list", "delete", "credits", "asset", "any"]


class Fault(BaseModel):
    """An order for something to go wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind
    #: how many requests it strikes
    times: int = Field(default=1, ge=1)
    #: API key that it is meant for; everyone's when absent
    key: str | None = None
    #: part of the prompt that it is meant for
    match: str | None = None
    #: failure reason, or text of the error answer
    reason: str | None = None
    #: how long `slow` holds an answer back, or what `rate_limit` names in Retry-After
    ms: int | None = Field(default=None, ge=0)
    #: the call that it strikes; what strikes a generation or its answer always strikes creates
    on: Call | None = None

    @property
    def moment(self) -> Moment:
        return _MOMENTS.get(self.kind, Moment.FATE)

    @property
    def call(self) -> Call:
        if self.kind is FaultKind.LIST_ERROR:
            return "list"
        if self.kind is FaultKind.ASSET_ERROR:
            return "asset"
        return (self.on or "create") if self.moment in (Moment.DELAY, Moment.INSTEAD) else "create"


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """A fault that has come true for one request."""

    kind: FaultKind
    reason: str | None
    ms: int | None


class Faults:
    """The faults that are still to come."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def order(self, fault: Fault) -> None:
        await self._database.write(
            'INSERT INTO fault (kind, moment, "on", times, account, match, reason, ms)'
            " VALUES (:kind, :moment, :on, :times, :account, :match, :reason, :ms)",
            {
                **fault.model_dump(mode="json", exclude={"key"}),
                "moment": fault.moment.value,
                "on": fault.call,
                "account": None if fault.key is None else account_of(fault.key),
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

    async def strike(self, call: Call, account: str, prompt: str, moment: Moment) -> Struck | None:
        """Use up one fault that is meant for this request, if there is one."""
        if not await self._database.read("SELECT 1 FROM fault LIMIT 1"):
            return None
        meant = {"call": call, "account": account, "prompt": prompt.lower(), "moment": moment.value}
        async with self._database.transaction() as connection:
            found = list(
                await connection.execute_fetchall(
                    "UPDATE fault SET times = times - 1 WHERE seq = (SELECT seq FROM fault"
                    """ WHERE moment = :moment AND "on" IN (:call, 'any')"""
                    " AND (account IS NULL OR account = :account)"
                    " AND (match IS NULL OR instr(:prompt, lower(match)) > 0)"
                    " ORDER BY seq LIMIT 1) RETURNING kind, reason, ms",
                    meant,
                )
            )
            await connection.execute("DELETE FROM fault WHERE times <= 0")
        if not found:
            return None
        kind, reason, ms = found[0]
        return Struck(kind=FaultKind(kind), reason=reason, ms=ms)


def fate_in(prompt: str) -> Struck | None:
    """Read the magic words of a prompt."""
    words = prompt.lower()
    for word, kind in MAGIC_WORDS.items():
        if word in words:
            return Struck(kind=kind, reason=None, ms=None)
    return None
