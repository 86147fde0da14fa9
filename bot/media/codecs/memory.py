"""Whether a failure may be for want of memory. Runs inside a confined process."""

import mmap


def check_room(size: int) -> None:
    """Raise MemoryError where this process could not have so many bytes more.

    Decoders tell a want of memory as a broken file: what they say of a file counts only where there was room.
    """
    try:
        mmap.mmap(-1, size).close()
    except OSError as error:
        raise MemoryError from error
