"""The commands `doctor`, `db` and `media`."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.params import AsJson, group, read_quietly
from bot.cli.tables import say, show
from bot.standard_streams import safe_stderr

app = typer.Typer()
db = group("The database.")
media = group("The stored pictures and videos.")


@app.command()
def doctor(*, as_json: AsJson = False) -> None:
    """Check the installation: errors (✗) and warnings (!), each with its remedy. Exits with 1 on an error."""
    from bot.cli.doctor.examine import examine  # noqa: PLC0415
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
    """Migrate the database to this version's schema, as `reverie run` does at start."""
    from bot.cli.store_access import upgrade  # noqa: PLC0415

    for step in asyncio.run(upgrade(read_quietly())) or ["nothing to do"]:
        say(step)


@db.command("check")
def db_check(*, as_json: AsJson = False) -> None:
    """Check the database, and every meter against its journal. Exits with 1 if anything is wrong."""
    from bot.cli.store_access import check  # noqa: PLC0415

    found = asyncio.run(check(read_quietly()))
    show(found, as_json=as_json)
    if found["problems"]:
        raise typer.Exit(1)


@db.command("reseal")
def db_reseal(*, as_json: AsJson = False) -> None:
    """Encrypt everything again with the first secret, also while the bot runs.

    Exits with 1 if something cannot be decrypted. Afterwards the earlier secrets can be removed, a day later
    for links that are still in use.
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
    media: Annotated[bool, typer.Option("--media", help="Include pictures and videos.")] = False,
) -> None:
    """Back up the SQLite database and the secret to one file, also while the bot runs."""
    from bot.cli.backup import backup  # noqa: PLC0415

    settings = read_quietly()
    made = backup(settings, target, media=media)
    parts = ["the database", *(["the secret"] if made.secret else [])]
    parts += [f"{made.written.media} files of media"] if media else []
    say(f"{target} holds {', '.join(parts)}: {made.written.size} bytes; protect it like the bot itself")
    if made.written.missing:
        say(f"{made.written.missing} files of media no longer existed")
    if made.needed and not media:
        where = "" if settings.media_url is None else f", which stay in {settings.media_url}"
        say(f"it does not contain the media ({made.needed} files){where}: add --media to include them")


@db.command("restore")
def db_restore(
    archive: Annotated[Path, typer.Argument(help="File written by reverie db backup.")],
) -> None:
    """Restore a backup into an empty data folder; then start reverie run."""
    from bot.cli.backup import restore  # noqa: PLC0415

    settings = read_quietly()
    restore(settings, archive)
    say(f"{archive} is restored into {settings.data_dir}: start reverie run")
    folder = settings.data_dir / "media"
    if settings.media_url is not None and folder.exists():
        say(f"its media are in {folder}: reverie media copy {folder} {settings.media_url} brings them back")


@db.command("copy")
def db_copy(
    target: Annotated[str, typer.Argument(help="URL of an empty database, postgresql://… or sqlite:///…")],
) -> None:
    """Copy everything to another database, such as from SQLite to PostgreSQL, while the bot is stopped."""
    from bot.cli.store_access import copy  # noqa: PLC0415

    for table, rows in asyncio.run(copy(read_quietly(), target)).items():
        say(f"{table}: {rows}")


@media.command("copy")
def media_copy(
    source: Annotated[
        str, typer.Argument(help="A folder like data/media, or a bucket like s3://bucket/prefix.")
    ],
    target: Annotated[str, typer.Argument(help="A folder or a bucket.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Copy all media to another place, each file verified; a copy that was interrupted goes on where it was.

    It ends with 1 where something could not be copied, or may be missing because the bot runs.
    """
    from bot.cli.media_copy import copy_media, show_progress  # noqa: PLC0415

    progress = safe_stderr()
    copied = asyncio.run(
        copy_media(
            read_quietly(), source, target, lambda so_far: progress.write(f"{show_progress(so_far)}\n")
        )
    )
    if as_json:
        show(asdict(copied) | {"complete": copied.complete}, as_json=True)
    else:
        say(f"{target} holds {copied.copied} files more; {copied.present} of {copied.files} were there")
        for file in copied.damaged:
            say(f"{file} is damaged or was removed meanwhile, and is not copied")
        if copied.running:
            say(f"{copied.running}, and call this again for what it has stored meanwhile")
    if not copied.complete:
        raise typer.Exit(1)
