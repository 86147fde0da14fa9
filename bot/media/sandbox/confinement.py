"""What a child may use and reach: limits of the process, capabilities, files, system calls."""

import math
import os
import resource
import sys
import sysconfig
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import bot
from bot.media.sandbox import kernel, landlock, seccomp

#: shared libraries that are loaded late, and what they ask the system
_SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/sys/devices/system/cpu",
)
_PACKAGES = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one call may use."""

    #: seconds of wall-clock time, and of processor time over all threads
    timeout_s: float
    cpu_s: float
    #: of addresses, of which less than half are ever filled; only Linux limits them
    memory_bytes: int
    #: of one written file
    file_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What one call may read and write."""

    reads: tuple[Path, ...]
    writes: tuple[Path, ...]


def missing() -> list[str]:
    """What this system cannot confine, by the names of the kernel's features: each is tried in a process.

    A container or an emulated kernel may forbid what its version promises. Must be called without threads.
    """
    tries: dict[str, Callable[[], None]] = {
        "seccomp": seccomp.filter_system_calls,
        "landlock": lambda: landlock.restrict_files(reads=(), writes=()),
    }
    return [name for name, attempt in tries.items() if not _works(attempt)]


def _works(attempt: Callable[[], None]) -> bool:
    pid = os.fork()
    if pid == 0:
        try:
            kernel.forbid_new_privileges()
            attempt()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def python_folders() -> list[str]:
    """Where the interpreter and our packages lie; never a whole checkout, which may hold the data folder."""
    paths = sysconfig.get_paths()
    found = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    found += [entry for entry in sys.path if Path(entry).name in _PACKAGES]
    found += [os.path.join(sys.base_prefix, "lib"), *bot.__path__]  # noqa: PTH118 - it stays a string
    return list(dict.fromkeys(found))


def confine(limits: Limits, files: Files, folders: list[str], *, without: Collection[str] = ()) -> None:
    """Give up for good what a call does not need, `without` the features that are missing here."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, limits.file_bytes)
    # At the first a signal ends the process, at the second the kernel ends who has caught that one.
    cpu_s = math.ceil(limits.cpu_s)
    _limit(resource.RLIMIT_CPU, cpu_s, cpu_s + 1)
    if sys.platform == "linux":
        # Elsewhere the system's shared libraries alone take up more addresses than any sensible limit.
        _limit(resource.RLIMIT_AS, limits.memory_bytes)
        kernel.forbid_new_privileges()
        kernel.forbid_dumps()
        kernel.drop_capabilities()
    if "landlock" not in without:
        reads = [*map(Path, (*_SYSTEM, *folders)), *files.reads]
        landlock.restrict_files(reads=reads, writes=files.writes)
    if "seccomp" not in without:
        seccomp.filter_system_calls()


def _limit(kind: int, soft: int, hard: int | None = None) -> None:
    """Lower a limit; one that the bot itself is under stays where it is lower."""
    present = [one for one in resource.getrlimit(kind) if one != resource.RLIM_INFINITY]
    lowest = [min([one, *present]) for one in (soft, soft if hard is None else hard)]
    resource.setrlimit(kind, (lowest[0], lowest[1]))
