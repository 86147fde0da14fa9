"""From what a page posts to a command of the catalogue with its files."""

from dataclasses import dataclass

from adapters.playground.delivery.conversations import Seat
from adapters.playground.events.command_text import typed
from adapters.playground.events.schemas import FileValue, Value, Wanted
from adapters.playground.events.uploads import Upload, Uploads
from adapters.playground.messages.wire import Said
from bot.domain.commands import CATALOGUE, Command, build
from bot.domain.errors import InvalidRequest
from bot.domain.media import Reference
from bot.domain.parsing import parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A command with what came along."""

    command: Command
    files: tuple[Reference, ...]
    replied: str | None

    @property
    def private(self) -> bool:
        return bool(getattr(self.command, "private", False))


def said_of(form: Wanted, uploads: Uploads, seat: Seat) -> Said:
    """What people read above the answer; files that are over are left out, the wish itself tells so."""
    found = []
    for token in (*form.files, *_tokens(form)):
        try:
            upload = uploads.open(token, seat)
        except InvalidRequest:
            continue
        found.append((upload.name, upload.media))
    command = CATALOGUE.get(form.command)
    text = form.text.strip() if command is None else typed(command, _without_files(form))
    return Said(text=text or f"/{form.command}", files=tuple(found), replied=form.replied)


def wish_of(form: Wanted, uploads: Uploads, seat: Seat) -> Wish:
    """Read a command; raises InvalidRequest that says what to mend."""
    return Wish(
        command=parse(form.text) if form.text else _built(form, uploads, seat),
        files=tuple(Reference.of(uploads.open(token, seat).media) for token in form.files),
        replied=form.replied,
    )


def _built(form: Wanted, uploads: Uploads, seat: Seat) -> Command:
    command = CATALOGUE.get(form.command)
    if command is None:
        raise InvalidRequest("There is no such command. /help shows all.")

    def read(value: Value) -> object:
        if isinstance(value, FileValue):
            found: Upload = uploads.open(value.file, seat)
            return Reference.of(found.media).model_copy(update={"weight": value.weight})
        return tuple(read(one) for one in value) if isinstance(value, tuple) else value

    return build(command, {name: read(value) for name, value in form.values.items() if value not in ("", ())})


def _tokens(form: Wanted) -> list[str]:
    found: list[str] = []
    for value in form.values.values():
        several = value if isinstance(value, tuple) else (value,)
        found.extend(one.file for one in several if isinstance(one, FileValue))
    return found


def _without_files(form: Wanted) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name, value in form.values.items():
        if isinstance(value, tuple):
            kept[name] = tuple(one for one in value if not isinstance(one, FileValue))
        elif not isinstance(value, FileValue):
            kept[name] = value
    return kept
