"""`db backup` and `db restore`: database, secret and media of an SQLite installation in one file."""

import asyncio
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.backup_archive import DATABASE, MEDIA, SECRET, Written, read_archive, write_archive
from bot.cli.store_access import integrity, must_exist, sqlite_file
from bot.domain.errors import InvalidRequest, MediaLost, ReverieError
from bot.media.storage.base import relative_path
from bot.media.storage.bucket_location import bucket_of
from bot.media.storage.folder import FolderStorage
from bot.resources import secret_file
from bot.security.secret_keys import read_secrets
from bot.settings import Settings
from bot.store.database.file_lock import lock_folder, lock_store

if TYPE_CHECKING:
    from bot.media.storage.bucket_client import BucketClient

_BACKUP_POSTGRES = (
    "This backs up SQLite; for PostgreSQL use pg_dump --format=custom --file=reverie.dump with the URL in "
    "REVERIE_DATABASE_URL, and keep the dump together with REVERIE_SECRET_KEY and a copy of the folder media "
    "in REVERIE_DATA_DIR, made after the dump"
)
_RESTORE_POSTGRES = (
    "This restores SQLite; for PostgreSQL use pg_restore --dbname=<URL of an empty database> reverie.dump, "
    "then give the bot the REVERIE_SECRET_KEY and the folder media that were kept with the dump"
)
#: entries of a folder that counts as empty: those of file systems, and of commands that ran before the start
_NOTHING = frozenset({"lost+found", "lock"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    written: Written
    #: media files that the database refers to
    needed: int
    secret: bool


def backup(settings: Settings, target: Path, *, media: bool) -> BackedUp:
    """Write a backup, also while the bot runs, with the media files that the copied database refers to."""
    if not settings.database.startswith("sqlite"):
        raise InvalidRequest(_BACKUP_POSTGRES)
    if os.path.lexists(target):
        raise InvalidRequest(f"{target} exists already; name a new file")
    parent = target.absolute().parent
    if not parent.is_dir():
        raise InvalidRequest(f"There is no folder {parent}: create it, or name another")
    file = sqlite_file(settings)
    must_exist(file)
    try:
        with tempfile.TemporaryDirectory(dir=parent, prefix=".reverie-backup-") as folder:
            copy = Path(folder) / DATABASE
            _copy_database(file, copy)
            files, secret = _stored_files(copy, file), _secret_text(settings)
            with _media_paths(settings, files, Path(folder)) if media else nullcontext(()) as paths:
                written = write_archive(target, copy, secret, paths)
    except FileExistsError as error:
        raise InvalidRequest(f"{target} exists already; name a new file") from error
    except OSError as error:
        raise ReverieError(f"{target} cannot be written: {error.strerror}") from error
    return BackedUp(written=written, needed=len(files), secret=secret is not None)


def _copy_database(file: Path, copy: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(copy)) as new,
        ):
            old.backup(new)
    except sqlite3.Error as error:
        raise ReverieError(f"{file} cannot be copied to {copy.parent}: {error}") from error


def _stored_files(copy: Path, file: Path) -> list[str]:
    """Media files that the copy of a database refers to."""
    try:
        with closing(sqlite3.connect(copy)) as database:
            query = "SELECT name FROM sqlite_master WHERE type = 'table'"
            tables = {row[0] for row in database.execute(query)}
            # A database of an older schema can be backed up before its migration.
            table = "file_reference" if "file_reference" in tables else "holding"
            return [row[0] for row in database.execute(f"SELECT DISTINCT file FROM {table} ORDER BY file")]  # noqa: S608
    except sqlite3.Error as error:
        raise ReverieError(
            f"{file} is damaged ({error}): stop the bot, keep a copy of the data folder and restore a backup"
        ) from error


@contextmanager
def _media_paths(settings: Settings, files: Sequence[str], staging: Path) -> Iterator[Iterator[Path]]:
    """Stored files, each with its renditions; one of a bucket is there until the next is asked for."""
    if settings.media_url is None:
        yield _paths_in_folder(FolderStorage(settings.data_dir / MEDIA), files)
        return
    # The library is large, and needed for a bucket only.
    from bot.media.storage.bucket_client import BucketClient  # noqa: PLC0415

    with asyncio.Runner() as runner:
        client = BucketClient(bucket_of(settings, settings.media_url))
        yield _paths_from_bucket(client, files, staging, runner)


def _paths_in_folder(storage: FolderStorage, files: Sequence[str]) -> Iterator[Path]:
    for file in files:
        path = storage.path(file)
        yield path
        yield from sorted(path.parent.glob(f"{path.name}.*"))


def _paths_from_bucket(
    client: "BucketClient", files: Sequence[str], staging: Path, runner: asyncio.Runner
) -> Iterator[Path]:
    for file in files:
        for key in runner.run(_keys_of(client, file)) or [relative_path(file)]:
            path = staging / key.rpartition("/")[2]
            # Without the file the archive counts it as missing.
            with suppress(MediaLost):
                runner.run(client.download(key, path))
            yield path
            path.unlink(missing_ok=True)


async def _keys_of(client: "BucketClient", file: str) -> list[str]:
    """The keys of a file and its renditions, as far as they are there."""
    key = relative_path(file)
    folder = key.rpartition("/")[0]
    pages = [page async for page in client.listed(folder)]
    return [one.key for page in pages for one in page if one.key == key or one.key.startswith(f"{key}.")]


def _secret_text(settings: Settings) -> bytes | None:
    """The stored secrets; None if none has been created yet."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    path = secret_file(settings)
    return path.read_bytes() if path.exists() else None


def restore(settings: Settings, archive: Path) -> None:
    """Restore a backup into an empty data folder; a failure leaves it empty."""
    if not settings.database.startswith("sqlite"):
        raise InvalidRequest(_RESTORE_POSTGRES)
    if not archive.is_file():
        raise InvalidRequest(f"There is no file {archive}")
    folder, file = settings.data_dir, sqlite_file(settings)
    _must_be_empty(folder, file)
    try:
        _restore_into(settings, archive)
    except OSError as error:
        raise ReverieError(
            f"{archive} cannot be restored into {folder}: {error.strerror or error}"
        ) from error


def _restore_into(settings: Settings, archive: Path) -> None:
    folder, file = settings.data_dir, sqlite_file(settings)
    with lock_store(settings.database), lock_folder(folder), _staging(folder) as staged:
        read_archive(archive, staged)
        _must_be_sound(staged / DATABASE, archive)
        keep_secret = _secret_is_needed(settings, staged / SECRET, archive)
        # The database may be on another disk. It is moved last, since without it the folder counts as empty.
        arriving = file.absolute().with_name(f".{file.name}.restoring")
        try:
            shutil.move(staged / DATABASE, arriving)
            if (staged / MEDIA).exists():
                (staged / MEDIA).rename(folder / MEDIA)
            if keep_secret:
                (staged / SECRET).rename(secret_file(settings))
            os.sync()
            arriving.replace(file)
        finally:
            arriving.unlink(missing_ok=True)


def _must_be_sound(file: Path, archive: Path) -> None:
    try:
        problem = next(iter(integrity(file)), None)
    except sqlite3.Error as error:
        problem = str(error)
    if problem is not None:
        raise ReverieError(f"The database in {archive} is damaged ({problem}): take another backup")


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".restoring-") as name:
        yield Path(name)


def _must_be_empty(folder: Path, file: Path) -> None:
    own = {f"{file.name}.lock", *_NOTHING}
    found = (
        sorted(entry.name for entry in folder.iterdir() if entry.name not in own) if folder.is_dir() else []
    )
    if found or file.exists():
        what = f"{folder} holds {found[0]}" if found else f"{file} exists already"
        raise InvalidRequest(
            f"{what}: a backup is restored into an empty folder; move it away, or name another in "
            "REVERIE_DATA_DIR"
        )


def _secret_is_needed(settings: Settings, kept: Path, archive: Path) -> bool:
    """Whether to write the backup's secret to the data folder; raises InvalidRequest if none can decrypt."""
    if not kept.exists():
        return False
    if settings.secret_key is None:
        return True
    own = read_secrets(settings.secret_key.get_secret_value().encode(), "REVERIE_SECRET_KEY")
    if read_secrets(kept.read_bytes().strip(), f"The secret in {archive}")[0] not in own:
        raise InvalidRequest(
            "REVERIE_SECRET_KEY does not decrypt this backup: append the backup's secret after a comma "
            f"(tar -xOf {archive} {SECRET} shows it), or unset it to restore that secret"
        )
    return False
