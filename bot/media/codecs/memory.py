"""Tells out-of-memory failures from broken files. Runs inside a sandboxed process."""

import mmap


def check_room(size: int) -> None:
    """Raise MemoryError if this process cannot allocate so many more bytes.

    Decoders report a lack of memory as a broken file, so their verdict counts only if memory was available.
    """
    try:
        mmap.mmap(-1, size).close()
    except OSError as error:
        raise MemoryError from error
