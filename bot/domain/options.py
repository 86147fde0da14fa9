"""What every face needs to know of a command's option, derived from the command's own fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from bot.domain.errors import InvalidRequest
from bot.domain.ids import as_id
from bot.domain.pricing import read_money


class Kind(StrEnum):
    """What a person gives for an option."""

    TEXT = "text"
    CHOICE = "choice"
    INTEGER = "integer"
    FLAG = "flag"
    #: a job, by its id
    JOB = "job"
    #: a member of this workspace, by the platform's own picker or their name
    MEMBER = "member"
    #: dollars
    MONEY = "money"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opt:
    """What a field says about itself beside its type."""

    about: str
    kind: Kind | None = None
    #: further names that text faces understand, `ar` for `aspect_ratio`
    aliases: tuple[str, ...] = ()
    #: may be given without its name in text
    positional: bool = False
    #: longest text
    longest: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option as a face shows it."""

    name: str
    kind: Kind
    about: str
    required: bool
    #: as a person would write it; None where there is none
    default: str | None
    choices: tuple[str, ...]
    minimum: int | None
    maximum: int | None
    aliases: tuple[str, ...]
    positional: bool
    longest: int


#: characters of somebody's text that an answer repeats
_BRIEF = 40


def brief(text: str) -> str:
    """The beginning of a text that an answer repeats: platforms refuse answers that are too long."""
    return text if len(text) <= _BRIEF else f"{text[: _BRIEF - 1]}…"


def _read_job(value: object) -> object:
    if not isinstance(value, str):
        return value
    job = as_id(value)
    if job is None:
        raise ValueError(f"{brief(value)!r} is not a job's id; /history lists yours")
    return job


def _read_amount(value: object) -> object:
    return read_money(value) if isinstance(value, str) else value


#: a job's id as people paste it
JobId = Annotated[str, BeforeValidator(_read_job)]
#: micro-dollars, typed in dollars
Money = Annotated[int, BeforeValidator(_read_amount)]


@cache
def options(command: type[BaseModel]) -> tuple[Option, ...]:
    """Derive a command's options, the required ones first, as every face orders them."""
    found = [_derive(name, field) for name, field in command.model_fields.items()]
    return tuple(sorted(found, key=lambda option: not option.required))


def _derive(name: str, field: FieldInfo) -> Option:
    opt = next((item for item in field.metadata if isinstance(item, Opt)), None)
    if opt is None:
        raise TypeError(f"the option {name} does not say what it is about")
    inner = _without_none(field.annotation)
    choices = tuple(str(item.value) for item in inner) if _is_enum(inner) else ()
    bounds = [item for item in field.metadata if isinstance(item, Ge | Le)]
    return Option(
        name=name,
        kind=opt.kind or _kind_of(inner),
        about=opt.about,
        required=field.is_required(),
        default=None if field.is_required() or field.default in (None, False, "") else str(field.default),
        choices=choices,
        minimum=next((_whole(item.ge) for item in bounds if isinstance(item, Ge)), None),
        maximum=next((_whole(item.le) for item in bounds if isinstance(item, Le)), None),
        aliases=opt.aliases,
        positional=opt.positional,
        longest=opt.longest,
    )


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, UnionType):
        return next(part for part in get_args(annotation) if part is not type(None))
    return annotation


def _is_enum(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Enum)


def _kind_of(annotation: Any) -> Kind:
    if _is_enum(annotation):
        return Kind.CHOICE
    return {bool: Kind.FLAG, int: Kind.INTEGER, str: Kind.TEXT}[annotation]


def _whole(bound: object) -> int:
    if not isinstance(bound, int):
        raise TypeError(f"an option's bound must be a whole number, not {bound!r}")
    return bound


def explain(command: type[BaseModel], errors: list[Mapping[str, Any]]) -> InvalidRequest:
    """Turn a model's first validation error into a sentence that says what to write instead."""
    error = errors[0]
    name = str(error["loc"][0]) if error["loc"] else ""
    option = next((item for item in options(command) if item.name == name), None)
    if option is None:
        return InvalidRequest(str(error["msg"]).removeprefix("Value error, "))
    given = error.get("input")
    if error["type"] == "missing":
        if name == "prompt":
            return InvalidRequest("Prompt is required")
        return InvalidRequest(f"{option.name} is missing: {option.about.lower()}")
    if option.choices:
        return InvalidRequest(
            f"{option.name} cannot be {brief(str(given))!r}; choose one of {', '.join(option.choices)}"
        )
    if option.minimum is not None and option.maximum is not None:
        return InvalidRequest(
            f"{option.name} must be a whole number from {option.minimum} to {option.maximum}"
        )
    return InvalidRequest(f"{option.name}: {str(error['msg']).removeprefix('Value error, ')}")
