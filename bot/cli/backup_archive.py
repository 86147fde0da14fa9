"""The backup file: an uncompressed tar with the database, the secret, media, and a manifest at the end.

Archives are untrusted when read: only known names and regular files are accepted, each once, and a media file
only if its name is the digest of its content.
"""

import hashlib
import json
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from bot.domain.errors import MediaRefused, ReverieError
from bot.media.storage.folder import FolderStorage

DATABASE, SECRET, MEDIA = "reverie.db", "secret", "media"
_MANIFEST = "manifest.json"
_FORMAT = 1
_SQLITE = b"SQLite format 3\0"
_CHUNK = 1 << 20
#: largest manifest in bytes
_MANIFEST_MAX = 10_000


class NoBackup(ReverieError):
    """This file is not a complete backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    #: media files
    media: int
    #: media files that were removed before they could be copied
    missing: int
    size: int


def write_archive(target: Path, database: Path, secret: bytes | None, media: Iterable[Path]) -> Written:
    """Write a backup that only its owner can read; raises FileExistsError if the file exists."""
    with _new_file(target) as file:
        taken = missing = 0
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            with database.open("rb") as content:
                _add(tar, DATABASE, content)
            if secret is not None:
                _add_bytes(tar, SECRET, secret)
            for path in media:
                try:
                    content = path.open("rb")
                except FileNotFoundError:
                    missing += 1
                    continue
                with content:
                    _add(tar, f"{MEDIA}/{path.name[:2]}/{path.name[2:4]}/{path.name}", content)
                taken += 1
            members = 1 + (secret is not None) + taken
            _add_bytes(tar, _MANIFEST, json.dumps({"format": _FORMAT, "members": members}).encode())
        file.flush()
        os.fsync(file.fileno())
        return Written(media=taken, missing=missing, size=file.tell())


@contextmanager
def _new_file(target: Path) -> Iterator[IO[bytes]]:
    """A new file with access for its owner only, removed again on failure."""
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        try:
            yield file
        except BaseException:
            target.unlink(missing_ok=True)
            raise


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes]) -> None:
    status = os.fstat(content.fileno())
    _add_as(tar, name, content, status.st_size, int(status.st_mtime))


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    _add_as(tar, name, BytesIO(content), len(content), 0)


def _add_as(tar: tarfile.TarFile, name: str, content: IO[bytes], size: int, changed_at: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, changed_at, 0o600
    tar.addfile(member, content)


def read_archive(source: Path, folder: Path) -> None:
    """Unpack a backup into an empty folder; on NoBackup the files unpacked so far stay."""
    with source.open("rb") as file:
        if file.read(len(_SQLITE)) == _SQLITE:
            raise NoBackup(
                f"{source} is a plain database: with the bot stopped, copy it to where its database lies"
            )
        file.seek(0)
        try:
            _unpack(file, folder)
        except (tarfile.TarError, EOFError, ValueError, RecursionError) as error:
            raise NoBackup(f"{source} is not a complete backup of Reverie ({error}): use another") from error


def _unpack(file: IO[bytes], folder: Path) -> None:
    storage = FolderStorage(folder / MEDIA)
    names: set[str] = set()
    members = None
    with tarfile.open(fileobj=file, mode="r:") as tar:
        for member in tar:
            if members is not None or member.name in names:
                raise ValueError(f"{member.name!r} is a duplicate or follows the manifest")
            plain = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse()
            content = tar.extractfile(member) if plain and member.size >= 0 else None
            if content is None:
                raise ValueError(f"{member.name!r} is not a regular file")
            if member.name == _MANIFEST:
                members = _members(content)
                continue
            names.add(member.name)
            target = _target(member.name, folder, storage)
            digest = _copy(content, target)
            if target.parent != folder and not target.suffix and digest != target.name:
                raise ValueError(f"{member.name!r} is damaged")
    if members is None or members != len(names) or DATABASE not in names:
        raise ValueError("it is truncated")


def _members(content: IO[bytes]) -> int:
    manifest = json.loads(content.read(_MANIFEST_MAX))
    match manifest:
        case {"format": int(form), "members": int(members)} if form == _FORMAT:
            return members
        case {"format": int(form)} if form > _FORMAT:
            raise ValueError("a newer version wrote it")
        case _:
            raise ValueError("its manifest is damaged")


def _target(name: str, folder: Path, storage: FolderStorage) -> Path:
    """The path to which an archive member is written; raises ValueError for an unknown name."""
    if name in (DATABASE, SECRET):
        return folder / name
    try:
        target = storage.path(name.rpartition("/")[2])
    except MediaRefused as error:
        raise ValueError(f"{name!r} does not belong there") from error
    if name != target.relative_to(folder.absolute()).as_posix():
        raise ValueError(f"{name!r} does not belong there")
    return target


def _copy(content: IO[bytes], target: Path) -> str:
    """Write a new file, synced to disk; returns the digest of its content."""
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()
