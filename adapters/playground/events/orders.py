"""Reads a command from what a page sends, and writes the command line that others see above its result."""

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.playground.events.requests import CommandFields, FileValue, RequestContext, Value
from adapters.playground.events.uploads import Uploads
from adapters.playground.messages.records import UserMessage
from bot.domain.commands import CATALOGUE, Command, GenerateCommand, build
from bot.domain.errors import InvalidRequest
from bot.domain.ids import short_id
from bot.domain.media import Reference
from bot.domain.options import Kind, Option, options
from bot.domain.parsing import parse
from bot.domain.workspace_keys import without_typed_key

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command with the files and the job that came with it."""

    command: Command
    files: tuple[Reference, ...]
    replied: str | None

    @property
    def private(self) -> bool:
        return bool(getattr(self.command, "private", False))


def read_order(body: CommandFields, uploads: Uploads, context: RequestContext) -> Order:
    """Read a command. Raises InvalidRequest, whose text says how to correct it."""
    return Order(
        command=parse(body.text) if body.text else _from_form(body, uploads, context),
        files=tuple(Reference.of(uploads.open(token, context).media) for token in body.files),
        replied=body.replied,
    )


def _from_form(body: CommandFields, uploads: Uploads, context: RequestContext) -> Command:
    command = CATALOGUE.get(body.command)
    if command is None:
        raise InvalidRequest("Unknown command. /help lists all commands.")

    def read(value: Value) -> object:
        if isinstance(value, FileValue):
            media = uploads.open(value.file, context).media
            return Reference.of(media).model_copy(update={"weight": value.weight})
        return tuple(read(one) for one in value) if isinstance(value, tuple) else value

    return build(command, {name: read(value) for name, value in body.values.items() if value not in ("", ())})


def user_message_of(body: CommandFields, uploads: Uploads, context: RequestContext) -> UserMessage:
    """Return what people read above the reply. Expired files are left out: `read_order` refuses them."""
    values = {name: value if isinstance(value, tuple) else (value,) for name, value in body.values.items()}
    tokens = [one.file for several in values.values() for one in several if isinstance(one, FileValue)]
    files = []
    for token in (*body.files, *tokens):
        try:
            upload = uploads.open(token, context)
        except InvalidRequest:
            continue
        files.append((upload.name, upload.media))
    command = CATALOGUE.get(body.command)
    text = body.text.strip() if command is None else command_line(command, _without_files(body))
    text = without_typed_key(text or f"/{body.command}")
    return UserMessage(text=text, files=tuple(files), replied=body.replied)


def message_of_command(command: Command) -> UserMessage:
    """Return what people read above the reply to a command that was read before."""
    values: dict[str, object] = {}
    files = []
    for name in command.model_fields_set:
        value = getattr(command, name)
        if isinstance(value, Reference):
            if value.file is not None and value.url is None:
                files.append((name, value.file))
                continue
            value = f"#{short_id(value.job)}" if value.job is not None else value.url
        values[name] = value
    return UserMessage(text=command_line(type(command), values), files=tuple(files))


def _without_files(body: CommandFields) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name, value in body.values.items():
        if isinstance(value, tuple):
            kept[name] = tuple(one for one in value if not isinstance(one, FileValue))
        elif not isinstance(value, FileValue):
            kept[name] = value
    return kept


def command_line(command: type[Command], values: Values) -> str:
    """Write a form's values as one line that `parse` reads as the same command."""
    line = _write(command, values, named=False)
    # A prompt may begin with what reads as another option, or contain what reads as a flag.
    return line if _is_read_as(line, command, values) else _write(command, values, named=True)


def _write(command: type[Command], values: Values, *, named: bool) -> str:
    given = [option for option in options(command) if _is_given(command, option, values)]
    text = None if named else next((option for option in given if _is_text(option)), None)
    first = [] if named else [one for one in given if one.positional and one.required and not _is_text(one)]
    words = [f"/{command.name}"]
    words += [_quoted(str(values[option.name])) for option in first]
    if text is not None:
        words.append(_one_line(str(values[text.name])))
    for option in given:
        if option is not text and option not in first:
            words.extend(_flags(option, values[option.name]))
    return " ".join(words)


def _is_given(command: type[Command], option: Option, values: Values) -> bool:
    value = values.get(option.name)
    # Where somebody may have set another default, the built-in one is a choice.
    if issubclass(command, GenerateCommand) and option.name in command.defaults:
        return value not in (None, "")
    return value not in (None, "", False, (), []) and str(value) != option.default


def _is_text(option: Option) -> bool:
    return option.positional and option.kind in (Kind.TEXT, Kind.MEMBER)


def _flags(option: Option, value: object) -> list[str]:
    if option.kind is Kind.FLAG:
        return [f"--{option.name}" if value else f"--{option.name}=no"]
    several = value if isinstance(value, list | tuple) else (value,)
    return [f"--{option.name} {_quoted(str(one))}" for one in several]


def _quoted(text: str) -> str:
    text = _one_line(text)
    if (
        text
        and not any(letter.isspace() for letter in text)
        and not text.startswith(("-", "—", "–", '"', "'"))
    ):
        return text
    return f'"{text}"' if '"' not in text else f"«{text}»"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _is_read_as(line: str, command: type[Command], values: Values) -> bool:
    try:
        return parse(line) == build(command, {name: _plain(value) for name, value in values.items()})
    except InvalidRequest:
        # Invalid values are refused when the command is read.
        return False


def _plain(value: object) -> object:
    return _one_line(value) if isinstance(value, str) else value
