"""Starts processes as forks of one that has imported the bot already, `warm_parent`.

A process that begins so knows nothing of the lives before it, but need not import everything first: hundreds
of starts in a run would else be much of what a small machine does.
"""

import json
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.patience import PATIENCE_S
from tests.run_servers import run_server

#: what starts the command line, as `python -m bot` does
COMMAND_LINE = "bot.cli:main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a new process is to be."""

    #: `module:function`, which is called without arguments
    target: str
    #: what `sys.argv` holds
    arguments: tuple[str, ...]
    folder: str
    #: all of its environment
    environment: dict[str, str]


class Started:
    """A process that was started so."""

    def __init__(self, pid: int, connection: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self.wait()

    def fileno(self) -> int:
        """Readable once it has ended."""
        return self._connection.fileno()

    def wait(self, timeout: float = PATIENCE_S) -> int:
        """Answer its exit code, or the negative number of the signal that ended it; raises TimeoutError."""
        if self.returncode is None:
            self._connection.settimeout(timeout)
            self.returncode = int(_line(self._connection))
            self._connection.close()
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        # Once its end was told its number may be another's.
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    target: str,
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    streams: tuple[int, int, int],
) -> Started:
    """Start a process with these descriptors as its standard streams, which stay open here."""
    order = Order(
        target=target, arguments=tuple(arguments), folder=str(folder), environment=dict(environment)
    )
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(run_server("tests.warm_parent"))
    socket.send_fds(connection, [json.dumps(asdict(order)).encode() + b"\n"], streams)
    return Started(int(_line(connection)), connection)


def _line(connection: socket.socket) -> bytes:
    """Read a line, and nothing after it."""
    read = b""
    while not read.endswith(b"\n"):
        one = connection.recv(1)
        if not one:
            raise ChildProcessError("the parent of warm processes has ended")
        read += one
    return read
