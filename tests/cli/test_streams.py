"""The command line and the running bot, where what they write reaches nobody."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.running import environment, reverie
from tests.patience import PATIENCE_S

_FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not _FULL.exists(), reason="this system has no /dev/full")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def _bot(folder: Path, port: int, **streams: Any) -> Iterator["subprocess.Popen[bytes]"]:
    settings = environment(REVERIE_HTTP_PORT=str(port), REVERIE_LOG_LEVEL="debug")
    process = subprocess.Popen([sys.executable, "-m", "bot", "run"], cwd=folder, env=settings, **streams)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _serves(process: "subprocess.Popen[bytes]", port: int) -> bool:
    """Whether the bot comes to answer, and does not end before."""
    until = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < until:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).is_success:
                return True
        except httpx.TransportError:
            time.sleep(0.05)
    return False


def _stopped(process: "subprocess.Popen[bytes]") -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(PATIENCE_S)


def test_the_bot_keeps_running_after_its_output_is_closed(tmp_path: Path) -> None:
    """`reverie run 2>&1 | head -1`."""
    port = _free_port()
    reader, writer = os.pipe()
    with _bot(tmp_path, port, stdout=writer, stderr=writer) as process:
        os.close(writer)
        with os.fdopen(reader, "rb") as lines:
            assert lines.readline()
        assert _serves(process, port)
        assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, follow_redirects=True).is_success
        assert 0 == _stopped(process)


@needs_full
def test_the_bot_keeps_running_if_its_log_is_on_a_full_disk(tmp_path: Path) -> None:
    port = _free_port()
    with _FULL.open("wb") as full, _bot(tmp_path, port, stdout=full, stderr=full) as process:
        assert _serves(process, port)
        assert 0 == _stopped(process)


def test_the_bot_runs_without_standard_streams(tmp_path: Path) -> None:
    """As a service manager may start it: `reverie run >&- 2>&-`."""
    port = _free_port()
    settings = environment(REVERIE_HTTP_PORT=str(port))
    command = f'exec "{sys.executable}" -m bot run <&- >&- 2>&-'
    process = subprocess.Popen(["/bin/sh", "-c", command], cwd=tmp_path, env=settings)
    try:
        assert _serves(process, port)
        assert 0 == _stopped(process)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("command", [("workspaces", "list"), ("doctor",), ("db", "upgrade")])
def test_an_answer_that_nobody_reads_to_its_end_ends_quietly(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    assert 0 == reverie(tmp_path, "db", "upgrade").returncode
    code = reverie(tmp_path, *command).returncode
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-m", "bot", *command],
        cwd=tmp_path,
        env=environment(),
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (code, b"") == (ended.returncode, ended.stderr), "its code is that of what it found"


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
