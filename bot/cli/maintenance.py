"""`doctor` and `db`: is everything well, and what keeps it so."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.params import AsJson, read_quietly, say, show

app = typer.Typer()
db = typer.Typer(help="The database.")


@app.command()
def doctor(*, as_json: AsJson = False) -> None:
    """Look for everything that keeps the bot from working (✗) or should be known (!); ends with 1 on ✗."""
    from bot.cli.doctor import examine  # noqa: PLC0415
    from bot.service.plugin import Severity  # noqa: PLC0415

    marks = {Severity.OK: "✓", Severity.WARNING: "!", Severity.FAULT: "✗"}
    findings = asyncio.run(examine(read_quietly()))
    if as_json:
        show([{"ok": one.ok, **asdict(one)} for one in findings], as_json=True)
    else:
        for one in findings:
            say(f"{marks[one.level]} {one.what}")
            if one.remedy:
                say(f"    → {one.remedy}")
    if not all(one.ok for one in findings):
        raise typer.Exit(1)


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to this version's schema, as `run` does by itself."""
    from bot.cli.store_access import upgrade  # noqa: PLC0415

    for step in asyncio.run(upgrade(read_quietly())) or ["nothing to do"]:
        say(step)


@db.command("check")
def db_check(*, as_json: AsJson = False) -> None:
    """Check the database and every meter against its journal; ends with 1 if anything is wrong."""
    from bot.cli.store_access import check  # noqa: PLC0415

    found = asyncio.run(check(read_quietly()))
    show(found, as_json=as_json)
    if found["problems"]:
        raise typer.Exit(1)


@db.command("reseal")
def db_reseal(*, as_json: AsJson = False) -> None:
    """Encrypt everything anew with the first secret, also while the bot runs.

    It ends with 1 where something cannot be read. After it, and a day for the links that are out, the earlier
    secrets can be taken away.
    """
    from bot.cli.store_access import reseal  # noqa: PLC0415

    counts = asyncio.run(reseal(read_quietly()))
    show(counts, as_json=as_json)
    if isinstance(counts, dict) and counts["unreadable"]:
        raise typer.Exit(1)


@db.command("backup")
def db_backup(
    target: Annotated[Path, typer.Argument(help="File to write, such as backup.tar.")],
    *,
    media: Annotated[bool, typer.Option("--media", help="Take the pictures and videos too.")] = False,
) -> None:
    """Write the SQLite database and the secret into one file, also while the bot runs."""
    from bot.cli.backup import backup  # noqa: PLC0415

    made = backup(read_quietly(), target, media=media)
    parts = ["the database", *(["the secret"] if made.secret else [])]
    parts += [f"{made.written.media} files of media"] if media else []
    say(f"{target} holds {', '.join(parts)}: {made.written.size} bytes; keep it as safe as the bot itself")
    if made.written.missing:
        say(f"{made.written.missing} files of media were not there any more")
    if made.needed and not media:
        say(f"it does not hold the media ({made.needed} files): --media takes them too")


@db.command("restore")
def db_restore(
    archive: Annotated[Path, typer.Argument(help="File that reverie db backup has written.")],
) -> None:
    """Bring a backup back into an empty data folder; then reverie run goes on from it."""
    from bot.cli.backup import restore  # noqa: PLC0415

    settings = read_quietly()
    restore(settings, archive)
    say(f"{archive} is restored into {settings.data_dir}: reverie run goes on from it")


@db.command("copy")
def db_copy(
    target: Annotated[str, typer.Argument(help="URL of an empty database, postgresql://… or sqlite:///…")],
) -> None:
    """Copy everything into another database, from SQLite to PostgreSQL for example; the bot must not run."""
    from bot.cli.store_access import copy  # noqa: PLC0415

    for table, rows in asyncio.run(copy(read_quietly(), target)).items():
        say(f"{table}: {rows}")
