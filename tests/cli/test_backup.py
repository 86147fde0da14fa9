"""A backup holds the database, its secret and its media, and comes back whole or not at all."""

import asyncio
import io
import json
import resource
import shutil
import sqlite3
import stat
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.cli.backup import backup, restore
from bot.cli.backup_archive import NoBackup
from bot.cli.media_copy import copy_media
from bot.domain.errors import InvalidRequest, ReverieError
from bot.settings import Settings
from tests.buckets import GivenBucket
from tests.cli.running import reverie
from tests.cli.store import break_page, fill, settings
from tests.domain.people import NOW

OLD, NEW = "o" * 40, "n" * 40


def hold(where: Settings, content: bytes, *renditions: str) -> str:
    """Store a file that a job needs, with what was made from it."""
    file = sha256(content).hexdigest()
    folder = where.data_dir / "media" / file[:2] / file[2:4]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(content)
    for name in renditions:
        (folder / f"{file}.{name}").write_bytes(name.encode())
    with closing(sqlite3.connect(where.data_dir / "reverie.db")) as db, db:
        db.execute("INSERT INTO file_reference (file, holder) VALUES (?, 'job')", (file,))
    return file


@pytest.fixture
async def full(tmp_path: Path) -> Settings:
    where = settings(tmp_path / "old")
    await fill(where, now=NOW)
    with closing(sqlite3.connect(where.data_dir / "reverie.db")) as db, db:
        db.execute("DELETE FROM file_reference")
    (where.data_dir / "secret").write_text(OLD + "\n")
    return where


def rows(where: Settings) -> list[str]:
    with closing(sqlite3.connect(where.data_dir / "reverie.db")) as db:
        return list(db.iterdump())


def media_of(where: Settings) -> dict[str, bytes]:
    folder = where.data_dir / "media"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def left_in(folder: Path) -> set[str]:
    """What lies in a data folder but for the locks."""
    found = {entry.name for entry in folder.iterdir()} if folder.exists() else set()
    return {name for name in found if not name.endswith("lock")}


def test_a_restored_backup_has_exactly_what_is_referenced(full: Settings, tmp_path: Path) -> None:
    hold(full, b"a picture")
    hold(full, b"a video", "still", "h264")
    kept = media_of(full)
    (full.data_dir / "media" / "incoming").mkdir()
    (full.data_dir / "media" / "incoming" / "half").write_bytes(b"on its way")
    stray = sha256(b"stray").hexdigest()
    (full.data_dir / "media" / stray[:2] / stray[2:4]).mkdir(parents=True)
    (full.data_dir / "media" / stray[:2] / stray[2:4] / stray).write_bytes(b"stray")

    made = backup(full, tmp_path / "b.tar", media=True)

    assert (4, 0, 2, True) == (made.written.media, made.written.missing, made.needed, made.secret)
    assert made.written.size == (tmp_path / "b.tar").stat().st_size
    assert 0o600 == stat.S_IMODE((tmp_path / "b.tar").stat().st_mode)
    assert {"b.tar", "old"} == {path.name for path in tmp_path.iterdir()}
    new = settings(tmp_path / "new")
    restore(new, tmp_path / "b.tar")
    assert rows(full) == rows(new)
    assert kept == media_of(new)
    assert {"reverie.db", "secret", "media"} == left_in(new.data_dir)
    assert OLD + "\n" == (new.data_dir / "secret").read_text()


def test_media_are_not_backed_up_by_default(full: Settings, tmp_path: Path) -> None:
    hold(full, b"a picture")
    assert (0, 1) == ((made := backup(full, tmp_path / "b.tar", media=False)).written.media, made.needed)
    new = settings(tmp_path / "new")
    restore(new, tmp_path / "b.tar")
    assert {"reverie.db", "secret"} == left_in(new.data_dir)


def test_a_file_that_was_removed_meanwhile_is_reported_and_the_rest_backed_up(
    full: Settings, tmp_path: Path
) -> None:
    gone, kept = hold(full, b"a picture"), hold(full, b"another")
    (full.data_dir / "media" / gone[:2] / gone[2:4] / gone).unlink()
    made = backup(full, tmp_path / "b.tar", media=True)
    assert (1, 1) == (made.written.media, made.written.missing)
    new = settings(tmp_path / "new")
    restore(new, tmp_path / "b.tar")
    assert [f"{kept[:2]}/{kept[2:4]}/{kept}"] == list(media_of(new))


def test_a_database_of_an_earlier_version_is_backed_up_with_its_media(full: Settings, tmp_path: Path) -> None:
    hold(full, b"a picture")
    with closing(sqlite3.connect(full.data_dir / "reverie.db")) as db, db:
        db.execute("ALTER TABLE file_reference RENAME TO holding")
    made = backup(full, tmp_path / "b.tar", media=True)
    assert (1, 0, 1) == (made.written.media, made.written.missing, made.needed)


def test_a_damaged_database_is_told_and_leaves_no_backup(full: Settings, tmp_path: Path) -> None:
    break_page(full, "sqlite_autoindex_file_reference_1")
    with pytest.raises(ReverieError, match=r"reverie.db is damaged \(database disk image is malformed\)"):
        backup(full, tmp_path / "b.tar", media=False)
    assert not [*tmp_path.glob("*.tar"), *tmp_path.glob(".reverie*")]


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
def test_a_disk_without_room_is_told_with_its_folder_and_stays_empty(full: Settings, tmp_path: Path) -> None:
    backup(full, tmp_path / "b.tar", media=False)
    new = settings(tmp_path / "new")
    new.data_dir.mkdir(parents=True)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, before[1]))
    try:
        with pytest.raises(ReverieError, match=r"b.tar cannot be restored into .*/new/data: File too large"):
            restore(new, tmp_path / "b.tar")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert set() == left_in(new.data_dir)


def test_neither_overwrites_anything(full: Settings, tmp_path: Path) -> None:
    target = tmp_path / "b.tar"
    backup(full, target, media=False)
    content = target.read_bytes()
    with pytest.raises(InvalidRequest, match=r"b.tar exists already; name a new file"):
        backup(full, target, media=False)
    (tmp_path / "link.tar").symlink_to("nowhere")
    with pytest.raises(InvalidRequest, match=r"link.tar exists already"):
        backup(full, tmp_path / "link.tar", media=False)
    with pytest.raises(InvalidRequest, match="There is no folder"):
        backup(full, tmp_path / "no" / "b.tar", media=False)
    assert content == target.read_bytes()
    before = rows(full)
    with pytest.raises(
        InvalidRequest, match=r"data holds reverie.db: a backup is restored into an empty folder"
    ):
        restore(full, target)
    assert before == rows(full)
    elsewhere = settings(tmp_path / "new", database_url=f"sqlite:///{full.data_dir}/reverie.db")
    with pytest.raises(InvalidRequest, match=r"reverie.db exists already"):
        restore(elsewhere, target)
    for name in ("secret", "media", "notes.txt"):
        other = settings(tmp_path / name)
        other.data_dir.mkdir(parents=True)
        (other.data_dir / name).write_text("")
        with pytest.raises(InvalidRequest, match=f"data holds {name}"):
            restore(other, target)
        assert {name} == left_in(other.data_dir)


def test_the_database_is_restored_to_where_the_settings_have_it(full: Settings, tmp_path: Path) -> None:
    backup(full, tmp_path / "b.tar", media=False)
    (tmp_path / "disk").mkdir()
    new = settings(tmp_path / "new", database_url=f"sqlite:///{tmp_path}/disk/bot.db")
    restore(new, tmp_path / "b.tar")
    assert {"secret"} == left_in(new.data_dir)
    assert {"bot.db"} == left_in(tmp_path / "disk")


def test_the_secret_of_the_environment_is_backed_up_and_must_match(full: Settings, tmp_path: Path) -> None:
    """A secret that is set stands above the one in the data folder, where it would never be read."""
    backup(full, tmp_path / "b.tar", media=False)
    for number, given in enumerate((OLD, f"{NEW},{OLD}")):
        new = settings(tmp_path / str(number), secret_key=SecretStr(given))
        restore(new, tmp_path / "b.tar")
        assert {"reverie.db"} == left_in(new.data_dir)
    new = settings(tmp_path / "new", secret_key=SecretStr(NEW))
    with pytest.raises(
        InvalidRequest, match="does not decrypt this backup: append the backup's secret after"
    ):
        restore(new, tmp_path / "b.tar")
    assert set() == left_in(new.data_dir)


def test_a_secret_of_the_environment_is_in_the_backup(full: Settings, tmp_path: Path) -> None:
    (full.data_dir / "secret").unlink()
    backup(full.model_copy(update={"secret_key": SecretStr(f"{NEW},{OLD}")}), tmp_path / "b.tar", media=False)
    new = settings(tmp_path / "new")
    restore(new, tmp_path / "b.tar")
    assert f"{NEW},{OLD}" == (new.data_dir / "secret").read_text()


Entry = tuple[str, bytes | tarfile.TarInfo]


def entries_of(archive: Path) -> list[Entry]:
    with tarfile.open(archive) as tar:
        found = [(member, tar.extractfile(member)) for member in tar]
        return [(member.name, file.read()) for member, file in found if file is not None]


def write(archive: Path, entries: list[Entry], *, mode: str = "w") -> None:
    with tarfile.open(archive, mode) as tar:  # type: ignore[call-overload]
        for name, content in entries:
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
                continue
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def special(name: str, kind: bytes, target: str = "") -> Entry:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return name, member


def sparse(name: str, size: int) -> Entry:
    """A file of nothing, as large as it says."""
    member = tarfile.TarInfo(name)
    member.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(size)}
    return name, member


def counted(entries: list[Entry]) -> list[Entry]:
    """With an end that counts what stands before it."""
    return [*entries, ("manifest.json", json.dumps({"format": 1, "members": len(entries)}).encode())]


_DIGEST = sha256(b"x").hexdigest()
_IN_PLACE = f"media/{_DIGEST[:2]}/{_DIGEST[2:4]}/{_DIGEST}"
_HOSTILE: dict[str, Callable[[list[Entry]], list[Entry]]] = {
    "above": lambda good: counted([("../evil", b"x"), *good[:-1]]),
    "absolute": lambda good: counted([("/tmp/reverie-evil", b"x"), *good[:-1]]),  # noqa: S108 - it must not be made
    "above by media": lambda good: counted([(f"media/../../{_DIGEST}", b"x"), *good[:-1]]),
    "dots in place": lambda good: counted(
        [(f"media/./{_IN_PLACE.removeprefix('media/')}", b"x"), *good[:-1]]
    ),
    "media elsewhere": lambda good: counted([(f"media/aa/bb/{_DIGEST}", b"x"), *good[:-1]]),
    "another name": lambda good: counted([("authorized_keys", b"x"), *good[:-1]]),
    "symbolic link": lambda good: counted([special("secret", tarfile.SYMTYPE, "/etc/passwd"), good[0]]),
    "link of a folder": lambda good: counted([special("media", tarfile.SYMTYPE, ".."), *good[:-1]]),
    "hard link": lambda good: counted([good[0], special("secret", tarfile.LNKTYPE, "reverie.db")]),
    "device": lambda good: counted([special("secret", tarfile.CHRTYPE), good[0]]),
    "pipe": lambda good: counted([special("secret", tarfile.FIFOTYPE), good[0]]),
    "folder": lambda good: counted([special("secret", tarfile.DIRTYPE), good[0]]),
    "holes": lambda good: counted([sparse("secret", 40_000_000), good[0]]),
    "twice": lambda good: counted([*good[:-1], good[0]]),
    "after the end": lambda good: [*good, (_IN_PLACE, b"x")],
    "changed media": lambda good: [
        *good[:-1],
        (_IN_PLACE, b"y"),
        ("manifest.json", b'{"format":1,"members":3}'),
    ],
    "no end": lambda good: good[:-1],
    "less than there was": lambda good: [good[0], good[-1]],
    "no database": lambda good: counted([good[1]]),
    "a newer form": lambda good: [*good[:-1], ("manifest.json", b'{"format":2,"members":2}')],
    "an odd end": lambda good: [*good[:-1], ("manifest.json", b"[" * 9_000)],
    "another odd end": lambda good: [*good[:-1], ("manifest.json", b'{"format":1,"members":"2"}')],
    "a damaged database": lambda good: [("reverie.db", b"SQLite format 3\0" + b"\xff" * 5_000), *good[1:]],
}


@pytest.mark.parametrize("change", _HOSTILE.values(), ids=_HOSTILE)
def test_an_invalid_backup_leaves_no_files_behind(
    change: Callable[[list[Entry]], list[Entry]], full: Settings, tmp_path: Path
) -> None:
    backup(full, tmp_path / "b.tar", media=False)
    write(tmp_path / "evil.tar", change(entries_of(tmp_path / "b.tar")))
    new = settings(tmp_path / "new" / "deep")
    with pytest.raises(Exception, match=r"evil.tar (is not a complete backup of Reverie|is damaged)"):
        restore(new, tmp_path / "evil.tar")
    assert set() == left_in(new.data_dir)
    assert {"b.tar", "evil.tar", "new", "old"} == {path.name for path in tmp_path.iterdir()}
    assert not Path("/tmp/reverie-evil").exists()  # noqa: S108 - it must not be made


def test_a_backup_that_is_cut_off_anywhere_is_refused(full: Settings, tmp_path: Path) -> None:
    hold(full, b"a picture")
    backup(full, tmp_path / "b.tar", media=True)
    content = (tmp_path / "b.tar").read_bytes()
    end = content.index(json.dumps({"format": 1, "members": 3}).encode())
    for size in (0, 100, 512, 5_000, end - 5_000, end - 512, end - 1, end + 5):
        (tmp_path / "cut.tar").write_bytes(content[:size])
        with pytest.raises(NoBackup, match="is not a complete backup"):
            restore(settings(tmp_path / "new"), tmp_path / "cut.tar")
    restore(settings(tmp_path / "new"), tmp_path / "b.tar")


def test_a_plain_database_is_recognised(full: Settings, tmp_path: Path) -> None:
    with pytest.raises(NoBackup, match=r"reverie.db is a plain database: with the bot stopped, copy it"):
        restore(settings(tmp_path / "new"), full.data_dir / "reverie.db")


async def _in_bucket(where: Settings, given: GivenBucket) -> Settings:
    """Bring the media of an installation into a bucket."""
    moved = where.model_copy(update=given.settings)
    await copy_media(moved, str(where.data_dir / "media"), given.url, lambda _: None)
    shutil.rmtree(where.data_dir / "media")
    return moved


async def test_media_of_a_bucket_are_downloaded_where_they_are_asked_for(
    full: Settings, tmp_path: Path, bucket: GivenBucket
) -> None:
    hold(full, b"a picture")
    hold(full, b"a video", "still", "h264")
    kept = media_of(full)
    where = await _in_bucket(full, bucket)
    lost = "f" * 64
    with closing(sqlite3.connect(where.data_dir / "reverie.db")) as db, db:
        db.execute("INSERT INTO file_reference (file, holder) VALUES (?, 'job')", (lost,))
    made = await asyncio.to_thread(backup, where, tmp_path / "b.tar", media=True)
    assert (4, 1, 3) == (made.written.media, made.written.missing, made.needed)
    new = settings(tmp_path / "new")
    restore(new, tmp_path / "b.tar")
    assert kept == media_of(new)


async def test_media_that_stay_in_a_bucket_are_told(full: Settings, bucket: GivenBucket) -> None:
    hold(full, b"a picture")
    await _in_bucket(full, bucket)
    ended = await asyncio.to_thread(
        reverie, full.data_dir.parent, "db", "backup", "b.tar", **bucket.environment
    )
    assert 0 == ended.returncode, ended
    assert f"(1 files), which stay in {bucket.url}: add --media to include them" in ended.stdout
