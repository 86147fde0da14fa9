"""The base of all commands."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Reference
from bot.domain.jobs.job import State
from bot.domain.options import JobSearch, Kind, OptionSpec, explain, options
from bot.domain.text import storable

#: the job in examples; people are shown one of theirs in its place
EXAMPLE_ID = "#4n6p8r"


class Audience(StrEnum):
    """Who is shown a command; who may use it is checked in the core on every call."""

    EVERYONE = "everyone"
    ADMINS = "admins"


class Command(BaseModel):
    """What a member asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: as typed after the slash; a space separates a group from its subcommand
    name: ClassVar[str]
    description: ClassVar[str]
    example: ClassVar[str]
    audience: ClassVar[Audience] = Audience.EVERYONE
    #: states of the jobs that it accepts
    states: ClassVar[frozenset[State]] = frozenset(State)

    @property
    def is_public(self) -> bool:
        """Whether it posts something that everybody in the channel sees."""
        return False

    @property
    def jobs(self) -> tuple[str, ...]:
        """The jobs that it names, by their whole ids or as typed."""
        found: list[str] = []
        of_jobs = self._of_jobs
        for name, value in vars(self).items():
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, Reference) and one.job is not None:
                    found.append(one.job)
                elif name in of_jobs and isinstance(one, str):
                    found.append(one)
        return tuple(dict.fromkeys(found))

    def renamed(self, ids: Mapping[str, str]) -> Self:
        """The same command with `ids` in place of the names of jobs."""

        def other(name: str, value: Any) -> Any:
            if isinstance(value, tuple):
                return tuple(other(name, one) for one in value)
            if isinstance(value, Reference):
                job = ids.get(value.job or "", value.job)
                return value.model_copy(update={"job": job})
            return ids.get(value, value) if name in self._of_jobs and isinstance(value, str) else value

        return self.model_copy(
            update={name: other(name, getattr(self, name)) for name in self.model_fields_set}
        )

    @property
    def _of_jobs(self) -> frozenset[str]:
        return frozenset(option.name for option in options(type(self)) if option.kind is Kind.JOB)

    @classmethod
    def check_text(cls, text: str) -> None:
        """Refuse a text after the command's name before any of it is quoted; raises InvalidRequest."""

    @classmethod
    def arranged(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values as the command takes them, such as a text without the words of another option."""
        return values

    @classmethod
    def read_addresses(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Read the addresses in a command's texts; raises InvalidRequest if it takes none."""
        return values


#: a required job
Job = Annotated[
    JobSearch,
    OptionSpec(
        description="The job, by its #id or words of it", kind=Kind.JOB, positional=True, aliases=("id",)
    ),
]


_Command = TypeVar("_Command", bound=Command)


def build(command: type[_Command], values: Mapping[str, Any]) -> _Command:
    """Build a command from option values; raises InvalidRequest that says what to change."""
    cleaned = command.arranged({name: _cleaned(value) for name, value in values.items()})
    for option in options(command):
        text = cleaned.get(option.name)
        if option.kind not in (Kind.TEXT, Kind.MEMBER) or not isinstance(text, str):
            continue
        if len(text.strip()) > option.max_length:
            raise InvalidRequest(
                f"{option.name.capitalize()} is too long, maximum length is {option.max_length} characters",
                option=option.name,
            )
    try:
        return command.model_validate(command.read_addresses(cleaned))
    except ValidationError as error:
        raise explain(command, [dict(item) for item in error.errors(include_url=False)]) from error


def problems_of(command: type[Command], values: Mapping[str, Any]) -> Mapping[str, str]:
    """What is wrong with values, by option; what is missing is not looked for."""
    try:
        command.model_validate({name: _cleaned(value) for name, value in values.items()})
    except ValidationError as error:
        refused = [
            explain(command, [dict(one)])
            for one in error.errors(include_url=False)
            if one["type"] != "missing"
        ]
        return {one.option: str(one) for one in reversed(refused)}
    return {}


def _cleaned(value: Any) -> Any:
    """The value with texts that a database can store."""
    if isinstance(value, (tuple, list)):
        return tuple(map(_cleaned, value))
    return storable(value) if isinstance(value, str) else value
