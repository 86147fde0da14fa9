"""Reads a command from what a page sends, and writes the command line that others see above its result."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters.playground.events.requests import CommandFields, FileValue, RequestContext, Value
from adapters.playground.events.uploads import Uploads
from adapters.playground.messages.records import Record, UserMessage
from bot.domain.command_text.command_line import command_line
from bot.domain.command_text.job_settings import JobSettings
from bot.domain.command_text.parsing import parse
from bot.domain.commands import CATALOGUE, Command, build
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Media, Reference
from bot.domain.ids import short_id
from bot.domain.options import Kind, options
from bot.domain.workspace.workspace_keys import without_typed_key


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


def form_values(settings: JobSettings, uploaded: Callable[[Media], Record]) -> dict[str, Any]:
    """Return the values of a job's form; inputs are listed, each as a job, an address or an uploaded file."""
    kinds = {option.name: option.kind for option in options(settings.command)}

    def item(value: object) -> Record:
        if not isinstance(value, Reference):
            return {"job": value}
        if value.job is not None:
            return {"job": value.job, "first_frame": value.first_frame_only, "weight": value.weight}
        if value.file is not None:
            return {"file": uploaded(value.file), "weight": value.weight}
        return {"address": value.url, "weight": value.weight}

    found: dict[str, Any] = {}
    for name, value in settings.values.items():
        if kinds[name] in (Kind.MEDIA, Kind.JOB):
            given = value if isinstance(value, tuple) else (value,)
            found[name] = [item(one) for one in given]
        else:
            found[name] = value
    return found
