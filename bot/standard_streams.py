"""Standard streams that may be closed, full or missing, and must not end the process that writes to them."""

import os
import sys
from contextlib import suppress
from typing import TextIO, cast


class SafeStream:
    """A text stream whose writes never fail; each write is tried, because a full disk may have room again."""

    def __init__(self, stream: TextIO | None) -> None:
        #: None where the process was started without it
        self._stream = stream

    def write(self, text: str) -> int:
        if self._stream is not None:
            # ValueError: closed, or a character that its encoding lacks.
            with suppress(OSError, ValueError):
                self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        if self._stream is not None:
            with suppress(OSError, ValueError):
                self._stream.flush()

    def isatty(self) -> bool:
        with suppress(OSError, ValueError):
            return self._stream is not None and self._stream.isatty()
        return False


def safe_stderr() -> SafeStream:
    """Standard error as it is now, as a stream whose writes never fail."""
    return SafeStream(sys.stderr)


def open_missing_streams() -> None:
    """Hold the numbers of standard streams that were closed before the start.

    Else the next socket or database would get one, and whatever a C library says would be written into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is the one that was just found to be free.
            os.open(os.devnull, os.O_RDWR)


def discard(stream: TextIO | None) -> None:
    """Redirect a stream that cannot be written to /dev/null, with what it still buffers."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, cast("TextIO", stream).fileno())
        os.close(nowhere)


def flush_streams() -> None:
    """Flush what is left: the interpreter would report a failure and end with an exit code of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            discard(stream)
