"""Settings, arguments and output of the command line."""

import os
import sys
from typing import Annotated, Any

import orjson
import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from bot.domain.errors import ReverieError
from bot.domain.pricing import read_money
from bot.domain.quota import Level
from bot.environment import UnknownSetting, find_unknown, setting_names
from bot.settings import Settings, describe_error
from bot.standard_streams import discard


class Misset(ReverieError):
    """A setting is invalid."""


def read_settings(**changes: Any) -> Settings:
    """Read the environment; raises Misset, which names the invalid variable."""
    try:
        settings = Settings()
    except ValidationError as error:
        raise Misset(describe_error(error)) from error
    except SettingsError as error:
        raise Misset("REVERIE_TIMING has one setting per field, as in REVERIE_TIMING__POLL=500") from error
    return settings.model_copy(update=changes) if changes else settings


def read_quietly() -> Settings:
    """Read settings for a command with its own output: only warnings are logged."""
    from bot.log import set_up_logs  # noqa: PLC0415

    settings = read_settings()
    set_up_logs(settings.log_format, "warning")
    return settings


def unknown_settings() -> list[UnknownSetting]:
    """Names in the environment with our prefix that neither the core nor an adapter reads."""
    from bot.bootstrap import find_plugins  # noqa: PLC0415 - the operator's small commands need none of it

    known = setting_names(Settings).union(*(plugin.setting_names() for plugin in find_plugins()))
    return find_unknown(os.environ, known)


def read_dollars(text: str) -> str:
    try:
        read_money(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    return text


def _read_subject(text: str) -> str:
    if text != Level.EVERYTHING and (":" not in text or not all(text.split(":"))):
        raise typer.BadParameter("write discord:123, discord:123:42, person:discord:42 or everything")
    return text


def _read_counted(text: str) -> str:
    if text.startswith("person:") or text == Level.EVERYTHING or not all(text.partition(":")):
        raise typer.BadParameter("write a workspace like discord:123 or a member like discord:123:42")
    return text


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Subject = Annotated[
    str,
    typer.Argument(
        help="A workspace (discord:123), a member (discord:123:42), a person (person:discord:42).",
        callback=_read_subject,
    ),
]
Counted = Annotated[
    str,
    typer.Argument(help="A workspace (discord:123) or a member (discord:123:42).", callback=_read_counted),
]


def say(line: str) -> None:
    """Print a line; a closed pipe such as that of `| head` is ignored."""
    try:
        typer.echo(line)
    except BrokenPipeError:
        discard(sys.stdout)


def show(answer: Any, *, as_json: bool) -> None:
    if as_json:
        say(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
        return
    if isinstance(answer, dict) and all(isinstance(value, list) for value in answer.values()):
        for name, rows in answer.items():
            say(f"{name.replace('_', ' ')}:")
            _show_rows(rows)
    else:
        _show_rows(answer if isinstance(answer, list) else [answer])


def _show_rows(rows: list[dict[str, Any]]) -> None:
    if not rows:
        say("nothing")
    for row in rows:
        say("  ".join(f"{key}={value}" for key, value in row.items()))


def refused(error: OSError, settings: Settings | None = None) -> ReverieError:
    """One line with the remedy for an OSError."""
    if error.filename is not None:
        return ReverieError(
            f"{error.filename} cannot be used ({error.strerror}): give this user access, "
            "or set another folder in REVERIE_DATA_DIR"
        )
    if settings is None:
        return ReverieError(str(error))
    where = f"{settings.http_host}:{settings.http_port}"
    return ReverieError(
        f"{where} cannot be used ({error.strerror}): stop the program that uses it, "
        "or set another REVERIE_HTTP_PORT or REVERIE_HTTP_HOST"
    )
