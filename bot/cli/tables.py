"""Prints answers of the command line: tables for people, JSON for programs.

An answer is one record, a list of records, or a mapping of names to lists of records. The last word of a key
is its unit: `_microusd` is an amount of money, `_at` a time in milliseconds UTC, `_ms` a duration.
"""

import io
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import orjson
import typer

from bot.domain.cards.job_text import show_duration
from bot.domain.money.pricing import show_money
from bot.standard_streams import discard

#: columns of a line that no terminal limits
_UNLIMITED = 10_000

Record = dict[str, Any]


def show(answer: Any, *, as_json: bool) -> None:
    if as_json:
        say(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
        return
    for line in _lines(answer):
        say(line)


def say(line: str) -> None:
    """Print a line; a closed pipe such as that of `| head` is ignored."""
    try:
        typer.echo(line)
    except BrokenPipeError:
        discard(sys.stdout)


def _lines(answer: Any) -> Iterator[str]:
    if isinstance(answer, list):
        yield from _table(answer)
    elif answer and all(isinstance(value, list) for value in answer.values()):
        for number, (name, records) in enumerate(answer.items()):
            if number:
                yield ""
            yield _words(name).capitalize()
            yield from (f"  {line}" for line in _table(records))
    else:
        width = max((len(_heading(key)) for key in answer), default=0)
        for key, value in answer.items():
            yield f"{_heading(key):{width}}  {_cell(key, value)}"


def _table(records: Sequence[Record]) -> Iterator[str]:
    if not records:
        yield "nothing"
        return
    from rich.console import Console  # noqa: PLC0415 - a command that prints no table needs none of it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for key in records[0]:
        right = not key.endswith("_at") and _are_numbers(record[key] for record in records)
        table.add_column(Text(_heading(key)), justify="right" if right else "left", overflow="fold")
    for record in records:
        table.add_row(*(Text(_cell(key, value)) for key, value in record.items()))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _UNLIMITED
    printed = io.StringIO()
    Console(file=printed, width=width, color_system=None).print(table)
    yield from (line.rstrip() for line in printed.getvalue().splitlines())


def _heading(key: str) -> str:
    return _words(key.removesuffix("_microusd").removesuffix("_at").removesuffix("_ms"))


def _words(key: str) -> str:
    return key.replace("_", " ")


def _cell(key: str, value: Any) -> str:
    match value:
        case bool():
            text = "yes" if value else "no"
        case int() if key.endswith("_microusd"):
            text = show_money(value)
        case int() if key.endswith("_at"):
            text = f"{datetime.fromtimestamp(value / 1000).astimezone():%Y-%m-%d %H:%M %Z}"
        case int() if key.endswith("_ms"):
            text = show_duration(value)
        case list():
            text = ", ".join(_cell(key, one) for one in value)
        case dict():
            text = ", ".join(f"{_words(name)} {_cell(name, one)}" for name, one in value.items())
        case _:
            text = "" if value is None else str(value)
    # Names come from people: one that contains control characters must not steer the terminal.
    return "".join(one if one.isprintable() else "�" for one in text) or "–"


def _are_numbers(values: Iterable[Any]) -> bool:
    kinds = {type(value) for value in values} - {type(None)}
    return bool(kinds) and kinds <= {int, float}
