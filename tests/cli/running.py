"""The command line as a process of its own, in its own folder and without the developer's settings.

It is started warm; what belongs to the start of an interpreter is tested in `test_streams` and `test_use`.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from tests.patience import PATIENCE_S
from tests.warm import COMMAND_LINE, Started, start

ROOT = Path(__file__).parents[2]


def environment(**settings: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "120"} | settings


def reverie(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        with started(folder, arguments, settings, out.fileno(), err.fileno()) as process:
            code = process.wait()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(arguments, code, out.read(), err.read())


def lines(ended: subprocess.CompletedProcess[str]) -> list[str]:
    """What it printed, without the spaces that align it."""
    return [" ".join(line.split()) for line in ended.stdout.splitlines()]


def cold_reverie(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a new interpreter, which inherits the limits of this process."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def started(
    folder: Path, arguments: Sequence[str], settings: Mapping[str, str], out: int, err: int
) -> Started:
    """Start a command with these descriptors as its standard output and error."""
    with open(os.devnull) as nothing:  # noqa: PTH123 - it is no file
        return start(
            COMMAND_LINE,
            ["reverie", *arguments],
            folder=folder,
            environment=environment(**settings),
            streams=(nothing.fileno(), out, err),
        )


def complaint(ended: subprocess.CompletedProcess[str], code: int) -> str:
    """The one line that a failed command leaves: no traceback, no answer."""
    assert code == ended.returncode, ended
    assert "" == ended.stdout
    *logged, line = ended.stderr.splitlines()
    assert all(re.match(r"\d{4}-", entry) for entry in logged), ended.stderr
    assert line.startswith("reverie: ")
    return line


@contextmanager
def folder() -> Iterator[Path]:
    """A folder whose name is short enough for a socket in it."""
    with tempfile.TemporaryDirectory(prefix="rv-") as name:
        yield Path(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    folder: Path
    port: int


@contextmanager
def running(where: Path, *arguments: str, **settings: str) -> Iterator[Running]:
    """Run until the block ends, on a free port; a stop must end with 0."""
    reading, writing = os.pipe()
    with (where / "log.txt").open("w") as written, os.fdopen(writing, "w") as told:
        process = started(
            where,
            arguments or ("run",),
            {"REVERIE_HTTP_PORT": "0"} | settings,
            written.fileno(),
            told.fileno(),
        )
    with os.fdopen(reading) as heard, process:
        found = None
        lines = []
        with _killed_in_time(process):
            while found is None and (line := heard.readline()):
                lines.append(line)
                found = re.search(r"(?:address=http://[\d.]+:|port=)(\d+)", line)
        assert found, "".join(lines)
        try:
            yield Running(folder=where, port=int(found[1]))
        finally:
            process.send_signal(signal.SIGTERM)
            with _killed_in_time(process):
                rest = heard.read()
        assert 0 == process.wait(), rest


@contextmanager
def _killed_in_time(process: Started) -> Iterator[None]:
    """Kill a process that this block has waited for too long."""
    watchdog = Timer(PATIENCE_S, process.kill)
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()
        watchdog.join()
