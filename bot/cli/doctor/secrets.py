"""What `reverie doctor` finds about secrets: length, file permissions, encryption in transit."""

import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bot.domain.errors import StoreError
from bot.resources import secret_file, secrets_of
from bot.security.loopback import is_loopback_name
from bot.security.secret_keys import SECRET_MIN, UnusableSecret, short_parts
from bot.service.plugin import Diagnosis, Severity
from bot.settings import PLAYGROUND_PASSWORD_MIN, Settings, Switch, trimmed
from bot.store.database.connect import path_of
from bot.store.database.file_lock import sibling_of

#: suffixes of SQLite's files next to a database
_ENDINGS = ("", "-wal", "-shm")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def examine_secrecy(settings: Settings) -> Iterator[Diagnosis]:
    """Check the secret, the playground's password, file modes, and the public URL."""
    yield from _secret(settings)
    password = settings.playground_password
    if settings.playground is Switch.AUTO and password is not None:
        length = len(password.get_secret_value())
        if length < PLAYGROUND_PASSWORD_MIN:
            yield Diagnosis(
                what=f"REVERIE_PLAYGROUND_PASSWORD has {length} characters, which can be guessed",
                level=Severity.WARNING,
                remedy=f"set one of at least {PLAYGROUND_PASSWORD_MIN}",
            )
    yield from _modes(settings)
    url = urlsplit(settings.public_url or "")
    if url.scheme == "http" and not is_loopback_name(url.hostname or ""):
        yield Diagnosis(
            what=f"{settings.public_url} is not https: passwords and pictures are sent unencrypted",
            level=Severity.WARNING,
            remedy="use a reverse proxy with a certificate, and https:// in REVERIE_PUBLIC_URL",
        )


def _secret(settings: Settings) -> Iterator[Diagnosis]:
    file = secret_file(settings)
    given = None if settings.secret_key is None else settings.secret_key.get_secret_value()
    if given is None and is_missing(file):
        yield Diagnosis(what="secret: does not exist yet; reverie run creates it")
        return
    where = file if given is None else "REVERIE_SECRET_KEY"
    try:
        secrets_of(settings)
    except UnusableSecret as error:
        yield Diagnosis(what=error.what, level=Severity.FAULT, remedy=error.remedy)
        return
    yield Diagnosis(what=f"secret: {where}")
    if given is not None and trimmed(given) != given:
        yield Diagnosis(
            what="REVERIE_SECRET_KEY begins or ends with a blank, a line break or a quote, which counts",
            level=Severity.WARNING,
            remedy="set exactly the same on every replica; use one without for a new installation",
        )
    if short_parts(file.read_bytes() if given is None else given.encode()):
        yield Diagnosis(
            what=f"one of several secrets in {where} has fewer than {SECRET_MIN} characters",
            level=Severity.WARNING,
            remedy="put a longer one first, run reverie db reseal, and remove the short one",
        )


def is_missing(file: Path) -> bool:
    """Whether there is no such file; one in a folder that this user may not enter is not missing."""
    try:
        return not file.exists()
    except OSError:
        return False


def _modes(settings: Settings) -> Iterator[Diagnosis]:
    folder = settings.data_dir
    inside = [folder, *_entries(folder)]
    elsewhere = [path for path in _database(settings) if folder.resolve() not in path.resolve().parents]
    open_inside = [path for path in inside if _is_open(path)]
    open_elsewhere = [path for path in elsewhere if _is_open(path)]
    found = [*open_inside, *open_elsewhere]
    if not found:
        return
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    paths = [str(path) for path in ([folder] if open_inside else []) + open_elsewhere]
    yield Diagnosis(
        what=f"other users of this machine have access to {found[0]}{more}",
        level=Severity.WARNING,
        remedy=f"chmod -R go-rwx {shlex.join(paths)}",
    )


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _database(settings: Settings) -> list[Path]:
    """The files of an SQLite database; none for another database."""
    if not settings.database.startswith("sqlite"):
        return []
    try:
        return [sibling_of(path_of(settings.database), ending) for ending in _ENDINGS]
    except StoreError:
        return []  # reported by the check of the store


def _is_open(path: Path) -> bool:
    """Whether other users than the owner have any permission."""
    try:
        return bool(path.lstat().st_mode & _OTHERS) and not path.is_symlink()
    except OSError:
        return False
