"""What every command is."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.domain.errors import InvalidRequest
from bot.domain.jobs import State
from bot.domain.options import JobId, Kind, Opt, explain, options


class Audience(StrEnum):
    """Who sees a command offered; who may use it is checked in the core on every call."""

    EVERYONE = "everyone"
    ADMINS = "admins"


class Command(BaseModel):
    """What a member asks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: as typed after the slash; a space parts a group from its member
    name: ClassVar[str]
    about: ClassVar[str]
    example: ClassVar[str]
    audience: ClassVar[Audience] = Audience.EVERYONE
    #: states of the jobs that it can be given
    states: ClassVar[frozenset[State]] = frozenset(State)


#: a job that must be named
Job = Annotated[JobId, Opt(about="The job, by its id", kind=Kind.JOB, positional=True, aliases=("id",))]


def build(command: type[Command], values: Mapping[str, Any]) -> Command:
    """Make a command from what a face collected; raises InvalidRequest saying what to mend."""
    # PostgreSQL stores no NUL in a text, and nobody means one.
    cleaned = {
        name: value.replace("\0", "") if isinstance(value, str) else value for name, value in values.items()
    }
    for option in options(command):
        text = cleaned.get(option.name)
        if option.kind not in (Kind.TEXT, Kind.MEMBER) or not isinstance(text, str):
            continue
        if len(text.strip()) > option.longest:
            raise InvalidRequest(
                f"{option.name.capitalize()} is too long, maximum length is {option.longest} characters"
            )
    try:
        return command.model_validate(cleaned)
    except ValidationError as error:
        raise explain(command, [dict(item) for item in error.errors(include_url=False)]) from error
