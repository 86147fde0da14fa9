"""Uploaded files: their rows, and the state that follows from a row and the clock."""

from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from simulator.file_store import FileStore
from simulator.generations.database import Database

#: how long the API examines a file, in milliseconds at normal speed
_EXAMINED_MS = 1_000
_UNREADABLE = "The file could not be decoded"
#: how the files that can be used begin, after so many bytes
_SIGNATURES = ((0, b"\xff\xd8\xff"), (0, b"\x89PNG"), (0, b"RIFF"), (4, b"ftyp"))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One row. Times are milliseconds UTC."""

    id: str
    account: str
    mime_type: str
    size_bytes: int
    purpose: str
    filename: str | None
    user_id: str | None
    expires_at: str | None
    created_at: int
    #: when its examination ends; None until its content has arrived
    ready_at: int | None = None
    failure_reason: str | None = None
    deleted_at: int | None = None

    def state(self, now: int) -> str:
        if self.deleted_at is not None:
            return "deleted"
        if self.ready_at is None or now < self.ready_at:
            return "pending"
        return "failed" if self.failure_reason else "ready"

    def document(self, now: int) -> dict[str, Any]:
        state = self.state(now)
        return {
            "id": self.id,
            "mime_type": self.mime_type,
            "size_bytes": self.size_bytes,
            "purpose": self.purpose,
            "filename": self.filename,
            "user_id": self.user_id,
            "state": state,
            "failure_reason": self.failure_reason if state == "failed" else None,
            "created_at": iso(self.created_at),
            "expires_at": self.expires_at,
            "deleted_at": None if self.deleted_at is None else iso(self.deleted_at),
        }


def iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


_COLUMNS = tuple(field.name for field in fields(StoredFile))
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM uploaded_file"  # noqa: S608 - names of our own fields
#: `StoredFile.state`
_STATE = (
    "CASE WHEN deleted_at IS NOT NULL THEN 'deleted' WHEN ready_at IS NULL OR :now < ready_at THEN 'pending'"
    " WHEN failure_reason IS NOT NULL THEN 'failed' ELSE 'ready' END"
)
_BEHIND = (
    " WHERE account = :account AND (:after = '' OR seq <"  # noqa: S608 - our own condition
    " (SELECT seq FROM uploaded_file AS last WHERE last.id = :after))"
    " AND (:purpose = '' OR purpose = :purpose)"
    f" AND CASE WHEN :state = '' THEN deleted_at IS NULL ELSE {_STATE} = :state END"
    " ORDER BY seq DESC LIMIT :limit"
)


class Files:
    """The files of all accounts."""

    def __init__(self, database: Database, store: FileStore, *, speed: float) -> None:
        self._database = database
        self._store = store
        self._examined_ms = max(1, round(_EXAMINED_MS / speed))

    async def add(self, file: StoredFile) -> None:
        names = ", ".join(f":{name}" for name in _COLUMNS)
        await self._database.write(
            f"INSERT INTO uploaded_file ({', '.join(_COLUMNS)}) VALUES ({names})",  # noqa: S608 - own names
            dict(zip(_COLUMNS, astuple(file), strict=True)),
        )

    async def find(self, file_id: str, account: str | None = None) -> StoredFile | None:
        """A file, of any account if none is given."""
        rows = await self._database.read(
            f"{_SELECT} WHERE id = :id AND (:account IS NULL OR account = :account)",
            {"id": file_id, "account": account},
        )
        return _file(rows[0]) if rows else None

    async def page(
        self, account: str, *, after: str, purpose: str, state: str, limit: int, now: int
    ) -> list[StoredFile]:
        """Files of an account, newest first, behind the one that a cursor names.

        Deleted ones only where their state is asked for.
        """
        parameters = {
            "account": account,
            "after": after,
            "purpose": purpose,
            "state": state,
            "limit": limit,
            "now": now,
        }
        rows = await self._database.read(_SELECT + _BEHIND, parameters)
        return [_file(row) for row in rows]

    async def receive(self, file: StoredFile, content: bytes) -> None:
        """Store the content of a file."""
        await self._store.write(content, self._store.uploaded(file.id))

    async def complete(self, file: StoredFile, now: int) -> None:
        """Begin to examine a file whose content has arrived."""
        head = await self._store.head(self._store.uploaded(file.id))
        known = any(head[start:].startswith(signature) for start, signature in _SIGNATURES)
        await self._database.write(
            "UPDATE uploaded_file SET ready_at = :ready_at, failure_reason = :reason WHERE id = :id",
            {"id": file.id, "ready_at": now + self._examined_ms, "reason": None if known else _UNREADABLE},
        )

    async def delete(self, file_id: str, account: str, now: int) -> bool:
        rows = await self._database.write(
            "UPDATE uploaded_file SET deleted_at = :now"
            " WHERE id = :id AND account = :account AND deleted_at IS NULL RETURNING id",
            {"id": file_id, "account": account, "now": now},
        )
        return bool(rows)

    async def add_content(self, content: bytes, mime_type: str, account: str, now: int) -> str:
        """Keep content that came inside a request as a file that is ready."""
        file = StoredFile(
            id=str(uuid4()),
            account=account,
            mime_type=mime_type,
            size_bytes=len(content),
            purpose="input",
            filename=None,
            user_id=None,
            expires_at=None,
            created_at=now,
            ready_at=now,
        )
        await self._store.write(content, self._store.uploaded(file.id))
        await self.add(file)
        return file.id


def _file(row: Any) -> StoredFile:
    return StoredFile(**dict(zip(_COLUMNS, row, strict=True)))
