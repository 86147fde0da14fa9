"""The inside of a fork server: forks one child for each call and reports what became of it.

It is started by pool.py as a fresh interpreter and never opens a file of a call: what a child breaks or has
learned ends with it. Frames go both ways: eight bytes of length, then the content. A call is a line of JSON
(`Order`) and behind it the pickled function and arguments; a report is a line of JSON (`Report`) and behind
it the bytes that the child has written. The order comes from the bot and is trusted, these bytes are not.
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

#: length of what follows, in bytes
FRAME = struct.Struct(">Q")
#: of a child's answer, which holds a few numbers and names
ANSWER_MAX = 1 << 20

_CHUNK = 1 << 16

#: how much media work steps back behind the process that answers people
_NICENESS = 10
#: how long it works on before others of its standing take over, in nanoseconds; the most that Linux takes
_TURN_NS = 100_000_000
#: what `sched_setattr` reads: https://man7.org/linux/man-pages/man2/sched_setattr.2.html
_ATTRIBUTES = struct.Struct("IIQiIQQQ")


class Order(NamedTuple):
    """What the server reads of a call: the module to have at hand, and the limits of the child."""

    module: str
    timeout_s: float
    cpu_s: float
    memory_bytes: int
    file_bytes: int


class Report(NamedTuple):
    """How a call has ended."""

    #: processor time of the child over all its threads
    cpu_s: float
    #: as in `os.waitstatus_to_exitcode`: negative for a signal
    exit_code: int
    timed_out: bool


def main() -> NoReturn:
    answers = _take_over_standard_output()
    os.environ.clear()
    # A Ctrl-C in the terminal is for the bot, who ends its servers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _step_back()
    kernel.forbid_dumps()
    context = child.Surroundings(folders=json.loads(sys.argv[1]), missing=missing())
    _send(answers, json.dumps(context.missing).encode())
    while True:
        order, _, call = _receive().partition(b"\n")
        _send(answers, b"\n".join(_run(Order(*json.loads(order)), call, context)))


def _take_over_standard_output() -> int:
    """Keep standard output for reports alone: whatever prints writes to standard error instead."""
    answers = os.dup(1)
    os.dup2(2, 1)
    return answers


def _step_back() -> None:
    # A group, so that it ends as one. In a session of its own its niceness would count for nothing where
    # the kernel shares the processor out by sessions: https://man7.org/linux/man-pages/man7/sched.7.html
    os.setpgid(0, 0)
    niceness = os.nice(_NICENESS)
    if sys.platform == "linux":
        # Niceness gives the bot the larger share, but not the next moment: since Linux 6.12 that goes by the
        # length of turns, https://docs.kernel.org/scheduler/sched-eevdf.html. Older kernels ignore it.
        wanted = _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_OTHER, 0, niceness, 0, _TURN_NS, 0, 0)
        with suppress(OSError):
            kernel.set_scheduling(wanted)


def _run(order: Order, call: bytes, context: child.Surroundings) -> tuple[bytes, bytes]:
    if sys.platform != "darwin":
        # The next children have it at once. The system libraries of macOS do not bear to be forked.
        with suppress(ImportError):
            importlib.import_module(order.module)
        gc.freeze()
    reading, writing = os.pipe()
    limits = Limits(**{name: value for name, value in order._asdict().items() if name != "module"})
    pid = os.fork()
    if pid == 0:
        child.serve(call, limits, context, writing)
    os.close(writing)
    try:
        answer, timed_out = _collect(reading, time.monotonic() + order.timeout_s)
    finally:
        os.close(reading)
    # It has said what it had to say, or may not say more.
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
    """Read what a child writes until it closes the pipe, writes too much, or its time is up."""
    answer = bytearray()
    while len(answer) <= ANSWER_MAX:
        ready, _, _ = select.select([reading, 0], [], [], max(0.0, until - time.monotonic()))
        if 0 in ready:
            # Nothing is sent during a call: the bot has ended, or the kernel has closed its pipe.
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
    """End with the child of the running call."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _send(answers: int, content: bytes) -> None:
    rest = FRAME.pack(len(content)) + content
    while rest:
        rest = rest[os.write(answers, rest) :]
