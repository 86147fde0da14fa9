"""Forks bots and simulators on request; started warm, see `tests.warm`.

Each line on standard input is the JSON of a `ForkRequest`. Each on standard output is `began PID`, in the
order of the requests, or `ended PID CODE`.
"""

import gc
import json
import os
import selectors
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import NoReturn

from bot.tls import tls_context
from tests.crash import bot_process, simulator_process

_LIVES: Mapping[str, Callable[..., None]] = {"bot": bot_process.run, "simulator": simulator_process.run}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkRequest:
    """What a new process is to be."""

    kind: str
    arguments: tuple[str, ...]
    #: all of its environment
    environment: dict[str, str]
    #: file to which its standard error is appended
    log: str

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


def _fork(request: ForkRequest, lifeline: tuple[int, int]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        _run_child(request, lifeline)
    finally:
        # Whatever happened in there has been told in the log; the server's loop must not run twice.
        os._exit(1)


def _run_child(request: ForkRequest, lifeline: tuple[int, int]) -> NoReturn:
    held, own = lifeline
    os.close(own)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(request.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.dup2(log, 2)
    os.environ.clear()
    os.environ.update(request.environment)

    def end_with_server() -> None:
        os.read(held, 1)
        os._exit(1)

    threading.Thread(target=end_with_server, daemon=True).start()
    try:
        _LIVES[request.kind](*request.arguments)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        raise
    os._exit(0)


def _prepare() -> None:
    """Do before the first request what every child would else do for itself."""
    tls_context()
    # What the collector does not look at stays shared with the children.
    gc.collect()
    gc.freeze()


def main() -> None:
    _prepare()
    # Nobody writes to the lifeline: it ends for every child when this process does, however that comes about.
    lifeline = os.pipe()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    living: set[int] = set()
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        pending = b""
        while True:
            ready = {key.fd for key, _ in selector.select()}
            if woken in ready:
                os.read(woken, 1024)
                _reap(living)
            if 0 in ready:
                if not (read := os.read(0, 1 << 16)):
                    # Those that are held cannot see the lifeline end.
                    for pid in living:
                        os.kill(pid, signal.SIGKILL)
                    return
                *lines, pending = (pending + read).split(b"\n")
                for line in lines:
                    pid = _fork(ForkRequest(**json.loads(line)), lifeline)
                    living.add(pid)
                    _reply(f"began {pid}")


def _reap(living: set[int]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        living.discard(pid)
        _reply(f"ended {pid} {os.waitstatus_to_exitcode(status)}")


def _reply(line: str) -> None:
    os.write(1, line.encode() + b"\n")
