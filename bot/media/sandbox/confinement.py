"""Restricts a child process: resource limits, capabilities, files, system calls."""

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

#: shared libraries that are loaded later, and system files that they read
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
    """Resource limits of one call."""

    #: seconds of wall-clock time, and of CPU time over all threads
    timeout_s: float
    cpu_s: float
    #: bytes of address space, less than half of which is ever used; limited only on Linux
    memory_bytes: int
    #: largest file written
    file_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Files that one call may read and write."""

    reads: tuple[Path, ...]
    writes: tuple[Path, ...]


def missing() -> list[str]:
    """The kernel features for confinement that do not work here; each is tested in a process.

    The kernel's version is not enough: a container or an emulated kernel may forbid a feature. It forks, so
    call it before threads start.
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
    """Folders of the interpreter and our packages; never a whole checkout with its data folder."""
    paths = sysconfig.get_paths()
    found = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    found += [entry for entry in sys.path if Path(entry).name in _PACKAGES]
    found += [os.path.join(sys.base_prefix, "lib"), *bot.__path__]  # noqa: PTH118 - it stays a string
    return list(dict.fromkeys(found))


def confine(limits: Limits, files: Files, folders: list[str], *, without: Collection[str] = ()) -> None:
    """Permanently drop what a call does not need, `without` the features that this system lacks."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, limits.file_bytes)
    # The soft limit sends SIGXCPU; at the hard limit the kernel kills a process that has caught it.
    cpu_s = math.ceil(limits.cpu_s)
    _limit(resource.RLIMIT_CPU, cpu_s, cpu_s + 1)
    if sys.platform == "linux":
        # On other systems the shared libraries alone exceed any sensible limit on address space.
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
    """Lower a limit; a lower one of the bot's own process stays."""
    present = [one for one in resource.getrlimit(kind) if one != resource.RLIM_INFINITY]
    lowest = [min([one, *present]) for one in (soft, soft if hard is None else hard)]
    resource.setrlimit(kind, (lowest[0], lowest[1]))
