"""The command line as its own process, in a folder of its own and without the developer's settings."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]


def environment(**settings: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "120"} | settings


def reverie(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
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
    log = where / "log.txt"
    with log.open("w") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", *(arguments or ("run",))],
            cwd=where,
            env=environment(**({"REVERIE_HTTP_PORT": "0"} | settings)),
            stdout=written,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert process.stderr is not None
    try:
        found = None
        heard = []
        with _killed_in_time(process):
            while found is None and (line := process.stderr.readline()):
                heard.append(line)
                found = re.search(r"(?:address=http://[\d.]+:|port=)(\d+)", line)
        assert found, "".join(heard)
        yield Running(folder=where, port=int(found[1]))
    finally:
        process.send_signal(signal.SIGTERM)
        with _killed_in_time(process):
            _, rest = process.communicate()
    assert 0 == process.returncode, rest


@contextmanager
def _killed_in_time(process: "subprocess.Popen[str]") -> Iterator[None]:
    """Kill a process that this block has waited for too long."""
    watchdog = Timer(PATIENCE_S, process.kill)
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()
        watchdog.join()
