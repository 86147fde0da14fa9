"""Translates disk errors into media errors with a message for the operator."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from bot.domain.errors import MediaUnavailable, ProcessingFailed

_TEXTS = dict.fromkeys(
    (errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
    "The media storage is full.",
) | dict.fromkeys(
    (errno.EROFS, errno.EACCES, errno.EPERM),
    "The media storage cannot be written to: it is read-only or belongs to another user.",
)


@contextmanager
def disk_errors() -> Iterator[None]:
    """Translate OSError into ProcessingFailed, since the disk failed and not the file.

    A missing file raises MediaUnavailable instead.
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise MediaUnavailable("This file is no longer stored.") from error
        raise ProcessingFailed(disk_failure(error.errno) or _unknown(error)) from error


def disk_failure(number: int | None) -> str | None:
    """Describe an errno that is the disk's fault; None if a file may be at fault."""
    return _TEXTS.get(number or 0)


def _unknown(error: OSError) -> str:
    return f"The media storage failed: {os.strerror(error.errno) if error.errno else type(error).__name__}."
