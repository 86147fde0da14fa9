"""A command's options, derived from its fields; every platform makes its inputs from them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import URL_MAX, MediaKind, Reference, kind_of_address
from bot.domain.generations.models import COMMON_RATIOS, UNLISTED_MODELS, ratio_not_offered
from bot.domain.ids import parse_job_id, parse_job_name
from bot.domain.money.pricing import read_money


class Kind(StrEnum):
    """What an option takes."""

    TEXT = "text"
    CHOICE = "choice"
    INTEGER = "integer"
    #: a number with decimals
    DECIMAL = "decimal"
    FLAG = "flag"
    #: a job, by its id
    JOB = "job"
    #: a member of this workspace, by the platform's own picker or their name
    MEMBER = "member"
    #: a role of this workspace, by the platform's own picker or a mention
    ROLE = "role"
    #: a channel of this workspace, likewise
    CHANNEL = "channel"
    #: dollars
    MONEY = "money"
    #: presets of this workspace, by their names
    PRESET = "preset"
    #: a picture or video: an attached file, a job by its id, or an address
    MEDIA = "media"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionSpec:
    """What a field of a command says about its option beside its type."""

    description: str
    kind: Kind | None = None
    #: other names of its flag, such as `ar` for `aspect_ratio`
    aliases: tuple[str, ...] = ()
    #: may be given in text without its flag
    positional: bool = False
    #: characters at most
    max_length: int = 100
    #: each value may end with `@` and a weight from 0 to 1
    weighted: bool = False
    #: of jobs, the kind of result that fits; None: either
    result: MediaKind | None = None
    #: of channels, whether the bot posts messages there
    posts: bool = False
    #: the values of an enum that are offered; empty: all
    choices: tuple[str, ...] = ()
    #: one line about each choice, in their order; empty for choices that explain themselves
    choice_notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a command."""

    name: str
    kind: Kind
    description: str
    required: bool
    #: as a person would write it; None if there is none
    default: str | None
    #: who has set the default, as members read it; empty if it is built in
    default_origin: str = ""
    choices: tuple[str, ...]
    #: one line about each choice, in their order; empty for choices that explain themselves
    choice_notes: tuple[str, ...]
    minimum: int | None
    maximum: int | None
    aliases: tuple[str, ...]
    positional: bool
    max_length: int
    #: how many values it takes
    max_count: int
    weighted: bool
    #: of jobs, the kind of result that fits; None: either
    result: MediaKind | None
    posts: bool = False

    @property
    def counted_description(self) -> str:
        """The description with how many values there can be, where there can be several."""
        return f"{self.description} (up to {self.max_count})" if self.max_count > 1 else self.description

    @property
    def default_text(self) -> str | None:
        """The default with who has set it, such as `9:16 · yours`."""
        return self.default and " · ".join(filter(None, (self.default, self.default_origin)))


#: characters of a person's text that a reply quotes
_BRIEF = 40


def shorten(text: str) -> str:
    """The beginning of a text that a reply quotes: platforms refuse replies that are too long."""
    return text if len(text) <= _BRIEF else f"{text[: _BRIEF - 1]}…"


def _read_job(value: object) -> object:
    if not isinstance(value, str):
        return value
    job = parse_job_name(value)
    if job is None:
        what = "an address" if is_address(value) else "not a job's id"
        raise ValueError(
            f"{shorten(value)!r} is {what}; give the #id of a job made here, /history lists yours"
        )
    return job


def _read_search(value: object) -> object:
    """Read a job's id, or words that find the job."""
    if not isinstance(value, str) or parse_job_name(value) is not None:
        return _read_job(value)
    words = " ".join(value.split())
    if not words or is_address(words):
        return _read_job(value)
    return words


_WEIGHT = re.compile(r"@(?P<weight>\d{1,4}(?:[.,]\d{1,20})?|\.\d{1,20})%?\Z", re.ASCII)
_ADDRESS = re.compile(r"https?://[^/?#]", re.IGNORECASE)
#: an address in a text: on its own, in angle brackets, or in a Markdown link
_AMONG_WORDS = re.compile(
    r"\[(?P<label>[^\[\]]{0,200})\]\(<?(?P<linked>https?://[^\s<>]+?)>?\)(?=[\s.,;:!?]|\Z)"
    r"|<?(?P<alone>https?://[^\s<>|`]+)(?:\|[^<>]*(?=>))?>?(?P<weight>@[\d.,]+%?)?"
    # meant as an address although it is not http(s): it is refused, and never drawn as words
    r"|(?<![\w@/.])(?P<like>(?:ftp|file|blob):/[^\s<>]+|data:\w+/[^\s<>]+|https?:/?[^\s<>/][^\s<>]*"
    r"|//[\w-]+(?:\.[\w-]+)+/[^\s<>]*|www\.[\w-]+\.[^\s<>]+"
    r"|(?:[\w-]+\.)+[a-z]{2,}/[^\s<>]*\.(?:png|jpe?g|gif|webp|avif|heic|mp4|mov|webm)\b[^\s<>]*)",
    re.IGNORECASE,
)
#: an address without a scheme
_SPOKEN = re.compile(r"(?:www\.|(?:[\w-]+\.)+[a-z]{2,}/)", re.IGNORECASE)
_RATIO = re.compile(r"0*([1-9]\d{0,3}):0*([1-9]\d{0,3})", re.ASCII)
#: a job's id in a text: a whole one, or a short one after a `#`
_JOB_AMONG_WORDS = re.compile(
    r"(?<![\w#@/&])(?:#(?P<short>[0-9a-z]{6})|#?(?P<whole>[0-9a-z]{24}))(?P<weight>@[\d.,]*\d%?)?(?![\w-])",
    re.IGNORECASE,
)
#: punctuation after an address, and brackets that belong to it only in pairs
_BEHIND = ".,;:!?'\"”’»…*"
_PAIRS = {")": "(", "]": "[", "}": "{"}
#: empty brackets and quotes that a removed address leaves
_EMPTY = re.compile(r"`+\s*`+|\(\s*\)|\[\s*\]|[\"“„«]\s*[\"”“»]")
#: spaces and commas that a removed address leaves
_GAP = re.compile(r"\s+(?=[,.;:!?])|[ \t](?=[ \t])|,\s*(?=,)")


def is_weighted(text: str) -> bool:
    """Whether a text ends with a weight."""
    return _WEIGHT.search(text) is not None


def is_address(text: str) -> bool:
    return _ADDRESS.match(_bare(text)) is not None


def _bare(text: str) -> str:
    """An address without angle brackets and the punctuation after it."""
    text = text.removeprefix("<").partition(">")[0] if text.startswith("<") else text
    while text and (text[-1] in _BEHIND or text.count(text[-1]) > text.count(_PAIRS.get(text[-1], text[-1]))):
        text = text[:-1]
    return text


def split_addresses(text: str) -> tuple[str, tuple[str, ...]]:
    """Split a text into its words and its addresses, each with an optional weight after an `@`."""
    found: list[str] = []

    def take(match: re.Match[str]) -> str:
        if match["linked"]:
            found.append(_bare(match["linked"]))
            return match["label"]
        written = match["alone"] or match["like"]
        address = _bare(written)
        found.append(f"{'https://' * bool(_SPOKEN.match(address))}{address}{match['weight'] or ''}")
        # The punctuation after the address stays in the text.
        return written[len(address) :].rstrip("*")

    words = _AMONG_WORDS.sub(take, text)
    return (_closed_up(words), tuple(found)) if found else (text, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMention:
    """A job's id in a text."""

    #: a whole id or a short one, in lower case
    name: str
    #: the weight after it, with its `@`; empty if there is none
    weight: str
    #: it can only be an id: a whole one, or six characters with a digit
    certain: bool
    start: int
    end: int


def job_mentions(text: str) -> tuple[JobMention, ...]:
    """The ids of jobs in a text, in order."""
    return tuple(
        JobMention(
            name=name,
            weight=match["weight"] or "",
            certain=match["whole"] is not None or any(letter.isdigit() for letter in name),
            start=match.start(),
            end=match.end(),
        )
        for match in _JOB_AMONG_WORDS.finditer(text)
        if (name := parse_job_name(match["whole"] or match["short"])) is not None
    )


def remove_job_ids(text: str, named: Iterable[JobMention]) -> str:
    """The text without these ids."""
    for one in sorted(named, key=lambda job: job.start, reverse=True):
        text = text[: one.start] + text[one.end :]
    return _closed_up(text)


def _closed_up(words: str) -> str:
    words = _GAP.sub("", _EMPTY.sub("", words)).strip(" \t\n,;")
    return words if any(letter.isalnum() for letter in words) else ""


def names_media(text: str) -> bool:
    """Whether one word can only mean a picture or video, with or without a weight."""
    found = _WEIGHT.search(text)
    source = text if found is None else text[: found.start()]
    return is_named_job(source) or is_address(source)


def is_named_job(text: str) -> bool:
    """Whether one word can only mean a job; six letters alone may be a word."""
    return parse_job_name(text) is not None and (text.startswith("#") or parse_job_id(text) is not None)


#: follows the id of a video where only its first frame is meant
FIRST_FRAME = "/first_frame"


def read_reference(text: str) -> Reference:
    """Read a job's id or an address; raises ValueError that says what is expected."""
    text = text.strip()
    name = text.removesuffix(FIRST_FRAME)
    if (job := parse_job_name(name)) is not None:
        return Reference(job=job, first_frame_only=name != text)
    text = _bare(text)
    if not is_address(text) or not text.isprintable() or " " in text:
        raise ValueError(
            f"{shorten(text)!r} is neither a job's id nor an address; attach a file, or see /history for ids"
        )
    if len(text) > URL_MAX:
        raise ValueError(f"an address has {URL_MAX} characters at most")
    try:
        return Reference(url=text, kind=kind_of_address(text))
    except ValueError as error:
        raise ValueError(f"{shorten(text)!r} is not an address that can be read") from error


def _read_media(value: object) -> object:
    if not isinstance(value, str):
        return value
    if _WEIGHT.search(value):
        raise ValueError("this takes no influence: leave out what follows the @")
    return read_reference(value)


def _read_weighted(value: object) -> object:
    found = _WEIGHT.search(value) if isinstance(value, str) else None
    if not isinstance(value, str) or found is None:
        return _read_media(value)
    text = found[0].removeprefix("@")
    weight = float(text) if text == found["weight"] and "," not in text else None
    if weight is None or weight > 1:
        raise ValueError(f"an influence lies between 0 and 1, such as 0.85, not at {text}")
    return read_reference(value[: found.start()]).model_copy(update={"weight": weight})


def _read_amount(value: object) -> object:
    return read_money(value) if isinstance(value, str) else value


#: a job's id, whole or short; the core replaces it with the whole one
JobId = Annotated[str, BeforeValidator(_read_job)]
#: the same, or words of its prompt: for commands that show the job before they change it
JobSearch = Annotated[str, BeforeValidator(_read_search)]
#: micro-dollars, typed in dollars
Money = Annotated[int, BeforeValidator(_read_amount)]
#: a picture or video, as an attached file or as text
MediaRef = Annotated[Reference, BeforeValidator(_read_media)]
#: the same with a weight, `<job or address>@0.85`
WeightedRef = Annotated[Reference, BeforeValidator(_read_weighted)]


@cache
def options(command: type[BaseModel]) -> tuple[Option, ...]:
    """The options of a command, required ones first and inherited ones last."""
    found = [_derive(name, field) for name, field in command.model_fields.items()]
    own = command.__annotations__
    return tuple(sorted(found, key=lambda option: (not option.required, option.name not in own)))


def _derive(name: str, field: FieldInfo) -> Option:
    opt = next((item for item in field.metadata if isinstance(item, OptionSpec)), None)
    if opt is None:
        raise TypeError(f"the option {name} has no OptionSpec")
    inner = _parts(field.annotation)
    choices = opt.choices or tuple(
        str(item.value) for enum in inner if _is_enum(enum) for item in enum if item not in UNLISTED_MODELS
    )
    bounds = [item for item in field.metadata if isinstance(item, Ge | Le)]
    return Option(
        name=name,
        kind=opt.kind or _kind_of(inner[0]),
        description=opt.description,
        required=field.is_required(),
        default=None if field.is_required() or field.default in (None, False, "", ()) else str(field.default),
        choices=choices,
        choice_notes=opt.choice_notes,
        minimum=next((_whole(item.ge) for item in bounds if isinstance(item, Ge)), None),
        maximum=next((_whole(item.le) for item in bounds if isinstance(item, Le)), None),
        aliases=opt.aliases,
        positional=opt.positional,
        max_length=opt.max_length,
        max_count=next((item.max_length for item in field.metadata if isinstance(item, MaxLen)), 1),
        weighted=opt.weighted,
        result=opt.result,
        posts=opt.posts,
    )


def _parts(annotation: Any) -> tuple[Any, ...]:
    """The types of an option without None."""
    if get_origin(annotation) in (Union, UnionType):
        return tuple(part for part in get_args(annotation) if part is not type(None))
    return (annotation,)


def _is_enum(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Enum)


def _kind_of(annotation: Any) -> Kind:
    if _is_enum(annotation):
        return Kind.CHOICE
    return {bool: Kind.FLAG, int: Kind.INTEGER, float: Kind.DECIMAL, str: Kind.TEXT}[annotation]


def _whole(bound: object) -> int:
    if not isinstance(bound, int):
        raise TypeError(f"an option's bound must be a whole number, not {bound!r}")
    return bound


def explain(command: type[BaseModel], errors: list[Mapping[str, Any]]) -> InvalidRequest:
    """Turn pydantic's first validation error into a sentence that says what to write instead."""
    error = errors[0]
    name = str(error["loc"][0]) if error["loc"] else ""
    option = next((item for item in options(command) if item.name == name), None)
    if option is None:
        return InvalidRequest(str(error["msg"]).removeprefix("Value error, "))
    if error["type"] == "missing":
        if name == "prompt":
            return InvalidRequest("Prompt is required", option=name)
        return InvalidRequest(f"{option.name} is missing: {option.description.lower()}", option=name)
    return InvalidRequest(_expectation(option, error), option=name)


def _expectation(option: Option, error: Mapping[str, Any]) -> str:
    if error["type"] == "too_long":
        return f"{option.name} can be given {option.max_count} times at most"
    if option.choices:
        given = shorten(str(error.get("input")))
        if option.name == "aspect_ratio" and (shape := _RATIO.fullmatch(given)):
            return f"aspect_ratio {ratio_not_offered(int(shape[1]), int(shape[2]), COMMON_RATIOS)}"
        return f"{option.name} cannot be {given!r}; choose one of {', '.join(option.choices)}"
    if option.minimum is not None and option.maximum is not None:
        number = "a number" if option.kind is Kind.DECIMAL else "a whole number"
        return f"{option.name} must be {number} from {option.minimum} to {option.maximum}"
    return f"{option.name}: {str(error['msg']).removeprefix('Value error, ')}"
