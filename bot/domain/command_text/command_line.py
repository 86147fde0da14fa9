"""Writes a command as the line of text that reads as the same command."""

from collections.abc import Mapping

from bot.domain.command_text.parsing import parse
from bot.domain.commands import Command, GenerateCommand, build
from bot.domain.errors import InvalidRequest
from bot.domain.options import Kind, Option, options

Values = Mapping[str, object]


def command_line(command: type[Command], values: Values, *, every: bool = False) -> str:
    """Write option values as one line that `parse` reads as the same command.

    Values that are the default are left out, unless `every` value is to be written.
    """
    line = _write(command, values, named=False, every=every)
    # A prompt may begin with what reads as another option, or contain what reads as a flag.
    return line if _is_read_as(line, command, values) else _write(command, values, named=True, every=every)


def _write(command: type[Command], values: Values, *, named: bool, every: bool) -> str:
    given = [option for option in options(command) if _is_given(command, option, values, every=every)]
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


def _is_given(command: type[Command], option: Option, values: Values, *, every: bool) -> bool:
    value = values.get(option.name)
    # Where somebody may have set another default, the built-in one is a choice.
    if issubclass(command, GenerateCommand) and option.name in command.defaults:
        return value not in (None, "")
    return not is_empty(value) and (every or str(value) != option.default)


def is_empty(value: object) -> bool:
    """Whether a value is the same as none; the number 0 is a value."""
    return value is None or value is False or value in ("", (), [])


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
