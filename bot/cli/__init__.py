"""The command line: `reverie run`, `demo`, `simulate`, `doctor`, and the operator's tools.

A usage error exits with 2 and one line on standard error, any other error with 1 and one line with the
remedy.
"""

import os
import sys
from importlib import metadata
from typing import Annotated

import typer

from bot.cli import groups as grouping
from bot.cli import maintenance as upkeep
from bot.cli import operator as operating
from bot.cli import run as running
from bot.cli import simulate as simulating
from bot.cli.params import refused, show_help
from bot.cli.tables import say
from bot.domain.errors import ReverieError
from bot.standard_streams import flush_streams, open_missing_streams, safe_stderr

app = typer.Typer(
    name="reverie",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A chat bot for Discord and Slack that makes pictures and videos with Luma Dream Machine.",
)


@app.callback()
def reverie(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        say(f"reverie {metadata.version('reverie-bot')}")
        raise typer.Exit
    show_help(context)


for part in (running.app, simulating.app, upkeep.app, operating.app):
    app.add_typer(part)
app.add_typer(operating.quota, name="quota")
app.add_typer(operating.jobs, name="jobs")
app.add_typer(operating.workspaces, name="workspaces")
operating.workspaces.add_typer(grouping.groups, name="group")
app.add_typer(upkeep.db, name="db")
app.add_typer(upkeep.media, name="media")

#: no access to created files for other users of this machine
_UMASK = 0o077
#: base class of click's usage errors, taken from the click that typer uses
_MISUSE: type[typer.BadParameter] = typer.BadParameter.__bases__[0]


def main() -> None:
    """Run the command line; an error prints one line and sets the exit code."""
    open_missing_streams()
    os.umask(_UMASK)
    try:
        code = app(prog_name="reverie", standalone_mode=False) or 0
    except typer.Exit as ended:
        code = ended.exit_code
    except typer.Abort:
        code = _complain("interrupted", 130)
    except _MISUSE as error:
        command = error.ctx.command_path if error.ctx else "reverie"
        code = _complain(f"{error.format_message()} ({command} --help shows how)", 2)
    except (ReverieError, ValueError) as error:
        code = _complain(str(error), 1)
    except OSError as error:
        code = _complain(str(refused(error)), 1)
    flush_streams()
    sys.exit(code)


def _complain(line: str, code: int) -> int:
    safe_stderr().write(f"reverie: {' '.join(line.split())}\n")
    return code
