"""The inside of a worker process: reads calls from its standard input, answers on its standard output.

Both directions carry frames: eight bytes of length, then a pickle. Only the standard library is imported
here, so that a worker starts in a few hundredths of a second.
"""

import ctypes
import math
import os
import pickle
import signal
import struct
import sys
import threading
import time
import traceback
from queue import SimpleQueue
from typing import BinaryIO

if sys.platform != "win32":
    import resource

#: length of the pickle that follows, in bytes
FRAME = struct.Struct(">Q")

#: how much a worker steps back behind the process that answers people
_NICENESS = 10
#: how long it works on before others of its standing take over, in nanoseconds; the most that Linux takes
_TURN_NS = 100_000_000
#: what `sched_setattr` reads: https://man7.org/linux/man-pages/man2/sched_setattr.2.html
_ATTRIBUTES = struct.Struct("IIQiIQQQ")
#: the number of that system call, which neither Python nor every libc has a name for
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}


def main() -> None:
    requests, answers = _take_over_pipes()
    # A Ctrl-C in the terminal is for the parent, who ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _step_back(int(sys.argv[1]))
    calls: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests, calls), daemon=True).start()
    _send(answers, b"")
    while True:
        _send(answers, _answer(calls.get()))


def _take_over_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep standard output for answers alone: whatever prints writes to standard error instead."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return sys.stdin.buffer, answers


def _step_back(memory_bytes: int) -> None:
    if sys.platform != "win32":
        # A group, so that it ends as one. In a session of its own its niceness would count for nothing where
        # the kernel shares the processor out by sessions: https://man7.org/linux/man-pages/man7/sched.7.html
        os.setpgid(0, 0)
        os.nice(_NICENESS)
    if sys.platform == "linux":
        _take_long_turns()
        # Elsewhere the system's shared libraries alone take up more addresses than any sensible limit.
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard != resource.RLIM_INFINITY:
            memory_bytes = min(memory_bytes, hard)
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _take_long_turns() -> None:
    """Let whoever has shorter turns take over at once when it wakes, and not at the kernel's next tick.

    Niceness gives the bot the larger share, but not the next moment: since Linux 6.12 that goes by the length
    of turns, https://docs.kernel.org/scheduler/sched-eevdf.html. Older ones pass over it.
    """
    number = _SCHED_SETATTR.get(os.uname().machine)
    if number is not None:
        niceness = os.getpriority(os.PRIO_PROCESS, 0)
        wanted = _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_OTHER, 0, niceness, 0, _TURN_NS, 0, 0)
        ctypes.CDLL(None).syscall(number, 0, wanted, 0)


def _allow_cpu(seconds: float) -> None:
    """Raise the soft limit by one call's share, because the kernel counts over the life of the process."""
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        soft = math.ceil(time.process_time() + seconds) + 1
        if hard != resource.RLIM_INFINITY:
            soft = min(soft, hard)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _listen(requests: BinaryIO, calls: SimpleQueue[bytes]) -> None:
    """Queue calls until the parent closes its end of the pipe, or is killed and the kernel does."""
    while len(header := requests.read(FRAME.size)) == FRAME.size:
        calls.put(requests.read(*FRAME.unpack(header)))
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        # Takes along what the running call has started.
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _answer(call: bytes) -> bytes:
    try:
        function, args, cpu_s = pickle.loads(call)  # noqa: S301 - written by our own parent
        _allow_cpu(cpu_s)
        return pickle.dumps((True, function(*args)))
    except Exception as error:  # noqa: BLE001 - every error is the caller's, on the other side of the pipe
        return _failure(error)


def _failure(error: Exception) -> bytes:
    error.add_note("in the worker process:\n" + "".join(traceback.format_exception(error)))
    try:
        failure = pickle.dumps((False, error))
        pickle.loads(failure)  # noqa: S301 - our own bytes: some errors pickle but cannot be read back
    except Exception:  # noqa: BLE001 - whatever a foreign error's pickling raises, its text still travels
        return pickle.dumps((False, RuntimeError(f"{type(error).__qualname__}: {error}")))
    return failure


def _send(answers: BinaryIO, payload: bytes) -> None:
    answers.write(FRAME.pack(len(payload)))
    answers.write(payload)
    answers.flush()


if __name__ == "__main__":
    main()
