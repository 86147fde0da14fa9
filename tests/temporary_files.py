"""Where tests keep their files: in memory, if there is plenty of it.

Thousands of tests write a database each and wait until it is on the disk, which no test looks at: a killed
process loses nothing of what the system already has.
"""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

#: free memory of which files may take a part, in bytes
_MEMORY_BYTES = 4 << 30


def quickest_folder() -> Path:
    memory = Path("/dev/shm")  # noqa: S108 - what is made in it has names of its own
    with suppress(OSError):
        runs_programs = not os.statvfs(memory).f_flag & os.ST_NOEXEC
        if shutil.disk_usage(memory).free > _MEMORY_BYTES and os.access(memory, os.W_OK) and runs_programs:
            return memory
    return Path(tempfile.gettempdir())


def use_quickest_folder() -> None:
    """Make temporary files there, in this process and those that it starts, unless `TMPDIR` says where."""
    if "TMPDIR" not in os.environ:
        os.environ["TMPDIR"] = tempfile.tempdir = str(quickest_folder())
