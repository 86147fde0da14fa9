"""What disks raise, in words for whoever can mend it."""

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
    """Turn what a disk raises into ProcessingFailed: no file is at fault, and another time there may be room.

    A file that is not there is another matter: that is MediaUnavailable.
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise MediaUnavailable("This file is no longer stored.") from error
        raise ProcessingFailed(disk_failure(error.errno) or _unknown(error)) from error


def disk_failure(number: int | None) -> str | None:
    """Say what an error number means where it is the disk's fault; None where a file may be at fault."""
    return _TEXTS.get(number or 0)


def _unknown(error: OSError) -> str:
    return f"The media storage failed: {os.strerror(error.errno) if error.errno else type(error).__name__}."
