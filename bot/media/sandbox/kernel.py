"""System calls without a function in Python. A result of -1 raises OSError; without Linux it is ENOSYS."""

import ctypes
import errno
import os
import sys

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38

#: the same on every architecture: https://docs.kernel.org/userspace-api/landlock.html
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
_CAPSET = {"x86_64": 126, "aarch64": 91}
#: `_LINUX_CAPABILITY_VERSION_3`, which has two words of 32 bits for each set
_CAPABILITY_VERSION = 0x20080522
#: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: root in a container reads a volume that belongs to another user
_KEPT_CAPABILITIES = 1 << 1 | 1 << 2


def machine() -> str:
    return os.uname().machine if sys.platform == "linux" else ""


def syscall(number: int, *args: object) -> int:
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    libc = ctypes.CDLL(None, use_errno=True)
    words = [ctypes.c_long(one) if isinstance(one, int) else one for one in args]
    return _checked(int(libc.syscall(ctypes.c_long(number), *words)))


def prctl(option: int, *args: object) -> int:
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    libc = ctypes.CDLL(None, use_errno=True)
    words = [ctypes.c_ulong(one) if isinstance(one, int) else one for one in args]
    words += [ctypes.c_ulong(0)] * (4 - len(words))
    return _checked(int(libc.prctl(option, *words)))


def forbid_new_privileges() -> None:
    """Set no_new_privs, which seccomp and Landlock require."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def end_with_parent(signal_number: int) -> None:
    """Have the kernel send a signal to this process when its parent ends."""
    prctl(_PR_SET_PDEATHSIG, signal_number)


def forbid_dumps() -> None:
    """Prevent other processes of the user from tracing this one and reading its memory and environment.

    Does nothing on systems without such a setting (macOS requires an entitlement for debuggers instead).
    """
    if sys.platform == "linux":
        prctl(_PR_SET_DUMPABLE, 0)


def drop_capabilities() -> None:
    """Drop root's capabilities except those to read and write files of other users."""
    number = _CAPSET.get(machine())
    if number is None or os.geteuid() != 0:
        return
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    kept = _KEPT_CAPABILITIES
    # effective, permitted, inheritable; then the same for the capabilities from 32 on
    sets = (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)
    syscall(number, ctypes.byref(header), ctypes.byref(sets))


def set_scheduling(attributes: bytes) -> None:
    """Call sched_setattr(2) for this thread, if its number on this architecture is known."""
    number = _SCHED_SETATTR.get(machine())
    if number is not None:
        syscall(number, 0, attributes, 0)


def _checked(answer: int) -> int:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer
