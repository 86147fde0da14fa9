"""The presets of workspaces. The files of their pictures are kept while they exist."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from bot.domain.generations.media import Reference
from bot.domain.workspace.presets import Preset, PresetKind
from bot.store.admin.workspaces import AuditEntry, add_workspaces, lock_workspace, record_audit
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load
from bot.store.file_refs import replace_references
from bot.store.rows import UNREADABLE, log_unreadable

sql = load("admin/presets")


async def named_presets(database: Database, workspace: str, names: Iterable[str]) -> Mapping[str, Preset]:
    """The presets with these names, by name."""
    rows = await database.fetch(sql.named, workspace=workspace, names=sorted(set(names)))
    return {preset.name: preset for preset in _readable(workspace, rows)}


async def list_presets(database: Database, workspace: str) -> list[Preset]:
    """The presets of a workspace, by their names."""
    return list(_readable(workspace, await database.fetch(sql.all_of, workspace=workspace)))


async def preset_kinds(database: Database, workspace: str) -> Mapping[str, str]:
    """The kind of each preset of a workspace, by its name in order."""
    rows = await database.fetch(sql.names, workspace=workspace)
    return {row["name"]: row["kind"] for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetChange:
    """A preset as it was before a change."""

    before: Preset | None
    #: files that nothing refers to any more
    freed: tuple[str, ...] = ()
    #: False: there was no room for one more
    applied: bool = True


async def save_preset(
    tx: Transaction, workspace: str, preset: Preset, *, most: int, audit: AuditEntry
) -> PresetChange:
    """Save a preset in place of one with its name, while the workspace has no more than `most` of them."""
    await add_workspaces(tx, [workspace], now=audit.now)
    await lock_workspace(tx, workspace)
    before = await _find(tx, workspace, preset.name)
    known = {row["name"] for row in await tx.fetch(sql.names, workspace=workspace)}
    if preset.name not in known and len(known) >= most:
        return PresetChange(before=None, applied=False)
    pictures = [picture.model_dump(mode="json", exclude_none=True) for picture in preset.pictures]
    await tx.run(
        sql.save,
        workspace=workspace,
        name=preset.name,
        kind=preset.kind,
        text=preset.text,
        pictures=orjson.dumps(pictures).decode(),
        makers=orjson.dumps(preset.makers).decode(),
        set_by=preset.set_by,
        set_at=preset.set_at,
    )
    freed = await replace_references(tx, _holder(workspace, preset.name), _files(preset))
    await record_audit(tx, audit, {"before": _described(before), "after": _described(preset)})
    return PresetChange(before=before, freed=freed)


async def remove_preset(tx: Transaction, workspace: str, name: str, *, audit: AuditEntry) -> PresetChange:
    """Remove a preset, if there is one of this name."""
    await lock_workspace(tx, workspace)
    before = await _find(tx, workspace, name)
    if not await tx.run(sql.remove, workspace=workspace, name=name):
        return PresetChange(before=None, applied=False)
    freed = await replace_references(tx, _holder(workspace, name), ())
    await record_audit(tx, audit, {"before": _described(before)})
    return PresetChange(before=before, freed=freed)


async def remove_presets_from(tx: Transaction, person: str, *, before: int) -> tuple[str, ...]:
    """Remove the presets with a picture that is a person's result; returns files without a reference."""
    freed: list[str] = []
    for row in await tx.fetch(sql.with_makers, before=before):
        if person in orjson.loads(row["makers"]):
            await tx.run(sql.remove, workspace=row["workspace"], name=row["name"])
            freed += await replace_references(tx, _holder(row["workspace"], row["name"]), ())
    return tuple(freed)


async def _find(tx: Transaction, workspace: str, name: str) -> Preset | None:
    rows = await tx.fetch(sql.named, workspace=workspace, names=[name])
    return next(_readable(workspace, rows), None)


def _holder(workspace: str, name: str) -> str:
    return f"preset:{workspace}/{name}"


def _files(preset: Preset) -> list[str]:
    return [picture.file.file for picture in preset.pictures if picture.file is not None]


def _described(preset: Preset | None) -> Mapping[str, object]:
    """A preset as the audit has it."""
    if preset is None:
        return {}
    return {
        "kind": preset.kind,
        "text": preset.text,
        "pictures": len(preset.pictures),
        "by": preset.set_by,
    }


def _readable(workspace: str, rows: Sequence[Row]) -> Iterator[Preset]:
    for row in rows:
        try:
            yield Preset(
                name=row["name"],
                kind=PresetKind(row["kind"]),
                text=row["text"],
                pictures=tuple(map(Reference.model_validate, orjson.loads(row["pictures"]))),
                makers=tuple(orjson.loads(row["makers"])),
                set_by=row["set_by"],
                set_at=row["set_at"],
            )
        except UNREADABLE as error:
            log_unreadable("preset", f"{workspace}/{row['name']}", type(error).__name__)
