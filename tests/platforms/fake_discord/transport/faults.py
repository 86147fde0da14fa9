"""Faults that tests inject: where, what and how often."""

from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase


class Drop(Enum):
    """When the line breaks."""

    BEFORE = "nothing has been done yet"
    AFTER = "it is done and nobody learns of it"


@dataclass(slots=True, kw_only=True)
class Fault:
    #: method and path with stars, as `PATCH /webhooks/*/messages/@original`
    pattern: str
    #: how often it happens; None: always
    times: int | None = 1
    #: status of the response in place of the real one
    status: int | None = None
    #: the service's own code in that answer
    code: int = 0
    message: str = "A test wants it so"
    #: the whole body of that answer as it is sent, whatever its shape, and what it claims to be
    raw: str | None = None
    content_type: str = "application/json"
    #: for 429: seconds to wait, and `user`, `shared` or `global`
    retry_after_s: float = 0.05
    scope: str = "user"
    #: for 429: a ban, which speaks HTML and names no time
    banned: bool = False
    #: delay of the response
    delay_s: float = 0.0
    drop: Drop | None = None
    #: execute the request before the false response
    done: bool = False
    #: bytes of the true answer that arrive before the line breaks
    cut_after: int | None = None
    #: how often it has happened
    happened: int = 0

    @property
    def spent(self) -> bool:
        return self.times is not None and self.happened >= self.times


class Faults:
    def __init__(self) -> None:
        self.planned: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        self.planned.append(fault)
        return fault

    def clear(self) -> None:
        self.planned.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """Return what happens to this call, and count it."""
        called = f"{method} {path}"
        for fault in self.planned:
            if not fault.spent and fnmatchcase(called, fault.pattern):
                fault.happened += 1
                return fault
        return None
