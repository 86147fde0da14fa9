"""One writing process per SQLite file, and one running bot per data folder."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.store.database.file_lock import DatabaseLocked, FolderLocked, lock_folder, lock_store

_HOLD = """
import sys
from pathlib import Path
from bot.store.database.file_lock import lock_folder, lock_store
with lock_store(sys.argv[1]) if sys.argv[1].startswith("sqlite") else lock_folder(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


@contextmanager
def _holder(folder: Path | str) -> Iterator[subprocess.Popen[str]]:
    """Run another process that holds the folder until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(folder)],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "locked\n" == process.stdout.readline()
        yield process


def test_a_second_process_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    with (
        _holder(tmp_path) as process,
        pytest.raises(FolderLocked, match="REVERIE_DATA_DIR") as caught,
        lock_folder(tmp_path),
    ):
        pytest.fail("two processes hold one folder")
    assert process.pid == caught.value.holder
    with lock_folder(tmp_path):
        pass


def test_a_killed_holder_frees_the_folder(tmp_path: Path) -> None:
    with _holder(tmp_path) as process:
        process.kill()
        process.wait()
        with lock_folder(tmp_path):
            pass


def test_the_same_process_cannot_hold_a_folder_twice(tmp_path: Path) -> None:
    with lock_folder(tmp_path / "new"):
        with pytest.raises(FolderLocked), lock_folder(tmp_path / "new"):
            pytest.fail("one folder was held twice")
        with pytest.raises(FolderLocked), lock_folder(tmp_path / "new"):
            pytest.fail("the one who was refused has freed the folder")
    with lock_folder(tmp_path / "new"):
        pass


def test_a_database_is_one_by_whatever_name_and_from_whatever_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "other.db").symlink_to(folder / "reverie.db")
    monkeypatch.chdir(folder)
    names = ("/reverie.db", "/./reverie.db", f"/{folder}/reverie.db", f"/{tmp_path}/link/reverie.db")
    with _holder(f"sqlite:///{folder}/reverie.db") as process:
        for name in (*names, f"/{tmp_path}/other.db"):
            with pytest.raises(DatabaseLocked, match="REVERIE_DATABASE_URL") as caught:
                lock_store(f"sqlite://{name}").__enter__()
            assert process.pid == caught.value.holder
        with lock_store(f"sqlite:///{folder}/another.db"), lock_store("postgresql://host/reverie"):
            pass
    with lock_store("sqlite:///reverie.db"):
        pass
