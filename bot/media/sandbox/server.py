"""The fork server: forks one child per call and reports its result.

process.py starts it as a new interpreter. It never opens a file of a call, so that a compromised child
affects no later call. Messages in both directions are frames: eight bytes of length, then the content. A call
is a line of JSON (`CallHeader`) followed by the pickled function and arguments; a report is a line of JSON
(`Report`) followed by the child's output. Calls come from the bot and are trusted, the child's output is not.
"""

import gc
import importlib
import json
import os
import select
import signal
import struct
import sys
import time
from contextlib import suppress
from typing import NamedTuple, NoReturn

from bot.media.sandbox import child, kernel
from bot.media.sandbox.confinement import Limits, missing

#: length of a frame's content in bytes
FRAME = struct.Struct(">Q")
#: largest answer of a child in bytes; it holds a few numbers and names
ANSWER_MAX = 1 << 20

_CHUNK = 1 << 16

#: niceness of media work relative to the bot's process
_NICENESS = 10
#: scheduling slice in nanoseconds; the maximum on Linux
_TURN_NS = 100_000_000
#: struct sched_attr: https://man7.org/linux/man-pages/man2/sched_setattr.2.html
_ATTRIBUTES = struct.Struct("IIQiIQQQ")


class CallHeader(NamedTuple):
    """What the server reads of a call: the modules to import before the fork, and the child's limits."""

    modules: list[str]
    timeout_s: float
    cpu_s: float
    memory_bytes: int
    file_bytes: int


class Report(NamedTuple):
    """How a call ended."""

    #: CPU time of the child over all its threads
    cpu_s: float
    #: as in `os.waitstatus_to_exitcode`: negative for a signal
    exit_code: int
    timed_out: bool


def main() -> NoReturn:
    answers = _take_over_standard_output()
    os.environ.clear()
    # Ctrl-C in the terminal, and its end, are handled by the bot, which ends its servers itself.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _lower_priority()
    kernel.forbid_dumps()
    context = child.ServerContext(folders=json.loads(sys.argv[1]), missing=missing())
    _send(answers, json.dumps(context.missing).encode())
    while True:
        header, _, call = _receive().partition(b"\n")
        _send(answers, b"\n".join(_run(CallHeader(*json.loads(header)), call, context)))


def _take_over_standard_output() -> int:
    """Reserve standard output for reports; anything printed goes to standard error."""
    answers = os.dup(1)
    os.dup2(2, 1)
    return answers


def _lower_priority() -> None:
    # A process group, so that it can be killed as a whole. Not a session: with autogrouping, niceness has no
    # effect between sessions, https://man7.org/linux/man-pages/man7/sched.7.html.
    os.setpgid(0, 0)
    niceness = os.nice(_NICENESS)
    if sys.platform == "linux":
        # Niceness gives the bot a larger share of CPU time, but no lower latency: since Linux 6.12 that
        # depends on the slice, https://docs.kernel.org/scheduler/sched-eevdf.html. Older kernels ignore it.
        wanted = _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_OTHER, 0, niceness, 0, _TURN_NS, 0, 0)
        with suppress(OSError):
            kernel.set_scheduling(wanted)


def _run(header: CallHeader, call: bytes, context: child.ServerContext) -> tuple[bytes, bytes]:
    if sys.platform != "darwin":
        # Later children inherit the import. Not on macOS, whose system libraries are not fork-safe.
        for module in header.modules:
            # If it fails here, it fails in the child, too, which can say so.
            with suppress(ImportError, OSError):
                importlib.import_module(module)
        gc.freeze()
    reading, writing = os.pipe()
    limits = Limits(**{name: value for name, value in header._asdict().items() if name != "modules"})
    pid = os.fork()
    if pid == 0:
        child.serve(call, limits, context, writing)
    os.close(writing)
    try:
        answer, timed_out = _collect(reading, time.monotonic() + header.timeout_s)
    finally:
        os.close(reading)
    # It has answered, or has exceeded a limit.
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    report = Report(
        cpu_s=usage.ru_utime + usage.ru_stime,
        exit_code=os.waitstatus_to_exitcode(status),
        timed_out=timed_out,
    )
    return json.dumps(report).encode(), answer


def _collect(reading: int, until: float) -> tuple[bytes, bool]:
    """Read a child's output until it closes the pipe, writes too much, or times out."""
    answer = bytearray()
    while len(answer) <= ANSWER_MAX:
        ready, _, _ = select.select([reading, 0], [], [], max(0.0, until - time.monotonic()))
        if 0 in ready:
            # The bot sends nothing during a call: readable means that its end of the pipe is closed.
            _leave()
        if not ready:
            return b"", True
        chunk = os.read(reading, _CHUNK)
        if not chunk:
            return bytes(answer), False
        answer += chunk
    return b"", False


def _receive() -> bytes:
    (length,) = FRAME.unpack(_exactly(FRAME.size))
    return _exactly(length)


def _exactly(size: int) -> bytes:
    content = bytearray()
    while len(content) < size:
        chunk = os.read(0, min(_CHUNK, size - len(content)))
        if not chunk:
            _leave()
        content += chunk
    return bytes(content)


def _leave() -> NoReturn:
    """End this process and the child of the running call."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _send(answers: int, content: bytes) -> None:
    rest = FRAME.pack(len(content)) + content
    while rest:
        rest = rest[os.write(answers, rest) :]
