"""One running bot per data folder."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.store.locking import FolderLocked, lock_folder

_HOLD = """
import sys
from pathlib import Path
from bot.store.locking import lock_folder
with lock_folder(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


@contextmanager
def _holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run another process that holds the folder until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(folder)],
        cwd=Path(__file__).parents[2],
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
