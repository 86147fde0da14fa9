"""What all processes of a run have in common: a folder, and servers that are slow to start.

The process that begins the run makes the folder and names it in its environment. A server is a module that
prints one line once it serves. It ends when its standard input does, which is with the process that began the
run, even when that is killed.
"""

import atexit
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.temporary_files import quickest_folder

_ROOT = Path(__file__).parents[1]
_VARIABLE = "FOLDER_OF_THE_TEST_RUN"
#: a pipe without content, whose only writer is the process that began the run
_PIPE = "running"
_NOT_INHERITED = ("REVERIE_", "LUMA", "DISCORD_", "SLACK_", "CRASH_", "CHAT_")


@cache
def run_folder() -> Path:
    """The folder of this run, which is made, and removed at its end, by whoever asks first."""
    if (made := os.environ.get(_VARIABLE)) is not None:
        return Path(made)
    # A database has hundreds of files, which take long to make on a disk.
    folder = Path(tempfile.mkdtemp(prefix="reverie-", dir=quickest_folder()))
    os.mkfifo(folder / _PIPE)
    writer = os.open(folder / _PIPE, os.O_RDWR)
    os.environ[_VARIABLE] = str(folder)

    def end() -> None:
        os.close(writer)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return folder


def run_environment() -> dict[str, str]:
    """What tells a process of this run so whose environment is empty otherwise."""
    return {_VARIABLE: str(run_folder())}


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Keep the other processes of this run out of what has this name."""
    with (run_folder() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@cache
def run_server(module: str) -> str:
    """Start `python -m module FOLDER`, unless this run has done so; answers the line that it has printed."""
    told = run_folder() / f"{module}.told"
    with alone(module):
        if not told.exists():
            told.write_text(_start(module))
    return told.read_text()


def _start(module: str) -> str:
    paths = os.pathsep.join((str(_ROOT), *filter(None, sys.path)))
    with (run_folder() / _PIPE).open() as running:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(run_folder())],
            cwd=_ROOT,
            env=inherited() | {"PYTHONPATH": paths},
            stdin=running,
            stdout=subprocess.PIPE,
            text=True,
        )
    process.returncode = 0  # it outlives the process that has started it, which does not wait for it
    assert process.stdout is not None
    with process.stdout as lines:
        line = lines.readline().strip()
    assert line, f"{module} has not started"
    return line


def inherited() -> dict[str, str]:
    """The environment without the settings of a bot that somebody may run on this machine."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
