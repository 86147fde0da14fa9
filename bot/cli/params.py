"""Settings and arguments of the command line."""

import os
from enum import StrEnum
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from bot.domain.errors import ReverieError
from bot.domain.money.pricing import read_money
from bot.domain.money.quota import Level
from bot.domain.text import either
from bot.environment import UnknownSetting, find_unknown, setting_names
from bot.settings import Settings, describe_error


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


def group(text: str) -> typer.Typer:
    """A group of commands; without a command it shows its help."""
    made = typer.Typer(help=text, invoke_without_command=True)
    made.callback()(show_help)
    return made


def show_help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        context.get_help()  # prints it


class WrongValue(typer.BadParameter):
    """An option has a value that it does not take; the message begins with "takes"."""

    def format_message(self) -> str:
        return f"{self.param.opts[0] if self.param else 'The option'} {self.message}"


def choice(kind: type[StrEnum], text: str) -> Any:
    """An option that takes one of the values of an enum."""

    def read(value: str) -> StrEnum:
        try:
            return kind(value)
        except ValueError:
            raise WrongValue(f"takes {either(list(kind))}, not {value!r}") from None

    return typer.Option(help=text, parser=read, metavar="|".join(kind))


def number(text: str, *, at_most: int) -> Any:
    """An option that takes a whole number from 1 on."""

    def read(value: str | int) -> int:  # the default is a number already
        text = str(value)
        if not text.isdecimal() or not 1 <= int(text[:9]) <= at_most:
            raise WrongValue(f"takes a whole number from 1 to {at_most}, not {text!r}")
        return int(text)

    return typer.Option(help=text, parser=read, metavar=f"1-{at_most}")


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


def refused(error: OSError) -> ReverieError:
    """One line with the remedy for an OSError."""
    if error.filename is None:
        return ReverieError(str(error))
    return ReverieError(
        f"{error.filename} cannot be used ({error.strerror}): give this user access, "
        "or set another folder in REVERIE_DATA_DIR"
    )
