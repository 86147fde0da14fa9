"""The command line and the running bot, where what they write reaches nobody."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select

import httpx
import pytest

from tests.cli.running import environment, reverie, started
from tests.databases import lay_migrated
from tests.patience import PATIENCE_S
from tests.warm import Started

_FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not _FULL.exists(), reason="this system has no /dev/full")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _bot(folder: Path, port: int, stream: int) -> Started:
    settings = {"REVERIE_HTTP_PORT": str(port), "REVERIE_LOG_LEVEL": "debug"}
    return started(folder, ("run",), settings, stream, stream)


def _serves(port: int, ended: Callable[[], bool]) -> bool:
    """Whether the bot comes to answer, and does not end before."""
    until = time.monotonic() + PATIENCE_S
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        while not ended() and time.monotonic() < until:
            try:
                if client.get("/healthz").is_success:
                    return True
            except httpx.TransportError:
                time.sleep(0.05)
    return False


def _works_and_stops(bot: Started, port: int) -> bool:
    assert _serves(port, lambda: bool(select([bot], [], [], 0)[0]))
    assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, follow_redirects=True).is_success
    bot.send_signal(signal.SIGTERM)
    return 0 == bot.wait()


def test_the_bot_keeps_running_after_its_output_is_closed(tmp_path: Path) -> None:
    """`reverie run 2>&1 | head -1`."""
    port = _free_port()
    reader, writer = os.pipe()
    with _bot(tmp_path, port, writer) as bot:
        os.close(writer)
        with os.fdopen(reader, "rb") as lines:
            assert lines.readline()
        assert _works_and_stops(bot, port)


@needs_full
def test_the_bot_keeps_running_if_its_log_is_on_a_full_disk(tmp_path: Path) -> None:
    port = _free_port()
    with _FULL.open("wb") as full, _bot(tmp_path, port, full.fileno()) as bot:
        assert _works_and_stops(bot, port)


def test_the_bot_runs_without_standard_streams(tmp_path: Path) -> None:
    """As a service manager may start it: `reverie run >&- 2>&-`."""
    port = _free_port()
    settings = environment(REVERIE_HTTP_PORT=str(port))
    command = f'exec "{sys.executable}" -m bot run <&- >&- 2>&-'
    process = subprocess.Popen(["/bin/sh", "-c", command], cwd=tmp_path, env=settings)
    try:
        assert _serves(port, lambda: process.poll() is not None)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.wait()


@contextmanager
def _unread() -> Iterator[int]:
    """A pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        yield writer
    finally:
        os.close(writer)


@pytest.mark.parametrize("command", [("workspaces", "list"), ("doctor",), ("db", "upgrade")])
def test_an_answer_that_nobody_reads_to_its_end_ends_quietly(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    lay_migrated(tmp_path / "data")
    code = reverie(tmp_path, *command).returncode
    with _unread() as writer, tempfile.TemporaryFile() as err:
        with started(tmp_path, command, {}, writer, err.fileno()) as ended:
            assert code == ended.wait(), "its code is that of what it found"
        err.seek(0)
        assert b"" == err.read()


def test_the_interpreter_adds_nothing_where_nobody_reads(tmp_path: Path) -> None:
    """At its end it writes what is left, and would report that it cannot."""
    lay_migrated(tmp_path / "data")
    command = [sys.executable, "-m", "bot", "workspaces", "list"]
    with _unread() as writer:
        ended = subprocess.run(
            command, cwd=tmp_path, env=environment(), stdout=writer, stderr=subprocess.PIPE, check=False
        )
    assert (0, b"") == (ended.returncode, ended.stderr)


@needs_full
def test_output_that_cannot_be_written_is_reported_on_one_line(tmp_path: Path) -> None:
    with _FULL.open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "bot", "db", "upgrade"],
            cwd=tmp_path,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert 1 == ended.returncode
    assert re.fullmatch(r"reverie: .*No space left on device.*\n", ended.stderr)
