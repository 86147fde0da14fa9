"""Commands as text: `/imagine a cat --ar 3:4 --model photon-flash-1`.

Used by every platform that has a text field. Words between flags belong to the options that need no name; a
quoted part is never read as a flag.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.command_text.foreign_options import DASHED, answer_foreign
from bot.domain.commands import CATALOGUE, Command, build
from bot.domain.commands.base import problems_of
from bot.domain.errors import InvalidRequest
from bot.domain.options import Kind, Option, is_named_job, names_media, options, shorten
from bot.domain.text import nearest

_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})
#: opening quotes with the quotes that close them; phones replace straight quotes
_QUOTES = {'"': '"”“', "“": '”"“', "”": '”"', "„": '“”"', "«": "»", "'": "'’", "‘": "’'"}
#: a quote that ends a word; any other is an apostrophe
_CLOSING = re.compile(r"[\"”“»'’](?=\s|\Z)")
_WORD = re.compile(r"\S+")
#: a flag begins with two hyphens, or with the dash that phones make of them
FLAG = re.compile(r"(?:--|—|–)(?P<name>[A-Za-z][\w-]*)(?:=(?P<value>\S.*)?)?", re.DOTALL)
#: how similar a word after a dash must be to a flag's name, and its minimum length
_NEAR, _NEAR_MIN = 0.8, 4
_FLAG_WITH_VALUE = re.compile(r"(?:--|—|–)[A-Za-z][\w-]*=")


@dataclass(frozen=True, slots=True)
class _Word:
    """A part of a text without white space outside of quotes."""

    #: as written, with its quotes
    raw: str
    #: without its quotes
    text: str
    quoted: bool
    #: its part of the whole text
    start: int
    end: int


def parse(text: str) -> Command:
    """Parse a whole command; raises InvalidRequest that says what to write instead."""
    command, rest = split_command(text)
    return parse_options(command, rest)


def split_command(text: str) -> tuple[type[Command], str]:
    """Split a text into its command, with or without a slash, and the rest."""
    stripped = text.strip()
    if not stripped.removeprefix("/"):
        raise InvalidRequest("Write a command, for example /imagine a red fox in the snow. /help shows all.")
    words = stripped.removeprefix("/").split(maxsplit=2)
    for length in (2, 1):
        name = " ".join(words[:length]).lower()
        if name in CATALOGUE and len(words) >= length:
            rest = stripped.removeprefix("/").split(maxsplit=length)[length:]
            return CATALOGUE[name], rest[0] if rest else ""
    members = [name for name in CATALOGUE if name.startswith(f"{words[0].lower()} ")]
    if members:
        raise InvalidRequest(f"/{words[0].lower()} needs one of: {', '.join(f'/{name}' for name in members)}")
    hint = _nearest(words[0], list(CATALOGUE), "/")
    raise InvalidRequest(f"There is no /{shorten(words[0])}.{hint} /help shows all.")


def parse_options(command: type[Command], text: str) -> Command:
    """Parse the text after a command's name."""
    command.check_text(text)
    known = _options_by_flag(command)
    given: dict[str, object] = {}
    flags, loose = _scan(_split(text), known)
    for flag in flags:
        _give(flag, command, known, given)
    _assign_positional(loose, options(command), given)
    return build(command, given)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenOption:
    """An option as it is written in a text, and what is wrong with it."""

    #: the part of the text, with its flag
    written: str
    #: None: the command has no such option
    name: str | None
    value: str
    #: empty where nothing is
    problem: str


def check_options(text: str) -> tuple[WrittenOption, ...]:
    """The options in a command's text, each checked for itself; none where the command is unknown."""
    try:
        command, rest = split_command(text)
        command.check_text(rest)
    except InvalidRequest:
        return ()
    known = _options_by_flag(command)
    flags, _ = _scan(_split(rest), known)
    given: dict[str, object] = {}
    problems: dict[int, str] = {}
    for index, flag in enumerate(flags):
        try:
            _give(flag, command, known, given)
        except InvalidRequest as error:
            problems[index] = str(error)
    wrong = problems_of(command, given)
    return tuple(
        WrittenOption(
            written=rest[flag.start : flag.end],
            name=flag.option.name if flag.option else None,
            value=flag.value or "",
            problem=problems.get(index) or (wrong.get(flag.option.name, "") if flag.option else ""),
        )
        for index, flag in enumerate(flags)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flag:
    """A flag with the value that follows it."""

    match: re.Match[str]
    #: None: the command has no such option
    option: Option | None
    #: None where it is missing
    value: str | None
    #: its part of the text
    start: int
    end: int


def _options_by_flag(command: type[Command]) -> dict[str, Option]:
    return {name: option for option in options(command) for name in (option.name, *option.aliases)}


def _scan(words: Sequence[_Word], known: Mapping[str, Option]) -> tuple[list[_Flag], list[_Word]]:
    """The flags with their values, and the words that belong to none."""
    flags: list[_Flag] = []
    loose: list[_Word] = []
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        match = _flag(word, known)
        if match is None:
            loose.append(word)
            continue
        option, value, end = known.get(_flag_name(match["name"])), match["value"], word.end
        if value is not None:
            value = _unquoted(value)
        elif option is not None and option.kind is Kind.FLAG:
            value = "true"
        elif position < len(words) and _flag(words[position], known) is None:
            # What follows an unknown flag is most likely its value.
            value, end = words[position].text, words[position].end
            position += 1
        flags.append(_Flag(match=match, option=option, value=value, start=word.start, end=end))
    return flags, loose


def _give(flag: _Flag, command: type[Command], known: dict[str, Option], given: dict[str, object]) -> None:
    """Add an option's value to those that are given; raises InvalidRequest."""
    option, value = flag.option, flag.value
    if option is None:
        raise _unknown(flag.match, command, known)
    if option.name in given and option.max_count == 1:
        raise InvalidRequest(f"--{option.name} is given twice; keep one", option=option.name)
    if value is None:
        raise InvalidRequest(
            f"--{option.name} needs a value: {option.description.lower()}", option=option.name
        )
    if option.max_count > 1:
        earlier = given.get(option.name, ())
        given[option.name] = (*earlier, value) if isinstance(earlier, tuple) else (value,)
    else:
        given[option.name] = _read_value(option, value)


def _flag(word: _Word, known: Mapping[str, Option]) -> re.Match[str] | None:
    """Read a word as a flag; None for text.

    Two hyphens are always meant as one. A dash also begins a phrase within prose, so behind it only a name
    that is known, or nearly, is a flag.
    """
    found = None if word.quoted else FLAG.fullmatch(word.raw)
    if found is None or word.raw.startswith("--"):
        return found
    name = _flag_name(found["name"])
    if name in DASHED:
        return found
    near = len(name) >= _NEAR_MIN and nearest(shorten(name), known, similarity=_NEAR)
    return found if name in known or near else None


def _flag_name(name: str) -> str:
    return name.lower().replace("-", "_")


def _assign_positional(loose: list[_Word], spec: tuple[Option, ...], given: dict[str, object]) -> None:
    """Assign the words without a flag to the positional options: those that match first, text last."""
    free = [option for option in spec if option.positional and option.name not in given]
    while loose and (option := next((one for one in free if fits(one, loose[0].text)), None)):
        given[option.name] = _read_value(option, loose.pop(0).text)
        free.remove(option)
    # In a command without a text option, words find a job.
    worded = (
        (Kind.TEXT, Kind.MEMBER) if any(one.kind is Kind.TEXT for one in spec) else (Kind.MEMBER, Kind.JOB)
    )
    text = next((option for option in free if option.kind in worded), None)
    if text is not None and loose:
        # Quotes around the whole text are not a part of it.
        given[text.name] = loose[0].text if len(loose) == 1 else " ".join(word.raw for word in loose)
    elif len(loose) == 1 and free:
        given[free[0].name] = loose[0].text
    elif loose:
        wanted = ", ".join(f"--{option.name}" for option in spec) or "no options"
        raise InvalidRequest(
            f"{shorten(loose[0].text)!r} is not understood here; this command knows {wanted}"
        )


def fits(option: Option, text: str) -> bool:
    """Whether one word without a flag can only be meant for this option."""
    match option.kind:
        case Kind.CHOICE:
            return text.lower() in option.choices
        case Kind.JOB:
            return is_named_job(text)
        case Kind.MEDIA:
            return names_media(text)
        case Kind.INTEGER:
            return text.isascii() and text.isdigit()
        case Kind.MONEY:
            return bool(re.fullmatch(r"\$?\d[\d,]*(\.\d+)?", text))
        case _:
            return False


def _read_value(option: Option, text: str) -> object:
    if option.kind is Kind.FLAG:
        if text.lower() in _YES | _NO:
            return text.lower() in _YES
        raise InvalidRequest(f"--{option.name} is yes or no, not {shorten(text)!r}")
    if option.kind is Kind.CHOICE:
        return text.lower()
    return text


def _split(text: str) -> list[_Word]:
    # Closing quotes are found once: a text with many opening quotes must not take quadratic time.
    ends = [found.start() for found in _CLOSING.finditer(text)]
    closing = {opening: [end for end in ends if text[end] in closers] for opening, closers in _QUOTES.items()}

    def end_of_quote(start: int) -> int | None:
        candidates = closing.get(text[start : start + 1], [])
        at = bisect_right(candidates, start)
        return candidates[at] if at < len(candidates) else None

    words: list[_Word] = []
    position = 0
    while begin := _WORD.search(text, position):
        start = begin.start()
        if (end := end_of_quote(start)) is not None:
            position = end + 1
            words.append(_Word(text[start:position], text[start + 1 : end], True, start, position))
            continue
        flag = _FLAG_WITH_VALUE.match(text, start)
        end = end_of_quote(flag.end()) if flag else None
        position = begin.end() if end is None else end + 1
        words.append(_Word(text[start:position], text[start:position], False, start, position))
    return words


def _unquoted(text: str) -> str:
    whole = len(text) > 1 and text[-1] in _QUOTES.get(text[0], "")
    return text[1:-1] if whole else text


def _unknown(flag: re.Match[str], command: type[Command], known: dict[str, Option]) -> InvalidRequest:
    name = flag["name"]
    if not known:
        return InvalidRequest(f"/{command.name} has no options, so --{shorten(name)} is not understood")
    if (answer := answer_foreign(_flag_name(name), command)) is not None:
        return InvalidRequest(answer)
    hint = _nearest(_flag_name(name), list(known), "--")
    if not flag.string.startswith("--"):
        return InvalidRequest(
            f"{flag.string[0]}{shorten(name)} looks like an option, and /{command.name} has none of that "
            f"name.{hint} Where it belongs to the text, put a space behind the dash."
        )
    names = ", ".join(f"--{option.name}" for option in options(command))
    return InvalidRequest(f"/{command.name} has no --{shorten(name)}.{hint} It knows {names}.")


def _nearest(name: str, known: list[str], mark: str) -> str:
    close = nearest(shorten(name).lower(), known, similarity=0.5)
    return f" Did you mean {mark}{close}?" if close else ""
