"""What was filled into a form, as the text that somebody else would type."""

from collections.abc import Mapping

from bot.domain.commands import Command, build
from bot.domain.errors import InvalidRequest
from bot.domain.options import Kind, Option, options
from bot.domain.parsing import parse

Values = Mapping[str, object]


def typed(command: type[Command], values: Values) -> str:
    """Write a form's values as one line; `parse` reads the same command from it."""
    bare = _write(command, values, named=False)
    # A prompt may begin with what reads like another option, or hold what reads like a flag.
    return bare if _means(bare, command, values) else _write(command, values, named=True)


def _write(command: type[Command], values: Values, *, named: bool) -> str:
    spec = [option for option in options(command) if _is_given(option, values)]
    text = None if named else next((one for one in spec if _is_text(one)), None)
    first = [] if named else [one for one in spec if one.positional and one.required and not _is_text(one)]
    words = [f"/{command.name}"]
    words += [_quoted(str(values[option.name])) for option in first]
    if text is not None:
        words.append(_one_line(str(values[text.name])))
    for option in spec:
        if option is not text and option not in first:
            words.extend(_flags(option, values[option.name]))
    return " ".join(words)


def _is_given(option: Option, values: Values) -> bool:
    value = values.get(option.name)
    return value not in (None, "", False, (), []) and str(value) != option.default


def _is_text(option: Option) -> bool:
    return option.positional and option.kind in (Kind.TEXT, Kind.MEMBER)


def _flags(option: Option, value: object) -> list[str]:
    if option.kind is Kind.FLAG:
        return [f"--{option.name}"]
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


def _means(text: str, command: type[Command], values: Values) -> bool:
    try:
        return parse(text) == build(command, {name: _plain(value) for name, value in values.items()})
    except InvalidRequest:
        # What is wrong with the values is told where they are carried out.
        return False


def _plain(value: object) -> object:
    return _one_line(value) if isinstance(value, str) else value
