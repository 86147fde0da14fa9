"""The port to the storage of media, which is a folder or a bucket.

A file is named by the digest of its content, so that the same picture twice is one file. What is made from
a file, such as the still of a video, is a *rendition*: it is called `<digest>.<name>`, is stored beside the
file and removed with it.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from bot.domain.errors import MediaRefused
from bot.domain.generations.media import Media
from bot.media.disk import disk_errors
from bot.media.storage.incoming import IncomingQuota

_FILE_ID = re.compile(r"([0-9a-f]{64})(?:\.[a-z0-9-]{1,40})?")


class Reservations(Protocol):
    """Storing a file and removing it exclude each other, also between processes.

    A file that nobody needs any more may just be stored again for somebody else. Whoever stores it reserves
    it until the database knows who needs it; whoever removes it takes it alone, asks the database again, and
    only then removes it.
    """

    def keeping(self) -> AbstractAsyncContextManager[None]:
        """Keep what is stored inside reserved until the end, when the database must know who needs it."""
        ...

    def reserved(self, file: str) -> AbstractAsyncContextManager[None]:
        """Reserve a file that is stored inside, and further where `keeping` is around it."""
        ...

    def alone(self, files: Sequence[str]) -> AbstractAsyncContextManager[list[str]]:
        """Those of the files that nobody else stores or removes, for as long as this lasts."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedFile:
    """What a web server needs to know of a stored file."""

    #: by its first bytes; None for what is no picture and no video
    mime: str | None
    size: int
    #: a short-lived URL of the bucket under which it has this type; None: only we can read it
    url: str | None = None


class Storage(Protocol):
    """Keeps files by the digest of their content. All errors are `MediaError`s.

    `MediaLost` means that a file is not stored; `ProcessingFailed` that the storage is at fault.
    """

    #: local folder for files on their way in
    incoming: Path
    #: what members may have in it
    incoming_quota: IncomingQuota

    @property
    def reservations(self) -> Reservations: ...

    @property
    def links_origin(self) -> str | None:
        """The origin of the URLs of served files; None where they have none."""
        ...

    async def put(
        self, source: Path | bytes, *, mime: str, width: int, height: int, duration_ms: int | None = None
    ) -> Media:
        """Keep a file for good: once this answers, it survives a power cut.

        A source in `incoming` is moved, any other copied.
        """
        ...

    async def put_rendition(self, file: str, name: str, source: Path) -> str:
        """Keep what was made from a stored file, in the place of what had that name; returns its id."""
        ...

    def local(self, file_id: str) -> AbstractAsyncContextManager[Path]:
        """A path where a stored file can be read while the context lasts; nobody writes to it."""
        ...

    async def serve(self, file_id: str) -> ServedFile: ...

    async def exists(self, file_id: str) -> bool: ...

    async def size(self, file_id: str) -> int:
        """Bytes of a stored file; 0 where it is gone."""
        ...

    async def remove(self, file_id: str) -> int:
        """Remove a file with its renditions, or one rendition; returns the bytes that this frees.

        One that is gone already is no error.
        """
        ...

    def listed(self) -> AsyncIterator[Mapping[str, int]]:
        """All stored files and renditions with their bytes, in batches sorted by their ids."""
        ...

    def unreferenced_files(self, older_than_ms: int, *, now: int) -> AsyncIterator[list[str]]:
        """Name all stored files, in batches, with which nothing has been done for so long.

        Who asks must find out which of them are still needed. `now` is in milliseconds UTC.
        """
        ...

    async def used_bytes(self) -> int:
        """Bytes of everything that is stored."""
        ...

    async def sweep(self, *, now: int) -> int:
        """Remove what processes that died left on its way in; `now` is in milliseconds UTC.

        A bucket also removes local copies that nobody has used for long.
        """
        ...

    async def fault(self) -> str | None:
        """Why files can neither be stored nor read, with the remedy; None where they can."""
        ...


async def open_stored(storage: Storage, file_id: str) -> BinaryIO:
    """Open a stored file for reading, also after its local copy has been removed; the caller closes it."""
    async with storage.local(file_id) as path:
        with disk_errors():
            return await asyncio.to_thread(path.open, "rb")


def digest_of_id(file_id: str) -> str:
    """The file that an id names or that a rendition belongs to; raises MediaRefused for no id of ours."""
    if (found := _FILE_ID.fullmatch(file_id)) is None:
        raise MediaRefused("This is not the id of a file.")
    return found[1]


def is_file_id(name: str) -> bool:
    return _FILE_ID.fullmatch(name) is not None


def is_rendition(file_id: str) -> bool:
    """Whether an id is of a rendition; else it is the digest of the file's content."""
    return digest_of_id(file_id) != file_id


def relative_path(file_id: str) -> str:
    """Where a file is stored, in a folder and in a bucket alike: `ab/cd/abcd…`."""
    digest = digest_of_id(file_id)
    return f"{digest[:2]}/{digest[2:4]}/{file_id}"
